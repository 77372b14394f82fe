import { describe, expect, it } from '@jest/globals';
import {
  BOOTSTRAP_LIMIT_MS as LIMIT_MS,
  IS_OLD_NODE as OLD,
  runNode as run,
} from '../support/bootstrap-run.js';

describe('the Node.js bootstrap writes', () => {
  const marker = { _ORCHESTRATOR_LOG_MARKER: 'token' };

  it(
    'console lines with time, request id and level, on one line each',
    async () => {
      const { output } = await run({
        'index.js':
          'console.log("init"); exports.handler = async () => { console.error("two\\nlines", 5); }',
      });
      expect(output).toMatch(OLD ? /^\S+Z\tundefined\tINFO\tinit$/m : /^\S+Z\t-\tINFO\tinit$/m);
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

  it(
    'the first line as the client of that version does, and undefined where nothing is said',
    async () => {
      const { output } = await run({
        'index.js': 'console.log(); exports.handler = async () => {}',
      });
      expect(output).toMatch(OLD ? /Z\tundefined\tINFO\tundefined\n/ : /Z\t-\tINFO\tundefined\n/);
    },
    LIMIT_MS,
  );

  it.each([
    ['a number', '5', { message: 5 }],
    ['several values', '"a %s", "b", 1', { message: 'a b 1' }],
    [
      'an error, with its class and fields',
      'Object.assign(new RangeError("no"), { name: "Mine", code: 7 })',
      { message: { errorType: 'RangeError', errorMessage: 'no', code: 7, name: 'Mine' } },
    ],
    [
      'an error among others',
      '"text", new RangeError("no")',
      { errorType: 'RangeError', errorMessage: 'no', stackTrace: expect.any(Array) },
    ],
    [
      'a circle',
      '(() => { const a = {}; a.a = a; return a; })()',
      { message: '<ref *1> { a: [Circular *1] }' },
    ],
  ])(
    'JSON of %s',
    async (_what, values, expected) => {
      const { output } = await run(
        { 'index.js': `exports.handler = async () => { console.info(${values}); }` },
        {
          environment: { AWS_LAMBDA_LOG_FORMAT: 'JSON' },
          events: [{ payload: '{}', headers: { 'Lambda-Runtime-Aws-Tenant-Id': 'blue' } }],
        },
      );
      const line = JSON.parse(output) as object;
      expect(line).toMatchObject({
        level: 'INFO',
        requestId: 'id-0',
        tenantId: 'blue',
        ...expected,
      });
    },
    LIMIT_MS,
  );

  it.each([
    [
      'text, with its own fields and the errors inside',
      {},
      /\tid-0\tERROR\tInvoke Error \t\{"errorType":"Error","errorMessage":"no","code":"E","inner":\{"errorType":"TypeError","errorMessage":"in","stack":\[.*\]\},"stack":\["Error: no",.*\]\}\n/,
    ],
    [
      'JSON',
      { AWS_LAMBDA_LOG_FORMAT: 'JSON' },
      /"level":"ERROR","requestId":"id-0","message":\{"errorType":"Error","errorMessage":"no","stackTrace":\["Error: no",.*\],"inner":\{"errorType":"TypeError",/,
    ],
  ])(
    'an error of the handler as %s',
    async (_what, environment, expected) => {
      const { output } = await run(
        {
          'index.js':
            'exports.handler = async () => { throw Object.assign(new Error("no"), { inner: new TypeError("in"), code: "E" }); }',
        },
        { environment },
      );
      expect(output).toMatch(expected);
    },
    LIMIT_MS,
  );

  it(
    'what was thrown as text as an error',
    async () => {
      const { output } = await run({ 'index.js': 'exports.handler = async () => { throw "no"; }' });
      expect(output).toMatch(/Invoke Error \t\{"errorType":"Error","errorMessage":"no","stack":\[/);
    },
    LIMIT_MS,
  );

  if (OLD) {
    it(
      'a stray rejection with its reason',
      async () => {
        const { output, bodies } = await run({
          'index.js':
            'exports.handler = async () => { Promise.reject(new Error("stray")); await new Promise((r) => setTimeout(r, 5000)); }',
        });
        expect(output).toMatch(
          /Unhandled Promise Rejection \t\{"errorType":"Runtime.UnhandledPromiseRejection","errorMessage":"Error: stray","reason":\{"errorType":"Error","errorMessage":"stray","stack":\[.*\]\},"promise":\{\},"stack":\["Runtime.UnhandledPromiseRejection: Error: stray",/,
        );
        expect(bodies[0]).toMatchObject({ errorMessage: 'Error: stray' });
      },
      LIMIT_MS,
    );
  }

  it(
    'more than the pipe holds, all of it before the marker',
    async () => {
      const { output, bodies } = await run(
        {
          'index.js':
            'exports.handler = async () => { for (let i = 0; i < 20; i += 1) console.log("x".repeat(100_000)); process.stderr.write("y".repeat(500_000)); return 1; }',
        },
        { environment: marker, joinsOutputs: true },
      );
      expect(bodies).toEqual([1]);
      expect(output.match(/x{100000}\n/g)).toHaveLength(20);
      expect(output.endsWith(`${'y'.repeat(500_000)}\x1etoken id-0\n`)).toBe(true);
    },
    LIMIT_MS,
  );

  it(
    'markers after the function has closed its output, into nothing else',
    async () => {
      const { output, bodies } = await run(
        {
          'index.js':
            'const fs = require("fs"); fs.closeSync(1); const file = fs.openSync("mine", "w"); exports.handler = async () => fs.readFileSync("mine", "utf8")',
        },
        { environment: marker, joinsOutputs: true },
      );
      expect(bodies).toEqual(['']);
      expect(output).toContain('\x1etoken id-0\n');
    },
    LIMIT_MS,
  );
});
