import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { loadFigures, TRIGGERS } from '../../../src/simulate/figures.js';
import { generate, type Generated } from '../../../src/simulate/generate.js';
import { drawPopulation, type FunctionProfile } from '../../../src/simulate/population.js';
import { distance } from '../../../src/simulate/quantiles.js';

/** Of every marginal from what was published. */
const CLOSE = 0.05;
const DAY_MS = 86_400_000;

const figures = loadFigures();

describe.each([1, 2, 3])('ten thousand functions of seed %p', (seed) => {
  const population = drawPopulation(figures, 10_000, seed);
  const of = (value: (profile: FunctionProfile) => number): Float64Array =>
    Float64Array.from(population, value);
  const ofApps = (merge: (sum: number, profile: FunctionProfile) => number): Float64Array => {
    const apps = new Map<number, number>();
    for (const each of population) apps.set(each.app, merge(apps.get(each.app) ?? 0, each));
    return Float64Array.from(apps.values());
  };

  it('are called as often as published, each and with all of its app', () => {
    const { perFunction, perApp } = figures.dailyInvocations;
    expect(
      distance(
        perFunction,
        of((each) => each.dailyRate),
      ),
    ).toBeLessThan(CLOSE);
    expect(
      distance(
        perApp,
        ofApps((sum, each) => sum + each.dailyRate),
      ),
    ).toBeLessThan(CLOSE);
  });

  it('leave as much to the most popular hundredth as published', () => {
    const rates = of((each) => each.dailyRate)
      .sort()
      .reverse();
    const sum = (values: Float64Array): number => values.reduce((total, one) => total + one, 0);
    const share = sum(rates.subarray(0, 100)) / sum(rates);
    expect(share).toBeGreaterThan(0.87);
    expect(share).toBeLessThan(0.96);
  });

  it('come in apps of the published sizes, which hold the published memory', () => {
    const sizes = ofApps((count) => count + 1);
    let upTo = 0;
    for (const { to, share } of figures.functionsPerApp) {
      if (to === undefined) continue;
      upTo += share;
      const seen = sizes.filter((size) => size <= to).length / sizes.length;
      expect(Math.abs(seen - upTo)).toBeLessThan(CLOSE);
    }
    const memory = ofApps((_, each) => each.memoryMb);
    expect(distance(figures.memoryMbPerApp, memory)).toBeLessThan(CLOSE);
  });

  it('have the published triggers, as many functions and as many invocations', () => {
    const total = population.reduce((sum, each) => sum + each.dailyRate, 0);
    for (const trigger of TRIGGERS) {
      const those = population.filter((each) => each.trigger === trigger);
      const called = those.reduce((sum, each) => sum + each.dailyRate, 0) / total;
      const { functions, invocations } = figures.triggers;
      expect(Math.abs(those.length / 10_000 - functions[trigger])).toBeLessThan(0.02);
      // One function alone may have a tenth of everything.
      expect(Math.abs(called - invocations[trigger])).toBeLessThan(0.1);
    }
  });

  it('are called as irregularly and run as long as published', () => {
    const { timers, others } = figures.variationOfGaps;
    const variations = (timer: boolean): Float64Array =>
      Float64Array.from(
        population.filter((each) => (each.trigger === 'timer') === timer),
        (each) => each.variation,
      );
    expect(distance(timers, variations(true))).toBeLessThan(CLOSE);
    expect(distance(others, variations(false))).toBeLessThan(CLOSE);
    for (const which of ['least', 'mean', 'most'] as const) {
      const seconds = of((each) => each.durationMs[which] / 1000);
      expect(distance(figures.durationSeconds[which], seconds)).toBeLessThan(CLOSE);
    }
  });
});

