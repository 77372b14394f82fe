// Errors as Lambda writes them (contract 5.3) and the types the runtime itself raises (3.6, 5.4).

import { types } from 'node:util';

const MAJOR = Number(process.versions.node.split('.')[0]);
/** Node.js 24 brought another runtime client: it loads by import and knows promises only. */
export const PROMISES_ONLY = MAJOR >= 24;

/** An error whose name is one of Lambda's types; its stack is that of `cause`, if there is one. */
export function runtimeError(name, message, cause) {
  const error = new Error(message);
  // Not enumerable: the log shows an error's own fields besides its name.
  Object.defineProperty(error, 'name', { value: name });
  const frames = cause === undefined ? error.stack.slice('Error'.length) : framesOf(cause, message);
  error.stack = name + frames;
  return error;
}

/** What follows the name in a stack. A syntax error's own begins with its place, which is kept. */
function framesOf(cause, message) {
  const stack = String(cause?.stack ?? '');
  const header = String(cause);
  const at = stack.indexOf(header);
  if (at < 0) return `: ${message}`;
  const place = stack.slice(0, at).trimEnd();
  return `: ${message}${place === '' ? '' : `\n${place}`}${stack.slice(at + header.length)}`;
}

/** `{ errorType, errorMessage, trace }` of anything that was thrown. */
export function errorPayload(thrown) {
  try {
    if (!isError(thrown)) {
      const errorMessage = PROMISES_ONLY ? String(thrown) : thrown.toString();
      return { errorType: typeof thrown, errorMessage, trace: [] };
    }
    const stack = escaped(thrown.stack);
    return {
      errorType: escaped(thrown.name),
      errorMessage: escaped(thrown.message),
      trace: stack === undefined && PROMISES_ONLY ? [] : stack.split('\n'),
    };
  } catch {
    return {
      errorType: 'handled',
      errorMessage:
        'callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack',
      ...(PROMISES_ONLY ? { trace: [] } : {}),
    };
  }
}

/** The same for the log: an error's own fields come along, and errors inside them are shown too. */
export function errorText(thrown) {
  try {
    return JSON.stringify(toError(thrown), (_key, value) =>
      value instanceof Error ? withFields(value) : value,
    );
  } catch {
    return JSON.stringify(errorPayload(thrown));
  }
}

export function toError(thrown) {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

function withFields(error) {
  const { name: errorType, message: errorMessage, code, stack } = error;
  const fields = { errorType, errorMessage, code, ...error };
  if (typeof stack === 'string') fields.stack = stack.split('\n');
  return fields;
}

function isError(value) {
  if (PROMISES_ONLY) return value instanceof Error;
  return (
    types.isNativeError(value) ||
    [value?.name, value?.message, value?.stack].every((text) => text && typeof text === 'string')
  );
}

/** DEL travels in headers as well, where it is not allowed. */
function escaped(text) {
  return text?.replaceAll('\x7F', '%7F');
}
