/**
 * Pure: which idle environments to freeze, which to retire, and when to look again. Times are
 * monotonic milliseconds.
 */

import type { KeepingRules } from './keeping.js';

export interface IdleEnvironment {
  readonly idleSince: number;
  /** It runs: `idle`. Otherwise it is frozen, freezing or without processes. */
  readonly running: boolean;
  /** Provisioned: it stays, however long nothing is asked of it. */
  readonly kept: boolean;
  /** How long it stays for its own sake; `Infinity`: until memory is needed. */
  readonly keepForMs: number;
}

export interface RetentionRules extends KeepingRules {
  readonly freezeAfterMs: number | 'never';
  /** Of quiet, after which memory is given back; absent: never. */
  readonly reclaimAfterMs?: number | 'never';
}

/** What the function's use calls for, whichever environments there are. */
export interface FunctionUse {
  /** Environments that stay ready ahead of demand. */
  readonly ahead: number;
  /** Until when; `Infinity`: until something happens. */
  readonly until: number;
}

export interface RetentionPlan<T> {
  readonly freeze: readonly T[];
  readonly retire: readonly T[];
  /** `Infinity` when nothing will change by itself. */
  readonly nextLookAt: number;
}

/**
 * `environments` come least recently used first. As many of the last as are wanted ahead stay,
 * however old; each of the others as long as it is kept for its own sake.
 */
export function planRetention<T extends IdleEnvironment>(
  environments: readonly T[],
  use: FunctionUse,
  freezeAfterMs: number | 'never',
  now: number,
): RetentionPlan<T> {
  const freeze: T[] = [];
  const retire: T[] = [];
  let nextLookAt = use.until;
  const mayGo = environments.filter(({ kept }) => !kept);
  mayGo.forEach((environment, index) => {
    const surplus = mayGo.length - index > use.ahead;
    const goesAt = surplus ? environment.idleSince + environment.keepForMs : use.until;
    if (goesAt <= now) retire.push(environment);
    else nextLookAt = Math.min(nextLookAt, goesAt);
  });
  for (const environment of environments) {
    if (!environment.running || freezeAfterMs === 'never') continue;
    if (retire.includes(environment)) continue;
    const freezeAt = environment.idleSince + freezeAfterMs;
    if (freezeAt <= now) freeze.push(environment);
    else nextLookAt = Math.min(nextLookAt, freezeAt);
  }
  return { freeze, retire, nextLookAt };
}
