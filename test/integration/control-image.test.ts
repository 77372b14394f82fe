import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  CreateFunctionCommand,
  DeleteFunctionCommand,
  GetFunctionCommand,
  InvokeCommand,
  type LambdaClient,
  PublishVersionCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionActiveV2,
  waitUntilFunctionUpdatedV2,
} from '@aws-sdk/client-lambda';
import Docker from 'dockerode';
import { Builder } from '../../src/builder/builder.js';
import { buildImage, inspectImage } from '../../src/builder/engine-images.js';
import { packUserContext } from '../../src/builder/user-context.js';
import { ROLE } from '../support/control-bench.js';
import { nodeExtension } from '../support/extension-programs.js';
import { startProject, until, type Project } from '../support/project.js';
import { lambdaClient } from '../support/aws-clients/lambda-client.js';

/** The bases may have to be made first. */
const BUILD_TIMEOUT_MS = 600_000;
const LIMIT_MS = 120_000;
const FunctionName = 'packed';
const REPOSITORY = `orchestrator-test-${process.pid}`;
const ImageUri = `${REPOSITORY}:live`;

const DOCKERFILE = `ARG BASE
FROM $BASE
USER root
COPY agent /opt/extensions/agent
RUN chmod 0755 /opt/extensions/agent && printf '#!/bin/sh\\n_HANDLER=$1 exec /var/runtime/bootstrap\\n' > /entrypoint.sh && chmod 0755 /entrypoint.sh
COPY app.mjs /var/task/
ENTRYPOINT ["/entrypoint.sh"]
CMD ["app.handler"]
`;

const docker = new Docker();

