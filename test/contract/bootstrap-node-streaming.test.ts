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
      expect(late.bodies[0]).toMatchObject({
        errorType: 'Runtime.InvalidStreamingOperation',
        errorMessage: 'Cannot set content-type, too late.',
      });
    },
    LIMIT_MS,
  );

  it(
    'fails when it never ends its stream',
    async () => {
      const { posts, bodies } = await run('stream.write("a");');
      expect(posts[0]?.path).toBe('invocation/id-0/error');
      expect(bodies[0]).toMatchObject({
        errorType: OLD ? 'string' : 'Error',
        errorMessage: 'Response stream is not finished.',
      });
    },
    LIMIT_MS,
  );

  it(
    'fails when it is not asynchronous',
    async () => {
      const { bodies } = await runBootstrap({
        language: 'node',
        files: {
          'index.js':
            'exports.handler = awslambda.streamifyResponse((e, stream) => { stream.end("a"); })',
        },
        events: [{}],
      });
      expect(bodies[0]).toMatchObject({
        errorMessage: 'Streaming does not support non-async handlers.',
      });
    },
    LIMIT_MS,
  );

  it(
    'fails with what it throws, whatever was written',
    async () => {
      const { posts, bodies } = await run('stream.write("a"); throw new RangeError("no");');
      expect(posts).toHaveLength(1);
      expect(bodies[0]).toMatchObject({ errorType: 'RangeError', errorMessage: 'no' });
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
