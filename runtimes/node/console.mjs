// What goes to the log: the console as Lambda patches it, tab-separated text (contract 6.5) or JSON
// lines (6.4), and the marks that say whose the lines before them are.

import { errorText, PROMISES_ONLY, toError } from './errors.mjs';

const { constants, openSync, writeSync } = process.getBuiltinModule('node:fs');
const { format } = process.getBuiltinModule('node:util');

const LEVELS = {
  trace: 'TRACE',
  debug: 'DEBUG',
  info: 'INFO',
  warn: 'WARN',
  error: 'ERROR',
  fatal: 'FATAL',
};
const ORDER = Object.values(LEVELS);
const NOTHING = () => undefined;

/** Node.js 24's client has a text for "none", the one before writes its `undefined`. */
export const NO_REQUEST = PROMISES_ONLY ? '-' : undefined;
let requestId = NO_REQUEST;
let tenantId;
/** The output streams somebody has used. Opening them takes a millisecond of the cold start. */
const opened = [];
const markFile = openMarkFile();

/** What lines written from now on belong to. */
export function setRequest(id, tenant) {
  requestId = id;
  tenantId = tenant;
}

/** One line of the runtime's own, such as `Invoke Error`. It goes the way of the user's own lines. */
export let logError = NOTHING;

/**
 * Says what has ended an invocation, and returns it. Up to Node.js 22 a value that no error can be
 * made of, such as a symbol, fails in its own place.
 */
export function tell(thrown) {
  let error = thrown;
  try {
    toError(thrown);
  } catch (failure) {
    if (!PROMISES_ONLY) error = failure;
  }
  logError('Invoke Error', error);
  return error;
}

export function patchConsole({ format: style, level }) {
  const asJson = style?.toUpperCase() === 'JSON';
  const least = ORDER.indexOf(level?.toUpperCase() ?? '');
  const write = asJson ? writeJson : writeText;
  for (const [name, levelName] of Object.entries(LEVELS)) {
    const muted = ORDER.indexOf(levelName) < least;
    console[name] = muted ? NOTHING : (message, ...rest) => write(levelName, [message, ...rest]);
  }
  console.log = console.info;
  logError = (label, thrown) => {
    try {
      if (asJson) console.error(toError(thrown));
      else console.error(label, `\t${errorText(thrown)}`);
    } catch {
      // The function has put something of its own there, and it fails.
    }
  };
  watch('stdout');
  watch('stderr');
}

/**
 * Says that everything written so far belongs to `what`; without a token it only waits for the
 * output to have left. Returns a promise where there is something to wait for.
 */
export function mark(token, what) {
  const text = token === undefined ? '' : `\x1e${token} ${what}\n`;
  const waiting = opened.filter(({ writableLength }) => writableLength > 0);
  if (waiting.length === 0) return writeMark(text);
  return Promise.all(waiting.map((stream) => flushed(stream))).then(() => writeMark(text));
}

function writeMark(text) {
  try {
    if (text !== '') writeSync(markFile, text);
  } catch (error) {
    // The pipe is full. Any other failure means that nobody reads.
    if (error.code === 'EAGAIN') return flushed(process.stdout, text);
  }
  return undefined;
}

function flushed(stream, text = '') {
  return new Promise((resolve) => stream.write(text, () => resolve()));
}

/** A file of our own on the output: the function may close its one, or fill it and not wait. */
function openMarkFile() {
  try {
    return openSync('/proc/self/fd/1', constants.O_WRONLY | constants.O_APPEND);
  } catch {
    return 1;
  }
}

/**
 * At its first use a stream is noted and made to write at once, and this gets out of the way. Left
 * alone the two would queue when the pipe is full, tear each other's lines and lose them on exit.
 */
function watch(name) {
  const original = Object.getOwnPropertyDescriptor(process, name);
  const get = () => {
    Object.defineProperty(process, name, original);
    const stream = process[name];
    stream._handle?.setBlocking?.(true);
    opened.push(stream);
    return stream;
  };
  Object.defineProperty(process, name, { ...original, get });
}

function writeText(level, values) {
  const line = `${new Date().toISOString()}\t${requestId}\t${level}\t${format(...values)}`;
  process.stdout.write(`${line.replaceAll('\n', '\r')}\n`);
}

function writeJson(level, values) {
  const line = { timestamp: new Date().toISOString(), level, requestId };
  if (tenantId !== undefined) line.tenantId = tenantId;
  process.stdout.write(`${values.length === 1 ? one(line, values[0]) : several(line, values)}\n`);
}

function one(line, message) {
  try {
    return JSON.stringify({ ...line, message }, (_key, value) =>
      value instanceof Error ? { ...described(value, value.stack), ...value } : value,
    );
  } catch {
    return JSON.stringify({ ...line, message: format(message) });
  }
}

function several(line, values) {
  // The newer client does not look at the first of them.
  const error = values.find(
    (value, index) => value instanceof Error && (index > 0 || !PROMISES_ONLY),
  );
  const fields = error === undefined ? {} : described(error, []);
  return JSON.stringify({ ...line, message: format(...values), ...fields });
}

/** JSON logs name an error by its class; everything else goes by its `name`. */
function described(error, noStack) {
  return {
    errorType: error.constructor?.name ?? 'UnknownError',
    errorMessage: error.message,
    stackTrace: typeof error.stack === 'string' ? error.stack.split('\n') : noStack,
  };
}
