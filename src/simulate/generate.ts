/**
 * A trace as the published figures of a large provider describe it: which functions there are, when
 * each is called, how long each call takes. Pure, and the same for the same seed.
 */

import { eachArrival, DayCurve } from './arrivals.js';
import type { Figures } from './figures.js';
import { drawPopulation, type FunctionProfile } from './population.js';
import { Random } from './random.js';
import { TraceBuilder, type Trace } from './trace.js';

export interface GenerateOptions {
  readonly functions: number;
  readonly seed: number;
  readonly days: number;
  /**
   * About so many invocations: the most popular functions are held to one rate, so that they stay
   * the most popular. Absent: as many as come by themselves.
   */
  readonly events?: number;
}

export interface Generated {
  readonly trace: Trace;
  readonly profiles: readonly FunctionProfile[];
  /** Invocations a day no function has more of, where they were held to a number. */
  readonly heldTo: number | undefined;
}

const DAY_MS = 86_400_000;
/** Of the logarithm of durations around a function's mean. */
const SPREAD = 0.5;
/** Streams of random numbers before those of the functions. */
const FIRST_STREAM = 1000;

export function generate(figures: Figures, options: GenerateOptions): Generated {
  const { functions: count, seed, days, events } = options;
  const profiles = drawPopulation(figures, count, seed);
  const heldTo = events === undefined ? undefined : hold(profiles, events / days);
  const curve = new DayCurve(figures.hours);
  const builder = new TraceBuilder();
  profiles.forEach((profile, fn) => {
    const duration = durationsOf(profile, new Random(seed, FIRST_STREAM + 2 * fn));
    const arrivals = new Random(seed, FIRST_STREAM + 2 * fn + 1);
    eachArrival(profile, curve, days * DAY_MS, arrivals, (atMs) =>
      builder.add(atMs, fn, duration()),
    );
  });
  const width = String(count - 1).length;
  const functions = profiles.map(({ app, memoryMb }, fn) => ({
    name: `app${app}-f${String(fn).padStart(width, '0')}`,
    memoryMb,
  }));
  return { trace: builder.build(functions), profiles, heldTo };
}

/** Holds the highest rates to one that brings the sum down to `daily`; that rate, if there is one. */
function hold(profiles: readonly FunctionProfile[], daily: number): number | undefined {
  const rising = Float64Array.from(profiles, ({ dailyRate }) => dailyRate).sort();
  let left = daily;
  for (const [index, rate] of rising.entries()) {
    const limit = left / (rising.length - index);
    if (rate >= limit) {
      for (const profile of profiles) profile.dailyRate = Math.min(profile.dailyRate, limit);
      return limit;
    }
    left -= rate;
  }
  return undefined;
}

/** Log-normal around the mean, between the shortest and the longest; whole tenths of ms, at least one. */
function durationsOf({ durationMs }: FunctionProfile, random: Random): () => number {
  const { least, mean, most } = durationMs;
  const median = mean * Math.exp((-SPREAD * SPREAD) / 2);
  return () => {
    const drawn = median * Math.exp(SPREAD * random.normal());
    return Math.max(1, Math.round(10 * Math.min(most, Math.max(least, drawn)))) / 10;
  };
}
