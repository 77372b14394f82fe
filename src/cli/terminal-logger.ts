/** The orchestrator's own messages, shown among everything else instead of in a file. */

import type { Logger } from '../log/logger.js';
import { messageOf } from '../errors.js';
import type { Report } from './report.js';

type Fields = Readonly<Record<string, unknown>>;

export function terminalLogger(report: Report, inherited: Fields = {}): Logger {
  const text = (message: string, fields?: Fields): string => {
    const words = Object.entries({ ...inherited, ...fields }).map(
      ([name, value]) => `${name}=${value instanceof Error ? messageOf(value) : String(value)}`,
    );
    return words.length === 0 ? message : `${message} ${report.paintError.dim(words.join(' '))}`;
  };
  return {
    debug: (message: string, fields?: Fields) => {
      if (report.verbose) report.note(report.paintError.dim(text(message, fields)));
    },
    info: (message: string, fields?: Fields) => report.note(text(message, fields)),
    warn: (message: string, fields?: Fields) => report.warn(text(message, fields)),
    error: (message: string, fields?: Fields) =>
      report.warn(report.paintError.red(text(message, fields))),
    child: (fields: Fields) => terminalLogger(report, { ...inherited, ...fields }),
  } as Logger;
}
