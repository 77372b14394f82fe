/**
 * Reads one shard to its end and runs its batches (contract 11.9). Each lane runs one batch at a
 * time; a batch that fails is tried again before anything behind it.
 *
 *  1. The checkpoint moves on only when everything before it is done, and is written before anything
 *     else is begun: a kill repeats batches and passes none over.
 *  2. Reading goes on ahead of the function, as far as there is room.
 */

import { randomUUID } from 'node:crypto';
import { Alarm } from '../../async/alarm.js';
import { messageOf } from '../../errors.js';
import { backoffMs, BATCH_BACKOFF, SOURCE_BACKOFF } from '../backoff.js';
import { CALL_FAILED, verdictOf } from '../batch-response.js';
import type { Filters } from '../filters.js';
import type { StreamMapping } from '../mapping.js';
import { eventOf } from '../payload.js';
import { OK, type RunnerParts } from '../runner.js';
import { afterAttempt, aged, newAttempt, type Attempt } from './attempts.js';
import type { Checkpoint } from './checkpoint-store.js';
import type { FailureCondition, LastCall } from './failure-record.js';
import { ShardBuffer, type Entry } from './shard-buffer.js';
import { ExpiredIterator, type Position, type StreamReader } from './stream-reader.js';
import { stateIn, windowMembers, windowOf, type WindowState } from './windows.js';

export interface ShardRunnerParts extends Pick<
  RunnerParts,
  'clock' | 'queueClock' | 'invoke' | 'report'
> {
  readonly mapping: StreamMapping;
  readonly reader: StreamReader;
  readonly filters: Filters;
  readonly shardId: string;
  readonly streamArn: string;
  /** Where reading begins now; the checkpoint may name a moment instead. */
  readonly position: Position;
  readonly checkpoint: Checkpoint;
  /** Whether the shard was known to have ended when this is asked. */
  hasEnded(): boolean;
  save(checkpoint: Checkpoint): void;
  /** What was given up. */
  discard(discarded: Discarded): Promise<void>;
  /** The stream cannot be read; resolves when it may be tried again. */
  trouble(error: unknown): void;
  /** It has ended, and everything in it is done. */
  finished(): void;
}

export interface Discarded {
  readonly entries: readonly Entry[];
  readonly condition: FailureCondition;
  readonly calls: number;
  /** Absent when the function was not called with them. */
  readonly last?: LastCall;
}

interface Lane {
  readonly index: number;
  readonly alarm: Alarm;
  /** What is tried before anything that waits. */
  again: readonly Attempt[];
  isRunning: boolean;
  /** Failures in a row, of whatever kind. */
  failures: number;
  /** No attempt before this; monotonic, in queue time. */
  notBeforeMs: number;
}

/** Requests for records in a second (contract 11.9), as long as there are some now and then. */
const POLL_MS = { kinesis: 1_000, dynamodb: 250 } as const;
/** A shard without records for so long is asked once a second. */
const QUIET_AFTER_MS = 30_000;
const QUIET_POLL_MS = 1_000;
const MOST_READ = 1_000;
/** A window stays open for so long after its end. */
const LATE_MS = 2_000;

export class ShardRunner {
  readonly #parts: ShardRunnerParts;
  readonly #buffer: ShardBuffer;
  readonly #lanes: readonly Lane[];
  readonly #poll: Alarm;
  readonly #work = new Set<Promise<void>>();
  #position: Position;
  #iterator: string | undefined;
  #window: WindowState | undefined;
  #windowEnd: { readonly atMs: number } | undefined;
  #isReading = false;
  #waitsForRoom = false;
  #hasEnded = false;
  #isOver = false;
  #readFailures = 0;
  #lastRecordMs: number;
  #batches = 0;
  #stopping = false;

