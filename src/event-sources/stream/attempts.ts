/**
 * What becomes of a batch of a stream after an attempt (contract 11.9). Pure.
 *
 *  1. A failure is tried again until the attempts are used up or the records too old; then the
 *     batch is given up and told of.
 *  2. With bisecting a batch that failed is split first, and splitting costs no attempt: at the
 *     record the function named, else in the middle.
 *  3. Throttles, and whatever else kept it from the function, cost no attempt.
 */

import type { BatchVerdict } from '../batch-response.js';
import type { StreamMapping } from '../mapping.js';
import type { LastCall } from './failure-record.js';
import type { Entry } from './shard-buffer.js';

export interface Attempt {
  readonly entries: readonly Entry[];
  /** Failures that count. */
  readonly failures: number;
  /** Times the function was called with exactly these records. */
  readonly calls: number;
  readonly last?: LastCall;
  /** Of a window: its last invocation, which may have no records. */
  readonly final?: 'ended' | 'early';
}

export type AttemptRules = Pick<StreamMapping, 'retries' | 'bisects'>;

export interface Aftermath {
  readonly done: readonly Entry[];
  /** Tried next, in this order. */
  readonly again: readonly Attempt[];
  /** What is tried next is less than what failed. */
  readonly isSplit?: true;
  /** Given up after the last attempt. */
  readonly exhausted?: Attempt;
}

export function newAttempt(entries: readonly Entry[], final?: Attempt['final']): Attempt {
  return { entries, failures: 0, calls: 0, ...(final === undefined ? {} : { final }) };
}

export function afterAttempt(
  attempt: Attempt,
  verdict: BatchVerdict,
  rules: AttemptRules,
): Aftermath {
  const { entries } = attempt;
  switch (verdict.kind) {
    case 'throttled':
    case 'refused':
    case 'stopping':
      return { done: [], again: [attempt] };
    case 'failed':
      return afterFailure({ ...attempt, calls: attempt.calls + 1 }, rules);
    case 'done': {
      const from = firstFailed(entries, verdict.failed);
      if (from < 0) return { done: entries, again: [] };
      const done = entries.slice(0, from);
      const left = entries.slice(from);
      const called = { ...attempt, calls: attempt.calls + 1 };
      // Nothing was done: as if the whole had failed.
      if (from === 0) return afterFailure(called, rules);
      if (rules.bisects) {
        const cut = { ...attempt, entries: left, calls: 0 };
        return { done, again: [cut], isSplit: true };
      }
      const after = afterFailure({ ...called, entries: left }, rules);
      return { ...after, done: [...done, ...after.done] };
    }
  }
}

function afterFailure(attempt: Attempt, { retries, bisects }: AttemptRules): Aftermath {
  const { entries } = attempt;
  if (bisects && entries.length > 1) {
    const middle = Math.ceil(entries.length / 2);
    const halves = [entries.slice(0, middle), entries.slice(middle)];
    const again = halves.map((half) => ({ ...attempt, entries: half, calls: 0 }));
    return { done: [], again, isSplit: true };
  }
  const failures = attempt.failures + 1;
  if (failures > retries) return { done: [], again: [], exhausted: attempt };
  return { done: [], again: [{ ...attempt, failures }] };
}

/** The lowest one: everything from it on is tried again. */
function firstFailed(entries: readonly Entry[], failed: ReadonlySet<string>): number {
  return entries.findIndex(({ record }) => failed.has(record.sequenceNumber));
}

/** Parts an attempt into what is too old to be tried and what is not. */
export function aged(
  attempt: Attempt,
  ageMs: number,
  nowMs: number,
): { readonly expired: readonly Entry[]; readonly left: Attempt | undefined } {
  if (ageMs === Infinity || attempt.entries.length === 0) return { expired: [], left: attempt };
  const expired = attempt.entries.filter(({ arrivedAtMs }) => nowMs - arrivedAtMs > ageMs);
  if (expired.length === 0) return { expired, left: attempt };
  const entries = attempt.entries.filter((entry) => !expired.includes(entry));
  return { expired, left: entries.length === 0 ? undefined : { ...attempt, entries, calls: 0 } };
}
