import { describe, expect, it } from '@jest/globals';
import {
  runBootstrap,
  runNode,
  type BootstrapRun,
  BOOTSTRAP_LIMIT_MS as LIMIT_MS,
  IS_OLD_NODE as OLD,
} from '../support/bootstrap-run.js';

const run = (body: string): Promise<BootstrapRun> =>
  runNode({
    'index.mjs': `
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
export const handler = awslambda.streamifyResponse(async (event, stream, context) => { ${body} });`,
  });

/** The error behind a response that had begun. */
function failureOf({ posts }: BootstrapRun): unknown {
  const body = posts[0]?.trailers['lambda-runtime-function-error-body'];
  return JSON.parse(Buffer.from(String(body), 'base64').toString());
}

describe('a streaming handler under the Node.js bootstrap', () => {
  it.each([
    ['what it wrote', 'stream.write("a"); stream.write(Buffer.from("b")); stream.end("c");', 'abc'],
    ['objects as JSON', 'stream.write({ a: 1 }); stream.end();', '{"a":1}'],
    ['what a pipeline brings', 'await pipeline(Readable.from(["a", "b"]), stream);', 'ab'],
    [
      'what a pipe brings that nobody waits for',
      'Readable.from((async function* () { for (const a of "abc") { await new Promise(setImmediate); yield a; } })()).pipe(stream);',
      'abc',
    ],
  ])(
    'answers with %s',
    async (_what, body, expected) => {
      const { posts } = await run(body);
      expect(posts[0]).toMatchObject({
        path: 'invocation/id-0/response',
        headers: { 'content-type': 'application/octet-stream' },
      });
      expect(String(posts[0]?.body)).toBe(expected);
    },
    LIMIT_MS,
  );

  it.each([
    ['a body', 'stream.write("hi"); stream.end();', 'hi'],
    ['no body', 'stream.end();', ''],
    ['a last chunk only', 'stream.end("hi");', 'hi'],
  ])(
    'sets status and headers before %s',
    async (_what, rest, body) => {
      const { posts } = await run(
        `stream = awslambda.HttpResponseStream.from(stream, { statusCode: 201 }); ${rest}`,
      );
      expect(posts[0]?.headers['content-type']).toBe(
        'application/vnd.awslambda.http-integration-response',
      );
      expect(String(posts[0]?.body)).toBe(`{"statusCode":201}${'\0'.repeat(8)}${body}`);
    },
    LIMIT_MS,
  );

  it(
    'chooses its content type before it writes and not after',
    async () => {
      const early = await run('stream.setContentType("text/plain"); stream.end("a");');
      expect(early.posts[0]?.headers['content-type']).toBe('text/plain');
      const late = await run('stream.write("a"); stream.setContentType("text/plain");');
      expect(failureOf(late)).toMatchObject({
        errorType: 'Runtime.InvalidStreamingOperation',
        errorMessage: 'Cannot set content-type, too late.',
      });
    },
    LIMIT_MS,
  );

  it(
    'fails when it never ends its stream',
    async () => {
      const ended = await run('stream.write("a");');
      expect(ended.posts[0]?.path).toBe('invocation/id-0/response');
      expect(failureOf(ended)).toMatchObject({
        errorType: OLD ? 'string' : 'Error',
        errorMessage: 'Response stream is not finished.',
      });
    },
    LIMIT_MS,
  );

  it(
    'fails when it is not asynchronous',
    async () => {
      const ended = await runBootstrap({
        language: 'node',
        files: {
          'index.js':
            'exports.handler = awslambda.streamifyResponse((e, stream) => { stream.end("a"); })',
        },
        events: [{}],
      });
      expect(failureOf(ended)).toMatchObject({
        errorMessage: 'Streaming does not support non-async handlers.',
      });
    },
    LIMIT_MS,
  );

  it(
    'fails with what it throws, behind what it wrote',
    async () => {
      const ended = await run('stream.write("a"); throw new RangeError("nö");');
      expect(ended.posts).toHaveLength(1);
      expect(String(ended.posts[0]?.body)).toBe('a');
      expect(ended.posts[0]?.trailers).toMatchObject({
        'lambda-runtime-function-error-type': 'RangeError',
      });
      expect(failureOf(ended)).toMatchObject({ errorType: 'RangeError', errorMessage: 'nö' });
      expect(ended.output).toContain('Invoke Error');
    },
    LIMIT_MS,
  );

  it(
    'fails like any other before it has written',
    async () => {
      const { posts, bodies } = await run('throw new RangeError("no");');
      expect(posts.map(({ path }) => path)).toEqual(['invocation/id-0/error']);
      expect(bodies[0]).toMatchObject({ errorType: 'RangeError', errorMessage: 'no' });
    },
    LIMIT_MS,
  );

  it(
    'has responded when its stream has ended, whatever it does after that',
    async () => {
      const ended = await run(
        'stream.end("a"); await new Promise((done) => stream.once("close", done)); throw new Error("late");',
      );
      expect(ended.posts).toHaveLength(1);
      expect(ended.posts[0]?.trailers).toEqual({});
      expect(ended.output).toContain('late');
    },
    LIMIT_MS,
  );

  it.each([
    [
      'destroys its stream',
      'stream.write("a"); stream.destroy();',
      'Response stream is not finished.',
    ],
    [
      'pipes from what breaks',
      'await pipeline((async function* () { yield "a"; throw new Error("source"); })(), stream);',
      'source',
    ],
  ])(
    'fails when it %s',
    async (_what, body, errorMessage) => {
      const ended = await run(body);
      expect(String(ended.posts[0]?.body)).toBe('a');
      expect(failureOf(ended)).toMatchObject({ errorMessage });
    },
    LIMIT_MS,
  );

  it(
    'sends each chunk when it writes it',
    async () => {
      const { posts } = await run(
        'for (const piece of ["one", "", "two"]) { stream.write(piece); if (piece) await fetch(`http://${process.env.AWS_LAMBDA_RUNTIME_API}/seen`); } stream.end();',
      );
      expect(posts[0]?.headers).toMatchObject({
        'lambda-runtime-function-response-mode': 'streaming',
        'transfer-encoding': 'chunked',
      });
      expect(posts[0]?.pieces.map(String)).toEqual(['one', 'two']);
    },
    LIMIT_MS,
  );

  it(
    'is told to wait while what it wrote is not taken',
    async () => {
      const { posts } = await runNode(
        {
          'index.mjs': `
import { once } from 'node:events';
export const handler = awslambda.streamifyResponse(async (event, stream) => {
  const piece = Buffer.alloc(64 * 1024, 120);
  let flushed = 0, written = 0;
  // Full for good, and not just until the system has taken what fits its buffers.
  do { written += 1; stream.write(piece, () => (flushed += 1)); await new Promise(setImmediate); }
  while (!stream.writableNeedDrain || written - flushed < 64);
  await fetch('http://' + process.env.AWS_LAMBDA_RUNTIME_API + '/release');
  await once(stream, 'drain');
  stream.end(String(written));
});`,
        },
        { script: { holdsBodies: true } },
      );
      const body = posts[0]?.body ?? Buffer.alloc(0);
      const written = Number(body.toString('latin1').replaceAll('x', ''));
      expect(body.length).toBe(written * 64 * 1024 + String(written).length);
    },
    LIMIT_MS,
  );

  it(
    'chooses how much may wait',
    async () => {
      const { posts } = await runNode({
        'index.mjs':
          'export const handler = awslambda.streamifyResponse(async (e, stream) => stream.end(String(stream.writableHighWaterMark)), { highWaterMark: 1234.5 });',
      });
      expect(String(posts[0]?.body)).toBe('1234');
    },
    LIMIT_MS,
  );

  it(
    'serves one event after the other',
    async () => {
      const { posts } = await runNode(
        {
          'index.mjs':
            'export const handler = awslambda.streamifyResponse(async ({ n }, stream) => { if (n === 2) throw new Error("two"); stream.write(String(n)); if (n === 3) throw new Error("three"); stream.end(); });',
        },
        { events: [{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }] },
      );
      expect(posts.map(({ path }) => path)).toEqual([
        'invocation/id-0/response',
        'invocation/id-1/error',
        'invocation/id-2/response',
        'invocation/id-3/response',
      ]);
      expect([0, 2, 3].map((index) => String(posts[index]?.body))).toEqual(['1', '3', '4']);
    },
    LIMIT_MS,
  );

  it(
    'has what libraries put before the first chunk sent first',
    async () => {
      const { posts } = await run(
        'stream._onBeforeFirstWrite = (write) => write("before "); stream.write("a"); stream.end("b");',
      );
      expect(String(posts[0]?.body)).toBe('before ab');
    },
    LIMIT_MS,
  );

  it(
    'cannot put a line of its own into the head',
    async () => {
      const { bodies } = await run('stream.setContentType("a\\r\\nX: y"); stream.end();');
      expect(bodies[0]).toMatchObject({ errorType: 'TypeError' });
    },
    LIMIT_MS,
  );

  (OLD ? it : it.skip)(
    'ends behind what it wrote with an error that nobody caught',
    async () => {
      const ended = await run(
        'stream.write("a"); setImmediate(() => { throw new RangeError("stray"); }); await new Promise((r) => setTimeout(r, 60_000));',
      );
      expect(ended.exitCode).toBe(129);
      expect(String(ended.posts[0]?.body)).toBe('a');
      expect(failureOf(ended)).toMatchObject({ errorType: 'RangeError', errorMessage: 'stray' });
    },
    LIMIT_MS,
  );

  it(
    'has a context without ways to complete it',
    async () => {
      const { bodies } = await run(
        'stream.end(JSON.stringify([typeof context.done, context.awsRequestId, context.callbackWaitsForEmptyEventLoop ?? null]));',
      );
      expect(bodies[0]).toEqual(['undefined', 'id-0', OLD ? true : null]);
    },
    LIMIT_MS,
  );
});
