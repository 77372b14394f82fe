/** A batch that is being put together: closed by size, bytes or the end of its window. */

import { ENVELOPE_BYTES, MOST_PAYLOAD_BYTES } from '../payload.js';
import type { QueueRecord } from './queue-records.js';

export interface QueueBatch {
  readonly records: readonly QueueRecord[];
  /** When the first message came; on the clocks of the queue's mapping. */
  readonly receivedAt: Received;
}

/** Real time and queue time, both monotonic. */
export interface Received {
  readonly realMs: number;
  readonly queueMs: number;
}

export class Assembly {
  readonly #batchSize: number;
  #records: QueueRecord[] = [];
  #bytes = ENVELOPE_BYTES;
  #receivedAt: Received | undefined;

  constructor(batchSize: number) {
    this.#batchSize = batchSize;
  }

  /** Messages that have room in it. */
  get room(): number {
    return this.#batchSize - this.#records.length;
  }

  /** When its first message came. */
  get receivedAt(): Received | undefined {
    return this.#receivedAt;
  }

  /** The batches that are full now. */
  add(record: QueueRecord, receivedAt: Received): QueueBatch[] {
    const full: QueueBatch[] = [];
    if (this.#bytes + record.bytes > MOST_PAYLOAD_BYTES) full.push(...this.close());
    this.#records.push(record);
    this.#bytes += record.bytes + 1;
    this.#receivedAt ??= receivedAt;
    if (this.room <= 0) full.push(...this.close());
    return full;
  }

  /** What there is as a batch; none when there is nothing. */
  close(): QueueBatch[] {
    const records = this.#records;
    const receivedAt = this.#receivedAt;
    this.#records = [];
    this.#bytes = ENVELOPE_BYTES;
    this.#receivedAt = undefined;
    return receivedAt === undefined ? [] : [{ records, receivedAt }];
  }
}
