/**
 * Policies side by side on one trace: each as it is, and each with as much memory as the first one
 * takes. Two measures of that are shown, because each can be held against the other:
 *
 *  - as much wasted: the same gigabyte seconds of memory that served nobody, over the whole trace;
 *  - the same room: a bound on all environments together, which is what the first one needs at its
 *    peak. It is what a machine has to have.
 */

import { keepAliveOf, type KeepAliveSetting } from '../keep-alive/named.js';
import { Clairvoyant } from './clairvoyant.js';
import { coldStartBound, foresee, type Foresight } from './foresight.js';
import { replay, type SimulatedPolicy } from './replay.js';
import type { Score } from './score.js';
import type { Trace } from './trace.js';

export interface CompareOptions {
  /** The first one is what the others are compared with. */
  readonly policies: readonly KeepAliveSetting[];
  readonly idleTimeoutMs: number;
  readonly initMs: number;
  /** Bound on all environments, MB; absent: none, and then what is equal is looked into. */
  readonly memoryMb?: number;
  /** Whether curves are wanted too. */
  readonly curves?: boolean;
}

export type Measure = 'as-given' | 'same-waste' | 'same-room';

export interface Row {
  readonly policy: string;
  readonly measure: Measure;
  /** Absent: without bound. */
  readonly memoryMb?: number;
  readonly score: Score;
  /** Milliseconds the replay took; absent for what is computed. */
  readonly tookMs?: number;
}

/** How much is wasted and how many of all invocations are cold then. */
export interface Place {
  readonly wastedGbSeconds: number;
  readonly coldRatio: number;
}

export interface Comparison {
  readonly rows: readonly Row[];
  /** At the waste of the first row: what no policy can go below that starts none ahead. */
  readonly bound: Place;
  /** Where policies get to with more time or less, by name; only where they were asked for. */
  readonly curves: ReadonlyMap<string, readonly Place[]>;
}

/** Tuned idle times differ by at most this factor from what would waste exactly as much. */
const TUNING_STEPS = 10;
const SHORTEST_MS = 15_000;
const LONGEST_MS = 24 * 3_600_000;
export const CLAIRVOYANT = 'clairvoyant';
/** Of the bound's curve, over the waste of the first policy. */
const BOUND_STEPS = [0.2, 0.3, 0.45, 0.6, 0.8, 1, 1.2, 1.5, 1.8];
/** Of the curves. */
const IDLE_MINUTES = [0.5, 1, 2, 5, 10, 20, 45, 120, 600];

export function compare(trace: Trace, options: CompareOptions): Comparison {
  const comparing = new Comparing(trace, options);
  return comparing.all();
}

export function settingText({ name, idleMs }: KeepAliveSetting, idleTimeoutMs: number): string {
  if (name === 'greedy-dual') return name;
  return `${name}:${durationText(idleMs ?? idleTimeoutMs)}`;
}

class Comparing {
  readonly #trace: Trace;
  readonly #options: CompareOptions;
  readonly #rows: Row[] = [];
  readonly #foresight: Foresight;

  constructor(trace: Trace, options: CompareOptions) {
    this.#trace = trace;
    this.#options = options;
    this.#foresight = foresee(trace);
  }

  all(): Comparison {
    const { policies, memoryMb } = this.#options;
    const others = policies.slice(1);
    const first = this.#policy(policies[0] as KeepAliveSetting, 'as-given', memoryMb);
    for (const setting of others) this.#policy(setting, 'as-given', memoryMb);
    if (memoryMb === undefined) {
      for (const setting of others) {
        if (setting.name === 'learned') this.#tuned(setting, first.score.wastedGbSeconds);
      }
      const room = first.score.peakMemoryMb;
      for (const setting of others) this.#policy(setting, 'same-room', room);
      this.#clairvoyant('same-room', room);
    } else {
      this.#clairvoyant('as-given', memoryMb);
    }
    const curves = this.#options.curves === true ? this.#curves() : [];
    const bound = this.#bound([
      first.score.wastedGbSeconds,
      ...BOUND_STEPS.map((step) => step * first.score.wastedGbSeconds),
    ]);
    return {
      rows: this.#rows,
      bound: bound[0] as Place,
      curves: new Map(curves.length === 0 ? [] : [...curves, [CLAIRVOYANT, bound.slice(1)]]),
    };
  }

  /** Of what has an idle time, under the bound that was given. */
  #curves(): [string, Place[]][] {
    const names = [...new Set(this.#options.policies.map(({ name }) => name))];
    return names
      .filter((name) => name === 'fixed' || name === 'learned')
      .map((name) => [
        name,
        IDLE_MINUTES.map((minutes) => {
          const setting = { name, idleMs: minutes * 60_000 };
          const policy = keepAliveOf(setting, setting.idleMs);
          const text = settingText(setting, setting.idleMs);
          return this.#row(text, policy, 'as-given', this.#options.memoryMb).score;
        }),
      ]);
  }

  #policy(setting: KeepAliveSetting, measure: Measure, memoryMb: number | undefined): Row {
    const { idleTimeoutMs } = this.#options;
    const name = settingText(setting, idleTimeoutMs);
    return this.#add(this.#row(name, keepAliveOf(setting, idleTimeoutMs), measure, memoryMb));
  }

  #clairvoyant(measure: Measure, memoryMb: number): void {
    const policy = new Clairvoyant(this.#foresight);
    this.#add(this.#row(policy.name, policy, measure, memoryMb));
  }

  /** With the idle time at which it wastes most, but not more than that. */
  #tuned(setting: KeepAliveSetting, wasted: number): void {
    let [least, most] = [SHORTEST_MS, LONGEST_MS];
    let best: Row | undefined;
    for (let step = 0; step < TUNING_STEPS; step += 1) {
      const idleMs = Math.round(Math.sqrt(least * most) / 1000) * 1000;
      const tuned = { ...setting, idleMs };
      const name = settingText(tuned, idleMs);
      const row = this.#row(name, keepAliveOf(tuned, idleMs), 'same-waste', undefined);
      if (row.score.wastedGbSeconds > wasted) {
        most = idleMs;
      } else {
        least = idleMs;
        best = row;
      }
    }
    if (best !== undefined) this.#add(best);
  }

  #row(name: string, policy: SimulatedPolicy, measure: Measure, memoryMb: number | undefined): Row {
    const startedAt = performance.now();
    const score = replay(this.#trace, {
      policy,
      initMs: this.#options.initMs,
      ...(memoryMb === undefined ? {} : { memoryMb }),
    });
    const tookMs = performance.now() - startedAt;
    return {
      policy: name,
      measure,
      ...(memoryMb === undefined ? {} : { memoryMb }),
      score,
      tookMs,
    };
  }

  #add(row: Row): Row {
    this.#rows.push(row);
    return row;
  }

  #bound(wasted: readonly number[]): Place[] {
    const cold = coldStartBound(this.#trace, this.#foresight);
    return wasted.map((wastedGbSeconds) => ({
      wastedGbSeconds,
      coldRatio: cold(wastedGbSeconds) / Math.max(1, this.#trace.length),
    }));
  }
}

/** As short as it can be written, to the second. */
function durationText(ms: number): string {
  if (ms % 3_600_000 === 0) return `${ms / 3_600_000}h`;
  if (ms % 60_000 === 0) return `${ms / 60_000}m`;
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}
