/**
 * Time that passes faster than real time, and can be moved on by hand: six hours of retries in
 * seconds. At a rate of one, and never moved, it is the clock it is made from.
 */

import type { Clock, Timer } from './clock.js';

interface Pending {
  /** Monotonic, of this clock. */
  readonly at: number;
  readonly action: () => void;
  timer: Timer;
}

export class VirtualClock implements Clock {
  readonly rate: number;
  /** Called when it has been moved on. */
  readonly onMoved = new Set<() => void>();
  readonly #real: Clock;
  readonly #start: number;
  readonly #pending = new Set<Pending>();
  #moved = 0;

  /** `rate` virtual milliseconds pass in each real one. */
  constructor(real: Clock, rate = 1) {
    this.#real = real;
    this.rate = rate;
    this.#start = real.monotonic();
  }

  now(): number {
    return Math.floor(this.#real.now() + this.aheadMs);
  }

  /** Since this clock was made. */
  monotonic(): number {
    return (this.#real.monotonic() - this.#start) * this.rate + this.#moved;
  }

  /** How far it is ahead of the clock it is made from. */
  get aheadMs(): number {
    return (this.#real.monotonic() - this.#start) * (this.rate - 1) + this.#moved;
  }

  setTimer(delayMs: number, action: () => void): Timer {
    const pending: Pending = {
      at: this.monotonic() + Math.max(0, delayMs),
      action,
      timer: NO_TIMER,
    };
    this.#arm(pending);
    return {
      cancel: () => {
        this.#pending.delete(pending);
        pending.timer.cancel();
      },
    };
  }

  /** Moves on by so much at once; what falls due meanwhile runs soon after, in the order it is due. */
  advance(ms: number): void {
    this.#moved += ms;
    const waiting = [...this.#pending].sort((one, other) => one.at - other.at);
    for (const pending of waiting) {
      pending.timer.cancel();
      this.#arm(pending);
    }
    for (const moved of this.onMoved) moved();
  }

  #arm(pending: Pending): void {
    this.#pending.add(pending);
    const realMs = Math.max(0, pending.at - this.monotonic()) / this.rate;
    pending.timer = this.#real.setTimer(realMs, () => {
      // The longest timer of the system may be shorter than what was asked for.
      if (this.monotonic() < pending.at) {
        this.#arm(pending);
        return;
      }
      this.#pending.delete(pending);
      pending.action();
    });
  }
}

const NO_TIMER: Timer = { cancel: () => undefined };
