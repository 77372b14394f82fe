/** Which shards of a stream are read, and from where: children after their parents. Pure. */

import type { StreamMapping } from '../mapping.js';
import type { Checkpoint, Checkpoints } from './checkpoint-store.js';
import type { Position, Shard } from './stream-reader.js';

/** Of a shard that came after the mapping: nothing of it may be passed over. */
export const FROM_ITS_BEGINNING: Checkpoint = { position: { kind: 'oldest' } };

/** Where a mapping begins with the shards that are there. */
export function firstCheckpoints(
  shards: readonly Shard[],
  start: StreamMapping['start'],
  nowMs: number,
): Checkpoints {
  return new Map(shards.map((shard) => [shard.id, firstOf(shard, start, nowMs)]));
}

function firstOf({ ended }: Shard, start: StreamMapping['start'], nowMs: number): Checkpoint {
  switch (start.kind) {
    case 'TRIM_HORIZON':
      return FROM_ITS_BEGINNING;
    case 'AT_TIMESTAMP':
      return { position: { kind: 'from', timestampMs: start.timestampMs } };
    case 'LATEST': {
      // What comes from now on is read after a restart as well, so the moment is kept.
      const position: Position = { kind: 'from', timestampMs: nowMs };
      return ended ? { position, finished: true } : { position };
    }
  }
}

/** Shards that may be read now: not done, and nothing before them is left. */
export function readable(shards: readonly Shard[], checkpoints: Checkpoints): readonly Shard[] {
  const present = new Set(shards.map(({ id }) => id));
  const isFinished = (id: string): boolean => checkpoints.get(id)?.finished === true;
  return shards.filter(
    ({ id, parents }) =>
      !isFinished(id) && parents.every((parent) => !present.has(parent) || isFinished(parent)),
  );
}
