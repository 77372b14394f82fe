/**
 * The restore phase of one environment that was initialised for SnapStart (contract 7.6): how long
 * it takes, how it fails, and what is told of it.
 */

import type { Clock } from '../async/clock.js';
import type { Channel } from './channel.js';
import type { InvocationJournal } from './journal.js';
import { errorTypeOf, type Settlement } from './settlement.js';

export class Restoration {
  readonly #clock: Clock;
  readonly #channel: Channel;
  readonly #journal: InvocationJournal;
  /** Monotonic ms. */
  #from = 0;
  /** Until the first invocation after it has ended. */
  #tookMs: number | undefined;
  #errorType: string | undefined;

  constructor(clock: Clock, channel: Channel, journal: InvocationJournal) {
    this.#clock = clock;
    this.#channel = channel;
    this.#journal = journal;
  }

  begin(): void {
    this.#from = this.#clock.monotonic();
    this.#errorType = undefined;
    this.#journal.restoreStarted();
    this.#channel.restore();
  }

  succeeded(): void {
    this.#tookMs = this.#elapsedMs;
    this.#journal.restoreEnded(this.#tookMs, { status: 'success' });
  }

  /** What an after-restore hook failed with. */
  hookFailed(payload: Buffer, errorType: string | undefined): void {
    this.#errorType = errorTypeOf(payload, errorType);
  }

  /** The event that asked for it is refused: it was never delivered. */
  refuse(settlement: Settlement, kind: 'restore-failed' | 'restore-timed-out'): void {
    const errorType = this.#errorType ?? 'Runtime.ExitError';
    const ending = kind === 'restore-failed' ? { kind, errorType } : { kind };
    const finished = settlement.finish(ending, this.#clock.monotonic());
    settlement.answer(finished);
    this.#journal.restoreEnded(
      this.#elapsedMs,
      kind === 'restore-failed' ? { status: 'error', errorType } : { status: 'timeout' },
    );
    this.#journal.refuse(settlement, finished);
  }

  /** Once, for the first invocation after it. */
  takeMs(): number | undefined {
    const tookMs = this.#tookMs;
    this.#tookMs = undefined;
    return tookMs;
  }

  get #elapsedMs(): number {
    return this.#clock.monotonic() - this.#from;
  }
}
