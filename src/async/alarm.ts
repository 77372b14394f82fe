import type { Clock, Timer } from './clock.js';

/** At most one timer at a time: setting it again takes back the one before. */
export class Alarm {
  readonly #clock: Clock;
  #timer: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  set(delayMs: number, action: () => void): void {
    this.cancel();
    this.#timer = this.#clock.setTimer(delayMs, action);
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
