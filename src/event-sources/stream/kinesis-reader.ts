/** A Kinesis stream, by its API. */

import type * as Sdk from '@aws-sdk/client-kinesis';
import type { KinesisClient, Shard as KinesisShard } from '@aws-sdk/client-kinesis';
import type { AwsServices } from '../../services/aws-services.js';
import { parseArn } from '../../stack/arns.js';
import { clientSettings } from '../client-settings.js';
import { kinesisRecord } from './stream-records.js';
import {
  answerOf,
  type OpenedStream,
  type Position,
  type ReadRecords,
  type Shard,
  type StreamReader,
} from './stream-reader.js';

const CONNECTIONS = 50;

export class KinesisReader implements StreamReader {
  readonly #arn: string;
  readonly #services: AwsServices;
  readonly #roleArn: string;
  readonly #name: string;
  #client: KinesisClient | undefined;
  #sdk: typeof Sdk | undefined;

  /** `roleArn` is what records say the function runs as. */
  constructor(arn: string, services: AwsServices, roleArn: string) {
    this.#arn = arn;
    this.#services = services;
    this.#roleArn = roleArn;
    this.#name = (parseArn(arn)?.resource ?? '').replace(/^stream\//, '');
  }

  async open(): Promise<OpenedStream> {
    const sdk = (this.#sdk ??= await import('@aws-sdk/client-kinesis'));
    if (this.#client === undefined) {
      const region = parseArn(this.#arn)?.region ?? '';
      const { config, handler } = await clientSettings(this.#services, region, CONNECTIONS);
      const { KinesisHandler } = await import('./kinesis-handler.js');
      this.#client = new sdk.KinesisClient({
        ...config,
        requestHandler: new KinesisHandler(handler),
      });
    }
    return this.#asked(async (client) => {
      const { StreamDescriptionSummary: summary } = await client.send(
        new sdk.DescribeStreamSummaryCommand({ StreamName: this.#name }),
      );
      const life = summary?.StreamCreationTimestamp?.getTime() ?? 0;
      return { arn: this.#arn, life: `${life}` };
    });
  }

  shards(): Promise<readonly Shard[]> {
    return this.#asked(async (client, sdk) => {
      const shards: KinesisShard[] = [];
      let next: string | undefined;
      do {
        const page = await client.send(
          new sdk.ListShardsCommand(
            next === undefined ? { StreamName: this.#name } : { NextToken: next },
          ),
        );
        shards.push(...(page.Shards ?? []));
        next = page.NextToken;
      } while (next !== undefined);
      return shards.map((shard) => ({
        id: shard.ShardId ?? '',
        parents: [shard.ParentShardId ?? '', shard.AdjacentParentShardId ?? ''].filter(
          (id) => id !== '',
        ),
        ended: shard.SequenceNumberRange?.EndingSequenceNumber !== undefined,
      }));
    });
  }

  iterator(shardId: string, position: Position): Promise<string> {
    return this.#asked(async (client, sdk) => {
      const { ShardIterator = '' } = await client.send(
        new sdk.GetShardIteratorCommand({
          StreamName: this.#name,
          ShardId: shardId,
          ...iteratorInput(position),
        }),
      );
      return ShardIterator;
    });
  }

  records(shardId: string, iterator: string, most: number): Promise<ReadRecords> {
    return this.#asked(async (client, sdk) => {
      const { Records = [], NextShardIterator } = await client.send(
        new sdk.GetRecordsCommand({ ShardIterator: iterator, Limit: most }),
      );
      const from = { arn: this.#arn, roleArn: this.#roleArn, shardId };
      return {
        records: Records.map((record) => kinesisRecord(record, from)),
        ...(NextShardIterator === undefined ? {} : { next: NextShardIterator }),
      };
    });
  }

  close(): void {
    this.#client?.destroy();
  }

  async #asked<T>(ask: (client: KinesisClient, sdk: typeof Sdk) => Promise<T>): Promise<T> {
    const [client, sdk] = [this.#client, this.#sdk];
    if (client === undefined || sdk === undefined) throw new Error('not opened');
    return answerOf(() => ask(client, sdk));
  }
}

function iteratorInput(position: Position) {
  switch (position.kind) {
    case 'oldest':
      return { ShardIteratorType: 'TRIM_HORIZON' as const };
    case 'latest':
      return { ShardIteratorType: 'LATEST' as const };
    case 'after':
      return {
        ShardIteratorType: 'AFTER_SEQUENCE_NUMBER' as const,
        StartingSequenceNumber: position.sequenceNumber,
      };
    case 'from':
      return {
        ShardIteratorType: 'AT_TIMESTAMP' as const,
        Timestamp: new Date(position.timestampMs),
      };
  }
}