  constructor(parts: ShardRunnerParts) {
    this.#parts = parts;
    const { mapping, clock, queueClock, position, checkpoint } = parts;
    this.#buffer = new ShardBuffer(mapping);
    this.#poll = new Alarm(clock);
    this.#position = position;
    this.#window = checkpoint.window;
    if (checkpoint.window !== undefined) this.#windowEnd = this.#endOf(checkpoint.window);
    this.#lastRecordMs = clock.monotonic();
    this.#lanes = Array.from({ length: mapping.lanes }, (_, index) => ({
      index,
      alarm: new Alarm(queueClock),
      again: [],
      isRunning: false,
      failures: 0,
      notBeforeMs: 0,
    }));
  }

  get batches(): number {
    return this.#batches;
  }

  get running(): number {
    return this.#lanes.filter(({ isRunning }) => isRunning).length;
  }

  /** Records read and not done. */
  get pending(): number {
    return this.#buffer.size;
  }

  start(): void {
    this.#pump();
    this.#read();
  }

  async drain(): Promise<void> {
    this.close();
    while (this.#work.size > 0) await Promise.allSettled(this.#work);
  }

  /** Begins nothing more. */
  close(): void {
    this.#stopping = true;
    this.#poll.cancel();
    for (const { alarm } of this.#lanes) alarm.cancel();
  }

  #read(): void {
    if (this.#stopping || this.#isReading || this.#hasEnded) return;
    this.#waitsForRoom = !this.#buffer.hasRoom;
    if (this.#waitsForRoom) return;
    this.#isReading = true;
    this.#track(this.#readOnce());
  }

  async #readOnce(): Promise<void> {
    const { reader, shardId } = this.#parts;
    let waitMs = 0;
    try {
      const wasEnded = this.#parts.hasEnded();
      this.#iterator ??= await reader.iterator(shardId, this.#position);
      const { records, next } = await reader.records(shardId, this.#iterator, MOST_READ);
      if (this.#stopping) return;
      this.#iterator = next;
      this.#readFailures = 0;
      this.#add(records);
      // Not every server says at the last record that it is the last one.
      if (next === undefined || (wasEnded && records.length === 0)) this.#hasEnded = true;
      waitMs = records.length > 0 ? 0 : this.#idleMs();
    } catch (error) {
      if (this.#stopping) return;
      this.#iterator = undefined;
      if (!(error instanceof ExpiredIterator)) {
        this.#readFailures += 1;
        waitMs = backoffMs(this.#readFailures, SOURCE_BACKOFF);
        this.#parts.trouble(error);
      }
    } finally {
      this.#isReading = false;
    }
    this.#poll.set(waitMs, () => this.#read());
    this.#pump();
  }

  #idleMs(): number {
    const { clock, mapping } = this.#parts;
    const quietFor = clock.monotonic() - this.#lastRecordMs;
    const usual = POLL_MS[mapping.kind];
    return quietFor > QUIET_AFTER_MS ? Math.max(usual, QUIET_POLL_MS) : usual;
  }

  #add(records: Awaited<ReturnType<StreamReader['records']>>['records']): void {
    const { clock, queueClock, checkpoint } = this.#parts;
    const { position } = checkpoint;
    // Real servers date records; ages and windows follow queue time.
    const aheadMs = queueClock.now() - clock.now();
    const readAtMs = queueClock.monotonic();
    for (const record of records) {
      this.#position = { kind: 'after', sequenceNumber: record.sequenceNumber };
      this.#lastRecordMs = clock.monotonic();
      const isEarly =
        position.kind === 'from' && record.arrivedAtMs < wholeSecond(position.timestampMs);
      const json = JSON.stringify(record.record);
      const entry: Entry = {
        record,
        json,
        bytes: Buffer.byteLength(json),
        arrivedAtMs: record.arrivedAtMs + aheadMs,
        readAtMs,
        isDone: false,
      };
      this.#buffer.add(entry, !isEarly && this.#isWanted(entry));
    }
    if (this.#buffer.settle()) this.#save();
  }

  #isWanted({ record: { filtered, text } }: Entry): boolean {
    return this.#parts.filters.matches({
      record: filtered,
      ...(text === undefined ? {} : { text }),
    });
  }

  #pump(): void {
    if (this.#stopping || this.#isOver) return;
    for (const lane of this.#lanes) this.#advance(lane);
    if (this.#waitsForRoom && this.#buffer.hasRoom) this.#read();
    if (this.#hasEnded && this.#buffer.size === 0 && this.#isIdle()) this.#finish();
  }

  #isIdle(): boolean {
    return this.#lanes.every(({ isRunning, again }) => !isRunning && again.length === 0);
  }

  /** Begins a lane's next attempt, or arms its alarm for it. */
  #advance(lane: Lane): void {
    if (lane.isRunning) return;
    const { queueClock } = this.#parts;
    const nowMs = queueClock.monotonic();
    if (nowMs < lane.notBeforeMs) {
      lane.alarm.set(lane.notBeforeMs - nowMs, () => this.#pump());
      return;
    }
    const [next, ...others] = lane.again;
    if (next !== undefined) {
      lane.again = others;
      this.#begin(lane, next);
      return;
    }
    if (this.#windowIsOver(nowMs, lane)) {
      this.#begin(lane, newAttempt([], 'ended'));
      return;
    }
    const entries = this.#buffer.take(lane.index, nowMs, this.#window);
    if (entries !== undefined) {
      this.#begin(lane, newAttempt(entries));
      return;
    }
    const dueMs = Math.min(
      this.#buffer.dueAtMs(lane.index) ?? Infinity,
      this.#windowEnd?.atMs ?? Infinity,
    );
    if (dueMs < Infinity) lane.alarm.set(Math.max(1, dueMs - nowMs), () => this.#pump());
  }

  /** Its time has passed, or what comes next belongs to a later one. */
  #windowIsOver(nowMs: number, lane: Lane): boolean {
    if (this.#window === undefined) return false;
    const first = this.#buffer.first(lane.index);
    if (first !== undefined) return first.record.arrivedAtMs >= this.#window.endMs;
    return this.#hasEnded || nowMs >= (this.#windowEnd?.atMs ?? Infinity);
  }

  #begin(lane: Lane, attempt: Attempt): void {
    const { mapping, queueClock } = this.#parts;
    lane.isRunning = true;
    const { expired, left } = aged(attempt, mapping.ageMs, queueClock.now());
    const run = async (): Promise<void> => {
      if (expired.length > 0) await this.#giveUp(expired, 'RecordAgeExceeded', attempt);
      if (left !== undefined && !this.#stopping) await this.#run(lane, left);
      else if (left !== undefined) lane.again = [left, ...lane.again];
    };
    this.#track(
      run().finally(() => {
        lane.isRunning = false;
        this.#pump();
      }),
    );
  }

  async #run(lane: Lane, attempt: Attempt): Promise<void> {
    const { mapping, queueClock, report } = this.#parts;
    this.#openWindow(attempt);
    const window = this.#window;
    this.#batches += 1;
    const requestId = randomUUID();
    const outcome = await this.#parts.invoke(this.#eventOf(attempt, window), requestId);
    const ids = new Set(attempt.entries.map(({ record }) => record.sequenceNumber));
    const verdict = verdictOf(outcome, ids, mapping.reportsFailures);
    const { kind } = outcome;
    const last =
      kind === 'refused' ? {} : { last: { requestId, executedVersion: outcome.executedVersion } };
    const after = afterAttempt({ ...attempt, ...last }, verdict, mapping);
    if (verdict.kind === 'done' && outcome.kind === 'succeeded') {
      this.#keepState(attempt, outcome.payload, lane);
    }
    lane.again = [...after.again, ...lane.again];
    if (after.exhausted !== undefined) {
      await this.#giveUp(after.exhausted.entries, 'RetryAttemptsExhausted', after.exhausted);
      if (attempt.final !== undefined) this.#closeWindow();
    }
    const moved = this.#buffer.done(after.done);
    if (moved || window !== undefined) this.#save();
    const isOk = verdict.kind === 'done' && verdict.failed.size === 0;
    if (verdict.kind !== 'stopping') {
      report(isOk ? OK : verdict.kind === 'done' ? CALL_FAILED : verdict.reason);
    }
    lane.failures = isOk ? 0 : lane.failures + 1;
    const pauseMs = after.again.length === 0 ? 0 : backoffMs(lane.failures, BATCH_BACKOFF);
    lane.notBeforeMs = queueClock.monotonic() + (isOk ? 0 : pauseMs);
  }

  #eventOf({ entries, final }: Attempt, window: WindowState | undefined): Buffer {
    const records = entries.map(({ json }) => json);
    if (window === undefined) return eventOf(records);
    const { shardId, streamArn } = this.#parts;
    const end = { final: final !== undefined, early: final === 'early' };
    return eventOf(records, windowMembers(window, end, { shardId, arn: streamArn }));
  }

  #openWindow({ entries, final }: Attempt): void {
    const { tumblingMs } = this.#parts.mapping;
    const [first] = entries;
    if (tumblingMs === 0 || final !== undefined || this.#window !== undefined) return;
    if (first === undefined) return;
    this.#window = windowOf(first.record.arrivedAtMs, tumblingMs);
    this.#windowEnd = this.#endOf(this.#window);
  }

  #endOf({ endMs }: WindowState): { readonly atMs: number } {
    const { queueClock, clock } = this.#parts;
    // What arrived in its last moment may not have been read yet.
    return { atMs: queueClock.monotonic() + endMs - clock.now() + LATE_MS };
  }

  #closeWindow(): void {
    this.#window = undefined;
    this.#windowEnd = undefined;
  }

  #keepState({ final }: Attempt, payload: Buffer, lane: Lane): void {
    if (this.#window === undefined) return;
    if (final !== undefined) {
      this.#closeWindow();
      return;
    }
    const returned = stateIn(payload);
    // The state before it is the last one there is.
    if (returned === 'tooLarge') lane.again = [newAttempt([], 'early'), ...lane.again];
    else this.#window = { ...this.#window, state: returned.state };
  }

  /** Never rejects: what cannot be told of is logged by whoever tells. */
  async #giveUp(
    entries: readonly Entry[],
    condition: FailureCondition,
    { calls, last }: Attempt,
  ): Promise<void> {
    if (entries.length > 0) {
      const called = last === undefined ? {} : { last };
      await this.#parts.discard({ entries, condition, calls, ...called });
    }
    if (this.#buffer.done(entries)) this.#save();
  }

  #save(): void {
    const { checkpoint } = this.#buffer;
    const position: Position =
      checkpoint === undefined
        ? this.#parts.checkpoint.position
        : { kind: 'after', sequenceNumber: checkpoint };
    this.#parts.save({
      position,
      ...(this.#window === undefined ? {} : { window: this.#window }),
    });
  }

  #finish(): void {
    if (this.#window !== undefined) return;
    this.#isOver = true;
    const { checkpoint } = this.#buffer;
    const position: Position =
      checkpoint === undefined
        ? this.#parts.checkpoint.position
        : { kind: 'after', sequenceNumber: checkpoint };
    this.#parts.save({ position, finished: true });
    this.close();
    this.#parts.finished();
  }

  #track(work: Promise<void>): void {
    const tracked = work
      .catch((error: unknown) => this.#parts.report(`PROBLEM: ${messageOf(error)}`))
      .finally(() => this.#work.delete(tracked));
    this.#work.add(tracked);
  }
}

/** Some servers date records to the second only. */
function wholeSecond(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}
