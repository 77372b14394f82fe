/** How many batches of a queue may run at once: `queue-scaling.ts` over time. */

import type { Clock } from '../../async/clock.js';
import {
  grown,
  recovered,
  reduced,
  rested,
  startScaling,
  type Scaling,
  type ScalingRules,
} from './queue-scaling.js';

/** After so long without messages the next ones find the concurrency of a new mapping. */
const IDLE_AFTER_MS = 60_000;

export class QueueConcurrency {
  readonly #rules: ScalingRules;
  readonly #clock: Pick<Clock, 'monotonic'>;
  #scaling: Scaling;
  #lastMessageMs: number;
  /** As many batches run as may, and there are more messages. */
  isFull = false;

  constructor(rules: ScalingRules, clock: Pick<Clock, 'monotonic'>) {
    this.#rules = rules;
    this.#clock = clock;
    this.#lastMessageMs = clock.monotonic();
    this.#scaling = startScaling(rules, this.#lastMessageMs);
  }

  /** More may run in a while. */
  get grows(): boolean {
    return this.isFull && this.#scaling.limit < this.#rules.most;
  }

  allowed(running: number): number {
    const now = this.#clock.monotonic();
    if (running === 0 && now - this.#lastMessageMs > IDLE_AFTER_MS) {
      this.#scaling = startScaling(this.#rules, now);
    }
    this.#scaling = this.isFull
      ? grown(this.#scaling, this.#rules, now)
      : rested(this.#scaling, now);
    return Math.floor(this.#scaling.limit);
  }

  /** There are messages. */
  wanted(): void {
    this.#lastMessageMs = this.#clock.monotonic();
  }

  recovered(): void {
    this.#scaling = recovered(this.#scaling);
  }

  /** For how long it does not grow. */
  reduced(): number {
    const now = this.#clock.monotonic();
    this.#scaling = reduced(this.#scaling, now);
    return this.#scaling.heldUntilMs - now;
  }
}
