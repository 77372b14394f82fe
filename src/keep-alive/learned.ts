/**
 * Keeps an environment exactly as long as it is worth its memory. From how long its slot has been
 * without work before it follows how likely the next event comes in each span of time. A span in
 * which it is likely enough for the memory it takes is gained, another one lost; the windows are
 * the stretch of spans in which most is gained.
 *
 * How likely is enough follows from how long is kept what nothing is known about. All functions are
 * held to the same, so memory goes where it saves most starts: to what is called soon again, at
 * sure times, and away from the many that are called now and then.
 */

import type { Candidate, KeepAlive, Windows } from './keep-alive.js';
import { EDGES, SPAN_BINS, type SpanHistogram } from './span-histogram.js';
import type { UseHistory } from './use-history.js';

/**
 * What is believed beforehand, and counts as much as one observation: the share that is still
 * without work after t is (1 + t / START)^-DECAY. The longer a wait has lasted, the longer it will.
 */
const DECAY = 0.5;
const START_MS = 1_000;
const BELIEF = 1;
/** Letting go and starting again for less than this is not worth it. */
const SHORTEST_ABSENCE_MS = 5_000;
/** A plan stands until so much more is known; below that many it is made anew each time. */
const RENEWED_AFTER = 1.1;
const ALWAYS_RENEWED_UP_TO = 40;

const BEFOREHAND = Float64Array.from({ length: SPAN_BINS }, (_, bin) => {
  const left = (edge: number): number => (1 + (EDGES[edge] as number) / START_MS) ** -DECAY;
  return left(bin) - left(bin + 1);
});

export class LearnedKeepAlive implements KeepAlive {
  readonly name = 'learned';
  readonly #unknown: Windows;
  /** Starts that must be saved for a millisecond of one environment's memory. */
  readonly #price: number;

  /** @param idleMs how long is kept what nothing is known about */
  constructor(idleMs: number) {
    this.#unknown = { prewarmAfterMs: 0, keepUntilMs: idleMs };
    // The chance of an event in the next millisecond, after so long, by what is believed beforehand.
    this.#price = DECAY / (START_MS + idleMs);
  }

  windows(history: UseHistory, slot: number): Windows {
    const spans = history.idleSpans(slot);
    if (spans === undefined) return this.#unknown;
    const { plan, observations } = spans;
    if (plan !== undefined) {
      const renewed = observations <= ALWAYS_RENEWED_UP_TO ? 1 : RENEWED_AFTER;
      if (observations <= plan.observations * renewed) return plan.windows;
    }
    const windows = this.#plan(spans, slot === 1);
    spans.plan = { windows, observations };
    return windows;
  }

  /** The stretch of bins in which most is gained; it begins with the first unless one may be ahead. */
  #plan(spans: SpanHistogram, ahead: boolean): Windows {
    const total = spans.observations + BELIEF;
    let stillIdle = 1;
    let gained = 0;
    let from = 0;
    let most = 0;
    let bestFrom = 0;
    let bestTo = 0;
    for (let bin = 0; bin < SPAN_BINS; bin += 1) {
      const chance = (spans.count(bin) + BELIEF * (BEFOREHAND[bin] as number)) / total;
      const width = (EDGES[bin + 1] as number) - (EDGES[bin] as number);
      // Whoever comes within the bin comes in its middle.
      const cost = this.#price * width * (stillIdle - chance / 2);
      stillIdle -= chance;
      if (gained < 0 && ahead) {
        gained = 0;
        from = bin;
      }
      gained += chance - cost;
      if (gained > most) [most, bestFrom, bestTo] = [gained, from, bin + 1];
    }
    const startsAt = EDGES[bestFrom] as number;
    return {
      prewarmAfterMs: startsAt < SHORTEST_ABSENCE_MS ? 0 : startsAt,
      keepUntilMs: EDGES[bestTo] as number,
    };
  }

  /** What is worth its memory is known already; of that the least recently used goes. */
  priority({ lastUsedAt }: Candidate): number {
    return lastUsedAt;
  }
}
