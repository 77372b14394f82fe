/**
 * How long a pool keeps what has no work. It follows how much is in progress, tells the function's
 * history of it, asks the policy of keep-alive whenever a use ends, and holds what the policy said
 * until the next use. Times are monotonic milliseconds of the pool's clock; for the policy they pass
 * `timeScale` times as fast.
 */

import type { KeepAlive, Terms, Windows } from '../keep-alive/keep-alive.js';
import type { UseHistory } from '../keep-alive/use-history.js';

export interface KeepingRules {
  readonly keepAlive: KeepAlive;
  readonly timeScale: number;
  /** Environments to keep ready ahead of demand while the function is in use. */
  readonly spares: number;
}

/** What is known of an environment when it has nothing to do. */
export interface Freed {
  /** Monotonic ms. */
  readonly idleSince: number;
  /** Whether it has served anything. */
  readonly used: boolean;
  /** What it holds by estimate. */
  readonly megabytes: number;
}

/** What one environment holds, by estimate, and how much of the memory they share is taken. */
export type Memory = Omit<Terms, 'startMs'>;

interface Stay {
  readonly used: boolean;
  /** After the moment since when it is idle. */
  readonly forMs: number;
  readonly priority: number;
}

const UNKNOWN: Stay = { used: true, forMs: 0, priority: -Infinity };

export class Keeping<T extends object> {
  readonly #rules: KeepingRules;
  readonly #history: UseHistory;
  readonly #memory: () => Memory;
  readonly #stays = new WeakMap<T, Stay>();
  #inProgress = 0;
  /** When nothing was in progress any more, or the pool was opened. */
  #lastUsedAt: number;
  /** From then on, of the environment that the next event takes. */
  #windows: Windows;
  /** Invocations since the function was last without an environment. */
  #uses = 0;
  /** Until when one more than are in use is worth having ready, while any is. */
  #readyUntil = -Infinity;
  #starts = 0;
  #startsMs = 0;

  constructor(rules: KeepingRules, history: UseHistory, now: number, memory: () => Memory) {
    this.#rules = rules;
    this.#history = history;
    this.#memory = memory;
    this.#lastUsedAt = now;
    this.#windows = this.#ask(1);
  }

  /** Nothing is in progress. */
  get isResting(): boolean {
    return this.#inProgress === 0;
  }

  /** Whether `follow` has anything to hear. */
  differs(inProgress: number): boolean {
    return inProgress !== this.#inProgress;
  }

  /** So many invocations are in progress now, those that wait included. */
  follow(inProgress: number, now: number): void {
    const scaled = now * this.#rules.timeScale;
    for (; this.#inProgress < inProgress; this.#inProgress += 1) {
      this.#history.began(scaled);
      this.#uses += 1;
      this.#readyUntil = now + this.#readyForMs();
    }
    for (; this.#inProgress > inProgress; this.#inProgress -= 1) this.#history.ended(scaled);
    if (inProgress > 0) return;
    this.#lastUsedAt = now;
    this.#windows = this.#ask(1);
  }

  /** A start has come to its end. */
  started(tookMs: number): void {
    this.#starts += 1;
    this.#startsMs += tookMs;
  }

  /** No environment is left. */
  emptied(): void {
    this.#uses = 0;
  }

  /**
   * It has nothing to do from now on.
   * @param clock of the memory that pools share, see `EvictionClock`
   */
  freed(environment: T, { idleSince, used, megabytes }: Freed, clock: number): void {
    const { keepAlive, timeScale } = this.#rules;
    // What has served nobody is there for the next use, whichever environment that would have had.
    const windows = this.#ask(this.#history.running + 1);
    const candidate = {
      lastUsedAt: idleSince * timeScale,
      uses: Math.max(1, this.#uses),
      initMs: this.#meanStartMs(),
      megabytes,
    };
    this.#stays.set(environment, {
      used,
      forMs: used && windows.prewarmAfterMs > 0 ? 0 : windows.keepUntilMs,
      priority: keepAlive.priority(candidate, clock),
    });
  }

  /**
   * How long after the end of its use it stays, ms; `Infinity`: until memory is needed. What was
   * made ahead and never used goes with the reason for it.
   */
  keepsFor(environment: T, now: number): number {
    const { used, forMs } = this.#stays.get(environment) ?? UNKNOWN;
    return used || this.#isInUse(now) ? forMs : 0;
  }

  /** Of two environments the one with the lower priority goes first when memory is needed. */
  priorityOf(environment: T): number {
    return (this.#stays.get(environment) ?? UNKNOWN).priority;
  }

  /** How many environments are to be ready ahead of demand. */
  ahead(now: number): number {
    const { spares } = this.#rules;
    if (!this.#isInUse(now)) return 0;
    return this.expects(now) ? Math.max(1, spares) : spares;
  }

  /** No event is expected for a while: nothing is kept for one. */
  isAsleep(now: number): boolean {
    return this.#inProgress === 0 && now - this.#lastUsedAt < this.#windows.prewarmAfterMs;
  }

  /** What is started ahead is started because an event is due by what is known of earlier ones. */
  expects(now: number): boolean {
    if (this.#inProgress > 0) return this.#isRising(now);
    return this.#windows.prewarmAfterMs > 0 && !this.isAsleep(now);
  }

  /** When `ahead` changes with nothing happening; `Infinity`: never. */
  changesAt(now: number): number {
    if (this.#inProgress > 0) return this.#isRising(now) ? this.#readyUntil : Infinity;
    const { prewarmAfterMs, keepUntilMs } = this.#windows;
    if (this.isAsleep(now)) return this.#lastUsedAt + prewarmAfterMs;
    const end = this.#lastUsedAt + keepUntilMs;
    return end > now ? end : Infinity;
  }

  /** Something is in progress, or may be expected. */
  #isInUse(now: number): boolean {
    if (this.#inProgress > 0) return true;
    return !this.isAsleep(now) && now - this.#lastUsedAt < this.#windows.keepUntilMs;
  }

  /** Further events at the same time were soon there so far. */
  #isRising(now: number): boolean {
    return this.#inProgress > 0 && now < this.#readyUntil;
  }

  #readyForMs(): number {
    const { keepAlive, timeScale } = this.#rules;
    return (keepAlive.readyForMs?.(this.#history, this.#terms()) ?? 0) / timeScale;
  }

  #meanStartMs(): number {
    return this.#starts === 0 ? 1 : this.#startsMs / this.#starts;
  }

  #terms(): Terms {
    const { megabytes, fill } = this.#memory();
    return { megabytes, fill, startMs: this.#meanStartMs() * this.#rules.timeScale };
  }

  #ask(slot: number): Windows {
    const { keepAlive, timeScale } = this.#rules;
    const windows = keepAlive.windows(this.#history, slot, this.#terms());
    if (timeScale === 1) return windows;
    return {
      prewarmAfterMs: windows.prewarmAfterMs / timeScale,
      keepUntilMs: windows.keepUntilMs / timeScale,
    };
  }
}
