/**
 * Keeps an environment exactly as long as it is worth its memory. From how long its slot has been
 * without work before, and from the rhythms that are usual, it follows how likely the next event comes
 * in each span of time. A span in
 * which it is likely enough for the memory it takes is gained, another one lost; the windows are
 * the stretch of spans in which most is gained. In the same way one more than are in use is made
 * ready when it was needed soon so far: a burst then finds its environments there.
 *
 * How likely is enough is a price, the same for all functions, so that memory goes where it saves
 * most starts: to what is called soon again, at sure times, and small. It follows from how long is
 * kept what nothing is known about. Where memory has a bound the price moves with how much of it is
 * taken, so that what is free is used, and what is short goes to whoever makes most of it.
 */

import type { Candidate, KeepAlive, Terms, Windows } from './keep-alive.js';
import type { RhythmBelief } from './rhythm-belief.js';
import { EDGES, SPAN_BINS, type SpanHistogram } from './span-histogram.js';
import type { UseHistory } from './use-history.js';

/**
 * What is believed beforehand, and counts as much as one observation: the share that is still
 * without work after t is (1 + t / START)^-DECAY. The longer a wait has lasted, the longer it will.
 */
const DECAY = 0.7;
const START_MS = 300;
/** What is believed of the rhythm counts as much as so many observations of the first slot. */
const RHYTHM = 100;
/** The time that is kept what nothing is known about is that of an environment of so many MB. */
const TYPICAL_MB = 140;
/** Letting go and starting again for less than this is not worth it. */
const SHORTEST_ABSENCE_MS = 5_000;
/** A plan stands until so much more is known or the price is so much other. */
const RENEWED_AFTER = 1.1;
const OTHER_PRICE = 1.05;
/** Below that many observations it is made anew each time. */
const ALWAYS_RENEWED_UP_TO = 40;

/** So much of the bound is taken where the price is what the idle time says. */
const USUAL_FILL = 0.95;
/** A hundredth more of it makes the price higher by three. */
const STEEPNESS = 30;
/** Of the price, where most is free: nothing is kept for ever. */
const LEAST_FACTOR = 0.25;

const BEFOREHAND = Float64Array.from({ length: SPAN_BINS }, (_, bin) => {
  const left = (edge: number): number => (1 + (EDGES[edge] as number) / START_MS) ** -DECAY;
  return left(bin) - left(bin + 1);
});

export class LearnedKeepAlive implements KeepAlive {
  readonly name = 'learned';
  /** Starts that must be saved for a millisecond of a megabyte. */
  readonly #price: number;

  /** @param idleMs how long is kept what nothing is known about */
  constructor(idleMs: number) {
    // The chance of an event in the next millisecond, after so long, by what is believed beforehand.
    this.#price = DECAY / (START_MS + idleMs) / TYPICAL_MB;
  }

  windows(history: UseHistory, slot: number, terms: Terms): Windows {
    const price = this.#priceOf(terms);
    const spans = history.idleSpans(slot);
    const rhythm = slot === 1 ? history.rhythm : undefined;
    if (spans === undefined) {
      if (rhythm !== undefined) return bestStretch(expected(undefined, rhythm), price, true, terms);
      return { prewarmAfterMs: 0, keepUntilMs: Math.max(0, Math.round(DECAY / price - START_MS)) };
    }
    return (
      standing(spans, price) ??
      renew(spans, price, bestStretch(expected(spans, rhythm), price, slot === 1, terms))
    );
  }

  readyForMs(history: UseHistory, terms: Terms): number {
    const price = this.#priceOf(terms);
    const rises = history.rises(history.running + 1);
    if (rises === undefined) return 0;
    const { keepUntilMs } = standing(rises, price) ?? renew(rises, price, bestRise(rises, price));
    return keepUntilMs;
  }

  /** What is worth its memory is known already; of that the least recently used goes. */
  priority({ lastUsedAt }: Candidate): number {
    return lastUsedAt;
  }

  /** Starts that must be saved for a millisecond of that environment's memory. */
  #priceOf({ megabytes, fill }: Terms): number {
    const price = this.#price * megabytes;
    if (fill === undefined) return price;
    return price * Math.max(LEAST_FACTOR, Math.exp(STEEPNESS * (fill - USUAL_FILL)));
  }
}

/** What was planned, unless there is reason to plan anew. */
function standing({ plan, observations }: SpanHistogram, price: number): Windows | undefined {
  if (plan === undefined) return undefined;
  const renewed = observations <= ALWAYS_RENEWED_UP_TO ? 1 : RENEWED_AFTER;
  const known = observations <= plan.observations * renewed;
  const dear = price <= plan.price * OTHER_PRICE && plan.price <= price * OTHER_PRICE;
  return known && dear ? plan.windows : undefined;
}

function renew(spans: SpanHistogram, price: number, windows: Windows): Windows {
  spans.plan = { windows, price, observations: spans.observations };
  return windows;
}

/**
 * By bin, how likely the next event comes then: what was counted and, the more the less has been, what
 * is believed of the function's rhythm.
 */
function expected(
  spans: SpanHistogram | undefined,
  rhythm: RhythmBelief | undefined,
): Float64Array {
  const chances = new Float64Array(SPAN_BINS);
  const observations = spans?.observations ?? 0;
  const believed = rhythm === undefined ? 0 : RHYTHM / (RHYTHM + observations);
  rhythm?.expect(chances, believed);
  const each = (1 - believed) / (observations + 1);
  for (let bin = 0; bin < SPAN_BINS; bin += 1) {
    const counted = (spans?.count(bin) ?? 0) + (BEFOREHAND[bin] as number);
    chances[bin] = (chances[bin] as number) + each * counted;
  }
  return chances;
}

/** Begins with the end of the last use, unless one may be started ahead. */
function bestStretch(
  chances: Float64Array,
  price: number,
  ahead: boolean,
  { startMs }: Terms,
): Windows {
  const { from, to } = stretch(chances, price, ahead);
  const startsAt = (EDGES[from] as number) - startMs;
  return {
    prewarmAfterMs: startsAt < SHORTEST_ABSENCE_MS ? 0 : startsAt,
    keepUntilMs: EDGES[to] as number,
  };
}

/** What was never seen is not expected: one more than there ever were is not made ready. */
function bestRise(rises: SpanHistogram, price: number): Windows {
  const total = rises.observations + 1;
  const chances = Float64Array.from(BEFOREHAND, (_, bin) => rises.count(bin) / total);
  const { to } = stretch(chances, price, false);
  return { prewarmAfterMs: 0, keepUntilMs: EDGES[to] as number };
}

/** The stretch of bins in which most is gained; from the first one on unless `later` is possible. */
function stretch(
  chances: Float64Array,
  price: number,
  later: boolean,
): { from: number; to: number } {
  let stillIdle = 1;
  let gained = 0;
  let most = 0;
  let from = 0;
  const best = { from: 0, to: 0 };
  for (let bin = 0; bin < SPAN_BINS; bin += 1) {
    const chance = chances[bin] as number;
    const width = (EDGES[bin + 1] as number) - (EDGES[bin] as number);
    // Whoever comes within the bin comes in its middle.
    const cost = price * width * (stillIdle - chance / 2);
    stillIdle -= chance;
    if (gained < 0 && later) {
      gained = 0;
      from = bin;
    }
    gained += chance - cost;
    if (gained > most) {
      most = gained;
      best.from = from;
      best.to = bin + 1;
    }
  }
  return best;
}
