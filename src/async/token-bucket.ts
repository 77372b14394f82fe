import type { Clock } from './clock.js';

/**
 * So many of something in each second, as many at once: what is not used does not add up beyond
 * that. The rate may change from one time to the next.
 */
export class TokenBucket {
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** What has been taken and not been given back by time. */
  #taken = 0;
  #at: number;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
    this.#at = clock.monotonic();
  }

  /** Takes one unless `capacity` have been taken, which come back over `refillMs`. */
  take(capacity: number, refillMs: number): boolean {
    const now = this.#clock.monotonic();
    this.#taken = Math.max(0, this.#taken - ((now - this.#at) * capacity) / refillMs);
    this.#at = now;
    if (this.#taken + 1 > capacity) return false;
    this.#taken += 1;
    return true;
  }
}
