// From the handler's name to a function (contract 3.6).

import { importFromNodePath } from './node-path.mjs';
import { PROMISES_ONLY, runtimeError, syntaxError } from './errors.mjs';

const { existsSync, readFileSync } = process.getBuiltinModule('node:fs');
const { createRequire } = process.getBuiltinModule('node:module');
const { dirname, join, resolve } = process.getBuiltinModule('node:path');
const { pathToFileURL } = process.getBuiltinModule('node:url');

export const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');

export async function loadHandler(root, name) {
  if (name.includes('..')) {
    throw malformed(
      `'${name}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`,
    );
  }
  const slash = name.lastIndexOf('/') + 1;
  const dot = name.indexOf('.', slash);
  if (dot < 0) throw malformed('Bad handler');
  const moduleRoot = resolve(root, name.slice(0, slash));
  const loaded = await loadModule(root, moduleRoot, name.slice(slash, dot));
  const handler = exported(loaded, name.slice(dot + 1).split('.'));
  if (!handler) {
    throw runtimeError('Runtime.HandlerNotFound', `${name} is undefined or not exported`);
  }
  if (typeof handler !== 'function') {
    throw runtimeError('Runtime.HandlerNotFound', `${name} is not a function`);
  }
  if (handler[STREAMING] && handler[STREAMING] !== 'response') {
    throw runtimeError(
      'Runtime.MalformedStreamingHandler',
      'Only response streaming is supported.',
    );
  }
  if (PROMISES_ONLY && handler.length >= 3 && !handler[STREAMING]) {
    throw runtimeError(
      'Runtime.CallbackHandlerDeprecated',
      'ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to modify this function to use a supported handler signature to use Node.js 24 or later. For more information see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.',
    );
  }
  return handler;
}

function malformed(message) {
  return runtimeError('Runtime.MalformedHandlerName', message);
}

async function loadModule(root, moduleRoot, name) {
  try {
    return await findModule(root, moduleRoot, name);
  } catch (error) {
    if (error instanceof SyntaxError) throw syntaxError(error);
    // Only `require` says so: a missing import of an ES module keeps its own type.
    const code = PROMISES_ONLY ? error?.code : error.code;
    if (code === 'MODULE_NOT_FOUND') throw runtimeError('Runtime.ImportModuleError', String(error));
    throw error;
  }
}

/** The first of these paths that exists counts, even where it is a folder. */
async function findModule(root, moduleRoot, name) {
  const base = join(moduleRoot, name);
  // What is said to have required the module: Lambda's client has this name.
  const require = createRequire(new URL('index.mjs', import.meta.url));
  const load = async (file) => {
    await importFromNodePath();
    return import(pathToFileURL(file).href);
  };
  for (const ending of ['', '.js', '.mjs', '.cjs']) {
    const file = base + ending;
    if (!existsSync(file)) continue;
    const imports =
      PROMISES_ONLY || ending === '.mjs' || (ending === '.js' && isModuleScope(moduleRoot));
    return imports ? load(file) : require(file);
  }
  return require(require.resolve(name, { paths: [root, moduleRoot] }));
}

/** The nearest package.json decides, up to the packages folder it may lie in. */
function isModuleScope(folder) {
  for (let at = folder; ; at = dirname(at)) {
    if (at.endsWith('/node_modules')) return false;
    const manifest = join(at, 'package.json');
    if (existsSync(manifest)) {
      try {
        return JSON.parse(readFileSync(manifest, 'utf8')).type === 'module';
      } catch (error) {
        console.warn(
          `${manifest} cannot be read, it will be ignored for ES module detection purposes.`,
          error,
        );
        return false;
      }
    }
    if (dirname(at) === at) return false;
  }
}

/** On the module itself; from Node.js 24 on also on its default export, and on plain objects only. */
function exported(loaded, path) {
  const found = follow(loaded, path);
  if (found || !PROMISES_ONLY) return found;
  return follow(loaded?.default, path);
}

function follow(from, path) {
  return path.reduce((at, key) => {
    if (PROMISES_ONLY && typeof at !== 'object') return undefined;
    return at && at[key];
  }, from);
}
