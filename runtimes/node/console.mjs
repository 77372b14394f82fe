// The console as Lambda patches it: tab-separated text (contract 6.5) or JSON lines (6.4).

import { format, inspect } from 'node:util';

const LEVELS = {
  trace: 'TRACE',
  debug: 'DEBUG',
  log: 'INFO',
  info: 'INFO',
  warn: 'WARN',
  error: 'ERROR',
  fatal: 'FATAL',
};
const ORDER = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];

let requestId;

/** What lines written from now on belong to. */
export function setRequestId(id) {
  requestId = id;
}

/** One line of the runtime's own, such as `Invoke Error`. */
export let logError = () => undefined;

export function patchConsole({ format: style, level }) {
  const asJson = style?.toUpperCase() === 'JSON';
  const least = ORDER.indexOf(level?.toUpperCase() ?? '');
  const write = asJson ? writeJson : writeText;
  for (const [name, levelName] of Object.entries(LEVELS)) {
    const muted = ORDER.indexOf(levelName) < least && levelName !== 'FATAL';
    console[name] = muted ? () => undefined : (...values) => write(levelName, values);
  }
  logError = asJson
    ? (label, error) => writeJson('ERROR', [error])
    : (label, error) => writeLine(`${label} \t${JSON.stringify(error)}`, 'ERROR');
}

function writeText(level, values) {
  writeLine(format(...values), level);
}

function writeLine(message, level) {
  const time = new Date().toISOString();
  const text = message.replaceAll('\n', '\r');
  process.stdout.write(`${time}\t${requestId ?? 'undefined'}\t${level}\t${text}\n`);
}

function writeJson(level, values) {
  const line = { timestamp: new Date().toISOString(), level, requestId };
  if (values.length === 1)
    line.message = typeof values[0] === 'object' ? plain(values[0]) : String(values[0]);
  else {
    line.message = format(...values);
    const error = values.find((value) => value instanceof Error);
    if (error !== undefined) {
      line.errorType = error.name;
      line.errorMessage = error.message;
      line.stackTrace = (error.stack ?? '').split('\n');
    }
  }
  process.stdout.write(`${stringify(line)}\n`);
}

function plain(value) {
  if (!(value instanceof Error)) return value;
  return {
    errorType: value.name,
    errorMessage: value.message,
    stackTrace: (value.stack ?? '').split('\n'),
  };
}

function stringify(line) {
  try {
    return JSON.stringify(line, (_key, value) => (value instanceof Error ? plain(value) : value));
  } catch {
    return JSON.stringify({ ...line, message: inspect(line.message) });
  }
}
