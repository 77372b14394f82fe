/** The styles of a handler and how each comes to its end (contract 3.6, 5.4, 5.5). */

import { commonJs, handler, type NodeCase } from './cases.js';

/** Handlers with callbacks: refused from Node.js 24 on. */
const OLD: NodeCase['expects'] = ['response', 'init/error, exit 1'];
const OLD_ERROR: NodeCase['expects'] = ['error', 'init/error, exit 1'];
const TWICE = { events: [{ n: 1 }, { n: 2 }] };
/** Shows what the event loop still did before the answer. */
const LATER =
  'let late = 0; const later = () => setTimeout(() => { late += 1; console.log("late", late); }, 30);\n';

function callback(name: string, expects: NodeCase['expects'], body: string): NodeCase {
  return commonJs(
    name,
    expects,
    `${LATER}exports.handler = (event, context, callback) => {\n${body}\n};\n`,
    TWICE,
  );
}

const twice = (kind: string): string => `${kind}, ${kind}`;
const OLD_TWICE: NodeCase['expects'] = [twice('response'), OLD[1] as string];
const OLD_ERROR_TWICE: NodeCase['expects'] = [twice('error'), OLD_ERROR[1] as string];

export const STYLES: readonly NodeCase[] = [
  handler('async', twice('response'), 'return event;', TWICE),
  commonJs('a promise', 'response', 'exports.handler = () => Promise.resolve("promise");'),
  commonJs(
    'a thenable',
    ['error', 'response'],
    'exports.handler = () => ({ then: (resolve) => setTimeout(resolve, 5, "thenable") });',
  ),
  commonJs(
    'a thenable whose then returns a promise',
    'response',
    'exports.handler = () => ({ then: (...both) => Promise.resolve("thenable").then(...both) });',
  ),
  commonJs(
    'a thenable that rejects',
    'error',
    'exports.handler = () => ({ then: (_, reject) => reject(new Error("thenable")) });',
  ),
  commonJs('a plain value', 'response', 'exports.handler = () => ({ plain: true });'),
  commonJs('a plain value, twice', twice('response'), 'exports.handler = () => 7;', TWICE),
  commonJs('nothing', twice('response'), 'exports.handler = () => undefined;', TWICE),
  commonJs(
    'an error thrown at once',
    twice('error'),
    'exports.handler = () => { throw new Error("at once"); };',
    TWICE,
  ),
  handler(
    'async work goes on behind the answer',
    twice('response'),
    'setTimeout(() => console.log("behind"), 60_000); return 1;',
    TWICE,
  ),
  handler(
    'the loop empties while the promise is open',
    ['response', 'exit 0'],
    'await new Promise(() => undefined);',
    { waitsForExit: false },
  ),
  commonJs(
    'a promise that never settles, not async',
    ['response', 'exit 0'],
    'exports.handler = () => new Promise(() => undefined);',
  ),
  callback('callback with a result', OLD_TWICE, 'callback(null, { called: event.n });'),
  callback('callback with nothing', OLD_TWICE, 'callback();'),
  callback('callback with undefined and a result', OLD_TWICE, 'callback(undefined, 1);'),
  callback('callback with an error', OLD_ERROR_TWICE, 'callback(new RangeError("called"));'),
  callback('callback with a text for an error', OLD_ERROR_TWICE, 'callback("only a text");'),
  callback('callback with an object for an error', OLD_ERROR_TWICE, 'callback({ any: 1 });'),
  callback('callback with false for an error', OLD_ERROR_TWICE, 'callback(false);'),
  callback('callback later', OLD_TWICE, 'setTimeout(callback, 10, null, "later");'),
  callback('callback waits for the event loop', OLD_TWICE, 'later(); callback(null, "waits");'),
  callback(
    'callback does not wait when told so',
    OLD_TWICE,
    'context.callbackWaitsForEmptyEventLoop = false; setTimeout(() => console.log("never seen"), 60_000); callback(null, "at once");',
  ),
  callback(
    'an error does not wait for the event loop',
    OLD_ERROR_TWICE,
    'setTimeout(() => console.log("never seen"), 60_000); callback(new Error("at once"));',
  ),
  callback('callback twice', OLD_TWICE, 'callback(null, 1); callback(null, 2);'),
  callback(
    'callback, then an error',
    OLD_TWICE,
    'callback(null, 1); callback(new Error("second"));',
  ),
  callback(
    'an error, then callback',
    OLD_ERROR_TWICE,
    'callback(new Error("first")); callback(null, 1);',
  ),
  callback('callback, then a throw', OLD_TWICE, 'callback(null, 1); throw new Error("second");'),
  callback('a throw before any callback', OLD_ERROR_TWICE, 'throw new Error("thrown");'),
  callback('no callback at all', OLD_TWICE, 'later();'),
  callback(
    'a value returned beside a callback',
    OLD_TWICE,
    'callback(null, "called"); return "returned";',
  ),
  callback(
    'a promise returned beside a callback',
    OLD_TWICE,
    'callback(null, "called"); return Promise.resolve("returned");',
  ),
  callback('done', OLD_TWICE, 'context.done(null, "done");'),
  callback('done with an error', OLD_ERROR_TWICE, 'context.done(new Error("done"));'),
  callback('succeed', OLD_TWICE, 'context.succeed({ ok: event.n });'),
  callback('fail', OLD_ERROR_TWICE, 'context.fail(new Error("failed"));'),
  callback('fail with nothing', OLD_ERROR_TWICE, 'context.fail();'),
  callback('fail with null', OLD_ERROR_TWICE, 'context.fail(null);'),
  callback('succeed twice', OLD_TWICE, 'context.succeed(1); context.succeed(2);'),
  callback(
    'succeed, then fail',
    OLD_ERROR_TWICE,
    'context.fail(new Error("x")); context.succeed(2);',
  ),
  commonJs(
    'an async handler with a callback',
    OLD_TWICE,
    'exports.handler = async (event, context, callback) => { callback(null, "called"); return "returned"; };',
    TWICE,
  ),
  commonJs(
    'an async handler that only calls back',
    OLD,
    'exports.handler = async (event, context, callback) => { await 1; callback(null, "called"); };',
  ),
  commonJs(
    'an async handler that fails and calls back',
    OLD_ERROR,
    'exports.handler = async (event, context, callback) => { await 1; throw new Error("thrown"); };',
  ),
  handler(
    'completion functions in an async handler',
    ['response', 'error'],
    'context.succeed("succeeded"); return "returned";',
  ),
  handler('exit with 0', 'exit 0', 'process.exit(0);', { waitsForExit: true }),
  handler('exit with 1', 'exit 1', 'console.log("last words"); process.exit(1);', {
    waitsForExit: true,
  }),
  handler('exit with 42', 'exit 42', 'process.exit(42);', { waitsForExit: true }),
  handler(
    'abort',
    'signal SIGABRT',
    'process.kill(process.pid, "SIGABRT"); await new Promise((go) => setTimeout(go, 60_000));',
    { waitsForExit: true },
  ),
  handler('killed', 'signal SIGKILL', 'process.kill(process.pid, "SIGKILL");', {
    waitsForExit: true,
  }),
  handler(
    'an uncaught error',
    ['error, exit 129', 'exit 1'],
    'setImmediate(() => { throw new RangeError("uncaught"); }); await new Promise((go) => setTimeout(go, 60_000));',
    { waitsForExit: true },
  ),
  handler(
    'an uncaught text',
    ['error, exit 129', 'exit 1'],
    'setImmediate(() => { throw "uncaught text"; }); await new Promise((go) => setTimeout(go, 60_000));',
    { waitsForExit: true },
  ),
  handler(
    'a rejection nobody handles',
    ['error, exit 128', 'exit 1'],
    'Promise.reject(new TypeError("unhandled")); await new Promise((go) => setTimeout(go, 60_000));',
    { waitsForExit: true },
  ),
  handler(
    'a rejection with a text nobody handles',
    ['error, exit 128', 'exit 1'],
    'Promise.reject("a text"); await new Promise((go) => setTimeout(go, 60_000));',
    { waitsForExit: true },
  ),
  handler(
    'a rejection with nothing nobody handles',
    ['error, exit 128', 'exit 1'],
    'Promise.reject(); await new Promise((go) => setTimeout(go, 60_000));',
    { waitsForExit: true },
  ),
  handler(
    'a rejection with an object nobody handles',
    ['error, exit 128', 'exit 1'],
    'Promise.reject({ a: 1 }); await new Promise((go) => setTimeout(go, 60_000));',
    { waitsForExit: true },
  ),
  handler(
    'listeners of its own for stray errors',
    'response',
    'process.removeAllListeners("uncaughtException"); process.on("uncaughtException", (e) => console.log("mine", e.message)); setImmediate(() => { throw new Error("stray"); }); await new Promise((go) => setTimeout(go, 20)); return "went on";',
  ),
];
