/**
 * The orchestrator's own diagnostics. The only file that knows winston; everybody else sees
 * `Logger`. Never writes to stdout: that belongs to results.
 */

import { createLogger, format, transports, type Logger as WinstonLogger } from 'winston';

export interface Logger {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** The same log with `fields` on every line. */
  child(fields: Readonly<Record<string, unknown>>): Logger;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Lines on stderr, for people or as JSON. */
export function openLogger(options: { level: LogLevel; json: boolean }): Logger {
  const people = format.printf(({ level, message, timestamp, ...fields }) => {
    const extra = Object.keys(fields).length === 0 ? '' : ` ${JSON.stringify(fields)}`;
    return `${String(timestamp)} ${level} ${String(message)}${extra}`;
  });
  const winston = createLogger({
    level: options.level,
    format: format.combine(format.timestamp(), options.json ? format.json() : people),
    transports: [new transports.Console({ stderrLevels: ['debug', 'info', 'warn', 'error'] })],
  });
  return wrap(winston);
}

function wrap(winston: WinstonLogger): Logger {
  return {
    debug: (message, fields) => void winston.debug(message, fields),
    info: (message, fields) => void winston.info(message, fields),
    warn: (message, fields) => void winston.warn(message, fields),
    error: (message, fields) => void winston.error(message, fields),
    child: (fields) => wrap(winston.child(fields)),
  };
}
