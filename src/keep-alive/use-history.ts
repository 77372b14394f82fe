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
 *
 * Of a slot it also matters how soon it is needed once the one before it is: a burst fills them one
 * after the other. That is its *rise*: from when the slot before it began, for the first time since
 * this one's last use, until this one does.
 */

import { IdleHistogram } from './idle-histogram.js';
import { RhythmBelief } from './rhythm-belief.js';
import { SpanHistogram } from './span-histogram.js';

/** Slots whose times are remembered; environments beyond are rare and soon idle. */
const MOST_SLOTS = 1024;
/** Observations from which the rhythm is learnt; what is counted says more then. */
const MOST_BELIEVED = 512;

export class UseHistory {
  #running = 0;
  /** For the slots without work, those used most recently last: when their last use ended. */
  readonly #freedAt: number[] = [];
  #first: IdleHistogram | undefined;
  #further: IdleHistogram | undefined;
  /** By group of slots. */
  #spans: (SpanHistogram | undefined)[] | undefined;
  /** By group of slots; empty until they are asked for. */
  #rises: (SpanHistogram | undefined)[] | undefined;
  /** By slot: since when it is the next to be needed; `NaN`: it is in use, or has been needed since. */
  readonly #nextSince: number[] = [];

  /** When it was begun: with the first call that tells how long nothing came. */
  readonly #since: number;
  #firstAt: number | undefined;
  #belief: RhythmBelief | undefined;
  #believed = 0;
  #rhythmWanted = false;

  /** @param nowMs of the owner's clock */
  constructor(nowMs: number) {
    this.#since = nowMs;
  }

  /** Invocations in progress; the next one is in the slot after them. */
  get running(): number {
    return this.#running;
  }

  /** An invocation came. @param nowMs of the owner's clock, never less than before */
  began(nowMs: number): void {
    this.#running += 1;
    this.#firstAt ??= nowMs;
    if (this.#rhythmWanted) this.#belief ??= new RhythmBelief(this.#firstAt - this.#since);
    if (this.#rises !== undefined) this.#rose(this.#rises, nowMs);
    const freedAt = this.#freedAt.pop();
    if (freedAt === undefined) return;
    const slot = this.#running;
    if (slot === 1) this.#believe(nowMs - freedAt);
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

  /** How long that slot's rises have taken, since this was first asked for. */
  rises(slot: number): SpanHistogram | undefined {
    this.#rises ??= [];
    return this.#rises[groupOf(slot)];
  }

  /**
   * The rhythm of its calls, learnt since this was first asked for; undefined before the first call.
   * Of the first slot alone: what further ones wait for depends on how long calls take.
   */
  get rhythm(): RhythmBelief | undefined {
    this.#rhythmWanted = true;
    if (this.#firstAt !== undefined) this.#belief ??= new RhythmBelief(this.#firstAt - this.#since);
    return this.#belief;
  }

  #believe(idleMs: number): void {
    if (this.#belief === undefined || this.#believed >= MOST_BELIEVED) return;
    this.#believed += 1;
    this.#belief.observe(idleMs);
  }

  #rose(rises: (SpanHistogram | undefined)[], nowMs: number): void {
    const slot = this.#running;
    const since = this.#nextSince[slot] ?? NaN;
    if (!Number.isNaN(since)) (rises[groupOf(slot)] ??= new SpanHistogram()).observe(nowMs - since);
    this.#nextSince[slot] = NaN;
    if (Number.isNaN(this.#nextSince[slot + 1] ?? NaN)) this.#nextSince[slot + 1] = nowMs;
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
