import { describe, expect, it } from '@jest/globals';
import { runBootstrap, type BootstrapCase, type BootstrapRun } from '../support/bootstrap-run.js';

const LIMIT_MS = 60_000;
const OLD = Number(process.versions.node.split('.')[0]) < 24;
const run = (
  files: Record<string, string>,
  rest: Partial<BootstrapCase> = {},
): Promise<BootstrapRun> => runBootstrap({ language: 'node', files, events: [{ n: 1 }], ...rest });

describe('the Node.js bootstrap finds and calls handlers', () => {
  it.each([
    ['CommonJS', { 'index.js': 'exports.handler = async (e) => e.n' }, 'index.handler', 1],
    [
      'ES module by ending',
      { 'index.mjs': 'export const handler = async (e) => e.n' },
      'index.handler',
      1,
    ],
    [
      'ES module by package.json',
      {
        'index.js': 'export const handler = async (e) => e.n',
        'package.json': '{"type":"module"}',
      },
      'index.handler',
      1,
    ],
    [
      'top-level await',
      { 'index.mjs': 'const two = await 2; export const handler = async () => two' },
      'index.handler',
      2,
    ],
    ['.cjs', { 'index.cjs': 'exports.handler = async (e) => e.n' }, 'index.handler', 1],
    [
      'nested folder and export',
      { 'src/app.js': 'exports.a = { b: async (e) => e.n }' },
      'src/app.a.b',
      1,
    ],
    [
      'package of node_modules',
      { 'node_modules/pkg/index.js': 'exports.handler = async (e) => e.n' },
      'pkg.handler',
      1,
    ],
    ['nothing returned', { 'index.js': 'exports.handler = async () => {}' }, 'index.handler', null],
  ])(
    '%s',
    async (_kind, files, handler, expected) => {
      const { bodies, posts } = await run(files as unknown as Record<string, string>, { handler });
      expect(bodies).toEqual([expected]);
      expect(posts[0]).toMatchObject({
        path: 'invocation/id-0/response',
        headers: { 'content-type': 'application/json' },
      });
    },
    LIMIT_MS,
  );

  (OLD
    ? it.each([
        ['callback', 'exports.handler = (e, c, cb) => cb(null, e.n)', 1],
        [
          'callback that waits for the loop',
          'let done = 0; exports.handler = (e, c, cb) => { setTimeout(() => { done = 7; }, 30); cb(null, { toJSON: () => done }); }',
          7,
        ],
        [
          'callback that does not wait',
          'let done = 0; exports.handler = (e, c, cb) => { c.callbackWaitsForEmptyEventLoop = false; setTimeout(() => { done = 7; }, 3000); cb(null, { toJSON: () => done }); }',
          0,
        ],
        ['context.succeed', 'exports.handler = (e, c) => c.succeed(e.n)', 1],
        ['context.done', 'exports.handler = (e, c) => c.done(null, e.n)', 1],
        ['plain value ignored', 'exports.handler = () => 5', null],
      ])
    : it.each([['plain value used', 'exports.handler = () => 5', 5]]))(
    '%s',
    async (_kind, code, expected) => {
      expect((await run({ 'index.js': code })).bodies).toEqual([expected]);
    },
    LIMIT_MS,
  );

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
      expect(exitCode).toBe(1);
    },
    LIMIT_MS,
  );
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

  if (OLD) {
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
          'index.js': 'exports.handler = () => new Promise(() => {})',
        });
        expect(bodies[0]).toMatchObject({ errorType: 'Runtime.NodeJsExit' });
      },
      LIMIT_MS,
    );
  }
});

describe('the Node.js bootstrap writes', () => {
  const marker = { _ORCHESTRATOR_LOG_MARKER: 'token' };

  it(
    'console lines with time, request id and level, on one line each',
    async () => {
      const { output } = await run({
        'index.js':
          'console.log("init"); exports.handler = async () => { console.error("two\\nlines", 5); }',
      });
      expect(output).toMatch(/^\S+Z\tundefined\tINFO\tinit$/m);
      expect(output).toMatch(/^\S+Z\tid-0\tERROR\ttwo\rlines 5$/m);
    },
    LIMIT_MS,
  );

  it(
    'JSON lines when asked, without those below the level',
    async () => {
      const { output } = await run(
        {
          'index.js':
            'exports.handler = async () => { console.debug("no"); console.warn({ a: 1 }); }',
        },
        { environment: { AWS_LAMBDA_LOG_FORMAT: 'JSON', AWS_LAMBDA_LOG_LEVEL: 'INFO' } },
      );
      const lines = output
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as object);
      expect(lines).toEqual([
        { timestamp: expect.any(String), level: 'WARN', requestId: 'id-0', message: { a: 1 } },
      ]);
    },
    LIMIT_MS,
  );

  it(
    'markers behind init and behind each event, and hides the variable',
    async () => {
      const { output } = await run(
        {
          'index.js':
            'console.log("a"); exports.handler = async () => { process.stdout.write("b"); return process.env._ORCHESTRATOR_LOG_MARKER; }',
        },
        { environment: marker },
      );
      expect(output.endsWith('a\n\x1etoken init\nb\x1etoken id-0\n')).toBe(true);
    },
    LIMIT_MS,
  );
});

it(
  'the Node.js bootstrap gives the handler its context',
  async () => {
    const { bodies } = await run(
      {
        'index.js':
          'exports.handler = async (e, c) => ({ ...c, left: c.getRemainingTimeInMillis() > 0, trace: process.env._X_AMZN_TRACE_ID })',
      },
      {
        events: [
          { payload: '{}', headers: { 'Lambda-Runtime-Client-Context': '{"custom":{"a":1}}' } },
        ],
      },
    );
    expect(bodies[0]).toMatchObject({
      awsRequestId: 'id-0',
      functionName: 'f',
      functionVersion: '$LATEST',
      memoryLimitInMB: '128',
      logGroupName: '/aws/lambda/f',
      logStreamName: 'stream',
      invokedFunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:f',
      clientContext: { custom: { a: 1 } },
      left: true,
      trace: 'Root=1-2-3',
    });
  },
  LIMIT_MS,
);

it(
  'the Node.js bootstrap passes large, deep and foreign text both ways',
  async () => {
    const deep = `${'['.repeat(2000)}${']'.repeat(2000)}`;
    const events = [
      { payload: JSON.stringify('ü'.repeat(3_000_000)) },
      { payload: deep },
      { payload: '"日本\\u0000"' },
    ];
    const { posts } = await run({ 'index.js': 'exports.handler = async (e) => e' }, { events });
    expect(posts.map(({ body }) => body.length)).toEqual([
      6_000_002,
      deep.length,
      Buffer.byteLength('"日本\\u0000"'),
    ]);
  },
  LIMIT_MS,
);

it(
  'the Node.js bootstrap reconnects to a server that closes after each answer',
  async () => {
    const { bodies } = await run(
      { 'index.js': 'exports.handler = async (e) => e.n' },
      { events: [{ n: 1 }, { n: 2 }, { n: 3 }], script: { closes: true } },
    );
    expect(bodies).toEqual([1, 2, 3]);
  },
  LIMIT_MS,
);
