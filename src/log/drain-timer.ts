/**
 * Waits until a stream of bytes has been quiet for a while, and never longer than a bound. When
 * the time has come it still gives the event loop two turns to read: after a busy stretch, timers
 * run before what lies in the sockets.
 */

import type { Clock, Timer } from '../async/clock.js';

export interface DrainRule {
  /** Without a byte. */
  readonly quietMs: number;
  /** In all. */
  readonly mostMs: number;
}

const READING_TURNS = 2;

export class DrainTimer {
  readonly #clock: Clock;
  readonly #onDrained: () => void;
  #timer: Timer | undefined;
  #rule: DrainRule | undefined;
  #startedAt = 0;
  #lastByteAt = 0;
  #turns = 0;

  constructor(clock: Clock, onDrained: () => void) {
    this.#clock = clock;
    this.#onDrained = onDrained;
  }

  /** Starts, or goes on under another rule. */
  start(rule: DrainRule): void {
    if (this.#rule === rule) return;
    if (this.#rule === undefined) {
      this.#startedAt = this.#clock.monotonic();
      this.#lastByteAt = this.#startedAt;
      this.#turns = 0;
    }
    this.#rule = rule;
    this.#timer?.cancel();
    this.#arm(this.#leftMs(rule));
  }

  /** A byte came. */
  touch(): void {
    if (this.#rule !== undefined) this.#lastByteAt = this.#clock.monotonic();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#rule = undefined;
  }

  #arm(delayMs: number): void {
    this.#timer = this.#clock.setTimer(Math.max(0, delayMs), () => this.#expired());
  }

  #expired(): void {
    if (this.#rule === undefined) return;
    const leftMs = this.#leftMs(this.#rule);
    if (leftMs > 0) {
      this.#turns = 0;
      this.#arm(leftMs);
    } else if (this.#turns < READING_TURNS) {
      this.#turns += 1;
      this.#arm(0);
    } else {
      this.stop();
      this.#onDrained();
    }
  }

  #leftMs(rule: DrainRule): number {
    const due = Math.min(this.#lastByteAt + rule.quietMs, this.#startedAt + rule.mostMs);
    return due - this.#clock.monotonic();
  }
}
