// From the handler's name to a function (contract 3.6).

import { existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runtimeError } from './errors.mjs';

const MAJOR = Number(process.versions.node.split('.')[0]);
/** Node.js 24 brought a runtime client that loads by import and knows promises only. */
export const PROMISES_ONLY = MAJOR >= 24;

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
  if (handler === undefined || handler === null) {
    throw runtimeError('Runtime.HandlerNotFound', `${name} is undefined or not exported`);
  }
  if (typeof handler !== 'function') {
    throw runtimeError('Runtime.HandlerNotFound', `${name} is not a function`);
  }
  if (PROMISES_ONLY && handler.length >= 3 && handler[STREAMING] === undefined) {
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
    if (error instanceof SyntaxError) {
      const failure = runtimeError('Runtime.UserCodeSyntaxError', String(error));
      failure.stack = error.stack;
      throw failure;
    }
    if (error?.code === 'MODULE_NOT_FOUND' || error?.code === 'ERR_MODULE_NOT_FOUND') {
      const failure = runtimeError('Runtime.ImportModuleError', String(error));
      failure.stack = error.stack;
      throw failure;
    }
    throw error;
  }
}

async function findModule(root, moduleRoot, name) {
  const base = join(moduleRoot, name);
  const require = createRequire(join(root, 'noop.js'));
  const load = (file) => import(pathToFileURL(file).href);
  if (isFile(base)) return PROMISES_ONLY ? load(base) : require(base);
  if (isFile(`${base}.js`)) {
    return PROMISES_ONLY || isModuleScope(moduleRoot) ? load(`${base}.js`) : require(`${base}.js`);
  }
  if (isFile(`${base}.mjs`)) return load(`${base}.mjs`);
  if (isFile(`${base}.cjs`)) return PROMISES_ONLY ? load(`${base}.cjs`) : require(`${base}.cjs`);
  return require(require.resolve(name, { paths: [root, moduleRoot] }));
}

function isFile(path) {
  return existsSync(path) && statSync(path).isFile();
}

/** The nearest package.json decides, up to the packages folder it may lie in. */
function isModuleScope(folder) {
  for (let at = folder; ; at = dirname(at)) {
    if (at.endsWith('/node_modules')) return false;
    const manifest = join(at, 'package.json');
    if (existsSync(manifest)) {
      try {
        return JSON.parse(readFileSync(manifest, 'utf8')).type === 'module';
      } catch {
        return false;
      }
    }
    if (dirname(at) === at) return false;
  }
}

/** On the module itself; from Node.js 24 on also on its default export. */
function exported(loaded, path) {
  const found = follow(loaded, path);
  if (found !== undefined) return found;
  return loaded?.default === undefined ? undefined : follow(loaded.default, path);
}

function follow(from, path) {
  return path.reduce((at, key) => at?.[key], from);
}
