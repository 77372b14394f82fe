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
import { backoffMs, BATCH_BACKOFF } from '../backoff.js';
import { CALL_FAILED, verdictOf } from '../batch-response.js';
import type { Filters } from '../filters.js';
import type { StreamMapping } from '../mapping.js';
import { eventOf } from '../payload.js';
import { OK, type RunnerParts } from '../runner.js';
import { afterAttempt, aged, newAttempt, type Attempt } from './attempts.js';
import type { Checkpoint } from './checkpoint-store.js';
import type { FailureCondition, LastCall } from './failure-record.js';
import { ShardBuffer, type Entry } from './shard-buffer.js';
import { ShardPolling } from './shard-polling.js';
import type { Position, StreamReader, StreamRecord } from './stream-reader.js';
import { WindowKeeper } from './window-keeper.js';

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
  /** The shard cannot be read; it is tried again. */
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

export class ShardRunner {
  readonly #parts: ShardRunnerParts;
  readonly #buffer: ShardBuffer;
  readonly #lanes: readonly Lane[];
  readonly #polling: ShardPolling;
  readonly #window: WindowKeeper;
  readonly #work = new Set<Promise<void>>();
  #isOver = false;
  #batches = 0;
  #stopping = false;

  constructor(parts: ShardRunnerParts) {
    this.#parts = parts;
    const { mapping, clock, queueClock, checkpoint, reader, shardId, streamArn } = parts;
    this.#buffer = new ShardBuffer(mapping);
    this.#window = new WindowKeeper({
      clock,
      queueClock,
      tumblingMs: mapping.tumblingMs,
      open: checkpoint.window,
      shardId,
      streamArn,
    });
    this.#polling = new ShardPolling({
      clock,
      kind: mapping.kind,
      reader,
      shardId,
      position: parts.position,
      hasRoom: () => this.#buffer.hasRoom,
      isEnded: parts.hasEnded,
      take: (records) => this.#take(records),
      trouble: parts.trouble,
    });
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
    this.#polling.go();
  }

  async drain(): Promise<void> {
    this.close();
    while (this.#work.size > 0) await Promise.allSettled(this.#work);
  }

  /** Begins nothing more. */
  close(): void {
    this.#stopping = true;
    this.#polling.close();
    for (const { alarm } of this.#lanes) alarm.cancel();
  }

  #take(records: readonly StreamRecord[]): void {
    const { clock, queueClock, checkpoint } = this.#parts;
    const { position } = checkpoint;
    // Real servers date records; ages and windows follow queue time.
    const aheadMs = queueClock.now() - clock.now();
    const readAtMs = queueClock.monotonic();
    for (const record of records) {
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
    this.#pump();
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
    this.#polling.roomMade();
    if (this.#polling.hasEnded && this.#buffer.size === 0 && this.#isIdle()) this.#finish();
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
    const first = this.#buffer.first(lane.index);
    if (this.#window.isOver(nowMs, first, this.#polling.hasEnded)) {
      this.#begin(lane, newAttempt([], 'ended'));
      return;
    }
    const entries = this.#buffer.take(lane.index, nowMs, this.#window.open);
    if (entries !== undefined) {
      this.#begin(lane, newAttempt(entries));
      return;
    }
    const dueMs = Math.min(this.#buffer.dueAtMs(lane.index) ?? Infinity, this.#window.endsAtMs);
    if (dueMs < Infinity) lane.alarm.set(Math.max(1, dueMs - nowMs), () => this.#pump());
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
    this.#window.begin(attempt);
    const window = this.#window.membersOf(attempt);
    this.#batches += 1;
    const requestId = randomUUID();
    const outcome = await this.#parts.invoke(
      eventOf(
        attempt.entries.map(({ json }) => json),
        window,
      ),
      requestId,
    );
    const ids = new Set(attempt.entries.map(({ record }) => record.sequenceNumber));
    const verdict = verdictOf(outcome, ids, mapping.reportsFailures);
    const { kind } = outcome;
    const last =
      kind === 'refused' ? {} : { last: { requestId, executedVersion: outcome.executedVersion } };
    const after = afterAttempt({ ...attempt, ...last }, verdict, mapping);
    const isDone = verdict.kind === 'done' && outcome.kind === 'succeeded';
    const next = isDone ? this.#window.succeeded(attempt, outcome.payload) : [];
    lane.again = [...after.again, ...next, ...lane.again];
    if (after.exhausted !== undefined) {
      await this.#giveUp(after.exhausted.entries, 'RetryAttemptsExhausted', after.exhausted);
      if (attempt.final !== undefined) this.#window.close();
    }
    const moved = this.#buffer.done(after.done);
    if (moved || window !== undefined) this.#save();
    const isOk = verdict.kind === 'done' && verdict.failed.size === 0;
    if (verdict.kind !== 'stopping') {
      report(isOk ? OK : verdict.kind === 'done' ? CALL_FAILED : verdict.reason);
    }
    // Splitting is no attempt, and what has moved on is not what failed before.
    lane.failures = isOk || after.isSplit || after.done.length > 0 ? 0 : lane.failures + 1;
    const waits = after.again.length > 0 && !isOk && !after.isSplit;
    const pauseMs = waits ? backoffMs(Math.max(1, lane.failures), BATCH_BACKOFF) : 0;
    lane.notBeforeMs = queueClock.monotonic() + pauseMs;
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
    const { open } = this.#window;
    this.#parts.save({
      position: this.#reached(),
      ...(open === undefined ? {} : { window: open }),
    });
  }

  #finish(): void {
    if (this.#window.open !== undefined) return;
    this.#isOver = true;
    this.#parts.save({ position: this.#reached(), finished: true });
    this.close();
    this.#parts.finished();
  }

  #reached(): Position {
    const { checkpoint } = this.#buffer;
    if (checkpoint === undefined) return this.#parts.checkpoint.position;
    return { kind: 'after', sequenceNumber: checkpoint };
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
