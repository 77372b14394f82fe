/** The orchestrator's own messages, shown among everything else instead of in a file. */

import { messageOf } from '../errors.js';
import type { Logger, LogLevel } from '../log/logger.js';
import type { Report } from './report.js';

type Fields = Readonly<Record<string, unknown>>;

export function terminalLogger(report: Report, inherited: Fields = {}): Logger {
  const write = (level: LogLevel, message: string, given: Fields = {}): void => {
    if (level === 'debug' && !report.verbose) return;
    const fields = readable({ ...inherited, ...given });
    if (report.json) {
      report.printJson({ event: 'message', level, message, fields });
      return;
    }
    const { dim, red } = report.paintError;
    const words = Object.entries(fields).map(([name, value]) => `${name}=${value}`);
    const text = words.length === 0 ? message : `${message} ${dim(words.join(' '))}`;
    if (level === 'debug') report.note(dim(text));
    else if (level === 'info') report.note(text);
    else report.warn(level === 'error' ? red(text) : text);
  };
  return {
    debug: (message, fields) => write('debug', message, fields),
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    error: (message, fields) => write('error', message, fields),
    child: (fields) => terminalLogger(report, { ...inherited, ...fields }),
  };
}

function readable(fields: Fields): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      typeof value === 'object' && !(value instanceof Error)
        ? JSON.stringify(value)
        : messageOf(value),
    ]),
  );
}
