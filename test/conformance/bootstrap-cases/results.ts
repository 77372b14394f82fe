/** Results and events as bytes (contract 1.3), and the context object (4.1). */

import { commonJs, handler, type NodeCase } from './cases.js';

const result = (name: string, body: string, expects: NodeCase['expects'] = 'response'): NodeCase =>
  handler(`result: ${name}`, expects, body);

const event = (name: string, payload: string): NodeCase =>
  handler(
    `event: ${name}`,
    'response',
    'return [typeof event, JSON.stringify(event)?.length, require("crypto").createHash("sha1").update(JSON.stringify(event) ?? "").digest("hex")];',
    { events: [{ payload }] },
  );

const CONTEXT = `
const { getRemainingTimeInMillis, ...rest } = context;
const left = context.getRemainingTimeInMillis();
return {
  keys: Object.keys(context), rest,
  types: Object.fromEntries(Object.entries(context).map(([k, v]) => [k, typeof v])),
  left: left > 20_000 && left <= 30_000, whole: Number.isInteger(left),
  trace: process.env._X_AMZN_TRACE_ID ?? null,
};`;

const contextCase = (
  name: string,
  headers: Record<string, string | undefined>,
  expects: NodeCase['expects'] = 'response',
  rest: Parameters<typeof handler>[3] = {},
): NodeCase =>
  handler(`context: ${name}`, expects, CONTEXT, { events: [{ payload: '{}', headers }], ...rest });

