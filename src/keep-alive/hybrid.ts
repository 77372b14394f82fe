/**
 * The hybrid histogram policy of "Serverless in the Wild" (Shahrad and others, 2020): from how long
 * a function was without work before it follows when an environment can go, when one has to be
 * there again and until when. Where that says too little the time is fixed; when memory is short
 * greedy-dual decides.
 */

import { greedyDualPriority } from './greedy-dual.js';
import { BIN_MS } from './idle-histogram.js';
import type { Candidate, KeepAlive, Windows } from './keep-alive.js';
import type { UseHistory } from './use-history.js';

/** By so much an environment is ready earlier and stays longer than what was seen. */
const MARGIN = 0.1;
/** Below it the counts are too much alike to tell anything. */
const LEAST_VARIATION = 2;
const MOST_BEYOND = 0.5;

export class HybridKeepAlive implements KeepAlive {
  readonly name = 'hybrid';
  readonly #fixed: Windows;

  /** @param idleMs how long is kept what nothing is known about */
  constructor(idleMs: number) {
    this.#fixed = { prewarmAfterMs: 0, keepUntilMs: idleMs };
  }

  windows(history: UseHistory, slot: number): Windows {
    const times = history.idleTimes(slot);
    if (times === undefined || times.beyondShare > MOST_BEYOND) return this.#fixed;
    if (times.variation < LEAST_VARIATION) return this.#fixed;
    const head = slot === 1 ? Math.round(times.headMs * (1 - MARGIN)) : 0;
    return {
      prewarmAfterMs: head >= BIN_MS ? head : 0,
      keepUntilMs: Math.round(times.tailMs * (1 + MARGIN)),
    };
  }

  priority(candidate: Candidate, clock: number): number {
    return greedyDualPriority(candidate, clock);
  }
}
