/** What runs a mapping, whatever its source is. */

import type { Clock } from '../async/clock.js';
import type { Outcome } from '../invocation/outcome.js';

export interface Runner {
  /** Resolves when the source was found, or the first attempt has failed. */
  readonly opened: Promise<void>;
  /** For people: batches, what is under way. */
  readonly figures: Readonly<Record<string, number>>;
  /** Takes nothing new; resolves when what runs is over. */
  drain(): Promise<void>;
  /** Ends everything now. */
  close(): void;
}

export interface RunnerParts {
  /** Real time. */
  readonly clock: Clock;
  /** Windows, ages and waits between attempts follow this one. */
  readonly queueClock: Clock;
  invoke(payload: Buffer, requestId?: string): Promise<Outcome>;
  /** What came of the last batch, in Lambda's words. */
  report(result: string): void;
  warn(message: string): void;
}

export const OK = 'OK';
