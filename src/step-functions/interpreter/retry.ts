/** What becomes of a failed attempt: another one after a while, a catcher, or the end. Pure. */

import {
  ALL_ERRORS,
  DATA_LIMIT,
  HEARTBEAT_TIMEOUT,
  RUNTIME_ERROR,
  TASK_FAILED,
  TIMEOUT,
  type Failure,
} from './failure.js';
import type { Catcher, Retrier, State } from './machine.js';

const DEFAULTS = { interval: 1, attempts: 3, backoff: 2 };

export type Verdict =
  | { readonly kind: 'retry'; readonly retrier: number; readonly delayMs: number }
  | { readonly kind: 'catch'; readonly catcher: Catcher }
  | { readonly kind: 'fail' };

/** `attempts`: how often each retrier has been used. */
export function verdict(
  { Retry: retriers = [], Catch: catchers = [] }: Pick<State, 'Retry' | 'Catch'>,
  failure: Failure,
  attempts: readonly number[],
  random: () => number,
): Verdict {
  const index = retriers.findIndex(({ ErrorEquals: names }) => matches(names, failure.error));
  const retrier = retriers[index];
  const used = attempts[index] ?? 0;
  if (retrier !== undefined && used < (retrier.MaxAttempts ?? DEFAULTS.attempts)) {
    return { kind: 'retry', retrier: index, delayMs: delayMs(retrier, used, random) };
  }
  const catcher = catchers.find(({ ErrorEquals: names }) => matches(names, failure.error));
  return catcher === undefined ? { kind: 'fail' } : { kind: 'catch', catcher };
}

/** Before the attempt that follows `used` ones. */
export function delayMs(retrier: Retrier, used: number, random: () => number): number {
  const { IntervalSeconds: interval = DEFAULTS.interval } = retrier;
  const seconds = Math.min(
    interval * (retrier.BackoffRate ?? DEFAULTS.backoff) ** used,
    retrier.MaxDelaySeconds ?? Number.POSITIVE_INFINITY,
  );
  return seconds * 1000 * (retrier.JitterStrategy === 'FULL' ? random() : 1);
}

export function matches(names: readonly string[], error: string): boolean {
  if (error === RUNTIME_ERROR) return false;
  return names.some((name) => {
    if (name === error) return true;
    if (name === ALL_ERRORS) return error !== DATA_LIMIT;
    if (name === TIMEOUT) return error === HEARTBEAT_TIMEOUT;
    return name === TASK_FAILED && error !== TIMEOUT && error !== DATA_LIMIT;
  });
}
