/** A stream in memory: shards with records, split like those of Kinesis. */

import type {
  OpenedStream,
  Position,
  ReadRecords,
  Shard,
  StreamReader,
  StreamRecord,
} from '../../src/event-sources/stream/stream-reader.js';
import type { Clock } from '../../src/async/clock.js';

interface HeldShard extends Shard {
  ended: boolean;
  readonly records: StreamRecord[];
}

export class FakeStream implements StreamReader {
  life = 'first';
  requests = 0;
  /** Raised by the next requests. */
  trouble: Error | undefined;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #shards = new Map<string, HeldShard>();
  #sequence = 0;

  constructor(clock: Pick<Clock, 'now'>, shards: readonly string[] = ['s-0']) {
    this.#clock = clock;
    for (const id of shards) this.addShard(id);
  }

  addShard(id: string, parents: readonly string[] = []): void {
    this.#shards.set(id, { id, parents, ended: false, records: [] });
  }

  endShard(id: string): void {
    this.#held(id).ended = true;
  }

  /** Its sequence number. */
  put(text: string, { key = 'k', shard = 's-0' } = {}): string {
    this.#sequence += 1;
    const sequenceNumber = `${this.#sequence}`;
    this.#held(shard).records.push({
      sequenceNumber,
      partitionKey: key,
      arrivedAtMs: this.#clock.now(),
      record: { text, key, sequenceNumber },
      filtered: { text, key },
      text,
    });
    return sequenceNumber;
  }

  open(): Promise<OpenedStream> {
    return this.#asked(() => ({ arn: 'arn:stream', life: this.life }));
  }

  shards(): Promise<readonly Shard[]> {
    return this.#asked(() =>
      [...this.#shards.values()].map(({ id, parents, ended }) => ({ id, parents, ended })),
    );
  }

  iterator(shardId: string, position: Position): Promise<string> {
    return this.#asked(() => `${shardId}@${this.#indexOf(this.#held(shardId), position)}`);
  }

  records(_shardId: string, iterator: string, most: number): Promise<ReadRecords> {
    return this.#asked(() => {
      const [id = '', at = ''] = iterator.split('@');
      const { records, ended } = this.#held(id);
      const index = Number(at);
      const read = records.slice(index, index + most);
      const end = index + read.length;
      return {
        records: read,
        ...(ended && end === records.length ? {} : { next: `${id}@${end}` }),
      };
    });
  }

  close(): void {
    // Nothing is open.
  }

  #indexOf({ records }: HeldShard, position: Position): number {
    const first = (matches: (record: StreamRecord) => boolean): number => {
      const index = records.findIndex(matches);
      return index < 0 ? records.length : index;
    };
    switch (position.kind) {
      case 'oldest':
        return 0;
      case 'latest':
        return records.length;
      case 'after':
        return first(
          ({ sequenceNumber }) => Number(sequenceNumber) > Number(position.sequenceNumber),
        );
      case 'from':
        return first(({ arrivedAtMs }) => arrivedAtMs >= position.timestampMs);
    }
  }

  #held(id: string): HeldShard {
    const shard = this.#shards.get(id);
    if (shard === undefined) throw new Error(`there is no shard ${id}`);
    return shard;
  }

  #asked<T>(answer: () => T): Promise<T> {
    this.requests += 1;
    if (this.trouble !== undefined) return Promise.reject(this.trouble);
    try {
      return Promise.resolve(answer());
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }
}
