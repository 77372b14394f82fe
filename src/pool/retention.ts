/**
 * Pure: which idle environments to freeze, which to retire, and when to look again. Times are
 * monotonic milliseconds.
 */

export interface IdleEnvironment {
  readonly idleSince: number;
  /** It runs: `idle`. Otherwise it is frozen, freezing or without processes. */
  readonly running: boolean;
  /** Provisioned: it stays, however long nothing is asked of it. */
  readonly kept: boolean;
}

export interface RetentionRules {
  readonly freezeAfterMs: number | 'never';
  readonly idleTimeoutMs: number;
  readonly spares: number;
}

export interface RetentionPlan<T> {
  readonly freeze: readonly T[];
  readonly retire: readonly T[];
  /** Monotonic ms; undefined when nothing will change by itself. */
  readonly nextLookAt: number | undefined;
}

/**
 * `environments` come least recently used first. While the function has been used within the idle
 * timeout its spares stay, however old; after that everything goes.
 */
export function planRetention<T extends IdleEnvironment>(
  environments: readonly T[],
  lastUsedAt: number,
  rules: RetentionRules,
  now: number,
): RetentionPlan<T> {
  const freeze: T[] = [];
  const retire: T[] = [];
  let nextLookAt: number | undefined;
  const lookAt = (at: number): void => {
    nextLookAt = nextLookAt === undefined ? at : Math.min(nextLookAt, at);
  };
  const functionExpiresAt = lastUsedAt + rules.idleTimeoutMs;
  const keep = functionExpiresAt > now ? rules.spares : 0;
  const mayGo = environments.filter(({ kept }) => !kept);
  mayGo.forEach((environment, index) => {
    const surplus = mayGo.length - index > keep;
    const goesAt = surplus ? environment.idleSince + rules.idleTimeoutMs : functionExpiresAt;
    if (goesAt <= now) retire.push(environment);
    else lookAt(goesAt);
  });
  for (const environment of environments) {
    if (!environment.running || rules.freezeAfterMs === 'never') continue;
    if (retire.includes(environment)) continue;
    const freezeAt = environment.idleSince + rules.freezeAfterMs;
    if (freezeAt <= now) freeze.push(environment);
    else lookAt(freezeAt);
  }
  return { freeze, retire, nextLookAt };
}
