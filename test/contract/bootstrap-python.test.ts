import { describe, expect, it } from '@jest/globals';
import { BOOTSTRAP_LIMIT_MS as LIMIT_MS, runPython as run } from '../support/bootstrap-run.js';

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
});

it(
  'the Python bootstrap searches the function first, then layers, then itself',
  async () => {
    const { bodies } = await run('import sys\ndef handler(e, c): return sys.path[:4]');
    expect(bodies[0]).toEqual([
      expect.stringContaining('orchestrator-bootstrap-'),
      expect.stringMatching(/^\/opt\/python\/lib\/python3\.\d+\/site-packages$/),
      '/opt/python',
      expect.stringMatching(/runtimes\/python$/),
    ]);
  },
  LIMIT_MS,
);

it(
  'the Python bootstrap’s context prints its fields',
  async () => {
    const { bodies } = await run('def handler(e, c): return repr(c)', {
      events: [
        {
          payload: '{}',
          headers: { 'Lambda-Runtime-Client-Context': '{"client":{"app_title":"t"}}' },
        },
      ],
    });
    expect(bodies[0]).toBe(
      'LambdaContext([aws_request_id=id-0,log_group_name=/aws/lambda/f,log_stream_name=stream,function_name=f,memory_limit_in_mb=128,function_version=$LATEST,invoked_function_arn=arn:aws:lambda:us-east-1:123456789012:function:f,client_context=ClientContext([custom=None,env=None,client=Client([installation_id=None,app_title=t,app_version_name=None,app_version_code=None,app_package_name=None])]),identity=CognitoIdentity([cognito_identity_id=None,cognito_identity_pool_id=None]),tenant_id=None])',
    );
  },
  LIMIT_MS,
);

describe('the Python bootstrap posts', () => {
  it.each([
    ['None', 'None', 'null'],
    ['a Decimal as the number it is', '__import__("decimal").Decimal("1.10")', '1.10'],
    ['NaN', 'float("nan")', 'NaN'],
    ['a tuple', '(1, "a")', '[1, "a"]'],
    ['infinity as a Decimal', '__import__("decimal").Decimal("-Infinity")', '-Infinity'],
    [
      'a named tuple as an object',
      '{"a": [__import__("collections").namedtuple("P", "x y")(1, (2,))]}',
      '{"a": [{"x": 1, "y": [2]}]}',
    ],
    ['bytes inside as text', '{"a": b"x"}', '{"a": "x"}'],
    ['a lone surrogate', '"\\ud800"', expect.stringMatching(/^"\\ud800"$|MarshalError/)],
  ])(
    '%s',
    async (_what, value, text) => {
      const { posts } = await run(`def handler(e, c): return ${value}`);
      expect(String(posts[0]?.body)).toEqual(text);
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
    'thousands of Decimals, each in its place',
    async () => {
      const { posts } = await run(
        'from decimal import Decimal\ndef handler(e, c): return [{"n": Decimal(i) / 4, "pad": "x" * 50} for i in range(20000)]',
      );
      const rows = JSON.parse(String(posts[0]?.body)) as { n: number }[];
      expect(rows.map(({ n }) => n)).toEqual(rows.map((_row, index) => index / 4));
    },
    LIMIT_MS,
  );

  it(
    'what is nested as deep as the encoder goes',
    async () => {
      const { posts } = await run(
        'import json\ndef handler(e, c):\n    a = []\n    for _ in range(900): a = [a]\n    return a',
      );
      expect(String(posts[0]?.body)).toBe(`${'['.repeat(901)}${']'.repeat(901)}`);
    },
    LIMIT_MS,
  );
});

describe('the Python bootstrap reads an event', () => {
  it.each([
    ['with blanks around it', ' {"n": 1}\n'],
    ['with the mark of its encoding', '\ufeff{"n": 1}'],
    ['in UTF-16', Buffer.from('{"n": 1}', 'utf16le')],
    ['with half of a surrogate pair', Buffer.from('7b226e223a312c2261223a22eda080227d', 'hex')],
  ])(
    '%s',
    async (_how, payload) => {
      const { bodies } = await run('def handler(e, c): return e["n"]', { events: [{ payload }] });
      expect(bodies[0]).toBe(1);
    },
    LIMIT_MS,
  );
});

it(
  'the Python bootstrap encodes a result again that could not be encoded before',
  async () => {
    const { posts } = await run(
      'whole = {"part": [1], "bad": object()}\ndef handler(e, c):\n    if e["n"] == 1: del whole["bad"]\n    return whole',
      { events: [{ n: 0 }, { n: 1 }] },
    );
    expect(String(posts[0]?.body)).toContain('Runtime.MarshalError');
    expect(String(posts[1]?.body)).toBe('{"part": [1]}');
  },
  LIMIT_MS,
);

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
