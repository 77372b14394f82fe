import { describe, expect, it } from '@jest/globals';
import {
  BOOTSTRAP_LIMIT_MS as LIMIT_MS,
  IS_OLD_NODE as OLD,
  runNode as run,
} from '../support/bootstrap-run.js';

describe('the Node.js bootstrap', () => {
  it.each([
    ['a missing module', {}, 'index.handler', 'Runtime.ImportModuleError'],
    [
      'a missing dependency',
      { 'index.js': 'require("nowhere")' },
      'index.handler',
      'Runtime.ImportModuleError',
    ],
    [
      'a syntax error',
      { 'index.js': 'exports.handler = (' },
      'index.handler',
      'Runtime.UserCodeSyntaxError',
    ],
    ['a missing export', { 'index.js': '' }, 'index.handler', 'Runtime.HandlerNotFound'],
    [
      'an export that is no function',
      { 'index.js': 'exports.handler = 5' },
      'index.handler',
      'Runtime.HandlerNotFound',
    ],
    [
      'an export that is false',
      { 'index.js': 'exports.handler = false' },
      'index.handler',
      'Runtime.HandlerNotFound',
    ],
    [
      'a missing import of an ES module, which has no type of its own',
      { 'index.mjs': 'import "nowhere"' },
      'index.handler',
      'Error',
    ],
    [
      'a stream in a direction nobody knows',
      {
        'index.js':
          'exports.handler = async () => {}; exports.handler[Symbol.for("aws.lambda.runtime.handler.streaming")] = "request"',
      },
      'index.handler',
      'Runtime.MalformedStreamingHandler',
    ],
    ['a name without a dot', { 'index.js': '' }, 'index', 'Runtime.MalformedHandlerName'],
    ['a name that climbs', { 'index.js': '' }, '../index.handler', 'Runtime.MalformedHandlerName'],
    [
      'an error of its own',
      { 'index.js': 'throw new RangeError("no")' },
      'index.handler',
      'RangeError',
    ],
  ])(
    'reports %s to init/error and ends',
    async (_what, files, handler, errorType) => {
      const { posts, bodies, exitCode } = await run(files as unknown as Record<string, string>, {
        handler,
      });
      expect(posts.map(({ path }) => path)).toEqual(['init/error']);
      expect(posts[0]?.headers['lambda-runtime-function-error-type']).toBe(errorType);
      expect(bodies[0]).toMatchObject({
        errorType,
        errorMessage: expect.any(String),
        trace: expect.any(Array),
      });
      expect(exitCode).toBe(OLD ? 129 : 1);
    },
    LIMIT_MS,
  );

  it.each([
    [
      'what is missing',
      'require("nowhere")',
      /^Runtime\.ImportModuleError: Error: Cannot find module/,
      /\/index\.js/,
    ],
    [
      'the syntax error',
      'let a = ;',
      /^Runtime\.UserCodeSyntaxError: SyntaxError: Unexpected token|^\/.*\/index\.js:1$/,
      /\/index\.js:1/,
    ],
  ])(
    'begins the trace with %s, and says where',
    async (_what, code, first, place) => {
      const { bodies, output } = await run({ 'index.js': code });
      const { trace, errorMessage } = bodies[0] as { trace: string[]; errorMessage: string };
      expect(trace[0]).toMatch(first);
      expect(trace.join('\n')).toContain(errorMessage.replace(/^SyntaxError: |\n[\s\S]*$/g, ''));
      expect(trace.join('\n')).toMatch(place);
      expect(output).toMatch(OLD ? /\tERROR\tUncaught Exception \t\{/ : /\tERROR\tInit Error \t\{/);
    },
    LIMIT_MS,
  );

  if (OLD) {
    it.each([
      ['a rejection nobody handles', 'Promise.reject(new Error("stray"))', 128],
      ['an exception out of nowhere', 'setTimeout(() => { throw new Error("stray"); })', 129],
    ])(
      'reports %s during init and ends',
      async (_what, code, status) => {
        const { posts, exitCode } = await run({
          'index.mjs': `${code}; await new Promise((r) => setTimeout(r, 5000)); export const handler = async () => 1;`,
        });
        expect(posts.map(({ path }) => path)).toEqual(['init/error']);
        expect(exitCode).toBe(status);
      },
      LIMIT_MS,
    );

    it(
      'counts a rejection of a module that has loaded to the init phase',
      async () => {
        const { posts, exitCode } = await run({
          'index.js': 'Promise.reject(new Error("stray")); exports.handler = async () => 1;',
        });
        expect(posts.map(({ path }) => path)).toEqual(['init/error']);
        expect(exitCode).toBe(128);
      },
      LIMIT_MS,
    );

    it(
      'ends without a report of what is thrown between two events',
      async () => {
        const { posts, exitCode, output } = await run(
          {
            'index.js':
              'const { setTimeout: later } = globalThis; exports.handler = async () => { later(() => { throw new Error("stray"); }, 50); return 1; }',
          },
          { waitsForExit: true },
        );
        expect(posts.map(({ path }) => path)).toEqual(['invocation/id-0/response']);
        expect(output).toContain('Uncaught Exception');
        expect(exitCode).toBe(129);
      },
      LIMIT_MS,
    );

    it(
      'takes no further event once a stray error is reported',
      async () => {
        const { posts, exitCode } = await run(
          {
            'index.js':
              'exports.handler = async () => { setTimeout(() => { throw new Error("stray"); }); await new Promise((r) => setTimeout(r, 2)); return 1; }',
          },
          { events: [{}, {}] },
        );
        expect(posts.map(({ path }) => path)).toEqual(['invocation/id-0/error']);
        expect(exitCode).toBe(129);
      },
      LIMIT_MS,
    );
  }
});

describe('the Node.js bootstrap posts errors', () => {
  it.each([
    [
      'an Error',
      'throw new TypeError("no")',
      {
        errorType: 'TypeError',
        errorMessage: 'no',
        trace: expect.arrayContaining(['TypeError: no']),
      },
    ],
    [
      'an error with a circle in its fields',
      'const e = new Error("no"); e.request = { e }; throw e',
      { errorType: 'Error', errorMessage: 'no' },
    ],
    [
      'an error with a number no JSON holds',
      'throw Object.assign(new Error("no"), { big: 1n })',
      { errorType: 'Error', errorMessage: 'no' },
    ],
    [
      'an error of another realm',
      'throw require("vm").runInNewContext("new TypeError()")',
      OLD ? { errorType: 'TypeError', errorMessage: '' } : { errorType: 'object' },
    ],
    [
      'an error that cannot be read',
      'throw Object.defineProperty(new Error(), "message", { get() { throw 1; } })',
      { errorType: 'handled' },
    ],
    [
      'nothing',
      'throw undefined',
      OLD
        ? { errorType: 'string', errorMessage: 'handled', trace: [] }
        : { errorType: 'undefined', errorMessage: 'undefined', trace: [] },
    ],
    ['a text', 'throw "text"', { errorType: 'string', errorMessage: 'text', trace: [] }],
    [
      'DEL in a message',
      'throw new Error("a\\x7Fb")',
      { errorType: 'Error', errorMessage: 'a%7Fb' },
    ],
    [
      'a result that is no JSON',
      'const a = {}; a.a = a; return a',
      { errorMessage: 'Unable to stringify response body' },
    ],
  ])(
    'for %s',
    async (_what, code, expected) => {
      const { posts, bodies } = await run({
        'index.js': `exports.handler = async () => { ${code} }`,
      });
      expect(posts[0]?.path).toBe('invocation/id-0/error');
      expect(bodies[0]).toMatchObject(expected);
    },
    LIMIT_MS,
  );

  it(
    'and goes on with the next event',
    async () => {
      const { posts } = await run(
        { 'index.js': 'exports.handler = async (e) => { if (e.n) throw 1; return 2; }' },
        { events: [{ n: 1 }, {}] },
      );
      expect(posts.map(({ path }) => path)).toEqual([
        'invocation/id-0/error',
        'invocation/id-1/response',
      ]);
    },
    LIMIT_MS,
  );

  it(
    'in the order type, message, trace, the last as the engine made it',
    async () => {
      const { posts } = await run({
        'index.js': 'exports.handler = async () => {\n  throw new TypeError("no");\n}',
      });
      expect(String(posts[0]?.body)).toMatch(
        /^\{"errorType":"TypeError","errorMessage":"no","trace":\["TypeError: no"," {4}at (Runtime|exports)\.handler \(\/[^"]*\/index\.js:2:9\)"/,
      );
    },
    LIMIT_MS,
  );

  it(
    'for a client context that is no JSON',
    async () => {
      const { posts, bodies } = await run(
        { 'index.js': 'exports.handler = async () => 1' },
        { events: [{ payload: '{}', headers: { 'Lambda-Runtime-Client-Context': '{' } }] },
      );
      expect(posts[0]?.path).toBe('invocation/id-0/error');
      expect(bodies[0]).toMatchObject({
        errorType: OLD ? 'Error' : 'Runtime.PlatformError',
        errorMessage: expect.stringMatching(
          OLD
            ? /^Cannot parse ClientContext as json: SyntaxError/
            : /^Failed to parse lambda-runtime-client-context as JSON: /,
        ),
      });
    },
    LIMIT_MS,
  );

  if (OLD) {
    it.each([
      [
        'a callback with an error, without waiting for the loop',
        '(e, c, cb) => { setTimeout(() => {}, 50_000); cb(new RangeError("no")); }',
        { errorType: 'RangeError' },
      ],
      [
        'context.fail with nothing',
        '(e, c) => c.fail()',
        { errorType: 'string', errorMessage: 'handled' },
      ],
      [
        'context.done with an error',
        '(e, c) => c.done("no")',
        { errorType: 'string', errorMessage: 'no' },
      ],
    ])(
      'of %s',
      async (_what, handler, expected) => {
        const { bodies } = await run({ 'index.js': `exports.handler = ${handler}` });
        expect(bodies[0]).toMatchObject(expected);
      },
      LIMIT_MS,
    );

    it.each([
      [
        'an unhandled rejection',
        'Promise.reject(new Error("stray")); await new Promise((r) => setTimeout(r, 5000))',
        'Runtime.UnhandledPromiseRejection',
        128,
      ],
      [
        'an uncaught exception',
        'setTimeout(() => { throw new RangeError("late"); }); await new Promise((r) => setTimeout(r, 5000))',
        'RangeError',
        129,
      ],
    ])(
      'for %s, then ends',
      async (_what, code, errorType, status) => {
        const { bodies, exitCode } = await run({
          'index.js': `exports.handler = async () => { ${code} }`,
        });
        expect(bodies[0]).toMatchObject({ errorType });
        expect(exitCode).toBe(status);
      },
      LIMIT_MS,
    );
    it(
      'for a promise that can no longer settle',
      async () => {
        const { bodies } = await run({
          'index.js': 'exports.handler = async () => new Promise(() => {})',
        });
        expect(bodies[0]).toMatchObject({ errorType: 'Runtime.NodeJsExit' });
      },
      LIMIT_MS,
    );
  }
});
