/**
 * Pure: which environments have had no work for so long that their memory is given back, and when
 * the next one will have. Times are monotonic milliseconds.
 */

export interface StillEnvironment {
  readonly idleSince: number;
  /** Its processes stand still with all their memory. */
  readonly reclaimable: boolean;
}

export interface ReclaimPlan<T> {
  readonly reclaim: readonly T[];
  /** `Infinity` when none will be due by itself. */
  readonly nextAt: number;
}

export function planReclaim<T extends StillEnvironment>(
  environments: Iterable<T>,
  afterMs: number,
  now: number,
): ReclaimPlan<T> {
  const reclaim: T[] = [];
  let nextAt = Infinity;
  for (const environment of environments) {
    if (!environment.reclaimable) continue;
    const dueAt = environment.idleSince + afterMs;
    if (dueAt <= now) reclaim.push(environment);
    else nextAt = Math.min(nextAt, dueAt);
  }
  return { reclaim, nextAt };
}
