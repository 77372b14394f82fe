/** Tells the on-failure destination of a mapping what was given up (contract 11.9). */

import { sleep } from '../../async/clock.js';
import { messageOf } from '../../errors.js';
import { functionArn } from '../../function/arn.js';
import type { SourceParts } from '../../sources/source.js';
import { TargetError } from '../../targets/targets.js';
import { backoffMs, SOURCE_BACKOFF } from '../backoff.js';
import type { StreamMapping } from '../mapping.js';
import { failureMessage } from './failure-record.js';
import type { Discarded } from './shard-runner.js';

const ATTEMPTS = 3;

export type DiscardedOfShard = Discarded & {
  readonly shardId: string;
  readonly streamArn: string;
};

/** Never rejects: what cannot be told is logged. */
export async function tellDiscarded(
  discarded: DiscardedOfShard,
  mapping: StreamMapping,
  parts: Pick<SourceParts, 'settings' | 'targets' | 'clock' | 'queueClock' | 'log'>,
  called: string,
): Promise<void> {
  const { settings, targets, queueClock, clock, log } = parts;
  const { entries, condition, shardId } = discarded;
  const { region, accountId } = settings;
  const { uuid, kind, onFailureArn } = mapping;
  const what = `${entries.length} records of ${shardId} were given up (${condition})`;
  if (onFailureArn === undefined) {
    log.warn(`${called}: ${what}; the mapping has no on-failure destination`);
    return;
  }
  const arn = functionArn({ region, accountId, name: mapping.target.functionName });
  const batch = { ...discarded, uuid, kind, functionArn: arn, nowMs: queueClock.now() };
  const message = failureMessage(batch, onFailureArn);
  for (let attempt = 1; ; attempt += 1) {
    try {
      await targets.send(onFailureArn, message);
      return;
    } catch (error) {
      const isFinal = error instanceof TargetError && !error.retryable;
      if (isFinal || attempt === ATTEMPTS) {
        log.error(`${called}: ${what}, and ${onFailureArn} was not told: ${messageOf(error)}`);
        return;
      }
      await sleep(clock, backoffMs(attempt, SOURCE_BACKOFF));
    }
  }
}
