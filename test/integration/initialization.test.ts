import { setImmediate as turn } from 'node:timers/promises';
import {
  GetProvisionedConcurrencyConfigCommand,
  InvokeCommand,
  type LambdaClient,
  PublishVersionCommand,
  PutProvisionedConcurrencyConfigCommand,
  type GetProvisionedConcurrencyConfigCommandOutput,
} from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startProject, until, type Project } from '../support/project.js';

const LIMIT_MS = 120_000;

const NODE = `
let count = 0;
export const handler = async (event) => {
  if (event.sleepMs) await new Promise((resolve) => setTimeout(resolve, event.sleepMs));
  const { AWS_LAMBDA_INITIALIZATION_TYPE: type, AWS_LAMBDA_FUNCTION_VERSION: version } = process.env;
  return { type, version, count: ++count };
};
`;

const BROKEN = `
if (process.env.AWS_LAMBDA_INITIALIZATION_TYPE !== 'on-demand') throw new Error('not ahead');
export const handler = async () => 'on demand';
`;

const PYTHON = `
import json, os, time, urllib.request
from snapshot_restore_py import register_after_restore, register_before_snapshot
told = ["init"]
register_before_snapshot(lambda: told.append("before 1"))
register_before_snapshot(lambda: told.append("before 2"))
register_after_restore(lambda: told.append("after 1"))

@register_after_restore
def last():
    told.append("after 2")
    if os.environ.get("FAILS"): raise KeyError("no connection")
    if os.environ.get("HANGS"): time.sleep(60)

def handler(event, context):
    print("handled")
    if os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"] != "snap-start":
        return os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"]
    request = urllib.request.Request(os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"])
    request.add_header("Authorization", os.environ["AWS_CONTAINER_AUTHORIZATION_TOKEN"])
    with urllib.request.urlopen(request) as answer:
        credentials = json.load(answer)
    return {
        "told": told,
        "left_ms": context.get_remaining_time_in_millis(),
        "credentials": sorted(credentials),
        "log_group": os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME"),
    }
`;
import { lambdaClient } from '../support/aws-clients/lambda-client.js';

function clientOf(project: Project): LambdaClient {
  return lambdaClient(project.endpoint);
}

async function invoke(client: LambdaClient, FunctionName: string, event: unknown = {}) {
  const Payload = JSON.stringify(event);
  const answer = await client.send(new InvokeCommand({ FunctionName, Payload, LogType: 'Tail' }));
  const text = Buffer.from(answer.Payload ?? []).toString();
  return {
    error: answer.FunctionError,
    result: JSON.parse(text) as unknown,
    tail: Buffer.from(answer.LogResult ?? '', 'base64').toString(),
  };
}

