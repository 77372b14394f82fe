/**
 * Time that stands still until it is told to move. Timers run in the order of their moments, equal
 * moments in the order they were set, and `now` and `monotonic` show each timer its own moment.
 *
 * Nothing happens by itself: code that awaits promises between timers is driven with the `Async`
 * forms, which let every promise settle before the next moment. Cancelled timers leave nothing
 * behind, so a simulation may set and cancel a deadline for each of a million invocations.
 */

import type { Clock, Timer } from '../../src/async/clock.js';

/** Wall time at the start; only code that formats times may see it. */
const START_MS = Date.UTC(2026, 0, 1);
const NOT_IN_HEAP = -1;
/** Timers that set each other for ever would otherwise hang the test. */
const MOST_STEPS = 100_000_000;

class ManualTimer implements Timer {
  readonly at: number;
  readonly order: number;
  readonly action: () => void;
  readonly #heap: TimerHeap;
  index = NOT_IN_HEAP;

  constructor(at: number, order: number, action: () => void, heap: TimerHeap) {
    this.at = at;
    this.order = order;
    this.action = action;
    this.#heap = heap;
  }

  cancel(): void {
    this.#heap.remove(this);
  }
}

/** Binary heap whose timers know their place, so that any of them can be taken out. */
class TimerHeap {
  readonly #timers: ManualTimer[] = [];

  get size(): number {
    return this.#timers.length;
  }

  get first(): ManualTimer | undefined {
    return this.#timers[0];
  }

  add(timer: ManualTimer): void {
    this.#timers.push(timer);
    this.#rise(timer, this.#timers.length - 1);
  }

  remove(timer: ManualTimer): void {
    const { index } = timer;
    if (index === NOT_IN_HEAP) return;
    timer.index = NOT_IN_HEAP;
    const last = this.#timers.pop();
    if (last === undefined || last === timer) return;
    this.#sink(last, index);
    if (last.index === index) this.#rise(last, index);
  }

  #rise(timer: ManualTimer, from: number): void {
    let index = from;
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = this.#timers[above]!;
      if (!comesBefore(timer, parent)) break;
      this.#place(parent, index);
      index = above;
    }
    this.#place(timer, index);
  }

  #sink(timer: ManualTimer, from: number): void {
    const { length } = this.#timers;
    let index = from;
    for (;;) {
      let below = 2 * index + 1;
      if (below >= length) break;
      if (below + 1 < length && comesBefore(this.#timers[below + 1]!, this.#timers[below]!)) {
        below += 1;
      }
      const child = this.#timers[below]!;
      if (!comesBefore(child, timer)) break;
      this.#place(child, index);
      index = below;
    }
    this.#place(timer, index);
  }

  #place(timer: ManualTimer, index: number): void {
    this.#timers[index] = timer;
    timer.index = index;
  }
}

function comesBefore(one: ManualTimer, other: ManualTimer): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}

export class ManualClock implements Clock {
  readonly #heap = new TimerHeap();
  #elapsed = 0;
  #wallOffset = START_MS;
  #order = 0;
  #moving = false;

  now(): number {
    return Math.floor(this.#wallOffset + this.#elapsed);
  }

  monotonic(): number {
    return this.#elapsed;
  }

  setTimer(delayMs: number, action: () => void): Timer {
    const at = this.#elapsed + Math.max(0, delayMs);
    const timer = new ManualTimer(at, this.#order, action, this.#heap);
    this.#order += 1;
    this.#heap.add(timer);
    return timer;
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#heap.size;
  }

  /** Milliseconds until the next timer. */
  get nextInMs(): number | undefined {
    const next = this.#heap.first;
    return next === undefined ? undefined : next.at - this.#elapsed;
  }

  /** The wall clock jumps, as after a correction of the system's time; timers do not notice. */
  jumpWall(ms: number): void {
    this.#wallOffset += ms;
  }

  /** Moves to the next timer and runs it; false when none waits. */
  step(): boolean {
    const next = this.#heap.first;
    if (next === undefined) return false;
    this.#heap.remove(next);
    this.#elapsed = next.at;
    next.action();
    return true;
  }

  /** Moves on by `ms`, running what falls due, also what that sets. Returns how many ran. */
  advance(ms: number): number {
    const end = this.#elapsed + ms;
    const ran = this.#exclusively(() => this.#runUntil(end));
    this.#elapsed = end;
    return ran;
  }

  /** Runs timers until none waits, or the next is beyond `limitMs` from now. Returns how many ran. */
  runUntilIdle(limitMs = Infinity): number {
    return this.#exclusively(() => this.#runUntil(this.#elapsed + limitMs));
  }

  /** As `advance`, letting promises settle before, between and after the timers. */
  async advanceAsync(ms: number): Promise<number> {
    const end = this.#elapsed + ms;
    const ran = await this.#runUntilAsync(end);
    this.#elapsed = end;
    return ran;
  }

  /** As `runUntilIdle`, letting promises settle before, between and after the timers. */
  runUntilIdleAsync(limitMs = Infinity): Promise<number> {
    return this.#runUntilAsync(this.#elapsed + limitMs);
  }

  #runUntil(end: number): number {
    let ran = 0;
    for (
      let next = this.#heap.first;
      next !== undefined && next.at <= end;
      next = this.#heap.first
    ) {
      this.step();
      ran += 1;
      if (ran > MOST_STEPS) throw new Error(`timers do not come to rest after ${ran} steps`);
    }
    return ran;
  }

  async #runUntilAsync(end: number): Promise<number> {
    let ran = 0;
    await settlePromises();
    while ((this.#heap.first?.at ?? Infinity) <= end && this.step()) {
      ran += 1;
      if (ran > MOST_STEPS) throw new Error(`timers do not come to rest after ${ran} steps`);
      await settlePromises();
    }
    return ran;
  }

  #exclusively(run: () => number): number {
    if (this.#moving) throw new Error('a timer may not move the clock it runs on');
    this.#moving = true;
    try {
      return run();
    } finally {
      this.#moving = false;
    }
  }
}

/** A turn of the real event loop: every promise that can settle has settled. */
function settlePromises(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
