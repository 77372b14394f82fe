/**
 * The contract's checklist (section 15), by its numbers, against the real engine: a test here, or
 * named in the table below. What concerns event sources and HTTP front ends (22–24) is not built
 * yet.
 */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { packageRoot } from '../../src/package-root.js';
import { startProject, until, type Answer, type Project } from '../support/project.js';

const LIMIT_MS = 120_000;
const MOST_TRIES = 10;
const LIMIT_BYTES = 6_291_556;

const NODE = `
import fs from 'node:fs';
let count = 0;
export const handler = async (event, context) => {
  count += 1;
  if (event.write) fs.writeFileSync('/tmp/kept', event.write);
  if (event.log) console.log(event.log);
  if (event.hang) await new Promise((resolve) => setTimeout(resolve, 3_600_000));
  if (event.exit !== undefined) process.exit(event.exit);
  if (event.throw) throw new TypeError(event.throw);
  if (event.bytes) return 'a'.repeat(event.bytes - 2);
  const kept = fs.existsSync('/tmp/kept') ? fs.readFileSync('/tmp/kept', 'utf8') : null;
  return { count, kept, requestId: context.awsRequestId, env: process.env };
};
`;

const PYTHON = `
import os

class StockError(Exception):
    pass

def handler(event, context):
    if "raise" in event:
        raise StockError(event["raise"])
    return {"env": dict(os.environ)}
`;

/** Its first process reports an init error, later ones do not: the disk outlives them. */
const BROKEN_ONCE = `
import fs from 'node:fs';
const starts = fs.existsSync('/tmp/starts') ? Number(fs.readFileSync('/tmp/starts', 'utf8')) : 0;
fs.writeFileSync('/tmp/starts', String(starts + 1));
if (starts < 2) throw new RangeError('start ' + (starts + 1));
export const handler = async () => starts + 1;
`;

const SLOW_ONCE = `
import fs from 'node:fs';
const first = !fs.existsSync('/tmp/started');
fs.writeFileSync('/tmp/started', '');
if (first) await new Promise((resolve) => setTimeout(resolve, 3_600_000));
export const handler = async () => 'initialised';
`;

/** Waits in its only environment until somebody has written the file. */
const WAITS = `
import fs from 'node:fs';
export const handler = async (event) => {
  await new Promise((resolve) => setTimeout(resolve, 3_600_000));
};
`;

interface OwnRuntimeAnswer {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly results: readonly { readonly status: number; readonly body: string }[];
  readonly before: readonly { readonly status: number; readonly body: string }[];
}

let project: Project;

beforeAll(async () => {
  const ownRuntime = await readFile(
    join(packageRoot(), 'test/fixtures/checklist/own-runtime.mjs'),
    'utf8',
  );
  project = await startProject(
    {
      node: { files: { 'index.mjs': NODE }, timeout: 20, environment: { MINE: 'yes' } },
      python: { files: { 'app.py': PYTHON }, timeout: 20 },
      // Long enough to start the processes again, on a busy machine too.
      short: { files: { 'index.mjs': NODE }, timeout: 4 },
      own: {
        files: {
          'run.sh': `#!/bin/sh\nexec /var/lang/bin/node /var/task/own-runtime.mjs\n`,
          'own-runtime.mjs': ownRuntime,
        },
        timeout: 20,
        environment: { AWS_LAMBDA_EXEC_WRAPPER: '/bin/sh /var/task/run.sh' },
      },
      'broken-once': { files: { 'index.mjs': BROKEN_ONCE }, timeout: 20 },
      'slow-once': { files: { 'index.mjs': SLOW_ONCE }, timeout: 60 },
      wrapped: {
        files: { 'index.mjs': NODE },
        environment: { AWS_LAMBDA_EXEC_WRAPPER: '/opt/not-there' },
        timeout: 20,
      },
      single: { files: { 'index.mjs': WAITS }, reservedConcurrency: 1, timeout: 5 },
    },
    // Processes that stand still make no second call while they poll.
    { spares: 0, freezeAfter: 'never' },
  );
}, LIMIT_MS);
afterAll(() => project.stop(), LIMIT_MS);

function test(title: string, run: () => Promise<void>): void {
  it(title, run, LIMIT_MS);
}

/** By the environment that was used last: its caller is answered before it asks for more. */
async function own(event: object): Promise<OwnRuntimeAnswer> {
  await until(() => project.states('own').every((state) => state === 'idle'));
  return (await project.invoke('own', event)).json as OwnRuntimeAnswer;
}