describe('how environments come to be initialised, on the real engine', () => {
  let project: Project;
  let client: LambdaClient;

  beforeAll(async () => {
    project = await startProject(
      {
        node: { files: { 'index.mjs': NODE }, timeout: 20 },
        broken: { files: { 'index.mjs': BROKEN } },
        python: { files: { 'app.py': PYTHON }, timeout: 20, snapStart: 'PublishedVersions' },
        fails: {
          files: { 'app.py': PYTHON },
          snapStart: 'PublishedVersions',
          environment: { FAILS: '1' },
        },
        hangs: {
          files: { 'app.py': PYTHON },
          snapStart: 'PublishedVersions',
          environment: { HANGS: '1' },
        },
      },
      { spares: 0 },
    );
    client = clientOf(project);
    for (const FunctionName of ['node', 'broken', 'python', 'fails', 'hangs']) {
      await client.send(new PublishVersionCommand({ FunctionName }));
    }
  }, LIMIT_MS);
  afterAll(() => project.stop(), LIMIT_MS);

  async function provisioned(
    FunctionName: string,
    count: number,
  ): Promise<GetProvisionedConcurrencyConfigCommandOutput> {
    const asked = { FunctionName, Qualifier: '1' };
    const ProvisionedConcurrentExecutions = count;
    await client.send(
      new PutProvisionedConcurrencyConfigCommand({ ...asked, ProvisionedConcurrentExecutions }),
    );
    for (;;) {
      const now = await client.send(new GetProvisionedConcurrencyConfigCommand(asked));
      if (now.Status !== 'IN_PROGRESS') return now;
      await turn();
    }
  }

  function environments(name: string): string[] {
    return project.orchestrator
      .environments()
      .filter(({ functionName }) => functionName === name)
      .map(({ version, initializationType, state, invocations }) =>
        [version, initializationType, state, invocations].join(' '),
      );
  }

  it(
    'is on demand for an event that finds none',
    async () => {
      const { result } = await invoke(client, 'node');
      expect(result).toEqual({ type: 'on-demand', version: '$LATEST', count: 1 });
    },
    LIMIT_MS,
  );

  it(
    'is ahead of any event where it is provisioned, which is preferred and spills over',
    async () => {
      expect(await provisioned('node', 1)).toMatchObject({
        RequestedProvisionedConcurrentExecutions: 1,
        AllocatedProvisionedConcurrentExecutions: 1,
        AvailableProvisionedConcurrentExecutions: 1,
        Status: 'READY',
      });
      const kept = '1 provisioned-concurrency frozen';
      await until(() => environments('node').includes(`${kept} 0`));
      const long = invoke(client, 'node:1', { sleepMs: 10_000 });
      await until(() => environments('node').some((one) => /^1 \S+ invoking/.test(one)));
      const spilt = await invoke(client, 'node:1');
      expect(spilt.result).toEqual({ type: 'on-demand', version: '1', count: 1 });
      expect((await long).result).toEqual({
        type: 'provisioned-concurrency',
        version: '1',
        count: 1,
      });
      await until(() => environments('node').includes(`${kept} 1`));
      const third = await invoke(client, 'node:1');
      expect(third.result).toMatchObject({ type: 'provisioned-concurrency', count: 2 });
      const lines = await project.orchestrator.logs({ functionName: 'node' });
      const reports = lines.filter(({ text }) => text.startsWith('INIT_REPORT'));
      expect(reports.map(({ text }) => text)).toEqual([
        expect.stringMatching(/^INIT_REPORT Init Duration: [\d.]+ ms\tPhase: init/),
      ]);
    },
    LIMIT_MS,
  );

  it(
    'fails with its reason where provisioned environments cannot be initialised',
    async () => {
      expect(await provisioned('broken', 2)).toMatchObject({
        AllocatedProvisionedConcurrentExecutions: 0,
        Status: 'FAILED',
        StatusReason: 'FUNCTION_ERROR_INIT_FAILURE',
      });
      expect((await invoke(client, 'broken:1')).result).toBe('on demand');
    },
    LIMIT_MS,
  );

  it(
    'runs the hooks of a SnapStart version around its restore',
    async () => {
      expect((await invoke(client, 'python')).result).toBe('on-demand');
      const first = await invoke(client, 'python:1');
      expect(first.error).toBeUndefined();
      expect(first.result).toMatchObject({
        told: ['init', 'before 2', 'before 1', 'after 1', 'after 2'],
        credentials: ['AccessKeyId', 'Expiration', 'SecretAccessKey', 'Token'],
        log_group: null,
      });
      expect(first.tail).toMatch(
        /\tRestore Duration: [\d.]+ ms\tBilled Restore Duration: \d+ ms\t/,
      );
      expect(first.tail).not.toContain('Init Duration');
      const second = await invoke(client, 'python:1');
      expect(second.result).toMatchObject({ told: (first.result as { told: string[] }).told });
      expect(second.tail).not.toContain('Restore Duration');
      const lines = await project.orchestrator.logs({ functionName: 'python' });
      const platform = lines
        .filter(({ source }) => source === 'platform')
        .map(({ text }) => text.split(' ')[0]);
      const restored = ['INIT_START', 'INIT_REPORT', 'RESTORE_START', 'RESTORE_REPORT', 'START'];
      expect(platform.join(' ')).toContain(restored.join(' '));
    },
    LIMIT_MS,
  );

  it(
    'answers with SnapStart’s errors when a restore fails or takes too long',
    async () => {
      await expect(invoke(client, 'fails:1')).rejects.toMatchObject({
        name: 'SnapStartException',
        $metadata: { httpStatusCode: 400 },
      });
      await expect(invoke(client, 'hangs:1')).rejects.toMatchObject({
        name: 'SnapStartTimeoutException',
        $metadata: { httpStatusCode: 408 },
      });
      const reportOf = async (functionName: string) =>
        (await project.orchestrator.logs({ functionName })).find(({ text }) =>
          text.startsWith('RESTORE_REPORT'),
        )?.text;
      await until(async () => (await reportOf('fails')) !== undefined);
      expect(await reportOf('fails')).toMatch(
        /Status: error\tError Type: Runtime\.AfterRestoreError/,
      );
      await until(async () => (await reportOf('hangs')) !== undefined);
      expect(await reportOf('hangs')).toContain('Status: timeout');
    },
    LIMIT_MS,
  );

  it(
    'is refused for both at once',
    async () => {
      const request = { FunctionName: 'python', Qualifier: '1' };
      await expect(
        client.send(
          new PutProvisionedConcurrencyConfigCommand({
            ...request,
            ProvisionedConcurrentExecutions: 1,
          }),
        ),
      ).rejects.toMatchObject({ name: 'InvalidParameterValueException' });
    },
    LIMIT_MS,
  );
});

