/** The one timer of a pool: goes off at the earliest moment that was asked for. */

import type { Clock, Timer } from '../async/clock.js';

export class NextLook {
  readonly #clock: Clock;
  readonly #look: () => void;
  #next: { readonly timer: Timer; readonly at: number } | undefined;
  #closed = false;

  constructor(clock: Clock, look: () => void) {
    this.#clock = clock;
    this.#look = look;
  }

  /** Monotonic ms. What is due later than the next look has to be asked for again then. */
  at(at: number): void {
    if (this.#closed || at === Infinity) return;
    if (this.#next !== undefined && this.#next.at <= at) return;
    this.#next?.timer.cancel();
    const delayMs = Math.max(0, at - this.#clock.monotonic());
    const timer = this.#clock.setTimer(delayMs, () => {
      this.#next = undefined;
      this.#look();
    });
    this.#next = { timer, at };
  }

  /** Goes off no more. */
  close(): void {
    this.#closed = true;
    this.#next?.timer.cancel();
  }
}