describe('a generated day', () => {
  const day = generate(figures, { functions: 400, events: 300_000, days: 1, seed: 4 });
  const gaps = gapsOf(day);

  it('has about as many events as were asked for, by holding the most popular to one rate', () => {
    expect(day.trace.length / 300_000).toBeCloseTo(1, 1);
    expect(Math.max(...day.profiles.map((each) => each.dailyRate))).toBe(day.heldTo);
    const natural = generate(figures, { functions: 40, days: 1, seed: 4 });
    expect(natural.heldTo).toBeUndefined();
  });

  it('calls each function as often as its rate says', () => {
    const often = day.profiles.map(({ dailyRate, variation }, fn) => ({
      seen: (gaps[fn]?.length ?? 0) / dailyRate,
      // What is called in bursts needs more calls to show its rate.
      uncertain: (4 * Math.max(1, variation)) / Math.sqrt(dailyRate),
    }));
    const clear = often.filter(({ uncertain }) => uncertain < 0.3);
    expect(clear.length).toBeGreaterThan(50);
    for (const { seen, uncertain } of clear) {
      expect(Math.abs(seen - 1)).toBeLessThan(uncertain + 0.02);
    }
  });

  it('calls them as irregularly as their variation says', () => {
    const errors = day.profiles.flatMap(({ variation, dailyRate }, fn) => {
      const seen = gaps[fn] ?? [];
      if (seen.length < 2000 || DAY_MS / dailyRate < 1000) return [];
      const mean = seen.reduce((sum, gap) => sum + gap, 0) / seen.length;
      const variance = seen.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / seen.length;
      return [Math.sqrt(variance) / mean - variation].map(
        (error) => error / Math.max(0.5, variation),
      );
    });
    expect(errors.length).toBeGreaterThan(15);
    errors.sort((one, other) => Math.abs(one) - Math.abs(other));
    expect(Math.abs(errors[Math.floor(errors.length / 2)]!)).toBeLessThan(0.1);
    expect(Math.abs(errors.at(-1)!)).toBeLessThan(0.4);
  });

  it('runs each as long as its mean says, between its shortest and longest', () => {
    const sums = day.profiles.map(() => ({ count: 0, ms: 0, least: Infinity, most: 0 }));
    for (let index = 0; index < day.trace.length; index += 1) {
      const sum = sums[day.trace.fn[index]!]!;
      const ms = day.trace.durationMs[index]!;
      sum.count += 1;
      sum.ms += ms;
      sum.least = Math.min(sum.least, ms);
      sum.most = Math.max(sum.most, ms);
    }
    day.profiles.forEach(({ durationMs }, fn) => {
      const { count, ms, least, most } = sums[fn]!;
      if (count === 0) return;
      expect(least).toBeGreaterThanOrEqual(Math.min(0.1, durationMs.least) - 0.051);
      expect(most).toBeLessThanOrEqual(durationMs.most + 0.051);
      const clipped =
        durationMs.least > durationMs.mean / 3 || durationMs.most < durationMs.mean * 3;
      if (count > 500 && !clipped)
        expect(Math.abs(ms / count / durationMs.mean - 1)).toBeLessThan(0.15);
    });
  });

  it('has its hours: fewer calls at night than in the afternoon', () => {
    const hours = new Float64Array(24);
    for (const at of day.trace.at) hours[Math.floor(at / 3_600_000)]! += 1;
    const mean = day.trace.length / 24;
    expect(Math.min(...hours) / mean).toBeGreaterThan(0.7);
    expect(Math.max(...hours) / mean).toBeLessThan(1.3);
    expect(hours[3]! / hours[15]!).toBeLessThan(0.85);
  });

  it('is the same for the same seed, to the bit, on every machine', () => {
    const small = { functions: 60, events: 5000, days: 1, seed: 11 };
    expect(fingerprint(generate(figures, small))).toBe(FINGERPRINT);
    expect(fingerprint(generate(figures, { ...small, seed: 12 }))).not.toBe(FINGERPRINT);
  });
});

const FINGERPRINT = '9c1fc8473eb4e382';

function fingerprint({ trace }: Generated): string {
  const hash = createHash('sha256');
  for (const column of [trace.at, trace.fn, trace.durationMs]) hash.update(column.slice());
  return hash.digest('hex').slice(0, 16);
}

/** Times between the invocations of each function, ms. */
function gapsOf({ trace }: Generated): number[][] {
  const last: number[] = [];
  const gaps: number[][] = trace.functions.map(() => []);
  for (let index = 0; index < trace.length; index += 1) {
    const fn = trace.fn[index]!;
    if (last[fn] !== undefined) gaps[fn]!.push(trace.at[index]! - last[fn]);
    last[fn] = trace.at[index]!;
  }
  return gaps;
}
