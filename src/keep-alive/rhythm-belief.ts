/**
 * In which rhythm a function is called, by Bayes: which rhythms are usual, how long its first call has
 * been waited for, and each time since then. A few calls already tell a clock from bursts, where
 * counts of times say next to nothing. Rhythms that have become unlikely are dropped, so that an
 * observation soon costs little: seven hundred numbers in the beginning, some tens soon. Single writer.
 */

import { logLikelihood, rhythms } from './rhythms.js';
import { binOf, SPAN_BINS } from './span-histogram.js';

/** Of the likeliest, as a logarithm: what is less is dropped for good. */
const DROPPED_BELOW = -20;
/** A time that even the likeliest rhythm has less often is a stray one, and so many say: begin anew. */
const STRAY_BELOW = -9;
const MOST_STRAYS = 3;
/** What is less plays no part in what is expected. */
const IGNORED_BELOW = -6;

const NONE = new Int32Array(0);
const NO_LOGS = new Float64Array(0);

export class RhythmBelief {
  readonly #waitedMs: number;
  #rhythms = NONE;
  /** Of how likely each is, over the likeliest: logarithms. */
  #logs = NO_LOGS;
  /** In a row. */
  #strays = 0;

  /** @param waitedMs how long nothing came before the first call */
  constructor(waitedMs: number) {
    this.#waitedMs = waitedMs;
    this.#begin();
  }

  /** @param spanMs from the end of one use to the next call */
  observe(spanMs: number): void {
    const bin = binOf(spanMs);
    this.#strays = this.#weigh(bin) < STRAY_BELOW ? this.#strays + 1 : 0;
    if (this.#strays < MOST_STRAYS) return;
    this.#begin();
    this.#weigh(bin);
  }

  #begin(): void {
    const all = rhythms();
    const bin = binOf(this.#waitedMs);
    this.#strays = 0;
    this.#rhythms = Int32Array.from({ length: all.count }, (_, rhythm) => rhythm);
    // Somewhere in its life: a rhythm has a first call in that moment as often as it has calls, and
    // no other one before.
    this.#logs = Float64Array.from(this.#rhythms, (rhythm) => {
      const none = bin === 0 ? 0 : (all.logLeft[(all.start[rhythm] as number) + bin] as number);
      return (all.logShare[rhythm] as number) - (all.logMeanMs[rhythm] as number) + none;
    });
    this.#drop();
  }

  /** How likely the observation was to the one that is likeliest with it: a logarithm. */
  #weigh(bin: number): number {
    const all = rhythms();
    for (let index = 0; index < this.#rhythms.length; index += 1) {
      const rhythm = this.#rhythms[index] as number;
      this.#logs[index] = (this.#logs[index] as number) + logLikelihood(all, rhythm, bin);
    }
    return this.#drop();
  }

  /** Adds to `chances`, by bin, how likely the next call comes then, times `weight`. */
  expect(chances: Float64Array, weight: number): void {
    const { chance, firstChance, start } = rhythms();
    let sum = 0;
    for (const log of this.#logs) if (log > IGNORED_BELOW) sum += Math.exp(log);
    for (let index = 0; index < this.#logs.length; index += 1) {
      const log = this.#logs[index] as number;
      if (log <= IGNORED_BELOW) continue;
      const rhythm = this.#rhythms[index] as number;
      const share = (weight * Math.exp(log)) / sum;
      const from = start[rhythm] as number;
      chances[0] = (chances[0] as number) + share * (firstChance[rhythm] as number);
      for (let bin = 1; bin < SPAN_BINS; bin += 1) {
        chances[bin] = (chances[bin] as number) + share * (chance[from + bin] as number);
      }
    }
  }

  /** @returns what the likeliest had */
  #drop(): number {
    let most = -Infinity;
    for (const log of this.#logs) if (log > most) most = log;
    let kept = 0;
    for (let index = 0; index < this.#logs.length; index += 1) {
      const log = (this.#logs[index] as number) - most;
      if (log < DROPPED_BELOW) continue;
      this.#logs[kept] = log;
      this.#rhythms[kept] = this.#rhythms[index] as number;
      kept += 1;
    }
    if (kept < this.#logs.length) {
      this.#logs = this.#logs.slice(0, kept);
      this.#rhythms = this.#rhythms.slice(0, kept);
    }
    return most;
  }
}
