/** Where the logs of environments go to. Nothing here may throw or wait. */

import type { PlainEnd, PlainStart } from '../invocation/plain-invocation.js';
import type { LogLine } from '../view.js';

export interface LogSink {
  line(line: LogLine): void;
  /** The line START of an invocation, in a text log that nobody else is told of. */
  began(start: PlainStart): void;
  /** It has ended as nearly all do: the lines END and REPORT, and its record. */
  ended(start: PlainStart, end: PlainEnd): void;
}
