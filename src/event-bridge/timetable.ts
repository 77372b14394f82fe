/**
 * When what is due: one alarm for the next moment, however many schedules there are. A clock that is
 * moved on makes everything due meanwhile run, each run once, in order, up to a bound; what fell due
 * while the machine slept is left out, as what falls due while nothing runs here is.
 */

import { Alarm } from '../async/alarm.js';
import type { Clock } from '../async/clock.js';
import type { Logger } from '../log/logger.js';
import { nextDue, type Timing } from '../schedule-time/expression.js';

export interface Timed {
  /** Of its own, such as `rule default/nightly`. */
  readonly key: string;
  /** As people call it. */
  readonly name: string;
  /** What is due when; the same text: it stays as it is. */
  readonly signature: string;
  readonly timing: Timing;
  /** The first run is after this moment; absent: after now. */
  readonly afterMs?: number;
  /** It runs at some moment within so long after it is due. */
  readonly windowMs: number;
  fire(dueAtMs: number): void;
  /** It is never due again. */
  completed?(): void;
}

export interface TimetableParts {
  /** Queue time. */
  readonly clock: Clock;
  /** From 0 to 1. */
  random(): number;
  readonly log: Logger;
}

interface Entry {
  timed: Timed;
  dueAtMs: number;
  runsAtMs: number;
}

/** Runs of one schedule that one jump of the clock may cause. */
export const MOST_RUNS_AT_ONCE = 1000;
/** Wall clocks are set, and machines sleep: it is looked at again so often at least. */
const LONGEST_WAIT_MS = 300_000;
/** The wall clock may run ahead of the other so far before the machine is taken to have slept. */
const SLEPT_MS = 60_000;

export class Timetable {
  readonly #parts: TimetableParts;
  readonly #alarm: Alarm;
  readonly #entries = new Map<string, Entry>();
  #lastNowMs: number;
  #lastMonotonicMs: number;
  #closed = false;

  constructor(parts: TimetableParts) {
    this.#parts = parts;
    this.#alarm = new Alarm(parts.clock);
    this.#lastNowMs = parts.clock.now();
    this.#lastMonotonicMs = parts.clock.monotonic();
  }

  /** All there are from now on. Those that stay the same go on undisturbed. */
  set(list: readonly Timed[]): void {
    if (this.#closed) return;
    const keys = new Set(list.map(({ key }) => key));
    for (const key of this.#entries.keys()) if (!keys.has(key)) this.#entries.delete(key);
    for (const timed of list) {
      const entry = this.#entries.get(timed.key);
      if (entry?.timed.signature === timed.signature) {
        // A rate goes on counting from where it began.
        entry.timed = { ...timed, timing: entry.timed.timing };
      } else this.#schedule(timed, timed.afterMs ?? this.#parts.clock.now());
    }
    this.#arm();
  }

  /** When it is due next, without its window; undefined when it never is, or is not known. */
  nextOf(key: string): number | undefined {
    return this.#entries.get(key)?.dueAtMs;
  }

  close(): void {
    this.#closed = true;
    this.#alarm.cancel();
  }

  #schedule(timed: Timed, afterMs: number): void {
    const dueAtMs = nextDue(timed.timing, afterMs);
    if (dueAtMs === undefined) {
      this.#entries.delete(timed.key);
      return;
    }
    const runsAtMs = dueAtMs + Math.floor(timed.windowMs * this.#parts.random());
    this.#entries.set(timed.key, { timed, dueAtMs, runsAtMs });
  }

  #wake(): void {
    const now = this.#parts.clock.now();
    const slept = this.#slept(now);
    const runs = new Map<string, number>();
    for (;;) {
      const entry = this.#first();
      if (entry === undefined || entry.runsAtMs > now) break;
      const { timed, dueAtMs } = entry;
      const count = (runs.get(timed.key) ?? 0) + 1;
      runs.set(timed.key, count);
      if (count > MOST_RUNS_AT_ONCE) {
        const left = `runs after the first ${MOST_RUNS_AT_ONCE} are left out`;
        this.#parts.log.warn(
          `the time was moved so far that ${timed.name} was due too often: ${left}`,
        );
        this.#schedule(timed, now);
      } else if (slept && dueAtMs < now - SLEPT_MS) {
        this.#parts.log.warn(`the machine slept when ${timed.name} was due; it is not made up`);
        this.#schedule(timed, now - 1);
      } else {
        // Before it runs: what it starts may ask when it is due next.
        this.#schedule(timed, dueAtMs);
        timed.fire(dueAtMs);
      }
      if (!this.#entries.has(timed.key)) timed.completed?.();
    }
    this.#arm();
  }

  #slept(now: number): boolean {
    const monotonic = this.#parts.clock.monotonic();
    const jump = now - this.#lastNowMs - (monotonic - this.#lastMonotonicMs);
    this.#lastNowMs = now;
    this.#lastMonotonicMs = monotonic;
    return jump > SLEPT_MS;
  }

  #first(): Entry | undefined {
    let first: Entry | undefined;
    for (const entry of this.#entries.values()) {
      if (first === undefined || entry.runsAtMs < first.runsAtMs) first = entry;
    }
    return first;
  }

  #arm(): void {
    const first = this.#first();
    if (first === undefined || this.#closed) {
      this.#alarm.cancel();
      return;
    }
    const wait = Math.max(0, first.runsAtMs - this.#parts.clock.now());
    this.#alarm.set(Math.min(wait, LONGEST_WAIT_MS), () => this.#wake());
  }
}
