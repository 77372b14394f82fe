/**
 * The functions of a reconstructed trace, drawn from the published figures. Each marginal is drawn
 * in layers (one value from each of as many equal shares as there are functions), so that a few
 * hundred functions already have its shape. Pure, and the same for the same seed.
 */

import type { Figures, SizeClass, Trigger } from './figures.js';
import { quantile, type Curve } from './quantiles.js';
import { Random } from './random.js';

export interface FunctionProfile {
  /** Position of its app. */
  readonly app: number;
  readonly trigger: Trigger;
  /** Invocations a day, in the long run. */
  dailyRate: number;
  /** Of the times between invocations: standard deviation over mean. */
  readonly variation: number;
  readonly durationMs: { readonly least: number; readonly mean: number; readonly most: number };
  readonly memoryMb: number;
}

/**
 * How alike the rates of one app's functions are (correlation of normal scores). Nobody published
 * it; with this one the rates of apps, which are sums, come out as published too.
 */
const ALIKE_WITHIN_APP = 0.5;
/** Above this rank the trigger follows the published shares of invocations. */
const POPULAR_SHARE = 0.01;

/** @param count functions, at least 1 */
export function drawPopulation(figures: Figures, count: number, seed: number): FunctionProfile[] {
  const random = (purpose: number): Random => new Random(seed, purpose);
  const apps = drawApps(figures.functionsPerApp, count, random(1));
  const appCount = (apps[count - 1] as number) + 1;
  const memory = layered(figures.memoryMbPerApp, appCount, random(2));
  const rates = drawRates(figures.dailyInvocations.perFunction, apps, appCount, random(3));
  const triggers = drawTriggers(figures, rates, random(4));
  const variations = drawVariations(figures, triggers, random(5));
  const durations = drawDurations(figures, count, random(6));
  return Array.from({ length: count }, (_, index) => ({
    app: apps[index] as number,
    trigger: triggers[index] as Trigger,
    dailyRate: rates[index] as number,
    variation: variations[index] as number,
    durationMs: durations[index] as FunctionProfile['durationMs'],
    memoryMb: Math.round(memory[apps[index] as number] as number),
  }));
}

/** The app of each function. */
function drawApps(classes: readonly SizeClass[], count: number, random: Random): Int32Array {
  const apps = new Int32Array(count);
  for (let made = 0, app = 0; made < count; app += 1) {
    const end = Math.min(count, made + drawSize(classes, random));
    apps.fill(app, made, end);
    made = end;
  }
  return apps;
}

function drawSize(classes: readonly SizeClass[], random: Random): number {
  let share = random.next();
  const drawn = classes.find((each) => (share -= each.share) < 0) ?? (classes.at(-1) as SizeClass);
  if (drawn.to !== undefined) return drawn.from + random.below(drawn.to - drawn.from + 1);
  return drawn.from + Math.floor(random.exponential() * ((drawn.meanBeyond ?? 0) + 0.5));
}

function drawRates(curve: Curve, apps: Int32Array, appCount: number, random: Random): Float64Array {
  const ofApp = Float64Array.from({ length: appCount }, () => random.normal());
  const shared = Math.sqrt(ALIKE_WITHIN_APP);
  const own = Math.sqrt(1 - ALIKE_WITHIN_APP);
  const scores = Float64Array.from(
    apps,
    (app) => shared * (ofApp[app] as number) + own * random.normal(),
  );
  return byRank(ranks(scores), (rank) => layer(curve, rank, scores.length, random));
}

/**
 * The few popular functions share out the published shares of invocations, the most popular first,
 * to whatever trigger lacks most; timers do not fire that often. All others have the shares of
 * functions.
 */
function drawTriggers(figures: Figures, rates: Float64Array, random: Random): Trigger[] {
  const { functions, invocations } = figures.triggers;
  const names = Object.keys(functions) as Trigger[];
  const popular = names.filter((name) => name !== 'timer');
  const given = new Map<Trigger, number>(popular.map((name) => [name, 0]));
  const order = ranks(rates);
  const triggers = Array.from<Trigger>({ length: rates.length });
  const popularFrom = Math.ceil(rates.length * (1 - POPULAR_SHARE));
  let total = 0;
  for (let rank = rates.length - 1; rank >= 0; rank -= 1) {
    const index = order[rank] as number;
    if (rank < popularFrom) {
      let share = random.next();
      triggers[index] = names.find((name) => (share -= functions[name]) < 0) ?? 'others';
      continue;
    }
    const rate = rates[index] as number;
    total += rate;
    const lacks = (name: Trigger): number => invocations[name] * total - (given.get(name) ?? 0);
    const most = popular.reduce((best, name) => (lacks(name) > lacks(best) ? name : best));
    given.set(most, (given.get(most) ?? 0) + rate);
    triggers[index] = most;
  }
  return triggers;
}

function drawVariations(
  { variationOfGaps }: Figures,
  triggers: readonly Trigger[],
  random: Random,
): Float64Array {
  const timers = triggers.filter((trigger) => trigger === 'timer').length;
  const ofTimers = layered(variationOfGaps.timers, timers, random);
  const ofOthers = layered(variationOfGaps.others, triggers.length - timers, random);
  let timer = 0;
  let other = 0;
  return Float64Array.from(triggers, (trigger) =>
    trigger === 'timer' ? (ofTimers[timer++] as number) : (ofOthers[other++] as number),
  );
}

/** The three figures of a function have the same rank; where the curves cross the mean counts. */
function drawDurations(
  { durationSeconds: { least, mean, most } }: Figures,
  count: number,
  random: Random,
): FunctionProfile['durationMs'][] {
  const shares = layered(undefined, count, random);
  return Array.from(shares, (share) => {
    const meanMs = 1000 * quantile(mean, share);
    return {
      least: Math.min(meanMs, 1000 * quantile(least, share)),
      mean: meanMs,
      most: Math.max(meanMs, 1000 * quantile(most, share)),
    };
  });
}

/** So many values of the curve, one from each layer, in any order; without a curve, shares. */
function layered(curve: Curve | undefined, count: number, random: Random): Float64Array {
  const order = ranks(Float64Array.from({ length: count }, () => random.next()));
  return byRank(order, (rank) => layer(curve, rank, count, random));
}

function layer(curve: Curve | undefined, rank: number, count: number, random: Random): number {
  const share = (rank + random.next()) / count;
  return curve === undefined ? share : quantile(curve, share);
}

/** Positions from the lowest score to the highest. */
function ranks(scores: Float64Array): Int32Array {
  return Int32Array.from(scores.keys()).sort(
    (one, other) => (scores[one] as number) - (scores[other] as number),
  );
}

function byRank(order: Int32Array, value: (rank: number) => number): Float64Array {
  const values = new Float64Array(order.length);
  order.forEach((index, rank) => (values[index] = value(rank)));
  return values;
}
