// Errors as Lambda writes them (contract 5.3) and the types the runtime itself raises (3.6, 5.4).

const { types } = process.getBuiltinModule('node:util');

const MAJOR = Number(process.versions.node.split('.')[0]);
/** Node.js 24 brought another runtime client: it loads by import and knows promises only. */
export const PROMISES_ONLY = MAJOR >= 24;

/** From Node.js 24 on the classes of these types end in `Error`. */
const ENDING_IN_ERROR = ['CallbackHandlerDeprecated', 'HandlerNotFound', 'MalformedHandlerName'];

/** An error of one of Lambda's types: its name, while JSON logs show its class. */
export function runtimeError(type, message) {
  const short = type.slice('Runtime.'.length);
  const className = PROMISES_ONLY && ENDING_IN_ERROR.includes(short) ? `${short}Error` : short;
  const Kind = { [className]: class extends Error {} }[className];
  // A field of its own in the newer client, which the log shows.
  if (!PROMISES_ONLY) Kind.prototype.name = type;
  const error = new Kind(message);
  if (PROMISES_ONLY) error.name = type;
  return error;
}

/** What the function's code does not even parse for: with the place, which its own stack begins with. */
export function syntaxError(cause) {
  const error = runtimeError('Runtime.UserCodeSyntaxError', String(cause));
  const stack = String(cause.stack);
  if (PROMISES_ONLY) return Object.assign(error, { stack: cause.stack });
  const place = stack.slice(0, Math.max(0, stack.indexOf(String(cause)))).trimEnd();
  Object.defineProperty(error, 'stack', {
    value: `${error.name}: ${error.message}${place === '' ? '' : `\n${place}`}`,
  });
  return error;
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

/** The same for X-Ray (contract 1.4), as one line of JSON, or nothing where there is none to be had. */
export function errorCause(thrown) {
  try {
    const stack = framesOf(escaped(thrown.stack));
    return JSON.stringify({
      working_directory: process.cwd(),
      exceptions: [{ type: escaped(thrown.name), message: escaped(thrown.message), stack }],
      paths: [...new Set(stack.map(({ path }) => path))],
    });
  } catch {
    return '';
  }
}

function framesOf(stack) {
  if (!stack) return [];
  return stack
    .split('\n')
    .slice(1)
    .map((text) => {
      const line = text
        .trim()
        .replace(/[()]/g, '')
        .replace(/^\S*\s/, '');
      const space = line.lastIndexOf(' ');
      const [path, number] = line.slice(space + 1).split(':');
      return {
        path,
        line: Number.parseInt(number),
        label: line.slice(0, Math.max(0, space)) || 'anonymous',
      };
    });
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
  if (thrown instanceof Error) return thrown;
  return new Error(PROMISES_ONLY ? String(thrown) : thrown);
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
