/** Asks for the records of a shard, again and again, until it has ended. */

import { Alarm } from '../../async/alarm.js';
import type { Clock } from '../../async/clock.js';
import { backoffMs, SOURCE_BACKOFF } from '../backoff.js';
import type { StreamMapping } from '../mapping.js';
import {
  ExpiredIterator,
  type Position,
  type StreamReader,
  type StreamRecord,
} from './stream-reader.js';

export interface ShardPollingParts {
  /** Real time. */
  readonly clock: Clock;
  readonly kind: StreamMapping['kind'];
  readonly reader: StreamReader;
  readonly shardId: string;
  readonly position: Position;
  /** Whether more may be read now. */
  hasRoom(): boolean;
  /** Whether the shard was known to have ended when this is asked. */
  isEnded(): boolean;
  take(records: readonly StreamRecord[]): void;
  trouble(error: unknown): void;
}

/** Requests in a second (contract 11.9), as long as there are records now and then. */
const POLL_MS = { kinesis: 1_000, dynamodb: 250 } as const;
/** A shard without records for so long is asked once a second. */
const QUIET_AFTER_MS = 30_000;
const QUIET_POLL_MS = 1_000;
const MOST_READ = 1_000;

export class ShardPolling {
  readonly #parts: ShardPollingParts;
  readonly #alarm: Alarm;
  #position: Position;
  #iterator: string | undefined;
  #isReading = false;
  #waitsForRoom = false;
  #hasEnded = false;
  #failures = 0;
  #lastRecordMs: number;
  #closed = false;

  constructor(parts: ShardPollingParts) {
    this.#parts = parts;
    this.#alarm = new Alarm(parts.clock);
    this.#position = parts.position;
    this.#lastRecordMs = parts.clock.monotonic();
  }

  /** The shard was read to its end. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Reads, unless it does already. */
  go(): void {
    if (this.#closed || this.#isReading || this.#hasEnded) return;
    this.#waitsForRoom = !this.#parts.hasRoom();
    if (this.#waitsForRoom) return;
    this.#isReading = true;
    void this.#read();
  }

  /** There may be room again. */
  roomMade(): void {
    if (this.#waitsForRoom) this.go();
  }

  close(): void {
    this.#closed = true;
    this.#alarm.cancel();
  }

  async #read(): Promise<void> {
    const { reader, shardId, take, isEnded } = this.#parts;
    let waitMs = 0;
    let taken: readonly StreamRecord[] = [];
    try {
      const wasEnded = isEnded();
      this.#iterator ??= await reader.iterator(shardId, this.#position);
      const { records, next } = await reader.records(shardId, this.#iterator, MOST_READ);
      this.#iterator = next;
      this.#failures = 0;
      taken = records;
      const last = records.at(-1);
      if (last !== undefined) {
        this.#position = { kind: 'after', sequenceNumber: last.sequenceNumber };
        this.#lastRecordMs = this.#parts.clock.monotonic();
      }
      // Not every server says at the last record that it is the last one.
      this.#hasEnded = next === undefined || (wasEnded && records.length === 0);
      waitMs = records.length > 0 ? 0 : this.#idleMs();
    } catch (error) {
      this.#iterator = undefined;
      if (!(error instanceof ExpiredIterator) && !this.#closed) {
        this.#failures += 1;
        waitMs = backoffMs(this.#failures, SOURCE_BACKOFF);
        this.#parts.trouble(error);
      }
    }
    this.#isReading = false;
    if (this.#closed) return;
    this.#alarm.set(waitMs, () => this.go());
    take(taken);
  }

  #idleMs(): number {
    const { clock, kind } = this.#parts;
    const quietFor = clock.monotonic() - this.#lastRecordMs;
    return quietFor > QUIET_AFTER_MS ? Math.max(POLL_MS[kind], QUIET_POLL_MS) : POLL_MS[kind];
  }
}
