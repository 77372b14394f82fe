/**
 * How long environments without work are kept, when they are started ahead of the next event, and
 * which goes first when memory is short. Pure: the live pools and the simulator ask the same
 * policies, each with its own clock.
 */

import type { UseHistory } from './use-history.js';

/** Milliseconds from the end of an environment's last use. */
export interface Windows {
  /**
   * Zero: it stays. Otherwise, and only in slot 1, it goes at once, and one is started this long
   * after its last use, so that it is there for the next event. None is when an event came before.
   */
  readonly prewarmAfterMs: number;
  /** It goes when it has not been used until then; `Infinity`: only when memory is needed. */
  readonly keepUntilMs: number;
}

/** What an environment costs, and its start. */
export interface Terms {
  /** What the environment holds, more than 0. */
  readonly megabytes: number;
  /** What a start of the function takes. */
  readonly startMs: number;
  /** Of the memory that all environments share, how much they take: 0 to 1. Absent: no bound. */
  readonly fill?: number | undefined;
}

/** An environment without work, as it was when it was last used. */
export interface Candidate {
  /** When that use ended; ms of the caller's clock. */
  readonly lastUsedAt: number;
  /** Invocations its function has had since it was last without any environment, at least 1. */
  readonly uses: number;
  /** What a start of the function has taken: a mean over its starts. */
  readonly initMs: number;
  /** What the environment holds, more than 0. */
  readonly megabytes: number;
}

export interface KeepAlive {
  readonly name: KeepAliveName;
  /**
   * For the environment in that slot of its function (see `UseHistory`): asked when it ends its
   * use, and good until it is used again.
   */
  windows(history: UseHistory, slot: number, terms: Terms): Windows;
  /**
   * Asked when an invocation has begun, so that `history.running` are in progress: for how long, ms,
   * one environment more than those is worth having ready; 0: it is not. Absent: it never is.
   */
  readyForMs?(history: UseHistory, terms: Terms): number;
  /**
   * Of two environments the one with the lower priority goes first. Asked when a use ends; `clock`
   * is the `EvictionClock` of the memory they share.
   */
  priority(candidate: Candidate, clock: number): number;
}

export const KEEP_ALIVE_NAMES = ['fixed', 'greedy-dual', 'hybrid', 'learned'] as const;

export type KeepAliveName = (typeof KEEP_ALIVE_NAMES)[number];
