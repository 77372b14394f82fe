/**
 * When a pool may make its next start. Pure bookkeeping on monotonic milliseconds.
 *
 *  1. After a start that failed everybody waits, twice as long each time, but never so long that an
 *     engine which has come back is not noticed.
 *  2. A spare is not started beside a running invocation at once: it would slow it down. But a
 *     function that is never without one gets its spares all the same, and one whose next event
 *     is due gets it at once.
 *  3. After an environment was lost to the engine what is started ahead waits: where none can be
 *     frozen, say, they would be started one after the other for nothing. What invocations need does not wait.
 */

import type { StartKind } from './start-gate.js';

const FIRST_RETRY_MS = 400;
const LONGEST_RETRY_MS = 5_000;
const SPARE_WAITS_MS = 1_000;
const AHEAD_AFTER_LOSS_MS = 10_000;

export class StartPace {
  #failures = 0;
  #startsFrom = 0;
  #aheadFrom = 0;
  #lackingSince: number | undefined;

  /** Starts that failed, one after the other. */
  get failures(): number {
    return this.#failures;
  }

  failed(now: number): void {
    this.#startsFrom = now + Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures);
    this.#failures += 1;
  }

  succeeded(): void {
    this.#failures = 0;
  }

  /** What made starts fail is over. */
  forget(): void {
    this.#failures = 0;
    this.#startsFrom = 0;
    this.#aheadFrom = 0;
  }

  lost(now: number): void {
    this.#aheadFrom = now + AHEAD_AFTER_LOSS_MS;
  }

  /** Whether spares are lacking: to be told whenever it may have changed. */
  sparesLacking(lacking: boolean, now: number): void {
    if (!lacking) this.#lackingSince = undefined;
    else this.#lackingSince ??= now;
  }

  /** The moment from which a start may be made. */
  startsFrom(kind: StartKind, sparesWait: boolean): number {
    if (kind === 'demand') return this.#startsFrom;
    if (kind === 'provisioned') return Math.max(this.#startsFrom, this.#aheadFrom);
    const quietFrom = sparesWait ? (this.#lackingSince ?? Infinity) + SPARE_WAITS_MS : 0;
    return Math.max(this.#startsFrom, this.#aheadFrom, quietFrom);
  }
}