/** Builds the image whose function says `word`; returns its id. */
async function build(word: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'orchestrator-context-'));
  try {
    await writeFile(join(folder, 'Dockerfile'), DOCKERFILE);
    await writeFile(join(folder, 'agent'), nodeExtension("['INVOKE']", ''));
    await writeFile(
      join(folder, 'app.mjs'),
      `export const handler = async () => ({ word: '${word}', version: process.env.AWS_LAMBDA_FUNCTION_VERSION });
      export const other = async () => ({ other: '${word}' });`,
    );
    const reference = `${REPOSITORY}:${word}`;
    await buildImage(
      docker,
      {
        context: await packUserContext({ folder, dockerfile: 'Dockerfile', excluded: [] }),
        reference,
        buildArguments: { BASE: await new Builder(docker).ensureImage('nodejs22.x') },
        labels: {},
      },
      { signal: new AbortController().signal, onLine: () => undefined },
    );
    return (await inspectImage(docker, reference))?.id ?? '';
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** From now on the name means that image. */
const name = (id: string) => docker.getImage(id).tag({ repo: REPOSITORY, tag: 'live' });
const digest = (id: string) => id.replace(/^sha256:/, '');

describe('a function of PackageType Image, by the AWS SDK', () => {
  let state: string;
  let project: Project;
  let client: LambdaClient;
  let one: string;
  let two: string;

  async function start(): Promise<void> {
    project = await startProject({}, { state });
    client = lambdaClient(project.endpoint);
  }

  async function stop(): Promise<void> {
    client.destroy();
    await project.stop();
  }

  const waiting = () => ({ client, maxWaitTime: 60, minDelay: 0.05, maxDelay: 0.2 });

  async function invoked(Qualifier?: string): Promise<unknown> {
    const { Payload } = await client.send(new InvokeCommand({ FunctionName, Qualifier }));
    return JSON.parse(Buffer.from(Payload ?? []).toString());
  }

  const code = async (Qualifier?: string) =>
    (await client.send(new GetFunctionCommand({ FunctionName, Qualifier }))).Code;

  beforeAll(async () => {
    one = await build('one');
    two = await build('two');
    await name(one);
    state = await mkdtemp(join(tmpdir(), 'orchestrator-state-'));
    await start();
  }, BUILD_TIMEOUT_MS);

  afterAll(async () => {
    await stop();
    await rm(state, { recursive: true, force: true });
    for (const tag of ['live', 'one', 'two'])
      await docker.getImage(`${REPOSITORY}:${tag}`).remove();
  }, LIMIT_MS);

  it(
    'runs its image, with the extensions in it, and says which one that is',
    async () => {
      const made = await client.send(
        new CreateFunctionCommand({
          FunctionName,
          PackageType: 'Image',
          Role: ROLE,
          Code: { ImageUri },
        }),
      );
      expect(made).toMatchObject({ PackageType: 'Image', State: 'Pending', Version: '$LATEST' });
      await waitUntilFunctionActiveV2(waiting(), { FunctionName });
      expect(await invoked()).toEqual({ word: 'one', version: '$LATEST' });
      const { Configuration = {}, Code } = await client.send(
        new GetFunctionCommand({ FunctionName }),
      );
      expect(Configuration).toMatchObject({ PackageType: 'Image', CodeSha256: digest(one) });
      expect(Configuration.Runtime ?? Configuration.Handler).toBeUndefined();
      expect(Code).toEqual({
        RepositoryType: 'ECR',
        ImageUri,
        ResolvedImageUri: `${REPOSITORY}@${one}`,
      });
      expect(project.orchestrator.environments()[0]?.extensions).toMatchObject([
        { name: 'agent', external: true, events: ['INVOKE'] },
      ]);
    },
    LIMIT_MS,
  );

  it(
    'runs what its name means when it is updated; a version keeps its image',
    async () => {
      const published = await client.send(new PublishVersionCommand({ FunctionName }));
      expect(published).toMatchObject({ Version: '1', CodeSha256: digest(one) });
      await name(two);
      expect(await invoked()).toEqual({ word: 'one', version: '$LATEST' });
      await client.send(new UpdateFunctionCodeCommand({ FunctionName, ImageUri }));
      await waitUntilFunctionUpdatedV2(waiting(), { FunctionName });
      expect(await invoked()).toEqual({ word: 'two', version: '$LATEST' });
      expect(await invoked('1')).toEqual({ word: 'one', version: '1' });
      expect(await code()).toMatchObject({ ImageUri, ResolvedImageUri: `${REPOSITORY}@${two}` });
      expect(await code('1')).toMatchObject({ ImageUri, ResolvedImageUri: `${REPOSITORY}@${one}` });
    },
    LIMIT_MS,
  );

  it(
    'is started as its ImageConfig says, until that is taken away',
    async () => {
      const configure = async (ImageConfig: { Command?: string[] }): Promise<unknown> => {
        await client.send(new UpdateFunctionConfigurationCommand({ FunctionName, ImageConfig }));
        await waitUntilFunctionUpdatedV2(waiting(), { FunctionName });
        const { Configuration } = await client.send(new GetFunctionCommand({ FunctionName }));
        return Configuration?.ImageConfigResponse;
      };
      const Command = ['app.other'];
      expect(await configure({ Command })).toEqual({ ImageConfig: { Command } });
      expect(await invoked()).toEqual({ other: 'two' });
      expect(await configure({})).toBeUndefined();
      expect(await invoked()).toEqual({ word: 'two', version: '$LATEST' });
    },
    LIMIT_MS,
  );

  it(
    'takes no handler, and no image that is not there',
    async () => {
      const refusal = { name: 'InvalidParameterValueException' };
      const settings = { FunctionName: 'refused', Role: ROLE, PackageType: 'Image' } as const;
      await expect(
        client.send(
          new CreateFunctionCommand({ ...settings, Code: { ImageUri }, Handler: 'app.handler' }),
        ),
      ).rejects.toMatchObject(refusal);
      const away = `registry.invalid/${REPOSITORY}:away`;
      await client.send(new CreateFunctionCommand({ ...settings, Code: { ImageUri: away } }));
      const configuration = async () =>
        (await client.send(new GetFunctionCommand({ FunctionName: 'refused' }))).Configuration;
      await until(async () => (await configuration())?.State === 'Failed');
      expect((await configuration())?.StateReason).toContain(`${away} is not in the engine`);
      await client.send(new DeleteFunctionCommand({ FunctionName: 'refused' }));
    },
    LIMIT_MS,
  );

  it(
    'is there after a restart, with its version',
    async () => {
      await stop();
      await start();
      expect(await invoked()).toEqual({ word: 'two', version: '$LATEST' });
      expect(await invoked('1')).toEqual({ word: 'one', version: '1' });
    },
    LIMIT_MS,
  );

  it(
    'is gone when it was deleted; its image stays with its owner',
    async () => {
      await client.send(new DeleteFunctionCommand({ FunctionName }));
      for (const Qualifier of [undefined, '1']) {
        await expect(invoked(Qualifier)).rejects.toMatchObject({
          name: 'ResourceNotFoundException',
        });
      }
      await until(() => project.states(FunctionName).length === 0);
      expect((await inspectImage(docker, ImageUri))?.id).toBe(two);
    },
    LIMIT_MS,
  );
});
