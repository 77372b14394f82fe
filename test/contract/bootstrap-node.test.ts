import { describe, expect, it } from '@jest/globals';
import {
  BOOTSTRAP_LIMIT_MS as LIMIT_MS,
  IS_OLD_NODE as OLD,
  runNode as run,
} from '../support/bootstrap-run.js';

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
    [
      'folder with an index, where there is no such file',
      OLD
        ? { 'app/index.js': 'exports.handler = async (e) => e.n' }
        : { 'node_modules/app/index.js': 'exports.handler = async (e) => e.n' },
      'app.handler',
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
        [
          'a callback before the promise of the same handler',
          'exports.handler = async (e, c, cb) => { cb(null, 1); return 2; }',
          1,
        ],
        [
          'context.succeed in an async function',
          'exports.handler = async (e, c) => { c.succeed(1); }',
          1,
        ],
        [
          'a callback before an exception',
          'exports.handler = (e, c, cb) => { cb(null, 1); throw new Error("late"); }',
          1,
        ],
        ['nothing thrown', 'exports.handler = () => { throw undefined; }', null],
        [
          'a promise nobody settles, of a plain function',
          'exports.handler = () => new Promise(() => {})',
          null,
        ],
        [
          'the class of the receiver',
          'exports.handler = function () { return Promise.resolve(this.constructor.name); }',
          'Runtime',
        ],
        ['context.succeed', 'exports.handler = (e, c) => c.succeed(e.n)', 1],
        ['context.done', 'exports.handler = (e, c) => c.done(null, e.n)', 1],
        ['plain value ignored', 'exports.handler = () => 5', null],
      ])
    : it.each([
        ['plain value used', 'exports.handler = () => 5', 5],
        [
          'the invocation in awslambda.InvokeStore',
          'exports.handler = async () => { const s = awslambda.InvokeStore; s.set("a", 1); return [s.getRequestId(), s.getXRayTraceId(), s.get("a"), s.hasContext()]; }',
          ['id-0', 'Root=1-2-3', 1, true],
        ],
      ]))(
    '%s',
    async (_kind, code, expected) => {
      expect((await run({ 'index.js': code })).bodies).toEqual([expected]);
    },
    LIMIT_MS,
  );
});

it(
  'the Node.js bootstrap shows a module nothing of what it does before',
  async () => {
    const { bodies, posts, output } = await run({
      'index.js': `
        const atInit = {
          flags: process.execArgv,
          trace: process.env._X_AMZN_TRACE_ID ?? 'none',
          context: globalThis.awslambda.InvokeStore?.hasContext() ?? false,
        };
        console.log('at init');
        process.env.AWS_LAMBDA_FUNCTION_VERSION = '7';
        exports.handler = async (event, context) => ({ ...atInit, version: context.functionVersion });`,
    });
    expect(bodies).toEqual([{ flags: [], trace: 'none', context: false, version: '7' }]);
    expect(posts).toHaveLength(1);
    expect(output).toMatch(OLD ? /^\S+\tundefined\tINFO\tat init\n$/ : /^\S+\t-\tINFO\tat init\n$/);
  },
  LIMIT_MS,
);

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
  'the Node.js bootstrap orders the members of the context as Amazon’s client of that version',
  async () => {
    const { bodies } = await run({
      'index.js': 'exports.handler = async (e, c) => Object.keys(c)',
    });
    const fromEnvironment = ['functionVersion', 'functionName', 'memoryLimitInMB'];
    const logs = ['logGroupName', 'logStreamName'];
    const fromHeaders = [
      'clientContext',
      'identity',
      'invokedFunctionArn',
      'awsRequestId',
      'tenantId',
    ];
    const time = 'getRemainingTimeInMillis';
    expect(bodies[0]).toEqual(
      OLD
        ? [
            'callbackWaitsForEmptyEventLoop',
            'succeed',
            'fail',
            'done',
            ...fromEnvironment,
            ...logs,
            ...fromHeaders,
            time,
          ]
        : [
            ...fromHeaders,
            'xRayTraceId',
            time,
            'functionName',
            'functionVersion',
            'memoryLimitInMB',
            ...logs,
          ],
    );
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
