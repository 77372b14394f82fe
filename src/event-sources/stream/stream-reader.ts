/** What a mapping needs of a stream. */

import { sourceError } from '../client-settings.js';

export interface StreamReader {
  /** Finds the stream. */
  open(): Promise<OpenedStream>;
  /** Every shard there is, also those that have ended. */
  shards(): Promise<readonly Shard[]>;
  iterator(shardId: string, position: Position): Promise<string>;
  /** Raises `ExpiredIterator` when the iterator is too old. */
  records(shardId: string, iterator: string, most: number): Promise<ReadRecords>;
  close(): void;
}

export interface OpenedStream {
  /** As records and invocation records name it. */
  readonly arn: string;
  /** Another one than before: the stream was made anew, and what was read of it means nothing. */
  readonly life: string;
}

export interface Shard {
  readonly id: string;
  readonly parents: readonly string[];
  /** No records are added any more. */
  readonly ended: boolean;
}

export type Position =
  | { readonly kind: 'oldest' | 'latest' }
  | { readonly kind: 'after'; readonly sequenceNumber: string }
  | { readonly kind: 'from'; readonly timestampMs: number };

export interface ReadRecords {
  readonly records: readonly StreamRecord[];
  /** Absent: the shard has ended and was read to its end. */
  readonly next?: string;
}

export interface StreamRecord {
  readonly sequenceNumber: string;
  /** Records of one key stay in order. */
  readonly partitionKey: string;
  readonly arrivedAtMs: number;
  /** As functions get it. */
  readonly record: Readonly<Record<string, unknown>>;
  /** As filters see it. */
  readonly filtered: Readonly<Record<string, unknown>>;
  /** What filters may look into. */
  readonly text?: string;
}

export class ExpiredIterator extends Error {}

/** What a request to a stream gives. Rejects with `ExpiredIterator`, or with what people are told. */
export async function answerOf<T>(request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    if ((error as Error).name === 'ExpiredIteratorException') throw new ExpiredIterator();
    throw sourceError(error);
  }
}
