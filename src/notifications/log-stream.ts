/**
 * A stream of our own that log groups of the services are subscribed to. How far it has been read is
 * kept on disk, behind what has been taken.
 */

import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { KinesisClient, _Record } from '@aws-sdk/client-kinesis';
import { sleep } from '../async/clock.js';
import { isMap, map } from '../config/map.js';
import { messageOf } from '../errors.js';
import { isNamed } from '../provisioning/resource-maker.js';
import type { ServiceClients } from '../services/clients.js';
import { streamArn } from '../stack/arns.js';
import { internalQueue } from './internal-queue.js';
import type { LogEvent } from './logs-event.js';
import type { NotificationParts } from './part.js';

export interface StreamedBatch {
  readonly owner: string;
  readonly logGroup: string;
  readonly logStream: string;
  readonly logEvents: readonly LogEvent[];
}

export type LogStreamParts = Pick<NotificationParts, 'settings' | 'clock' | 'services' | 'log'> & {
  /** Resolves when the batch has been taken. */
  take(batch: StreamedBatch): Promise<void>;
};

/** There is no long poll: as often as Lambda asks a stream. */
const POLL_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
const FILE = 'log-stream.json';

export class LogStream {
  readonly #parts: LogStreamParts;
  readonly #name: string;
  #stopping: AbortController | undefined;
  #running: Promise<void> = Promise.resolve();
  #trouble: string | undefined;

  constructor(parts: LogStreamParts) {
    this.#parts = parts;
    const { region, accountId, stateDirectory } = parts.settings;
    this.#name = internalQueue({ region, accountId }, stateDirectory, 'logs').name;
  }

  get trouble(): string | undefined {
    return this.#trouble;
  }

  async prepare(clients: ServiceClients): Promise<void> {
    const [kinesis, { CreateStreamCommand }] = await Promise.all([
      clients.kinesis(),
      import('@aws-sdk/client-kinesis'),
    ]);
    await kinesis
      .send(new CreateStreamCommand({ StreamName: this.#name, ShardCount: 1 }))
      .catch(unless('ResourceInUseException'));
  }

  listen(): void {
    if (this.#stopping !== undefined) return;
    this.#stopping = new AbortController();
    this.#running = this.#run(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping?.abort(new Error('stopped'));
    this.#stopping = undefined;
    await this.#running;
  }

  /** Has the group write into the stream. */
  async subscribe(logGroupName: string, clients: ServiceClients): Promise<void> {
    const logs = await clients.logs();
    const {
      CreateLogGroupCommand,
      DescribeSubscriptionFiltersCommand,
      PutSubscriptionFilterCommand,
    } = await import('@aws-sdk/client-cloudwatch-logs');
    await logs
      .send(new CreateLogGroupCommand({ logGroupName }))
      .catch(unless('ResourceAlreadyExistsException'));
    const { subscriptionFilters = [] } = await logs.send(
      new DescribeSubscriptionFiltersCommand({ logGroupName }),
    );
    if (subscriptionFilters.some(({ filterName }) => filterName === this.#name)) return;
    const { accountId, region } = this.#parts.settings;
    await logs.send(
      new PutSubscriptionFilterCommand({
        logGroupName,
        filterName: this.#name,
        // Each subscription has a pattern of its own, which is held against the events here.
        filterPattern: '',
        destinationArn: streamArn({ region, accountId }, this.#name),
        roleArn: `arn:aws:iam::${accountId}:role/orchestrator`,
      }),
    );
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#parts;
    let pauseMs = POLL_MS;
    let iterator: string | undefined;
    while (!signal.aborted) {
      try {
        const kinesis = await this.#parts.services.clients.kinesis();
        iterator ??= await this.#iterator(kinesis);
        const { records, next } = await this.#read(kinesis, iterator, signal);
        for (const record of records) await this.#takeRecord(record);
        iterator = next;
        this.#trouble = undefined;
        pauseMs = POLL_MS;
      } catch (error) {
        if (signal.aborted) return;
        iterator = undefined;
        if (this.#trouble === undefined) {
          log.warn(`log events of the services do not arrive: ${messageOf(error)}; trying again`);
        }
        this.#trouble = messageOf(error);
        pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
      }
      await sleep(clock, pauseMs, signal).catch(() => undefined);
    }
  }

  async #read(kinesis: KinesisClient, iterator: string, signal: AbortSignal) {
    const { GetRecordsCommand } = await import('@aws-sdk/client-kinesis');
    const { Records: records = [], NextShardIterator: next } = await kinesis.send(
      new GetRecordsCommand({ ShardIterator: iterator }),
      { abortSignal: signal },
    );
    return { records, next };
  }

  async #takeRecord({ Data: data, SequenceNumber: sequence }: _Record): Promise<void> {
    const batch = batchOf(Buffer.from(data ?? []));
    if (batch !== undefined) await this.#parts.take(batch);
    if (sequence !== undefined) await this.#keep(sequence);
  }

  /** Behind what was read last; from the start where that means nothing to the services any more. */
  async #iterator(kinesis: KinesisClient): Promise<string> {
    const { GetShardIteratorCommand, ListShardsCommand } = await import('@aws-sdk/client-kinesis');
    const { Shards: shards = [] } = await kinesis.send(
      new ListShardsCommand({ StreamName: this.#name }),
    );
    const place = { StreamName: this.#name, ShardId: shards[0]?.ShardId ?? '' };
    const sequence = this.#kept();
    const start = { ...place, ShardIteratorType: 'TRIM_HORIZON' as const };
    if (sequence !== undefined) {
      const after = {
        ...place,
        ShardIteratorType: 'AFTER_SEQUENCE_NUMBER' as const,
        StartingSequenceNumber: sequence,
      };
      const { ShardIterator: found } = await kinesis
        .send(new GetShardIteratorCommand(after))
        .catch(unless('InvalidArgumentException', 'ResourceNotFoundException'))
        .then((answer) => answer ?? { ShardIterator: undefined });
      if (found !== undefined) return found;
    }
    const { ShardIterator: first } = await kinesis.send(new GetShardIteratorCommand(start));
    return first ?? '';
  }

  get #file(): string {
    return join(this.#parts.settings.stateDirectory, FILE);
  }

  #kept(): string | undefined {
    try {
      const { sequence } = map(JSON.parse(readFileSync(this.#file, 'utf8')));
      return typeof sequence === 'string' ? sequence : undefined;
    } catch {
      return undefined;
    }
  }

  async #keep(sequence: string): Promise<void> {
    await writeFile(`${this.#file}.new`, JSON.stringify({ sequence }));
    await rename(`${this.#file}.new`, this.#file);
  }
}

function unless(...names: readonly string[]): (error: unknown) => undefined {
  return (error) => {
    if (!isNamed(error, ...names)) throw error;
    return undefined;
  };
}

/** Undefined for what is none, such as CloudWatch's control messages. */
function batchOf(data: Buffer): StreamedBatch | undefined {
  try {
    const told: unknown = JSON.parse(gunzipSync(data).toString());
    if (!isMap(told) || told['messageType'] !== 'DATA_MESSAGE') return undefined;
    const { owner, logGroup, logStream, logEvents } = told;
    if (!Array.isArray(logEvents)) return undefined;
    return {
      owner: String(owner),
      logGroup: String(logGroup),
      logStream: String(logStream),
      logEvents: logEvents.map((event) => {
        const { id, timestamp, message } = map(event);
        return { id: String(id), timestamp: Number(timestamp), message: String(message) };
      }),
    };
  } catch {
    return undefined;
  }
}
