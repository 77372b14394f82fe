// Errors as Lambda writes them (contract 5.3) and the types the runtime itself raises (3.6, 5.4).

/** An error whose name is one of Lambda's types. */
export function runtimeError(name, message) {
  const error = new Error(message);
  error.name = name;
  return error;
}

/** `{ errorType, errorMessage, trace }` of anything that was thrown. */
export function errorPayload(thrown) {
  try {
    if (isError(thrown)) {
      return {
        errorType: escaped(thrown.name),
        errorMessage: escaped(thrown.message),
        trace: escaped(thrown.stack ?? '').split('\n'),
      };
    }
    return { errorType: typeof thrown, errorMessage: String(thrown), trace: [] };
  } catch {
    return {
      errorType: 'handled',
      errorMessage:
        'callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack',
    };
  }
}

/** The same for the log: `stack` instead of `trace`, the error's own fields besides. */
export function errorForLog(thrown) {
  const { errorType, errorMessage, trace = [] } = errorPayload(thrown);
  const extra = isError(thrown)
    ? { ...thrown, name: undefined, stack: undefined, message: undefined }
    : {};
  return { errorType, errorMessage, ...extra, stack: trace };
}

function isError(value) {
  return (
    value instanceof Error ||
    (typeof value === 'object' &&
      value !== null &&
      typeof value.name === 'string' &&
      typeof value.message === 'string' &&
      typeof value.stack === 'string')
  );
}

/** DEL travels in headers as well, where it is not allowed. */
function escaped(text) {
  return String(text).replaceAll('\x7F', '%7F');
}
