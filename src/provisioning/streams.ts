/** Kinesis streams. */

import {
  CreateStreamCommand,
  DecreaseStreamRetentionPeriodCommand,
  IncreaseStreamRetentionPeriodCommand,
  ListShardsCommand,
  UpdateShardCountCommand,
  type KinesisClient,
} from '@aws-sdk/client-kinesis';
import type { StreamDefinition } from '../stack/service-resources.js';
import { isNamed, type MakingContext, type ResourceMaker } from './resource-maker.js';

const DEFAULT_HOURS = 24;

export const streams: ResourceMaker<StreamDefinition> = {
  kind: 'stream',
  async make({ name, shardCount, retentionHours }, context, before) {
    const kinesis = await context.clients.kinesis();
    if ((await openShards(kinesis, name)) === 'none') {
      await kinesis.send(new CreateStreamCommand({ StreamName: name, ShardCount: shardCount }));
    }
    const shards = await whenActive(kinesis, name, context);
    const hours =
      retentionHours ?? (before?.retentionHours === undefined ? undefined : DEFAULT_HOURS);
    if (hours !== undefined) await keepFor(kinesis, name, hours);
    if (shards === shardCount) return;
    await kinesis.send(
      new UpdateShardCountCommand({
        StreamName: name,
        TargetShardCount: shardCount,
        ScalingType: 'UNIFORM_SCALING',
      }),
    );
  },
};

/**
 * How many, or that there is no stream, or not yet. Descriptions of streams say so as well, but moto
 * writes the times in them as AWS clients do not read them.
 */
async function openShards(
  kinesis: KinesisClient,
  name: string,
): Promise<number | 'none' | 'changing'> {
  try {
    const { Shards: shards = [] } = await kinesis.send(new ListShardsCommand({ StreamName: name }));
    return shards.filter(
      ({ SequenceNumberRange: range }) => range?.EndingSequenceNumber === undefined,
    ).length;
  } catch (error) {
    if (isNamed(error, 'ResourceNotFoundException')) return 'none';
    if (isNamed(error, 'ResourceInUseException')) return 'changing';
    throw error;
  }
}

async function whenActive(
  kinesis: KinesisClient,
  name: string,
  { pause }: MakingContext,
): Promise<number> {
  for (;;) {
    const shards = await openShards(kinesis, name);
    if (typeof shards === 'number') return shards;
    await pause();
  }
}

/** Longer or shorter: which of the two cannot be told before. */
async function keepFor(kinesis: KinesisClient, name: string, hours: number): Promise<void> {
  const input = { StreamName: name, RetentionPeriodHours: hours };
  await kinesis.send(new IncreaseStreamRetentionPeriodCommand(input)).catch((error: unknown) => {
    if (!isNamed(error, 'InvalidArgumentException')) throw error;
    return kinesis.send(new DecreaseStreamRetentionPeriodCommand(input));
  });
}
