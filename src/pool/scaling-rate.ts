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

  /** Of one version of the function. */
  grantsFor(functionName: string): ScalingGrants {
    return new ScalingGrants(this.#clock, () => this.#allows(functionName));
  }

  /** Whether the function may have one more now; counts it when it may. */
  #allows(functionName: string): boolean {
    let bucket = this.#functions.get(functionName);
    if (bucket === undefined) {
      bucket = new TokenBucket(this.#clock);
      this.#functions.set(functionName, bucket);
    }
    return bucket.take(this.#environments, PERIOD_MS);
  }
}

/**
 * What one pool was allowed and has not started. An event may be served by whoever is free first;
 * the environment it was allowed is then still the next one's.
 */
export class ScalingGrants {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #allows: () => boolean;
  #standing = 0;
  #lastAt = 0;

  constructor(clock: Pick<Clock, 'monotonic'>, allows: () => boolean) {
    this.#clock = clock;
    this.#allows = allows;
  }

  /** Whether so many environments more may be started, as far as the rate goes. */
  cover(lacking: number): boolean {
    const now = this.#clock.monotonic();
    // Unused allowance does not add up.
    if (lacking <= 1 && now - this.#lastAt > PERIOD_MS) this.#standing = 0;
    if (lacking <= this.#standing) return true;
    if (!this.#allows()) return false;
    this.#standing += 1;
    this.#lastAt = now;
    return true;
  }

  used(): void {
    this.#standing = Math.max(0, this.#standing - 1);
  }
}
