/** What is thrown, as the payload, the log and the cause for X-Ray (contract 5.3, 1.4). */

import { commonJs, handler, type NodeCase } from './cases.js';

const thrown = (name: string, body: string, expects: NodeCase['expects'] = 'error'): NodeCase =>
  handler(`thrown: ${name}`, expects, body);

export const ERRORS: readonly NodeCase[] = [
  thrown('an Error', 'throw new Error("plain");'),
  thrown('an Error without a message', 'throw new Error();'),
  thrown('an Error of several lines', 'throw new Error("one\\ntwo\\r\\nthree");'),
  thrown('a TypeError of the engine', 'return event.not.there;'),
  thrown(
    'a class of its own',
    'class Stock extends Error { constructor(m) { super(m); this.name = "Stock"; } } throw new Stock("none");',
  ),
  thrown(
    'a class without a name of its own',
    'class Stock extends RangeError {} throw new Stock("none");',
  ),
  thrown(
    'fields of its own',
    'throw Object.assign(new Error("fields"), { code: "E1", statusCode: 404, deep: { a: [1] } });',
  ),
  thrown('a cause', 'throw new Error("outer", { cause: new TypeError("inner") });'),
  thrown(
    'errors together',
    'throw new AggregateError([new Error("a"), new TypeError("b")], "many");',
  ),
  thrown(
    'an error with an error in a field',
    'throw Object.assign(new Error("holds"), { inner: new Error("held") });',
  ),
  thrown('an error that holds itself', 'const e = new Error("ring"); e.self = e; throw e;'),
  thrown('a text', 'throw "only a text";'),
  thrown('an empty text', 'throw "";'),
  thrown('a number', 'throw 42;'),
  thrown('true', 'throw true;'),
  thrown('a big number', 'throw 10n;'),
  thrown('a symbol', 'throw Symbol("s");'),
  thrown('null', 'throw null;'),
  thrown('undefined', 'throw undefined;'),
  thrown('an object', 'throw { any: "thing" };'),
  thrown(
    'an object like an error',
    'throw { name: "N", message: "M", stack: "N: M\\n    at somewhere" };',
  ),
  thrown('an object with a name only', 'throw { name: "N" };'),
  thrown('an object that shows itself', 'throw { toString: () => "shown" };'),
  thrown('an object without a prototype', 'throw Object.create(null);', ['error', 'exit 1']),
  thrown('an object whose toString fails', 'throw { toString() { throw new Error("no"); } };', [
    'error',
    'exit 1',
  ]),
  thrown('a function', 'throw () => 1;'),
  thrown('an array', 'throw [1, "two"];'),
  thrown('a date', 'throw new Date(0);'),
  thrown(
    'a stack that is gone',
    'const e = new Error("gone"); delete e.stack; e.stack = undefined; throw e;',
  ),
  thrown('a stack that is an empty text', 'const e = new Error("empty"); e.stack = ""; throw e;'),
  thrown('a stack that is a number', 'const e = new Error("number"); e.stack = 5; throw e;'),
  thrown('a message that is no text', 'const e = new Error("x"); e.message = { a: 1 }; throw e;'),
  thrown('a name that is no text', 'const e = new Error("x"); e.name = 7; throw e;'),
  thrown('a name that is undefined', 'const e = new Error("x"); e.name = undefined; throw e;'),
  thrown(
    'a message that throws',
    'const e = new Error("x"); Object.defineProperty(e, "message", { get() { throw new Error("getter"); } }); throw e;',
  ),
  thrown(
    'a stack that throws',
    'const e = new Error("x"); Object.defineProperty(e, "stack", { get() { throw new Error("getter"); } }); throw e;',
  ),
  thrown(
    'a name that throws',
    'const e = new Error("x"); Object.defineProperty(e, "name", { get() { throw new Error("getter"); } }); throw e;',
  ),
  thrown(
    'a field that throws',
    'const e = new Error("x"); Object.defineProperty(e, "field", { enumerable: true, get() { throw new Error("getter"); } }); throw e;',
  ),
  thrown('a big number in a field', 'throw Object.assign(new Error("big"), { n: 1n });'),
  thrown('toJSON of its own', 'const e = new Error("x"); e.toJSON = () => ({ mine: 1 }); throw e;'),
  thrown('DEL in name and message', 'const e = new Error("a\\x7Fb"); e.name = "N\\x7F"; throw e;'),
  thrown('beyond ASCII', 'throw new Error("größer 数 😀");'),
  thrown('half of a pair', 'throw new Error("\\ud800 alone");'),
  thrown('control characters', 'throw new Error("\\u0000\\u0007\\t\\u001b[31m");'),
  thrown(
    'an error of another realm',
    'throw require("vm").runInNewContext("new TypeError(\'other realm\')");',
  ),
  thrown('a subclass from node:assert', 'require("assert").strictEqual(1, 2);'),
  thrown('an error of the system', 'require("fs").readFileSync("/not/there");'),
  thrown('a DOMException', 'throw new DOMException("aborted", "AbortError");'),
  thrown(
    'a stack of fifty frames',
    'Error.stackTraceLimit = 50; const deep = (n) => { if (n === 0) throw new Error("deep"); deep(n - 1); }; deep(30);',
  ),
  thrown('no stack at all', 'Error.stackTraceLimit = 0; throw new Error("flat");'),
  thrown(
    'Error.prepareStackTrace',
    'Error.prepareStackTrace = () => "prepared\\n    at here"; throw new Error("x");',
  ),
  thrown('a long message', 'throw new Error("x".repeat(20_000));'),
  commonJs(
    'rejected with an Error',
    'error',
    'exports.handler = () => Promise.reject(new Error("rejected"));',
  ),
  commonJs('rejected with nothing', 'error', 'exports.handler = () => Promise.reject();'),
  commonJs('rejected with null', 'error', 'exports.handler = () => Promise.reject(null);'),
  commonJs('rejected with a text', 'error', 'exports.handler = () => Promise.reject("text");'),
  commonJs('rejected with false', 'error', 'exports.handler = () => Promise.reject(false);'),
];