describe('throttles, as a client sees them', () => {
  let project: Project;
  let client: LambdaClient;

  beforeAll(async () => {
    const file = { files: { 'index.mjs': NODE }, timeout: 30 };
    project = await startProject(
      {
        one: { ...file, reservedConcurrency: 1 },
        none: { ...file, reservedConcurrency: 0 },
        shared: file,
        scales: file,
      },
      { spares: 0, concurrency: 4, unreservedMinimum: 3, requestRate: 2, scalingRate: 1 },
    );
    client = clientOf(project);
  }, LIMIT_MS);
  afterAll(() => project.stop(), LIMIT_MS);

  function throttled(Reason: string): object {
    return {
      name: 'TooManyRequestsException',
      Reason,
      message: 'Rate Exceeded.',
      retryAfterSeconds: '1',
      $metadata: { httpStatusCode: 429 },
    };
  }

  /** One after the other, until one is refused. */
  async function refusal(name: string): Promise<unknown> {
    for (;;) {
      try {
        await invoke(client, name);
      } catch (error) {
        return error;
      }
    }
  }

  it(
    'name what is exceeded',
    async () => {
      const long = invoke(client, 'one', { sleepMs: 4_000 });
      await until(() => project.states('one').includes('invoking'));
      await expect(invoke(client, 'one')).rejects.toMatchObject(
        throttled('ReservedFunctionConcurrentInvocationLimitExceeded'),
      );
      await expect(invoke(client, 'none')).rejects.toMatchObject(
        throttled('ReservedFunctionConcurrentInvocationLimitExceeded'),
      );
      expect((await long).error).toBeUndefined();
      const other = invoke(client, 'scales', { sleepMs: 4_000 });
      await until(() => project.states('scales').includes('invoking'));
      await expect(invoke(client, 'scales')).rejects.toMatchObject(
        throttled('ConcurrentInvocationLimitExceeded'),
      );
      expect((await other).error).toBeUndefined();
      expect(await refusal('one')).toMatchObject(
        throttled('ReservedFunctionInvocationRateLimitExceeded'),
      );
      expect(await refusal('shared')).toMatchObject(
        throttled('FunctionInvocationRateLimitExceeded'),
      );
    },
    LIMIT_MS,
  );
});
