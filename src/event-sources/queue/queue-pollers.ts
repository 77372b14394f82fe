/** How many requests for messages are open at once. Pure. */

/** As many as batches may run read a queue that has messages (contract 11.8), up to this. */
const MOST_POLLERS = 20;
/** Batches that wait, so that an environment that is done finds its next one there. */
const READY_AHEAD = 5;
/** Of functions slower than this no batch is read ahead: its messages would wait, invisible. */
const AHEAD_BELOW_MS = 1_000;

export interface PollingSituation {
  /** Batches that may run at once. */
  readonly allowed: number;
  readonly running: number;
  readonly ready: number;
  /** Of a FIFO queue: servers mistake the order of groups where several ask at once. */
  readonly single: boolean;
  /** The last request that ended brought messages. */
  readonly flowing: boolean;
  /** How long the last batch ran; undefined before the first. */
  readonly lastRunMs: number | undefined;
}

export function pollersWanted(situation: PollingSituation): number {
  const { allowed, running, ready, flowing, single, lastRunMs = Infinity } = situation;
  const ahead = lastRunMs <= AHEAD_BELOW_MS ? READY_AHEAD : 0;
  const room = allowed + ahead - running - ready;
  if (room <= 0) return 0;
  return flowing && !single ? Math.min(MOST_POLLERS, room) : 1;
}
