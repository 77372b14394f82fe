import type { Candidate, KeepAlive, Windows } from './keep-alive.js';

const FOR_EVER: Windows = { prewarmAfterMs: 0, keepUntilMs: Infinity };

/**
 * Everything is kept until memory is needed. Then what is cheap to start again, rarely used or
 * large goes first (greedy-dual-size-frequency, as FaasCache has it).
 */
export class GreedyDual implements KeepAlive {
  readonly name = 'greedy-dual';

  windows(): Windows {
    return FOR_EVER;
  }

  priority(candidate: Candidate, clock: number): number {
    return greedyDualPriority(candidate, clock);
  }
}

export function greedyDualPriority(candidate: Candidate, clock: number): number {
  return clock + (candidate.uses * candidate.initMs) / candidate.megabytes;
}