export const RESULTS: readonly NodeCase[] = [
  result('undefined', 'return undefined;'),
  result('null', 'return null;'),
  result('a text', 'return "text";'),
  result('an empty text', 'return "";'),
  result('a number', 'return 1.5e300;'),
  result('NaN', 'return NaN;'),
  result('infinite', 'return [Infinity, -Infinity, -0];'),
  result('false', 'return false;'),
  result('nested', 'return { a: [{ b: { c: [] } }], "": 1, "a b": null };'),
  result('undefined inside', 'return { a: undefined, b: [undefined, () => 1, Symbol("s")] };'),
  result('a function', 'return () => 1;', 'error'),
  result('a symbol', 'return Symbol("s");', 'error'),
  result('a date', 'return { at: new Date(86_400_000) };'),
  result('a date that is none', 'return { at: new Date(NaN) };'),
  result('a Buffer', 'return Buffer.from("bytes");'),
  result('a typed array', 'return new Uint8Array([1, 2]);'),
  result('Map and Set', 'return { m: new Map([[1, 2]]), s: new Set([1]) };'),
  result('toJSON', 'return { toJSON: () => ({ mine: true }) };'),
  result('toJSON that throws', 'return { toJSON() { throw new Error("no"); } };', 'error'),
  result('toJSON that gives undefined', 'return { toJSON: () => undefined };', 'error'),
  result('a ring', 'const a = {}; a.a = a; return a;', 'error'),
  result('a big number', 'return { n: 1n };', 'error'),
  result('an Error', 'return new Error("as a result");'),
  result('a promise inside', 'return { p: Promise.resolve(1) };'),
  result('a regular expression', 'return /a/g;'),
  result('beyond ASCII', 'return "größer 数 😀 \\u2028 \\u2029";'),
  result('half of a pair', 'return ["\\ud800", "\\udc00x"];'),
  result('DEL and control characters', 'return "\\x7F\\u0000\\u001f\\t\\n\\r";'),
  result('HTML', 'return "<script>&\'\\"</script>";'),
  result('a getter that throws', 'return { get a() { throw new Error("no"); } };', 'error'),
  result('nested deeply', 'let a = []; for (let i = 0; i < 3_000; i += 1) a = [a]; return a;'),
  result(
    'nested too deeply',
    'let a = []; for (let i = 0; i < 200_000; i += 1) a = [a]; return a;',
    'error',
  ),
  result('5 MB', 'return "x".repeat(5_000_000);'),
  result('5 MB beyond ASCII', 'return "ü".repeat(2_500_000);'),
  result('70 kB', 'return "y".repeat(70_000);'),
  commonJs(
    'result: five in a row',
    'response, response, response, response, response',
    'let n = 0; exports.handler = async (event) => ({ n: (n += 1), event });',
    {
      events: [1, 'two', null, [3], { four: 4 }],
    },
  ),
  commonJs(
    'result: an answer after an error',
    'error, response',
    'exports.handler = async (event) => { if (event.fail) throw new Error("fails"); return "works"; };',
    {
      events: [{ fail: true }, {}],
    },
  ),
  event('an object', '{"a":1}'),
  event('a text', '"text"'),
  event('null', 'null'),
  event('a number', '12345678901234567890.5'),
  event('white space', ' \n\t{ "a" : [ 1 , 2 ] } \r\n'),
  event('beyond ASCII', '{"größer":"数 😀"}'),
  event('escapes', '{"a":"\\u00fc\\ud83d\\ude00\\ud800\\u0000"}'),
  event('a name twice', '{"a":1,"a":2}'),
  event('__proto__', '{"__proto__":{"x":1}}'),
  event('nested deeply', `${'['.repeat(2_000)}${']'.repeat(2_000)}`),
  event('5 MB', JSON.stringify('x'.repeat(5_000_000))),
  event('5 MB beyond ASCII', JSON.stringify('数'.repeat(1_600_000))),
  handler('event: no JSON', ['error', 'exit 1'], 'return event;', {
    events: [{ payload: '{"a":' }],
    waitsForExit: false,
  }),
  handler('event: nothing', ['error', 'exit 1'], 'return event;', { events: [{ payload: '' }] }),
  contextCase('what is always there', {}),
  contextCase('no trace id', { 'Lambda-Runtime-Trace-Id': undefined }),
  handler(
    'context: the trace id of each event',
    'response, response',
    'return process.env._X_AMZN_TRACE_ID ?? null;',
    {
      events: [
        { payload: '{}', headers: { 'Lambda-Runtime-Trace-Id': 'Root=1-a;Parent=b;Sampled=1' } },
        { payload: '{}', headers: { 'Lambda-Runtime-Trace-Id': undefined } },
      ],
    },
  ),
  contextCase('a client context', {
    'Lambda-Runtime-Client-Context':
      '{"custom":{"a":1},"env":{"b":"2"},"client":{"app_title":"t"}}',
  }),
  contextCase('an identity', {
    'Lambda-Runtime-Cognito-Identity': '{"cognitoIdentityId":"i","cognitoIdentityPoolId":"p"}',
  }),
  contextCase('a tenant', { 'Lambda-Runtime-Aws-Tenant-Id': 'tenant-1' }),
  contextCase('a client context that is no JSON', { 'Lambda-Runtime-Client-Context': '{no' }, [
    'error',
    'exit 1',
  ]),
  contextCase('an identity that is no JSON', { 'Lambda-Runtime-Cognito-Identity': '{no' }, [
    'error',
    'exit 1',
  ]),
  contextCase('a client context of null', { 'Lambda-Runtime-Client-Context': 'null' }),
  handler(
    'context: the store of the invocation',
    ['error', 'response'],
    'const s = awslambda.InvokeStore; s.set("k", 1); let refused; try { s.set(Symbol.for("_AWS_LAMBDA_REQUEST_ID"), 1); } catch (e) { refused = e.message; } return [s.getRequestId(), s.getXRayTraceId(), s.getTenantId() ?? null, s.get("k"), s.hasContext(), Object.getOwnPropertySymbols(s.getContext()).map(String), refused];',
  ),
  handler(
    'context: its own class of things',
    'response',
    'return [Object.getPrototypeOf(context) === Object.prototype, context instanceof Object, JSON.stringify(context)];',
  ),
];
