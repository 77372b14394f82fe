/**
 * Records of one shard between reading and done. Each goes into the lane of its partition key; a
 * lane runs one batch at a time, so a key's records stay in order. The checkpoint is the last record
 * before which all are done. No effects.
 */

import { createHash } from 'node:crypto';
import { ENVELOPE_BYTES, MOST_PAYLOAD_BYTES } from '../payload.js';
import type { StreamRecord } from './stream-reader.js';
import { isWithin, windowOf, type WindowState } from './windows.js';

export interface Entry {
  readonly record: StreamRecord;
  readonly json: string;
  readonly bytes: number;
  /** In queue time. */
  readonly arrivedAtMs: number;
  /** When it was read; monotonic, in queue time. */
  readonly readAtMs: number;
  isDone: boolean;
}

export interface BufferRules {
  readonly lanes: number;
  readonly batchSize: number;
  readonly windowMs: number;
  /** 0: no windows. */
  readonly tumblingMs: number;
}

export class ShardBuffer {
  readonly #rules: BufferRules;
  /** In the order of the shard; those done at its head are gone. */
  #entries: Entry[] = [];
  readonly #waiting: Entry[][];
  #checkpoint: string | undefined;

  constructor(rules: BufferRules) {
    this.#rules = rules;
    this.#waiting = Array.from({ length: rules.lanes }, () => []);
  }

  /** Sequence number up to which all is done; undefined before the first. */
  get checkpoint(): string | undefined {
    return this.#checkpoint;
  }

  /** Records that are not done. */
  get size(): number {
    return this.#entries.length;
  }

  /** Records are read ahead as long as this is true. */
  get hasRoom(): boolean {
    const { lanes, batchSize } = this.#rules;
    return this.#waiting.reduce((sum, lane) => sum + lane.length, 0) < 2 * lanes * batchSize;
  }

  /** `isWanted` false: no filter matches; it is done. */
  add(entry: Entry, isWanted: boolean): void {
    entry.isDone = !isWanted;
    this.#entries.push(entry);
    if (isWanted) this.#waiting[this.#laneOf(entry)]?.push(entry);
  }

  /** The first record of a lane that waits. */
  first(lane: number): Entry | undefined {
    return this.#waiting[lane]?.[0];
  }

  /**
   * The next batch of a lane; none before it is due. `window` is the tumbling window that is open:
   * a batch holds records of one only.
   */
  take(lane: number, nowMs: number, window?: WindowState): readonly Entry[] | undefined {
    const waiting = this.#waiting[lane] ?? [];
    const [first] = waiting;
    if (first === undefined) return undefined;
    const { batchSize, windowMs, tumblingMs } = this.#rules;
    const open =
      tumblingMs > 0 ? (window ?? windowOf(first.record.arrivedAtMs, tumblingMs)) : undefined;
    let bytes = ENVELOPE_BYTES + sizeOfState(open);
    let count = 0;
    let isFull = false;
    for (const entry of waiting) {
      const fits = count === 0 || bytes + entry.bytes <= MOST_PAYLOAD_BYTES;
      const belongs = open === undefined || isWithin(open, entry.record.arrivedAtMs);
      if (!fits || !belongs) {
        isFull = true;
        break;
      }
      bytes += entry.bytes + 1;
      count += 1;
      if (count === batchSize) {
        isFull = true;
        break;
      }
    }
    if (count === 0) return undefined;
    if (!isFull && nowMs < first.readAtMs + windowMs) return undefined;
    return waiting.splice(0, count);
  }

  /** When the batching window of a lane's next batch ends. */
  dueAtMs(lane: number): number | undefined {
    const first = this.first(lane);
    return first === undefined ? undefined : first.readAtMs + this.#rules.windowMs;
  }

  /** Marks records as done; true when the checkpoint has moved. */
  done(entries: readonly Entry[]): boolean {
    for (const entry of entries) entry.isDone = true;
    return this.settle();
  }

  /** Lets go of what is done at the head; true when the checkpoint has moved. */
  settle(): boolean {
    let count = 0;
    while (this.#entries[count]?.isDone === true) count += 1;
    const last = this.#entries[count - 1];
    if (last === undefined) return false;
    this.#entries = this.#entries.slice(count);
    this.#checkpoint = last.record.sequenceNumber;
    return true;
  }

  #laneOf({ record }: Entry): number {
    const { lanes } = this.#rules;
    if (lanes === 1) return 0;
    const digest = createHash('sha1').update(record.partitionKey).digest();
    return digest.readUInt32BE(0) % lanes;
  }
}

function sizeOfState(window: WindowState | undefined): number {
  return window === undefined ? 0 : Buffer.byteLength(JSON.stringify(window.state));
}
