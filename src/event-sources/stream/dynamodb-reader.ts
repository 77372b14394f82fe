/** The stream of a DynamoDB table, by the APIs of both. */

import type * as Sdk from '@aws-sdk/client-dynamodb-streams';
import type { DynamoDBStreamsClient, Shard as TableShard } from '@aws-sdk/client-dynamodb-streams';
import type { AwsServices } from '../../services/aws-services.js';
import { parseArn } from '../../stack/arns.js';
import { clientSettings, sourceError } from '../client-settings.js';
import { tableRecord } from './stream-records.js';
import {
  answerOf,
  type OpenedStream,
  type Position,
  type ReadRecords,
  type Shard,
  type StreamReader,
} from './stream-reader.js';

const CONNECTIONS = 50;
/** What one request gives at most. */
const MOST_READ = 1_000;

export class DynamoDbReader implements StreamReader {
  readonly #sourceArn: string;
  readonly #services: AwsServices;
  #client: DynamoDBStreamsClient | undefined;
  #sdk: typeof Sdk | undefined;
  /** Of the stream that was found. */
  #arn = '';

  constructor(sourceArn: string, services: AwsServices) {
    this.#sourceArn = sourceArn;
    this.#services = services;
  }

  /** The latest stream of the table: labels are made by the service, so no file knows them. */
  async open(): Promise<OpenedStream> {
    const { region = '', resource = '' } = parseArn(this.#sourceArn) ?? {};
    const [, tableName = ''] = resource.split('/');
    this.#sdk ??= await import('@aws-sdk/client-dynamodb-streams');
    const { config, handler } = await clientSettings(this.#services, region, CONNECTIONS);
    this.#client ??= new this.#sdk.DynamoDBStreamsClient({ ...config, requestHandler: handler });
    const tables = await import('@aws-sdk/client-dynamodb');
    const client = new tables.DynamoDBClient({ ...config, requestHandler: handler });
    try {
      const { Table } = await client.send(
        new tables.DescribeTableCommand({ TableName: tableName }),
      );
      if (Table?.LatestStreamArn === undefined) {
        throw new Error(
          `the table ${tableName} has no stream; enable it by its StreamSpecification`,
        );
      }
      this.#arn = Table.LatestStreamArn;
      return { arn: this.#arn, life: this.#arn };
    } catch (error) {
      throw sourceError(error);
    } finally {
      client.destroy();
    }
  }

  shards(): Promise<readonly Shard[]> {
    return this.#asked(async (client, sdk) => {
      const shards: TableShard[] = [];
      let last: string | undefined;
      do {
        const { StreamDescription: page } = await client.send(
          new sdk.DescribeStreamCommand({
            StreamArn: this.#arn,
            ...(last === undefined ? {} : { ExclusiveStartShardId: last }),
          }),
        );
        shards.push(...(page?.Shards ?? []));
        last = page?.LastEvaluatedShardId;
      } while (last !== undefined);
      return shards.map((shard) => ({
        id: shard.ShardId ?? '',
        parents: shard.ParentShardId === undefined ? [] : [shard.ParentShardId],
        ended: shard.SequenceNumberRange?.EndingSequenceNumber !== undefined,
      }));
    });
  }

  iterator(shardId: string, position: Position): Promise<string> {
    return this.#asked(async (client, sdk) => {
      const { ShardIterator = '' } = await client.send(
        new sdk.GetShardIteratorCommand({
          StreamArn: this.#arn,
          ShardId: shardId,
          ...iteratorInput(position),
        }),
      );
      return ShardIterator;
    });
  }

  records(_shardId: string, iterator: string, most: number): Promise<ReadRecords> {
    return this.#asked(async (client, sdk) => {
      const { Records = [], NextShardIterator } = await client.send(
        new sdk.GetRecordsCommand({ ShardIterator: iterator, Limit: Math.min(most, MOST_READ) }),
      );
      return {
        records: Records.map((record) => tableRecord(record, this.#arn)),
        ...(NextShardIterator === undefined ? {} : { next: NextShardIterator }),
      };
    });
  }

  close(): void {
    this.#client?.destroy();
  }

  async #asked<T>(ask: (client: DynamoDBStreamsClient, sdk: typeof Sdk) => Promise<T>): Promise<T> {
    const [client, sdk] = [this.#client, this.#sdk];
    if (client === undefined || sdk === undefined) throw new Error('not opened');
    return answerOf(() => ask(client, sdk));
  }
}

/** These streams know no times: who starts at one reads from the oldest and leaves out the rest. */
function iteratorInput(position: Position) {
  switch (position.kind) {
    case 'oldest':
    case 'from':
      return { ShardIteratorType: 'TRIM_HORIZON' as const };
    case 'latest':
      return { ShardIteratorType: 'LATEST' as const };
    case 'after':
      return {
        ShardIteratorType: 'AFTER_SEQUENCE_NUMBER' as const,
        SequenceNumber: position.sequenceNumber,
      };
  }
}
