/**
 * What is known of a function's use. Its owner tells it when invocations begin and end; nobody
 * else writes to it. With two histograms it takes about a kilobyte.
 *
 * An invocation that begins while n others run is in *slot* n + 1. The most recently used
 * environment takes the next invocation, so the environments without work, most recently used
 * first, are those of the slots running + 1, running + 2 and so on: how long a slot is without work
 * is how long its environment has to be kept to be of use again. Whether there is one does not
 * matter: what would have helped is learnt as well.
 */

import { IdleHistogram } from './idle-histogram.js';

/** Slots whose times are remembered; environments beyond are rare and soon idle. */
const MOST_SLOTS = 1024;

export class UseHistory {
  #running = 0;
  /** For the slots without work, those used most recently last: when their last use ended. */
  readonly #freedAt: number[] = [];
  #first: IdleHistogram | undefined;
  #further: IdleHistogram | undefined;

  /** Invocations in progress; the next one is in the slot after them. */
  get running(): number {
    return this.#running;
  }

  /** An invocation came. @param nowMs of the owner's clock, never less than before */
  began(nowMs: number): void {
    this.#running += 1;
    const freedAt = this.#freedAt.pop();
    if (freedAt === undefined) return;
    const idleMs = nowMs - freedAt;
    if (this.#running === 1) (this.#first ??= new IdleHistogram()).observe(idleMs);
    else (this.#further ??= new IdleHistogram()).observe(idleMs);
  }

  /** An invocation ended: its environment is in the slot `running + 1` from now on. */
  ended(nowMs: number): void {
    this.#running -= 1;
    if (this.#freedAt.length < MOST_SLOTS) this.#freedAt.push(nowMs);
  }

  /** How long that slot, from 1, has been without work; undefined before that was ever so. */
  idleTimes(slot: number): IdleHistogram | undefined {
    return slot === 1 ? this.#first : this.#further;
  }
}
