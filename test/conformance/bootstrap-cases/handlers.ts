/** How a handler's name leads to a function (contract 3.6), and what is said when it does not. */

import { commonJs, esModule, files, type NodeCase } from './cases.js';

const WHO = 'exports.handler = async () => __filename.split("/task/")[1];\n';
const ESM = 'export const handler = async () => import.meta.url.split("/task/")[1];\n';
const MODULE = '{"type":"module"}';
const INIT: NodeCase['expects'] = ['init/error, exit 129', 'init/error, exit 1'];

export const HANDLERS: readonly NodeCase[] = [
  files('a file in the root', 'response', 'app.handler', { 'app.js': WHO }),
  files('a nested path', 'response', 'src/deep/app.handler', { 'src/deep/app.js': WHO }),
  files('a path that begins with a dot', 'response', './src/app.handler', { 'src/app.js': WHO }),
  files('a nested export', 'response', 'app.api.v1.get', {
    'app.js': 'exports.api = { v1: { get: async () => "nested" } };',
  }),
  files('a nested export of an ES module', 'response', 'app.api.get', {
    'app.mjs': 'export const api = { get: async () => "nested" };',
  }),
  files('an export below a function', ['response', 'init/error, exit 1'], 'app.make.inner', {
    'app.js': 'exports.make = () => 1; exports.make.inner = async () => "below";',
  }),
  files('an absolute folder', 'response', '$ROOT/src/app.handler', { 'src/app.js': WHO }),
  files('.mjs', 'response', 'app.handler', { 'app.mjs': ESM }),
  files('.cjs', 'response', 'app.handler', { 'app.cjs': WHO }),
  files('.js before .mjs and .cjs', 'response', 'app.handler', {
    'app.js': WHO,
    'app.mjs': ESM,
    'app.cjs': WHO,
  }),
  files('.mjs before .cjs', 'response', 'app.handler', { 'app.mjs': ESM, 'app.cjs': WHO }),
  files('a file without an ending', 'response', 'app.handler', { app: WHO }),
  files('a file without an ending before .js', 'response', 'app.handler', {
    app: 'exports.handler = async () => "no ending";',
    'app.js': WHO,
  }),
  files('a folder with an index', ['response', INIT[1]], 'app.handler', { 'app/index.js': WHO }),
  files('a folder beside a file of its name', ['response', INIT[1]], 'app.handler', {
    'app/index.js': WHO,
    'app.js': WHO,
  }),
  files('type: module', 'response', 'app.handler', { 'app.js': ESM, 'package.json': MODULE }),
  files('type: module in a parent folder', 'response', 'src/app.handler', {
    'src/app.js': ESM,
    'package.json': MODULE,
  }),
  files('type: commonjs below type: module', 'response', 'src/app.handler', {
    'src/app.js': WHO,
    'src/package.json': '{"type":"commonjs"}',
    'package.json': MODULE,
  }),
  files('a package.json that is no JSON', INIT, 'app.handler', {
    'app.js': WHO,
    'package.json': '{"type": ',
  }),
  files('ES module syntax in .js without a type', [INIT[0], 'response'], 'app.handler', {
    'app.js': 'export const handler = async () => "syntax";',
  }),
  files('require of an ES module', [INIT[0], 'response'], 'app.handler', {
    'app.js': 'const { x } = require("./other.mjs"); exports.handler = async () => x;',
    'other.mjs': 'export const x = "required";',
  }),
  files('a package in node_modules', 'response', 'mine.handler', {
    'node_modules/mine/package.json': '{"main":"main.js"}',
    'node_modules/mine/main.js': 'exports.handler = async () => "package";',
  }),
  files('a package in the layers', 'response', 'shared.handler', {
    '../opt/nodejs/node_modules/shared/index.js': 'exports.handler = async () => "layer";',
  }),
  files('a dependency in node_modules', 'response', 'app.handler', {
    'app.js': 'const dep = require("dep"); exports.handler = async () => dep.name;',
    'node_modules/dep/index.js': 'exports.name = "dep";',
  }),
  files('a dependency in the layers', 'response', 'app.handler', {
    'app.js': 'const dep = require("dep"); exports.handler = async () => dep.name;',
    '../opt/nodejs/node_modules/dep/index.js': 'exports.name = "dep of a layer";',
  }),
  files('an import finds a dependency in the layers', INIT, 'app.handler', {
    'app.mjs': 'import dep from "dep"; export const handler = async () => dep;',
    '../opt/nodejs/node_modules/dep/index.js': 'exports.name = "dep of a layer";',
  }),
  files('a module whose default export has the handler', [INIT[0], 'response'], 'app.handler', {
    'app.mjs': 'export default { handler: async () => "default" };',
  }),
  files('a default export named as such', 'response', 'app.default', {
    'app.mjs': 'export default async () => "default";',
  }),
  files('module.exports is a function', INIT, 'app.handler', {
    'app.js': 'module.exports = async () => 1;',
  }),
  files('top-level await', 'response', 'app.handler', {
    'app.mjs':
      'const x = await new Promise((go) => setTimeout(go, 5, "awaited")); export const handler = async () => x;',
  }),
  files('the receiver of a handler', 'response', 'app.handler', {
    'app.js': 'exports.handler = async function () { return [this?.constructor?.name]; };',
  }),
  files('two dots', INIT, '../app.handler', { 'app.js': WHO }),
  files('two dots in the middle', INIT, 'src/..app.handler', { 'app.js': WHO }),
  files('no dot', INIT, 'handler', { 'handler.js': WHO }),
  files('a dot in a folder only', INIT, 'my.folder/handler', { 'my.folder/handler.js': WHO }),
  files('nothing after the dot', INIT, 'app.', { 'app.js': WHO }),
  files('nothing before the dot', INIT, '.handler', { 'app.js': WHO }),
  files('no such file', INIT, 'nowhere.handler', { 'app.js': WHO }),
  files('no such export', INIT, 'app.nothing', { 'app.js': WHO }),
  files('no such nested export', INIT, 'app.handler.a.b', { 'app.js': WHO }),
  files('an export that is no function', INIT, 'app.handler', { 'app.js': 'exports.handler = 1;' }),
  files('an export that is null', INIT, 'app.handler', { 'app.js': 'exports.handler = null;' }),
  files('a missing dependency', INIT, 'app.handler', {
    'app.js': 'require("not-there"); exports.handler = async () => 1;',
  }),
  files('a missing dependency of an ES module', INIT, 'app.handler', {
    'app.mjs': 'import "not-there"; export const handler = async () => 1;',
  }),
  files('a missing file of an ES module', INIT, 'app.handler', {
    'app.mjs': 'import "./not-there.mjs"; export const handler = async () => 1;',
  }),
  files('a missing export of an ES module', INIT, 'app.handler', {
    'app.mjs': 'import { not } from "./other.mjs"; export const handler = async () => not;',
    'other.mjs': 'export const other = 1;',
  }),
  commonJs('a syntax error', INIT, 'exports.handler = async () => { return 1;\n'),
  esModule('a syntax error of an ES module', INIT, 'export const handler = async ( => 1;\n'),
  commonJs('a syntax error of a dependency', INIT, 'require("./broken.js");', {
    files: { 'broken.js': 'let let = 1;' },
  }),
  commonJs('JSON that is none', INIT, 'require("./data.json");', {
    files: { 'data.json': '{"a":' },
  }),
  commonJs('an error while loading', INIT, 'throw new TypeError("at load");'),
  esModule('an error while loading an ES module', INIT, 'throw new RangeError("at load");'),
  commonJs(
    'a class of its own while loading',
    INIT,
    'class Mine extends Error { name = "Mine"; code = 7; }\nthrow new Mine("at load");',
  ),
  commonJs('a text thrown while loading', INIT, 'throw "only a text";'),
  commonJs('null thrown while loading', INIT, 'throw null;'),
  commonJs('undefined thrown while loading', INIT, 'throw undefined;'),
  commonJs(
    'an object thrown while loading',
    INIT,
    'throw { name: "N", message: "M", stack: "S\\n  at x" };',
  ),
  esModule('a rejected top-level await', INIT, 'await Promise.reject(new Error("rejected"));'),
  commonJs('exit while loading', 'exit 0', 'process.exit();', { waitsForExit: true }),
  commonJs('exit with a status while loading', 'exit 3', 'process.exit(3);', {
    waitsForExit: true,
  }),
  commonJs('a signal while loading', 'signal SIGKILL', 'process.kill(process.pid, "SIGKILL");', {
    waitsForExit: true,
  }),
  esModule(
    'a rejection nobody handles while loading',
    ['init/error, exit 128', 'exit 1'],
    'Promise.reject(new Error("nobody")); await new Promise((go) => setTimeout(go, 60_000));',
    { waitsForExit: true },
  ),
  esModule(
    'an error outside of everything while loading',
    ['init/error, exit 129', 'exit 1'],
    'setImmediate(() => { throw new Error("outside"); }); await new Promise((go) => setTimeout(go, 60_000));',
    { waitsForExit: true },
  ),
  commonJs(
    'three parameters',
    ['response', 'init/error, exit 1'],
    'exports.handler = async (event, context, callback) => "three";',
  ),
  commonJs(
    'no global object of Lambda',
    'response',
    'exports.handler = async () => typeof awslambda;',
    {
      environment: { AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA: '1' },
    },
  ),
  commonJs(
    'the global object of Lambda',
    'response',
    'exports.handler = async () => Object.keys(awslambda).sort();',
  ),
];
