import { describe, expect, it } from '@jest/globals';
import { runBootstrap, type BootstrapCase, type BootstrapRun } from '../support/bootstrap-run.js';

const LIMIT_MS = 60_000;
const run = (
  code: string | Record<string, string>,
  rest: Partial<BootstrapCase> = {},
): Promise<BootstrapRun> =>
  runBootstrap({
    language: 'python',
    files: typeof code === 'string' ? { 'app.py': code } : code,
    events: [{ n: 1 }],
    ...rest,
  });

describe('the Python bootstrap finds and calls handlers', () => {
  it.each([
    ['a module', { 'app.py': 'def handler(e, c): return e["n"]' }, 'app.handler'],
    [
      'a package',
      { 'pkg/__init__.py': '', 'pkg/mod.py': 'def go(e, c): return e["n"]' },
      'pkg.mod.go',
    ],
    [
      'a path',
      { 'pkg/__init__.py': '', 'pkg/mod.py': 'def go(e, c): return e["n"]' },
      'pkg/mod.go',
    ],
    [
      'a module named like one of ours',
      {
        'handler.py': 'import errors, log\ndef go(e, c): return errors.X + log.Y',
        'errors.py': 'X = 1',
        'log.py': 'Y = 0',
      },
      'handler.go',
    ],
  ])(
    'in %s',
    async (_kind, files, handler) => {
      const { bodies, posts } = await run(files as unknown as Record<string, string>, { handler });
      expect(bodies).toEqual([1]);
      expect(posts[0]).toMatchObject({
        path: 'invocation/id-0/response',
        headers: { 'content-type': 'application/json' },
      });
    },
    LIMIT_MS,
  );

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
});

describe('the Python bootstrap posts', () => {
  it.each([
    ['None', 'None', 'null'],
    ['a Decimal as the number it is', '__import__("decimal").Decimal("1.10")', '1.10'],
    ['NaN', 'float("nan")', 'NaN'],
    ['a tuple', '(1, "a")', '[1, "a"]'],
  ])(
    '%s',
    async (_what, value, text) => {
      const { posts } = await run(`def handler(e, c): return ${value}`);
      expect(String(posts[0]?.body)).toBe(text);
    },
    LIMIT_MS,
  );

  it(
    'bytes as they are',
    async () => {
      const { posts } = await run('def handler(e, c): return b"\\x00\\xff"');
      expect(posts[0]).toMatchObject({
        body: Buffer.from([0, 255]),
        headers: { 'content-type': 'application/unknown' },
      });
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
});

describe('the Python bootstrap writes', () => {
  it(
    'logging records in Lambda’s form, print as it is',
    async () => {
      const { output } = await run(
        'import logging\nlogging.basicConfig(level=logging.DEBUG)\ndef handler(e, c):\n    logging.warning("hi %s", 1)\n    logging.info("no")\n    print("plain")',
      );
      expect(output).toMatch(
        /^\[WARNING\]\t\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\tid-0\thi 1\nplain\n$/,
      );
    },
    LIMIT_MS,
  );

  it(
    'JSON records when asked',
    async () => {
      const { output } = await run(
        'import logging\ndef handler(e, c): logging.getLogger("mine").info("hi", extra={"a": 1})',
        { environment: { AWS_LAMBDA_LOG_FORMAT: 'JSON', AWS_LAMBDA_LOG_LEVEL: 'INFO' } },
      );
      expect(JSON.parse(output)).toEqual({
        timestamp: expect.any(String),
        level: 'INFO',
        message: 'hi',
        logger: 'mine',
        requestId: 'id-0',
        a: 1,
      });
    },
    LIMIT_MS,
  );

  it(
    'markers behind init and behind each event, and hides the variable',
    async () => {
      const { output, bodies } = await run(
        'import os, sys\nprint("a")\ndef handler(e, c):\n    sys.stderr.write("b")\n    print("c", end="")\n    return os.environ.get("_ORCHESTRATOR_LOG_MARKER")',
        { environment: { _ORCHESTRATOR_LOG_MARKER: 'token' } },
      );
      expect(output).toBe('a\n\x1etoken init\nc\x1etoken id-0\n');
      expect(bodies).toEqual([null]);
    },
    LIMIT_MS,
  );
});

it(
  'the Python bootstrap gives the handler its context',
  async () => {
    const { bodies } = await run(
      `
import os
def handler(e, c):
    fields = ["aws_request_id", "function_name", "function_version", "memory_limit_in_mb", "log_group_name", "log_stream_name", "invoked_function_arn", "tenant_id"]
    return {**{f: getattr(c, f) for f in fields}, "custom": c.client_context.custom, "app": c.client_context.client.app_title, "identity": c.identity.cognito_identity_id, "left": c.get_remaining_time_in_millis() > 0, "trace": os.environ["_X_AMZN_TRACE_ID"]}
`,
      {
        events: [
          {
            payload: '{}',
            headers: {
              'Lambda-Runtime-Client-Context': '{"custom":{"a":1},"client":{"app_title":"t"}}',
              'Lambda-Runtime-Cognito-Identity': '{"cognitoIdentityId":"i"}',
            },
          },
        ],
      },
    );
    expect(bodies[0]).toEqual({
      aws_request_id: 'id-0',
      function_name: 'f',
      function_version: '$LATEST',
      memory_limit_in_mb: '128',
      log_group_name: '/aws/lambda/f',
      log_stream_name: 'stream',
      invoked_function_arn: 'arn:aws:lambda:us-east-1:123456789012:function:f',
      tenant_id: null,
      custom: { a: 1 },
      app: 't',
      identity: 'i',
      left: true,
      trace: 'Root=1-2-3',
    });
  },
  LIMIT_MS,
);

it(
  'the Python bootstrap passes raw bytes of other content types',
  async () => {
    const { bodies } = await run('def handler(e, c): return [type(e).__name__, len(e)]', {
      events: [
        {
          payload: Buffer.from([1, 2, 3]),
          headers: { 'Content-Type': 'application/octet-stream' },
        },
      ],
    });
    expect(bodies).toEqual([['bytes', 3]]);
  },
  LIMIT_MS,
);

it(
  'the Python bootstrap passes large payloads and reconnects when it must',
  async () => {
    const events = [{ payload: JSON.stringify('x'.repeat(6_000_000)) }, { n: 2 }];
    const { posts } = await run('def handler(e, c): return e', {
      events,
      script: { closes: true },
    });
    expect(posts.map(({ body }) => body.length)).toEqual([6_000_002, 8]);
  },
  LIMIT_MS,
);
