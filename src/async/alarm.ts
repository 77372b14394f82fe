import type { Clock, Timer } from './clock.js';

/**
 * At most one action at a time: setting it again takes back the one before. Made to be set and
 * cancelled over and over: its timer stays, and is set anew only where it would come too late.
 */
export class Alarm {
  readonly #clock: Clock;
  #timer: Timer | undefined;
  /** Monotonic ms. */
  #timerAt = 0;
  #dueAt = 0;
  #action: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  set(delayMs: number, action: () => void): void {
    this.#action = action;
    this.#dueAt = this.#clock.monotonic() + delayMs;
    if (this.#timer !== undefined && this.#timerAt <= this.#dueAt) return;
    this.#timer?.cancel();
    this.#wait(delayMs);
  }

  cancel(): void {
    this.#action = undefined;
  }

  /** As `cancel`, and nothing is left that could wake anybody. */
  release(): void {
    this.#action = undefined;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #wait(delayMs: number): void {
    this.#timerAt = this.#dueAt;
    this.#timer = this.#clock.setTimer(delayMs, () => this.#look());
  }

  #look(): void {
    this.#timer = undefined;
    const action = this.#action;
    if (action === undefined) return;
    const leftMs = this.#dueAt - this.#clock.monotonic();
    if (leftMs > 0) {
      this.#wait(leftMs);
      return;
    }
    this.#action = undefined;
    action();
  }
}
