import { describe, expect, it } from '@jest/globals';
import { BOOTSTRAP_LIMIT_MS as LIMIT_MS, runPython as run } from '../support/bootstrap-run.js';

describe('the Python bootstrap', () => {
  it.each([
    [
      'a missing module',
      '',
      'gone.handler',
      'Runtime.ImportModuleError',
      "Unable to import module 'gone': No module named 'gone'",
    ],
    [
      'a missing dependency',
      'import nowhere',
      'app.handler',
      'Runtime.ImportModuleError',
      "Unable to import module 'app': No module named 'nowhere'",
    ],
    [
      'a syntax error',
      'def handler(:',
      'app.handler',
      'Runtime.UserCodeSyntaxError',
      expect.stringContaining("Syntax error in module 'app'"),
    ],
    [
      'a missing function',
      '',
      'app.handler',
      'Runtime.HandlerNotFound',
      "Handler 'handler' missing on module 'app'",
    ],
    [
      'a name without a dot',
      '',
      'app',
      'Runtime.MalformedHandlerName',
      "Bad handler 'app': not enough values to unpack (expected 2, got 1)",
    ],
    [
      'a built-in module',
      '',
      'sys.exit',
      'Runtime.BuiltInModuleConflict',
      'Cannot use built-in module sys as a handler module',
    ],
    [
      'a module of ours in a folder named like a built-in one',
      '',
      'sys/x.handler',
      'Runtime.ImportModuleError',
      expect.stringContaining("Unable to import module 'sys/x'"),
    ],
    ['an error of its own', 'raise KeyError("no")', 'app.handler', 'KeyError', "'no'"],
  ])(
    'reports %s to init/error and ends',
    async (_what, code, handler, errorType, errorMessage) => {
      const { posts, bodies, exitCode } = await run(code, { handler });
      expect(posts.map(({ path }) => path)).toEqual(['init/error']);
      expect(posts[0]?.headers['lambda-runtime-function-error-type']).toBe(errorType);
      expect(bodies[0]).toEqual({
        errorType,
        errorMessage,
        requestId: '',
        stackTrace: expect.any(Array),
      });
      expect(exitCode).toBe(1);
    },
    LIMIT_MS,
  );

  it(
    'keeps the place of a syntax error as one frame',
    async () => {
      const { bodies } = await run('x = 1\ndef handler(:\n');
      const { stackTrace } = bodies[0] as { stackTrace: string[] };
      expect(stackTrace).toEqual([
        expect.stringMatching(/^ {2}File "[^"]*app\.py" Line 2\n {4}def handler\(:\n$/),
      ]);
    },
    LIMIT_MS,
  );

  it(
    'ends with the status of sys.exit while the module runs, without a report',
    async () => {
      const { posts, exitCode } = await run('import sys\nsys.exit(3)');
      expect(posts).toEqual([]);
      expect(exitCode).toBe(3);
    },
    LIMIT_MS,
  );

  it.each([
    ['sys.exit', 'import sys; sys.exit(4)', 4],
    ['KeyboardInterrupt', 'raise KeyboardInterrupt()', 130],
    ['os._exit', 'import os; os._exit(5)', 5],
  ])(
    'ends at %s in a handler, without a report and with all that was printed',
    async (_what, code, status) => {
      const { posts, exitCode, output } = await run(
        `def handler(e, c):\n    print("half", end="")\n    ${code}`,
        { joinsOutputs: true },
      );
      expect(posts).toEqual([]);
      expect(exitCode === null ? 130 : exitCode).toBe(status);
      expect(output).toMatch(/^half/);
    },
    LIMIT_MS,
  );

  it(
    'what was raised, with the function’s own frames',
    async () => {
      const { posts, bodies, output } = await run(
        'class StockError(Exception): pass\ndef handler(e, c):\n    raise StockError("no stock")',
      );
      expect(posts[0]?.path).toBe('invocation/id-0/error');
      expect(bodies[0]).toMatchObject({
        errorMessage: 'no stock',
        errorType: 'StockError',
        requestId: 'id-0',
      });
      const { stackTrace } = bodies[0] as { stackTrace: string[] };
      expect(stackTrace).toHaveLength(1);
      expect(stackTrace[0]).toMatch(
        /^ {2}File "\/.*app\.py", line 3, in handler\n {4}raise StockError\("no stock"\)\n/,
      );
      expect(output).toMatch(
        /^\[ERROR\] StockError: no stock\rTraceback \(most recent call last\):\r\u00a0\u00a0File /m,
      );
    },
    LIMIT_MS,
  );

  it.each([
    ['a result that is no JSON', 'def handler(e, c): return {1, 2}', '{}', 'Runtime.MarshalError'],
    ['an event that is no JSON', 'def handler(e, c): return 1', '{', 'Runtime.UnmarshalError'],
  ])(
    '%s as an error of Lambda’s',
    async (_what, code, payload, errorType) => {
      const { bodies } = await run(code, { events: [{ payload }] });
      expect(bodies[0]).toMatchObject({ errorType });
    },
    LIMIT_MS,
  );

  it(
    'frames of two lines, with those of libraries between the function’s own',
    async () => {
      const { bodies } = await run(
        'import importlib\ndef handler(e, c):\n    x = 1 + importlib.import_module("nowhere")',
      );
      const { stackTrace } = bodies[0] as { stackTrace: string[] };
      expect(stackTrace[0]).toMatch(
        /^ {2}File "[^"]*app\.py", line 3, in handler\n {4}x = 1 \+ importlib\.import_module\("nowhere"\)\n$/,
      );
      expect(stackTrace[1]).toContain('importlib/__init__.py');
      expect(stackTrace.join('')).toContain('<frozen importlib._bootstrap>');
      expect(stackTrace.join('')).not.toMatch(/\^\^/);
    },
    LIMIT_MS,
  );

  it.each([
    ['a client context', 'Client-Context', 'Client Context'],
    ['an identity', 'Cognito-Identity', 'Cognito Identity'],
  ])(
    '%s that is no JSON',
    async (_what, header, name) => {
      const { posts, bodies } = await run('def handler(e, c): return 1', {
        events: [{ payload: '{}', headers: { [`Lambda-Runtime-${header}`]: '{' } }],
      });
      expect(posts[0]?.path).toBe('invocation/id-0/error');
      expect(bodies[0]).toMatchObject({
        errorType: 'Runtime.LambdaContextUnmarshalError',
        errorMessage: expect.stringContaining(`Unable to parse ${name} JSON: `),
      });
    },
    LIMIT_MS,
  );

  it(
    'an event nested deeper than Python decodes',
    async () => {
      const { bodies } = await run('def handler(e, c): return 1', {
        events: [{ payload: `${'['.repeat(200_000)}${']'.repeat(200_000)}` }],
      });
      expect(bodies[0]).toMatchObject({ errorType: 'Runtime.UnmarshalError' });
    },
    LIMIT_MS,
  );

  it(
    'a message that has no bytes',
    async () => {
      const { posts } = await run('def handler(e, c): raise ValueError("\\ud800")', {
        events: [{}, {}],
      });
      expect(posts.map(({ path }) => path)).toEqual([
        'invocation/id-0/error',
        'invocation/id-1/error',
      ]);
    },
    LIMIT_MS,
  );
});
