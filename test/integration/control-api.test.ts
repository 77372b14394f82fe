import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  CreateAliasCommand,
  CreateFunctionCommand,
  DeleteFunctionCommand,
  GetProvisionedConcurrencyConfigCommand,
  InvokeCommand,
  type LambdaClient,
  PublishLayerVersionCommand,
  PublishVersionCommand,
  PutProvisionedConcurrencyConfigCommand,
  UpdateAliasCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionActiveV2,
  waitUntilFunctionUpdatedV2,
} from '@aws-sdk/client-lambda';
import { startProject, until, type Project } from '../support/project.js';
import { ACCOUNT_ARN, ROLE } from '../support/control-bench.js';
import { zipOf } from '../support/zip-archive.js';
import { lambdaClient } from '../support/aws-clients/lambda-client.js';

const LIMIT_MS = 120_000;
const FunctionName = 'orders';
const ARN = `${ACCOUNT_ARN}:function:orders`;

const says = (word: string): Buffer =>
  zipOf({
    'index.mjs': `import { readFileSync } from 'node:fs';
      const opt = () => { try { return readFileSync('/opt/word.txt', 'utf8'); } catch { return 'none'; } };
      export const handler = async (event, context) => ({
        word: '${word}',
        version: process.env.AWS_LAMBDA_FUNCTION_VERSION,
        contextVersion: context.functionVersion,
        arn: context.invokedFunctionArn,
        initialization: process.env.AWS_LAMBDA_INITIALIZATION_TYPE,
        stage: process.env.STAGE,
        opt: opt(),
      });`,
  });

describe('a function that is made, changed, published and deleted by the AWS SDK', () => {
  let state: string;
  let project: Project;
  let client: LambdaClient;

  async function start(): Promise<void> {
    project = await startProject({}, { state });
    client = lambdaClient(project.endpoint);
  }

  async function stop(): Promise<void> {
    client.destroy();
    await project.stop();
  }

  const waiting = () => ({ client, maxWaitTime: 60, minDelay: 0.05, maxDelay: 0.2 });

  async function invoked(Qualifier?: string) {
    const { Payload, ...answer } = await client.send(
      new InvokeCommand({ FunctionName, Qualifier, LogType: 'Tail' }),
    );
    const log = Buffer.from(answer.LogResult ?? '', 'base64').toString();
    const result = JSON.parse(Buffer.from(Payload ?? []).toString()) as Record<string, unknown>;
    return { result, log, executed: answer.ExecutedVersion };
  }

  beforeAll(async () => {
    state = await mkdtemp(join(tmpdir(), 'orchestrator-state-'));
    await start();
  }, LIMIT_MS);

  afterAll(async () => {
    await stop();
    await rm(state, { recursive: true, force: true });
  }, LIMIT_MS);

  it(
    'runs once it is active, with its layer',
    async () => {
      await client.send(
        new PublishLayerVersionCommand({
          LayerName: 'words',
          Content: { ZipFile: zipOf({ 'word.txt': 'layered' }) },
        }),
      );
      await client.send(
        new CreateFunctionCommand({
          FunctionName,
          Runtime: 'nodejs22.x',
          Handler: 'index.handler',
          Role: ROLE,
          Code: { ZipFile: says('one') },
          Environment: { Variables: { STAGE: 'test' } },
          Layers: [`${ACCOUNT_ARN}:layer:words:1`],
        }),
      );
      await waitUntilFunctionActiveV2(waiting(), { FunctionName });
      expect((await invoked()).result).toEqual({
        word: 'one',
        version: '$LATEST',
        contextVersion: '$LATEST',
        arn: ARN,
        initialization: 'on-demand',
        stage: 'test',
        opt: 'layered',
      });
    },
    LIMIT_MS,
  );

  it(
    'runs versions as they were published, by number and by alias',
    async () => {
      await client.send(new PublishVersionCommand({ FunctionName }));
      await client.send(new UpdateFunctionCodeCommand({ FunctionName, ZipFile: says('two') }));
      await waitUntilFunctionUpdatedV2(waiting(), { FunctionName });
      await client.send(
        new UpdateFunctionConfigurationCommand({
          FunctionName,
          Environment: { Variables: { STAGE: 'prod' } },
          Layers: [],
        }),
      );
      await waitUntilFunctionUpdatedV2(waiting(), { FunctionName });
      await client.send(new PublishVersionCommand({ FunctionName }));
      await client.send(
        new CreateAliasCommand({ FunctionName, Name: 'live', FunctionVersion: '1' }),
      );
      const one = await invoked('live');
      expect(one.executed).toBe('1');
      expect(one.log).toMatch(/^START RequestId: \S+ Version: 1\n/);
      expect(one.result).toMatchObject({
        word: 'one',
        version: '1',
        contextVersion: '1',
        arn: `${ARN}:live`,
        stage: 'test',
        opt: 'layered',
      });
      expect((await invoked('2')).result).toMatchObject({
        word: 'two',
        version: '2',
        arn: `${ARN}:2`,
        stage: 'prod',
        opt: 'none',
      });
      expect((await invoked()).result).toMatchObject({ word: 'two', version: '$LATEST' });
    },
    LIMIT_MS,
  );

  it(
    'splits an alias between two versions',
    async () => {
      await client.send(
        new UpdateAliasCommand({
          FunctionName,
          Name: 'live',
          RoutingConfig: { AdditionalVersionWeights: { '2': 0.5 } },
        }),
      );
      const seen = new Set<unknown>();
      // Both come with all but one chance in 2^200.
      for (let call = 0; call < 200 && seen.size < 2; call += 1) {
        const { result, executed } = await invoked('live');
        expect(executed).toBe(result['version']);
        seen.add(executed);
      }
      expect(seen).toEqual(new Set(['1', '2']));
    },
    LIMIT_MS,
  );

  it(
    'has environments ready where concurrency is provisioned',
    async () => {
      const config = { FunctionName, Qualifier: '2' };
      await client.send(
        new PutProvisionedConcurrencyConfigCommand({
          ...config,
          ProvisionedConcurrentExecutions: 1,
        }),
      );
      const status = () => client.send(new GetProvisionedConcurrencyConfigCommand(config));
      await until(async () => (await status()).Status === 'READY');
      expect(await status()).toMatchObject({
        RequestedProvisionedConcurrentExecutions: 1,
        AllocatedProvisionedConcurrentExecutions: 1,
        AvailableProvisionedConcurrentExecutions: 1,
      });
      expect((await invoked('2')).result).toMatchObject({
        initialization: 'provisioned-concurrency',
      });
    },
    LIMIT_MS,
  );

  it(
    'is there after a restart, with its versions, aliases and provisioned environments',
    async () => {
      await stop();
      await start();
      expect((await invoked()).result).toMatchObject({ word: 'two', version: '$LATEST' });
      expect((await invoked('1')).result).toMatchObject({ word: 'one', opt: 'layered' });
      expect(['1', '2']).toContain((await invoked('live')).executed);
      await until(() =>
        project.orchestrator
          .environments()
          .some(({ initializationType }) => initializationType === 'provisioned-concurrency'),
      );
    },
    LIMIT_MS,
  );

  it(
    'is gone when it was deleted, and nothing of it runs',
    async () => {
      await client.send(new DeleteFunctionCommand({ FunctionName }));
      for (const Qualifier of [undefined, '1', 'live']) {
        await expect(
          client.send(new InvokeCommand({ FunctionName, Qualifier })),
        ).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
      }
      await until(() => project.states(FunctionName).length === 0);
    },
    LIMIT_MS,
  );
});
