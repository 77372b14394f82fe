/**
 * How fast a streamed response may go (contract 1.8): a bucket that is full at first, so that the
 * first 6 MiB are not held up, and is filled at intervals from then on.
 */

import type { Clock } from '../async/clock.js';
import { LIMITS } from '../config/defaults.js';

const { burstBytes, refillMs } = LIMITS.streaming;

export class Bandwidth {
  readonly #clock: Clock;
  readonly #refillBytes: number;
  #bytes: number = burstBytes;
  #filledAt: number;

  constructor(clock: Clock, bytesPerSecond: number) {
    this.#clock = clock;
    this.#refillBytes = (bytesPerSecond * refillMs) / 1000;
    this.#filledAt = clock.monotonic();
  }

  /** Takes `bytes`, which are there already; returns how many milliseconds the next must wait. */
  take(bytes: number): number {
    const now = this.#clock.monotonic();
    const passed = Math.floor((now - this.#filledAt) / refillMs);
    this.#filledAt += passed * refillMs;
    this.#bytes = Math.min(burstBytes, this.#bytes + passed * this.#refillBytes) - bytes;
    if (this.#bytes > 0) return 0;
    const missing = Math.floor(-this.#bytes / this.#refillBytes) + 1;
    return this.#filledAt + missing * refillMs - now;
  }
}
