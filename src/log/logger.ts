/**
 * The orchestrator's own diagnostics. The only file that knows winston; everybody else sees
 * `Logger`. Lines go to stderr, never to stdout: that belongs to results.
 */

import { inspect } from 'node:util';
import pc from 'picocolors';
import { createLogger, format, transports, type Logger as WinstonLogger } from 'winston';

type Fields = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
  /** The same log with `fields` on every line. */
  child(fields: Fields): Logger;
}

const IN_ONE_LINE = { breakLength: Infinity, compact: true, depth: 4 };

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface LoggerOptions {
  readonly level: LogLevel;
  /** One JSON object per line instead of text for people. */
  readonly json: boolean;
  /** Absent: as the terminal allows. */
  readonly color?: boolean;
  /** Absent: stderr. */
  readonly output?: NodeJS.WritableStream;
}

export function openLogger(options: LoggerOptions): Logger {
  const output = options.output ?? process.stderr;
  const color =
    options.color ?? (pc.isColorSupported && 'isTTY' in output && output.isTTY === true);
  const winston = createLogger({
    level: options.level,
    format: format.combine(
      format.timestamp(),
      options.json ? format.json() : forPeople(pc.createColors(color)),
    ),
    transports: [new transports.Stream({ stream: output, eol: '\n' })],
  });
  return wrap(winston, {});
}

function wrap(winston: WinstonLogger, inherited: Fields): Logger {
  const write = (level: LogLevel, message: string, given?: Fields): void => {
    const fields = { ...inherited, ...(given === undefined ? {} : readable(given)) };
    // Under their own key: a field called `message` or `level` must not replace ours.
    winston.log(Object.keys(fields).length === 0 ? { level, message } : { level, message, fields });
  };
  return {
    debug: (message, fields) => write('debug', message, fields),
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    error: (message, fields) => write('error', message, fields),
    child: (fields) => wrap(winston, { ...inherited, ...readable(fields) }),
  };
}

function forPeople(colors: ReturnType<typeof pc.createColors>): ReturnType<typeof format.printf> {
  const paint = { debug: colors.dim, info: colors.cyan, warn: colors.yellow, error: colors.red };
  return format.printf((entry) => {
    const level = entry.level as LogLevel;
    const time = String(entry['timestamp']).slice(11, 23);
    const fields = (entry['fields'] ?? {}) as Fields;
    const words = Object.entries(fields).map(
      ([name, value]) =>
        `${name}=${typeof value === 'string' ? value : inspect(value, IN_ONE_LINE)}`,
    );
    const text = [
      String(entry.message),
      ...(words.length === 0 ? [] : [colors.dim(words.join(' '))]),
    ];
    return `${colors.dim(time)} ${paint[level](level.padEnd(5))} ${text.join(' ')}`;
  });
}

/** Errors have no enumerable members of their own and would be shown as `{}`. */
function readable(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      value instanceof Error ? value.message : value,
    ]),
  );
}
