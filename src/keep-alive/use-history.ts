/**
 * What is known of a function's use. Its owner tells it when invocations begin and end; nobody
 * else writes to it. It records what its policy asks for and nothing else: one or two histograms,
 * about a kilobyte, and a few more for functions that have many environments at a time.
 *
 * An invocation that begins while n others run is in *slot* n + 1. The most recently used
 * environment takes the next invocation, so the environments without work, most recently used
 * first, are those of the slots running + 1, running + 2 and so on: how long a slot is without work
 * is how long its environment has to be kept to be of use again. Whether there is one does not
 * matter: what would have helped is learnt as well.
 */

import { IdleHistogram } from './idle-histogram.js';
import { SpanHistogram } from './span-histogram.js';

/** Slots whose times are remembered; environments beyond are rare and soon idle. */
const MOST_SLOTS = 1024;

export class UseHistory {
  #running = 0;
  /** For the slots without work, those used most recently last: when their last use ended. */
  readonly #freedAt: number[] = [];
  #first: IdleHistogram | undefined;
  #further: IdleHistogram | undefined;
  /** By group of slots. */
  #spans: (SpanHistogram | undefined)[] | undefined;

  /** Invocations in progress; the next one is in the slot after them. */
  get running(): number {
    return this.#running;
  }

  /** An invocation came. @param nowMs of the owner's clock, never less than before */
  began(nowMs: number): void {
    this.#running += 1;
    const freedAt = this.#freedAt.pop();
    if (freedAt === undefined) return;
    const slot = this.#running;
    if (this.#first !== undefined) {
      const times = slot === 1 ? this.#first : (this.#further ??= new IdleHistogram());
      times.observe(nowMs - freedAt);
    }
    if (this.#spans !== undefined) {
      (this.#spans[groupOf(slot)] ??= new SpanHistogram()).observe(nowMs - freedAt);
    }
  }

  /** An invocation ended: its environment is in the slot `running + 1` from now on. */
  ended(nowMs: number): void {
    this.#running -= 1;
    if (this.#freedAt.length < MOST_SLOTS) this.#freedAt.push(nowMs);
  }

  /**
   * How long that slot, from 1, has been without work, since this was first asked for; undefined
   * when that never was so. The first slot is told from all further ones.
   */
  idleTimes(slot: number): IdleHistogram | undefined {
    this.#first ??= new IdleHistogram();
    return slot === 1 ? this.#first : this.#further;
  }

  /** The same as `idleTimes`, short times finer than long ones, and slots apart from one another. */
  idleSpans(slot: number): SpanHistogram | undefined {
    this.#spans ??= [];
    return this.#spans[groupOf(slot)];
  }
}

/** Slots alike enough to share what is known: each of the first four, then two groups to each doubling. */
function groupOf(slot: number): number {
  if (slot <= 4) return slot;
  const doublings = 31 - Math.clz32(slot - 1);
  const upperHalf = (slot - 1 - (1 << doublings)) >>> (doublings - 1);
  return 1 + 2 * doublings + upperHalf;
}
