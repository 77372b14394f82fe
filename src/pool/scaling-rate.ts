/**
 * How fast a function may get environments for waiting invocations (contract 10.1): so many in ten
 * seconds, unused allowance does not add up. What is started ahead of demand does not count.
 */

import type { Clock } from '../async/clock.js';
import { TokenBucket } from '../async/token-bucket.js';

const PERIOD_MS = 10_000;

export class ScalingRate {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #environments: number;
  readonly #functions = new Map<string, TokenBucket>();

  constructor(clock: Pick<Clock, 'monotonic'>, environments: number) {
    this.#clock = clock;
    this.#environments = environments;
  }

  /** Whether the function may have one more now; counts it when it may. */
  allows(functionName: string): boolean {
    let bucket = this.#functions.get(functionName);
    if (bucket === undefined) {
      bucket = new TokenBucket(this.#clock);
      this.#functions.set(functionName, bucket);
    }
    return bucket.take(this.#environments, PERIOD_MS);
  }
}
