/**
 * When the invocations of one function come. The times between them have the function's mean and
 * variation: nearly periodic to random by a gamma distribution, beyond that in bursts
 * (hyper-exponential with balanced means). The process has run for ever when the trace begins.
 */

import type { FunctionProfile } from './population.js';
import type { Random } from './random.js';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** Below it a function is called by a clock, and clocks do not follow the hours of people. */
const PERIODIC_BELOW = 0.1;

/** Draws the times between invocations, in units of their mean, and the time to the first one. */
interface Gaps {
  next(): number;
  first(): number;
}

/** Calls `arrive` with each moment, ms from 0 to `lengthMs`, in order. */
export function eachArrival(
  profile: FunctionProfile,
  day: DayCurve,
  lengthMs: number,
  random: Random,
  arrive: (atMs: number) => void,
): void {
  const { variation, trigger, dailyRate } = profile;
  const gaps = gapsOf(variation, random);
  const meanMs = DAY_MS / dailyRate;
  const steady = trigger === 'timer' || variation < PERIODIC_BELOW;
  for (let at = gaps.first() * meanMs; ; at += gaps.next() * meanMs) {
    const moment = steady ? at : day.moment(at);
    if (moment >= lengthMs) return;
    arrive(moment);
  }
}

function gapsOf(variation: number, random: Random): Gaps {
  if (variation <= 1) {
    const shape = 1 / (variation * variation);
    return {
      next: () => random.gamma(shape) / shape,
      // A moment falls into a longer time more often, and anywhere in it.
      first: () => (random.next() * random.gamma(shape + 1)) / shape,
    };
  }
  const squared = variation * variation;
  const often = (1 + Math.sqrt((squared - 1) / (squared + 1))) / 2;
  const short = 1 / (2 * often);
  const long = 1 / (2 * (1 - often));
  return {
    next: () => random.exponential() * (random.next() < often ? short : long),
    first: () => random.exponential() * (random.next() < 0.5 ? short : long),
  };
}

/** Stretches and compresses time so that each hour has its share of what would come evenly. */
export class DayCurve {
  /** Even time, ms, at which each hour of a day begins, and its end. */
  readonly #starts: readonly number[];

  /** @param hours 24 rates over the mean rate, whose mean is 1 */
  constructor(hours: readonly number[]) {
    let sum = 0;
    this.#starts = [0, ...hours.map((rate) => (sum += rate * HOUR_MS))];
  }

  /** The moment that corresponds to `evenMs`. */
  moment(evenMs: number): number {
    const days = Math.floor(evenMs / DAY_MS);
    const within = evenMs - days * DAY_MS;
    let hour = Math.min(23, Math.floor(within / HOUR_MS));
    while (hour > 0 && within < (this.#starts[hour] as number)) hour -= 1;
    while (hour < 23 && within >= (this.#starts[hour + 1] as number)) hour += 1;
    const from = this.#starts[hour] as number;
    const part = (within - from) / ((this.#starts[hour + 1] as number) - from);
    return days * DAY_MS + (hour + part) * HOUR_MS;
  }
}
