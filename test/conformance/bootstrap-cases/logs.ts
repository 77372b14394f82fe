/** The console as text and as JSON (contract 6.4, 6.5). */

import { commonJs, handler, type NodeCase } from './cases.js';

const SAY = `
console.log("log"); console.info("info"); console.warn("warn"); console.error("error");
console.debug("debug"); console.trace("trace"); console.fatal("fatal");
`;
const VALUES = `
console.log(); console.log(undefined); console.log(null); console.log(""); console.log(7, true, 1n, Symbol("s"));
console.log({ a: 1, nested: { b: { c: { d: 1 } } } }); console.log([1, "two"]); console.log("%s is %d and %j %o %%", "a", 1, { b: 2 }, [3], "rest");
console.log("one\\ntwo\\r\\nthree\\n"); console.log("größer 数 😀 \\ud800"); console.log("\\x1b[31mred\\x7F\\u0000");
console.log(new Map([[1, { a: 2 }]]), new Set([1])); console.log(Buffer.from("b")); console.log(new Date(0));
console.log(() => 1); console.log(class A {}); const ring = {}; ring.ring = ring; console.log(ring); console.log(ring, 1);
console.log({ toJSON() { throw new Error("no"); } }); console.log({ n: 1n }); console.log("x".repeat(10_000).length, "y".repeat(3_000));
`;
const THROWN = `
const e = Object.assign(new TypeError("logged"), { code: "E1", deep: { a: 1 } }); e.stack = "TypeError: logged\\n    at here (file.js:1:2)";
class Mine extends Error {} const mine = new Mine("mine"); mine.stack = "Mine: mine\\n    at there";
const bare = new Error("bare"); bare.stack = undefined; const none = new Error("none"); none.stack = "";
console.error(e); console.error("with words", e); console.error(e, mine); console.error({ inside: e }); console.error([e]);
console.error(mine); console.error(bare); console.error("bare", bare); console.error("text then", "text", mine, "after"); console.error(none);
`;

const json = (level?: string): Record<string, string> => ({
  AWS_LAMBDA_LOG_FORMAT: 'JSON',
  ...(level === undefined ? {} : { AWS_LAMBDA_LOG_LEVEL: level }),
});

function both(name: string, body: string): readonly NodeCase[] {
  return [
    handler(`text: ${name}`, 'response', body),
    handler(`JSON: ${name}`, 'response', body, { environment: json() }),
  ];
}

export const LOGS: readonly NodeCase[] = [
  ...both('each level', SAY),
  ...both('values', VALUES),
  ...both('errors', THROWN),
  ...['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL', 'warn', 'NONSENSE', ''].map((level) =>
    handler(`JSON: from ${level || 'an empty level'} on`, 'response', SAY, {
      environment: json(level),
    }),
  ),
  handler('text: from WARN on', 'response', SAY, { environment: { AWS_LAMBDA_LOG_LEVEL: 'WARN' } }),
  handler('json in small letters', 'response', SAY, {
    environment: { AWS_LAMBDA_LOG_FORMAT: 'json' },
  }),
  handler('a format nobody knows', 'response', SAY, {
    environment: { AWS_LAMBDA_LOG_FORMAT: 'XML' },
  }),
  commonJs('text: while loading', 'response', `${SAY}exports.handler = async () => 1;`),
  commonJs('JSON: while loading', 'response', `${SAY}exports.handler = async () => 1;`, {
    environment: json(),
  }),
  commonJs(
    'JSON: an error while loading',
    ['init/error, exit 129', 'init/error, exit 1'],
    'throw new TypeError("at load");',
    { environment: json() },
  ),
  commonJs(
    'JSON: a missing module',
    ['init/error, exit 129', 'init/error, exit 1'],
    'require("nowhere");',
    { environment: json() },
  ),
  handler(
    'JSON: an error of the handler',
    'error',
    'throw Object.assign(new RangeError("fails"), { code: 7 });',
    { environment: json() },
  ),
  handler('JSON: a text thrown', 'error', 'throw "only a text";', { environment: json() }),
  handler(
    'JSON: an uncaught error',
    ['error, exit 129', 'exit 1'],
    'setImmediate(() => { throw new Error("uncaught"); }); await new Promise((go) => setTimeout(go, 60_000));',
    { environment: json(), waitsForExit: true },
  ),
  handler(
    'JSON: a rejection nobody handles',
    ['error, exit 128', 'exit 1'],
    'Promise.reject(new Error("nobody")); await new Promise((go) => setTimeout(go, 60_000));',
    { environment: json(), waitsForExit: true },
  ),
  handler(
    'JSON: a tenant',
    'response',
    'console.log("of a tenant"); console.error("with", new Error("x").message);',
    {
      environment: json(),
      events: [{ payload: '{}', headers: { 'Lambda-Runtime-Aws-Tenant-Id': 'tenant-1' } }],
    },
  ),
  handler('the id of each event', 'response, response', 'console.log("of", event.n);', {
    events: [{ n: 1 }, { n: 2 }],
  }),
  handler(
    'straight to the streams',
    'response',
    'process.stdout.write("out\\n"); process.stderr.write("err\\n"); process.stdout.write("no end");',
  ),
  handler(
    'other functions of the console',
    'response',
    'console.dir({ a: 1 }); console.table([{ a: 1 }]); console.group("g"); console.log("in a group"); console.groupEnd(); console.assert(false, "asserted"); console.count("c"); console.log("after");',
  ),
  handler(
    'a console that was replaced for good',
    'error',
    'const seen = []; console.error = (...all) => process.stdout.write(`mine ${all.length}\\n`); throw new Error("thrown");',
  ),
  handler(
    'another Console',
    'response',
    'const { Console } = require("console"); new Console(process.stdout).log("other"); return 1;',
  ),
  handler(
    'a warning of the process',
    'response',
    'process.emitWarning("careful"); await new Promise(setImmediate);',
  ),
];