function errorOf(answer: Answer): unknown {
  expect([answer.status, answer.headers['x-amz-function-error']]).toEqual([200, 'Unhandled']);
  return answer.json;
}

describe('the checklist of the contract', () => {
  test('1: next answers with the headers and the event as it was sent', async () => {
    const event = ' {"text":"gr\\u00fc\\u00dfe", "n" : 1e2 ,"calls":[]}\n';
    const answer = await project.invoke('own', Buffer.from(event));
    const { headers, body } = answer.json as OwnRuntimeAnswer;
    expect(body).toBe(event);
    expect(headers).toMatchObject({
      'lambda-runtime-aws-request-id': answer.headers['x-amzn-requestid'],
      'lambda-runtime-invoked-function-arn': 'arn:aws:lambda:us-east-1:123456789012:function:own',
      'lambda-runtime-trace-id': expect.stringMatching(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24};/),
      'lambda-runtime-deadline-ms': expect.stringMatching(/^\d{13}$/),
    });
  });

  test('2: the deadline is the dispatch plus the timeout', async () => {
    const before = Date.now();
    const { headers } = await own({});
    const after = Date.now();
    const dispatched = Number(headers['lambda-runtime-deadline-ms']) - 20_000;
    expect(dispatched).toBeGreaterThanOrEqual(before - 50);
    expect(dispatched).toBeLessThanOrEqual(after + 50);
  });

  test('3: a response is taken once, for the present request, and not while it polls', async () => {
    const post = (path: string) => ({ method: 'POST', path: `invocation/${path}`, body: '{}' });
    await own({
      calls: [post('unknown/response'), post('$id/response'), post('$id/response')],
      whilePolling: [post('$last/response')],
      answered: true,
    });
    // Another event would end the poll.
    await until(async () =>
      (await project.orchestrator.logs({ functionName: 'own' })).some(
        ({ text }) => text === 'asked while it polled',
      ),
    );
    const { before } = await own({});
    expect(before.map(({ status, body }) => [status, body])).toEqual([
      [400, '{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}\n'],
      [202, '{"status":"OK"}\n'],
      [400, '{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}\n'],
      [403, expect.stringContaining('"errorType":"InvalidStateTransition"')],
    ]);
  });

  test('4: a response that is too large fails, and the runtime is told', async () => {
    const path = 'invocation/$id/response';
    const event = { calls: [{ method: 'POST', path, bytes: LIMIT_BYTES + 1 }], answered: true };
    expect(errorOf(await project.invoke('own', event))).toEqual({
      errorType: 'Function.ResponseSizeTooLarge',
      errorMessage: `Response payload size exceeded maximum allowed payload size (${LIMIT_BYTES} bytes).`,
    });
    // Its own environment may not have asked for work yet, and another one be started.
    let told: unknown[] = [];
    for (let tries = 0; told.length === 0 && tries < MOST_TRIES; tries += 1) {
      told = (await Promise.all([own({}), own({})])).flatMap(({ before }) => before);
    }
    expect(told[0]).toMatchObject({
      status: 413,
      body: expect.stringContaining('RequestEntityTooLarge'),
    });
    const whole = await project.invoke('node', { bytes: LIMIT_BYTES });
    expect([whole.status, whole.body.length]).toEqual([200, LIMIT_BYTES]);
  });

  test('6: an init error is the first caller’s result, and the next call initialises anew', async () => {
    const first = errorOf(await project.invoke('broken-once'));
    expect(first).toMatchObject({ errorType: 'RangeError', errorMessage: 'start 2' });
    expect((await project.invoke('broken-once')).json).toBe(3);
  });

  test('7: an init of more than ten seconds is begun again inside the invocation', async () => {
    const answer = await project.invoke('slow-once', {}, { tail: true });
    expect(answer.json).toBe('initialised');
    expect(answer.tail).not.toContain('Init Duration');
  });

  test('8: exceptions have the shape of their language', async () => {
    const fromNode = errorOf(await project.invoke('node', { throw: 'it broke' }));
    expect(Object.keys(fromNode as object)).toEqual(['errorType', 'errorMessage', 'trace']);
    expect(fromNode).toMatchObject({ errorType: 'TypeError', errorMessage: 'it broke' });
    const { trace } = fromNode as { trace: string[] };
    expect(trace.slice(0, 2)).toEqual([
      'TypeError: it broke',
      expect.stringMatching(/^ {4}at .*\/var\/task\/index.mjs:/),
    ]);
    const answer = await project.invoke('python', { raise: 'no stock' });
    const fromPython = errorOf(answer);
    expect(Object.keys(fromPython as object)).toEqual([
      'errorMessage',
      'errorType',
      'requestId',
      'stackTrace',
    ]);
    expect(fromPython).toEqual({
      errorMessage: 'no stock',
      errorType: 'StockError',
      requestId: answer.headers['x-amzn-requestid'],
      stackTrace: [
        '  File "/var/task/app.py", line 9, in handler\n    raise StockError(event["raise"])\n',
      ],
    });
  });

  test('9: a process that exits is an error with its status, and the next call works', async () => {
    const answer = await project.invoke('node', { exit: 1 });
    expect(errorOf(answer)).toEqual({
      errorType: 'Runtime.ExitError',
      errorMessage: `RequestId: ${String(answer.headers['x-amzn-requestid'])} Error: Runtime exited with error: exit status 1`,
    });
    expect((await project.invoke('node')).json).toMatchObject({ count: 1 });
  });

  test('10: a timeout is told in seconds; /tmp survives it and globals do not', async () => {
    await project.invoke('short', { write: 'kept' });
    const answer = await project.invoke('short', { hang: true });
    expect(errorOf(answer)).toEqual({
      errorType: 'Sandbox.Timedout',
      errorMessage: `RequestId: ${String(answer.headers['x-amzn-requestid'])} Error: Task timed out after 4.00 seconds`,
    });
    expect((await project.invoke('short')).json).toMatchObject({ count: 1, kept: 'kept' });
  });

  test('11: the variables are those recorded on Lambda', async () => {
    const common = (name: string, runtime: string) => ({
      AWS_ACCESS_KEY_ID: expect.any(String),
      AWS_DEFAULT_REGION: 'us-east-1',
      // Ours: it leads AWS clients here.
      AWS_ENDPOINT_URL: expect.stringMatching(/^http:\/\/[\d.]+:\d+$/),
      AWS_EXECUTION_ENV: `AWS_Lambda_${runtime}`,
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128',
      AWS_LAMBDA_FUNCTION_NAME: name,
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
      AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
      AWS_LAMBDA_LOG_STREAM_NAME: expect.stringMatching(
        /^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/,
      ),
      // Reserved and documented since, in no recording yet.
      AWS_LAMBDA_METADATA_API: expect.stringMatching(/^[^:/]+:\d+$/),
      AWS_LAMBDA_METADATA_TOKEN: expect.stringMatching(/^[0-9a-f]{64}$/),
      AWS_LAMBDA_RUNTIME_API: expect.stringMatching(/^[^:/]+:\d+$/),
      AWS_REGION: 'us-east-1',
      AWS_SECRET_ACCESS_KEY: expect.any(String),
      AWS_SESSION_TOKEN: expect.any(String),
      AWS_XRAY_CONTEXT_MISSING: 'LOG_ERROR',
      AWS_XRAY_DAEMON_ADDRESS: '169.254.100.1:2000',
      LAMBDA_RUNTIME_DIR: '/var/runtime',
      LAMBDA_TASK_ROOT: '/var/task',
      LANG: 'en_US.UTF-8',
      LD_LIBRARY_PATH:
        '/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib',
      PATH: '/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin',
      PWD: '/var/task',
      SHLVL: '0',
      TZ: ':UTC',
      _AWS_XRAY_DAEMON_ADDRESS: '169.254.100.1',
      _AWS_XRAY_DAEMON_PORT: '2000',
      _X_AMZN_TRACE_ID: expect.stringMatching(/^Root=1-/),
    });
    const node = (await project.invoke('node')).json as { env: Record<string, string> };
    expect(node.env).toEqual({
      ...common('node', 'nodejs22.x'),
      NODE_PATH:
        '/opt/nodejs/node22/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules:/var/runtime:/var/task',
      _HANDLER: 'index.handler',
      MINE: 'yes',
    });
    const python = (await project.invoke('python')).json as { env: Record<string, string> };
    expect(python.env).toEqual({
      ...common('python', 'python3.13'),
      PYTHONPATH: '/var/runtime',
      LC_CTYPE: 'C.UTF-8',
      _HANDLER: 'app.handler',
    });
    await expect(
      startProject({
        bad: { files: { 'index.mjs': NODE }, environment: { AWS_REGION: 'mars' } },
      }),
    ).rejects.toMatchObject({ code: 'config-invalid' });
  });

  test('12: a wrapper is started in place of the runtime; one that is missing is status 127', async () => {
    // `own` is started by one.
    const { headers } = await own({});
    expect(headers).toHaveProperty('lambda-runtime-aws-request-id');
    const missing = await project.invoke('wrapped');
    expect(errorOf(missing)).toMatchObject({
      errorType: 'Runtime.ExitError',
      errorMessage: expect.stringMatching(/Error: Runtime exited with error: exit status 127$/),
    });
  });

  test('15: the lines of the log are exact, and a tail has its last 4 KB', async () => {
    const answer = await project.invoke('node', { log: 'a\nb' }, { tail: true });
    const id = String(answer.headers['x-amzn-requestid']);
    const number = String.raw`\d+\.\d\d`;
    expect(answer.tail).toMatch(
      new RegExp(
        String.raw`^START RequestId: ${id} Version: \$LATEST\n` +
          String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\t${id}\tINFO\ta\rb\n` +
          String.raw`END RequestId: ${id}\n` +
          String.raw`REPORT RequestId: ${id}\tDuration: ${number} ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\tMax Memory Used: \d+ MB\t(Init Duration: ${number} ms\t)?\n$`,
      ),
    );
    const long = await project.invoke('node', { log: 'x'.repeat(10_000) }, { tail: true });
    expect(Buffer.byteLength(long.tail)).toBe(4096);
    expect(long.tail).toMatch(/x\nEND RequestId: .*\nREPORT RequestId: .*\t\n$/);
  });

  test('17, 20: statuses of Invoke, and a throttle with its reason', async () => {
    const statusOf = async (type: string): Promise<number> =>
      (await project.invoke('node', {}, { headers: { 'x-amz-invocation-type': type } })).status;
    expect(await statusOf('RequestResponse')).toBe(200);
    expect(await statusOf('Event')).toBe(202);
    expect(await statusOf('DryRun')).toBe(204);
    const first = project.invoke('single');
    await until(() => project.states('single').includes('invoking'));
    const second = await project.invoke('single');
    expect([second.status, second.json, second.headers['retry-after']]).toEqual([
      429,
      {
        Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded',
        Type: 'User',
        message: 'Rate Exceeded.',
      },
      expect.stringMatching(/^\d+$/),
    ]);
    expect(second.headers['x-amzn-errortype']).toBe('TooManyRequestsException');
    errorOf(await first);
  });
});

/** Numbers that tests of other suites prove, each on the real engine. */
const ELSEWHERE: readonly (readonly [number: number, suite: string, title: string])[] = [
  [5, 'integration/response-streaming', 'ends the stream of %s with its error, and serves on'],
  [5, 'integration/response-streaming', 'with the prelude of an HTTP response in it'],
  [7, 'integration/init-limit', 'an init phase of more than 10 s is given up and done again'],
  [13, 'integration/control-api', 'runs once it is active, with its layer'],
  [13, 'integration/extensions', 'run as processes of their own'],
  [14, 'integration/extensions', 'are told of each event and of the end'],
  [14, 'integration/extensions', 'that are still at work at the deadline end with TIMEOUT'],
  [16, 'integration/json-logs', 'has platform events and its own lines as objects'],
  [16, 'integration/json-logs', 'says nothing of what went well when its levels ask for no more'],
  [
    18,
    'conformance/control-functions.contract',
    'is told what is wrong with a function it would make',
  ],
  [19, 'integration/events', 'of a failing function are run three times under one id'],
  [21, 'integration/control-api', 'splits an alias between two versions'],
  [25, 'conformance/control-clients.contract', 'describe.each(CONTROL_CLIENTS)'],
  [25, 'conformance/invoke-clients.contract', 'describe.each(CLIENTS)'],
];

it.each(ELSEWHERE)('%i is proved in %s: %s', async (_number, suite, title) => {
  const source = await readFile(join(packageRoot(), `test/${suite}.ts`), 'utf8').catch(() =>
    readFile(join(packageRoot(), `test/${suite}.test.ts`), 'utf8'),
  );
  expect(source).toContain(title);
});
