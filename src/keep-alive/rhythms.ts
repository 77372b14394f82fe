/**
 * The rhythms in which functions are called, and how usual each is, before anything was seen: the mean
 * time from one call to the next, and how much such times vary. Up to a variation of 1 they are
 * clocks that become more and more random (Erlang), beyond it calls in bursts (two exponentials with
 * balanced means). Times are counted in the bins of `SpanHistogram`: as those grow by a factor, a
 * rhythm twice as slow has the same chances some bins later, and one table for each shape is enough.
 */

import { SPAN_BINS, SPAN_GROWTH } from './span-histogram.js';

/**
 * How much times vary (standard deviation over mean), and the share of functions nearest to that:
 * from the curves published with the Azure Functions trace of 2019, of timers (16 in a hundred
 * functions) and of all others together.
 */
export const VARIATIONS: readonly (readonly [variation: number, share: number])[] = [
  [0.03, 0.17],
  [0.1, 0.05],
  [0.3, 0.08],
  [0.6, 0.1],
  [1, 0.13],
  [1.7, 0.17],
  [3, 0.14],
  [5, 0.09],
  [9, 0.07],
];
/** Calls a day, and the share of functions that have fewer, of the same source. */
export const DAILY_CALLS: readonly (readonly [calls: number, share: number])[] = [
  [0.0714, 0],
  [0.145, 0.1],
  [0.499, 0.2],
  [0.981, 0.3],
  [1.71, 0.4],
  [4.8, 0.5],
  [16.5, 0.6],
  [56.7, 0.7],
  [285, 0.8],
  [1316, 0.9],
  [3471, 0.95],
  [90_670, 0.99],
  [160_000_000, 1],
];

const DAY_MS = 86_400_000;
const SHORTEST_MEAN_MS = 1000;
/** Bins from the shortest mean to the longest, two weeks. */
const MEANS = Math.ceil(Math.log((14 * DAY_MS) / SHORTEST_MEAN_MS) / Math.log(SPAN_GROWTH));
/** So often a time is none of the rhythm's: nothing that was seen rules one out at once. */
const STRAY = 1e-4 / SPAN_BINS;
const LEAST_SHARE = 1e-9;

/** In columns, by rhythm; tables are by shape and bin. */
export interface Rhythms {
  readonly count: number;
  readonly logShare: Float64Array;
  readonly logMeanMs: Float64Array;
  /** How likely the next call comes within the first bin. */
  readonly firstChance: Float64Array;
  /** Where bin 0 would be in the tables, which begin with bin 1. */
  readonly start: Int32Array;
  readonly chance: Float64Array;
  readonly logChance: Float64Array;
  /** Of no call before the bin. */
  readonly logLeft: Float64Array;
}

let made: Rhythms | undefined;

/** Made when first asked for, in some milliseconds. */
export function rhythms(): Rhythms {
  return (made ??= make());
}

/** How likely nothing has come after `time`, in units of the mean. */
export function leftAfter(variation: number, time: number): number {
  const squared = variation * variation;
  if (variation <= 1) return erlangLeft(Math.round(1 / squared), time);
  const often = (1 + Math.sqrt((squared - 1) / (squared + 1))) / 2;
  return often * Math.exp(-2 * often * time) + (1 - often) * Math.exp(-2 * (1 - often) * time);
}

/** Logarithms, because single terms are far below what a number can hold. */
function erlangLeft(steps: number, time: number): number {
  const logRate = Math.log(steps * time);
  let log = -steps * time;
  let sum = Math.exp(log);
  for (let step = 1; step < steps; step += 1) {
    log += logRate - Math.log(step);
    sum += Math.exp(log);
  }
  return Math.min(1, sum);
}

/** Of functions, how many have fewer calls a day. */
export function shareBelow(calls: number): number {
  let [before, beforeShare] = DAILY_CALLS[0] as readonly [number, number];
  for (const [next, share] of DAILY_CALLS) {
    if (calls <= next) {
      if (next === before) return share;
      const part = Math.log(Math.max(calls, before) / before) / Math.log(next / before);
      return beforeShare + (share - beforeShare) * part;
    }
    [before, beforeShare] = [next, share];
  }
  return 1;
}

function make(): Rhythms {
  const width = MEANS + SPAN_BINS + 1;
  const [chance, logChance, logLeft] = [1, 2, 3].map(
    () => new Float64Array(VARIATIONS.length * width),
  ) as [Float64Array, Float64Array, Float64Array];
  const all: { logShare: number; logMeanMs: number; firstChance: number; start: number }[] = [];
  VARIATIONS.forEach(([variation, share], shape) => {
    const left = Float64Array.from({ length: width + 1 }, (_, at) =>
      leftAfter(variation, SPAN_GROWTH ** (at - MEANS)),
    );
    for (let at = 0; at < width; at += 1) {
      const here = Math.max(0, (left[at] as number) - (left[at + 1] as number));
      chance[shape * width + at] = here;
      logChance[shape * width + at] = Math.log(here + STRAY);
      logLeft[shape * width + at] = Math.log((left[at] as number) + STRAY);
    }
    const step = meansApart(variation);
    for (let mean = 0; mean <= MEANS; mean += step) {
      const meanMs = SHORTEST_MEAN_MS * SPAN_GROWTH ** mean;
      const usual = share * shareOfMean(meanMs, SPAN_GROWTH ** (step / 2), mean === 0);
      all.push({
        logShare: Math.log(Math.max(LEAST_SHARE, usual)),
        logMeanMs: Math.log(meanMs),
        firstChance: 1 - (left[MEANS - mean] as number),
        start: shape * width + MEANS - mean - 1,
      });
    }
  });
  return {
    count: all.length,
    logShare: Float64Array.from(all, (each) => each.logShare),
    logMeanMs: Float64Array.from(all, (each) => each.logMeanMs),
    firstChance: Float64Array.from(all, (each) => each.firstChance),
    start: Int32Array.from(all, (each) => each.start),
    chance,
    logChance,
    logLeft,
  };
}

/** In bins: the less regular, the less a mean differs from one close by. */
function meansApart(variation: number): number {
  if (variation < 0.25) return 1;
  return variation < 1 ? 2 : 3;
}

/** Of functions, whose mean is that one up to a factor; all faster ones count as the fastest. */
function shareOfMean(meanMs: number, factor: number, fastest: boolean): number {
  const most = fastest ? 1 : shareBelow((DAY_MS / meanMs) * factor);
  return most - shareBelow(DAY_MS / meanMs / factor);
}

/** What is likely of a single time: its logarithm, for the rhythm with that index. */
export function logLikelihood(all: Rhythms, rhythm: number, bin: number): number {
  if (bin === 0) return Math.log((all.firstChance[rhythm] as number) + STRAY);
  const at = (all.start[rhythm] as number) + bin;
  // The last bin has whatever takes longer, too.
  return (bin === SPAN_BINS - 1 ? all.logLeft[at] : all.logChance[at]) as number;
}
