/**
 * Runs a mapping of a stream: finds its shards, reads each after those it came from, and keeps the
 * checkpoints (contract 11.9).
 */

import { Alarm } from '../../async/alarm.js';
import { messageOf } from '../../errors.js';
import { backoffMs, SOURCE_BACKOFF } from '../backoff.js';
import type { Filters } from '../filters.js';
import type { StreamMapping } from '../mapping.js';
import type { Runner, RunnerParts } from '../runner.js';
import type { Checkpoint, Checkpoints, CheckpointStore } from './checkpoint-store.js';
import { ShardRunner, type Discarded } from './shard-runner.js';
import { firstCheckpoints, FROM_ITS_BEGINNING, readable } from './shards.js';
import type { OpenedStream, Position, Shard, StreamReader } from './stream-reader.js';

export interface StreamRunnerParts extends RunnerParts {
  readonly mapping: StreamMapping;
  readonly reader: StreamReader;
  readonly filters: Filters;
  readonly checkpoints: Pick<CheckpointStore, 'known' | 'begin' | 'save'>;
  /** Tells the on-failure destination. Never rejects. */
  discard(
    discarded: Discarded & { readonly shardId: string; readonly streamArn: string },
  ): Promise<void>;
}

/** Shards come and go seldom; the end of one is noticed at once. */
const LIST_MS = 10_000;

export class StreamRunner implements Runner {
  readonly opened: Promise<void>;
  readonly #parts: StreamRunnerParts;
  readonly #retry: Alarm;
  readonly #list: Alarm;
  #stream: OpenedStream | undefined;
  #shards: readonly Shard[] = [];
  #checkpoints = new Map<string, Checkpoint>();
  #runners = new Map<string, ShardRunner>();
  #failures = 0;
  #batches = 0;
  #isListing = false;
  #stopping = false;

  constructor(parts: StreamRunnerParts) {
    this.#parts = parts;
    this.#retry = new Alarm(parts.clock);
    this.#list = new Alarm(parts.clock);
    this.opened = this.#open();
  }

  get figures(): Readonly<Record<string, number>> {
    const runners = [...this.#runners.values()];
    const sum = (of: (runner: ShardRunner) => number): number =>
      runners.reduce((total, runner) => total + of(runner), 0);
    return {
      batches: this.#batches + sum(({ batches }) => batches),
      shards: runners.length,
      pending: sum(({ pending }) => pending),
      'in flight': sum(({ running }) => running),
    };
  }

  async drain(): Promise<void> {
    this.#quiet();
    await Promise.all([...this.#runners.values()].map((runner) => runner.drain()));
    this.#parts.reader.close();
  }

  close(): void {
    this.#quiet();
    for (const runner of this.#runners.values()) runner.close();
    this.#parts.reader.close();
  }

  #quiet(): void {
    this.#stopping = true;
    this.#retry.cancel();
    this.#list.cancel();
  }

  async #open(): Promise<void> {
    const { reader, mapping, checkpoints, clock } = this.#parts;
    try {
      const stream = await reader.open();
      if (this.#stopping) return;
      if (this.#stream?.life === stream.life) {
        this.#recovered();
        return;
      }
      // Another stream than the one that was read: its records have other numbers.
      await this.#leave();
      const shards = await reader.shards();
      if (this.#stopping) return;
      const known = checkpoints.known(mapping.uuid, stream.life);
      let starts: ReadonlyMap<string, Position> = new Map();
      if (known === undefined) {
        const first = firstCheckpoints(shards, mapping.start, clock.now());
        checkpoints.begin(mapping.uuid, stream.life, first);
        this.#checkpoints = new Map(first);
        starts = latestOf(mapping, first);
      } else this.#checkpoints = new Map(known);
      this.#stream = stream;
      this.#follow(shards, starts);
      this.#recovered();
    } catch (error) {
      if (!this.#stopping) this.#trouble(error);
    }
  }

  #recovered(): void {
    this.#failures = 0;
    this.#list.set(LIST_MS, () => void this.#relist());
  }

  async #leave(): Promise<void> {
    const runners = [...this.#runners.values()];
    this.#runners = new Map();
    for (const { batches } of runners) this.#batches += batches;
    await Promise.all(runners.map((runner) => runner.drain()));
  }

  async #relist(): Promise<void> {
    if (this.#stopping || this.#isListing || this.#stream === undefined) return;
    this.#isListing = true;
    try {
      this.#follow(await this.#parts.reader.shards(), new Map());
      this.#recovered();
    } catch (error) {
      if (!this.#stopping) this.#trouble(error);
    } finally {
      this.#isListing = false;
    }
  }

  /** Starts what may be read and is not yet. */
  #follow(shards: readonly Shard[], starts: ReadonlyMap<string, Position>): void {
    const stream = this.#stream;
    if (this.#stopping || stream === undefined) return;
    this.#shards = shards;
    for (const shard of readable(shards, this.#checkpoints)) {
      if (this.#runners.has(shard.id)) continue;
      const runner = this.#runnerOf(shard.id, stream, starts.get(shard.id));
      this.#runners.set(shard.id, runner);
      runner.start();
    }
  }

  #runnerOf(shardId: string, stream: OpenedStream, start: Position | undefined): ShardRunner {
    const { mapping, reader, filters, clock, queueClock, report } = this.#parts;
    const checkpoint = this.#checkpoints.get(shardId) ?? FROM_ITS_BEGINNING;
    return new ShardRunner({
      clock,
      queueClock,
      mapping,
      reader,
      filters,
      report,
      invoke: (payload, requestId) => this.#parts.invoke(payload, requestId),
      shardId,
      streamArn: stream.arn,
      position: start ?? checkpoint.position,
      checkpoint,
      hasEnded: () => this.#shards.some(({ id, ended }) => id === shardId && ended),
      save: (saved) => {
        if (this.#stream?.life !== stream.life) return;
        this.#checkpoints.set(shardId, saved);
        this.#parts.checkpoints.save(mapping.uuid, shardId, saved);
      },
      discard: (discarded) => this.#parts.discard({ ...discarded, shardId, streamArn: stream.arn }),
      trouble: (error) => this.#trouble(error),
      finished: () => {
        this.#batches += this.#runners.get(shardId)?.batches ?? 0;
        this.#runners.delete(shardId);
        void this.#relist();
      },
    });
  }

  /** Tells it once; looks again whether the stream is there, and is the same. */
  #trouble(error: unknown): void {
    const { mapping, report, warn } = this.#parts;
    report(`PROBLEM: ${messageOf(error)}`);
    this.#failures += 1;
    if (this.#failures === 1) {
      warn(`${mapping.sourceArn} cannot be read: ${messageOf(error)}. It is tried again`);
    }
    this.#retry.set(backoffMs(this.#failures, SOURCE_BACKOFF), () => void this.#open());
  }
}

/** A mapping that begins with what is newest asks for just that, the first time. */
function latestOf({ start }: StreamMapping, first: Checkpoints): ReadonlyMap<string, Position> {
  if (start.kind !== 'LATEST') return new Map();
  const open = [...first].filter(([, { finished }]) => finished !== true);
  return new Map(open.map(([id]) => [id, { kind: 'latest' }]));
}
