/**
 * Runs a mapping of a queue (contract 11.8). One pump decides what is done next: it is called after
 * each answer of the queue and each end of a batch.
 *
 *  1. Messages are deleted once the function has taken them, or when no filter wants them; all
 *     others come back by themselves when their visibility timeout is over.
 *  2. Where queue time runs ahead of real time the timeout follows it: what it is over for is made
 *     visible at once.
 *  3. Of a FIFO queue no group is handed out while messages of it are under way.
 */

import { Alarm } from '../../async/alarm.js';
import type { Timer } from '../../async/clock.js';
import { messageOf } from '../../errors.js';
import { backoffMs, SOURCE_BACKOFF } from '../backoff.js';
import { verdictOf, type BatchVerdict } from '../batch-response.js';
import type { Filters } from '../filters.js';
import type { QueueMapping } from '../mapping.js';
import { eventOf } from '../payload.js';
import { OK, type Runner, type RunnerParts } from '../runner.js';
import { Assembly, type QueueBatch, type Received } from './assembly.js';
import { FifoGroups } from './fifo-groups.js';
import { pollersWanted } from './queue-pollers.js';
import type { QueueMessage, QueueReader } from './queue-reader.js';
import { queueRecord, type QueueRecord } from './queue-records.js';
import {
  grown,
  recovered,
  reduced,
  rested,
  scalingRules,
  startScaling,
  type Scaling,
  type ScalingRules,
} from './queue-scaling.js';

/** What the queue gives at most at once. */
const MOST_RECEIVED = 10;
const REMOVE_ATTEMPTS = 4;
const GROWTH_MS = 1_000;
/** After so long without messages the next ones find the concurrency of a new mapping. */
const IDLE_AFTER_MS = 60_000;

export interface QueueRunnerParts extends RunnerParts {
  readonly mapping: QueueMapping;
  readonly reader: QueueReader;
  readonly filters: Filters;
}

export class QueueRunner implements Runner {
  readonly opened: Promise<void>;
  readonly #parts: QueueRunnerParts;
  readonly #rules: ScalingRules;
  readonly #assembly: Assembly;
  readonly #groups = new FifoGroups();
  readonly #window: Alarm;
  readonly #pause: Alarm;
  readonly #growth: Alarm;
  readonly #abort = new AbortController();
  readonly #returns = new Set<Timer>();
  /** What is being invoked, deleted or read. */
  readonly #work = new Set<Promise<void>>();
  #ready: QueueBatch[] = [];
  #scaling: Scaling;
  #visibilityMs = 30_000;
  #isOpen = false;
  #polling = 0;
  #running = 0;
  #flowing = false;
  /** As many batches run as may, and there are more messages. */
  #isFull = false;
  #paused = false;
  #failures = 0;
  #lastMessageMs: number;
  #lastRunMs: number | undefined;
  #batches = 0;
  #taken = 0;
  #stopping = false;

  constructor(parts: QueueRunnerParts) {
    this.#parts = parts;
    const { mapping, clock, queueClock } = parts;
    this.#rules = scalingRules(mapping);
    this.#scaling = startScaling(this.#rules, clock.monotonic());
    this.#assembly = new Assembly(mapping.batchSize);
    this.#window = new Alarm(queueClock);
    this.#pause = new Alarm(clock);
    this.#growth = new Alarm(clock);
    this.#lastMessageMs = clock.monotonic();
    this.opened = this.#open();
  }

  get figures(): Readonly<Record<string, number>> {
    return { batches: this.#batches, messages: this.#taken, 'in flight': this.#running };
  }

  async drain(): Promise<void> {
    this.#stopping = true;
    this.#quiet();
    // What was read and not begun is anybody's again.
    const left = [...this.#ready, ...this.#assembly.close()].flatMap(({ records }) => records);
    this.#ready = [];
    if (left.length > 0) await this.#release(left);
    while (this.#work.size > 0) await Promise.allSettled(this.#work);
    this.close();
  }

  close(): void {
    this.#stopping = true;
    this.#quiet();
    for (const timer of this.#returns) timer.cancel();
    this.#returns.clear();
    this.#parts.reader.close();
  }

  #quiet(): void {
    this.#abort.abort();
    for (const alarm of [this.#window, this.#pause, this.#growth]) alarm.cancel();
  }

  async #open(): Promise<void> {
    try {
      const { visibilityMs } = await this.#parts.reader.open();
      this.#visibilityMs = visibilityMs;
      this.#isOpen = true;
      this.#failures = 0;
      this.#pump();
    } catch (error) {
      if (!this.#stopping) this.#unreachable(error);
    }
  }

  /** Tells it once, and tries again later. */
  #unreachable(error: unknown): void {
    const { mapping, report, warn } = this.#parts;
    this.#failures += 1;
    const result = `PROBLEM: ${messageOf(error)}`;
    report(result);
    if (this.#failures === 1) {
      warn(`${mapping.sourceArn} cannot be read: ${messageOf(error)}. It is tried again`);
    }
    this.#pauseFor(backoffMs(this.#failures, SOURCE_BACKOFF));
  }

  #pauseFor(ms: number): void {
    this.#paused = true;
    this.#pause.set(ms, () => {
      this.#paused = false;
      if (this.#isOpen) this.#pump();
      else void this.#open();
    });
  }

  #pump(): void {
    if (this.#stopping || !this.#isOpen) return;
    const allowed = this.#allowed();
    for (let batch = this.#next(allowed); batch !== undefined; batch = this.#next(allowed)) {
      this.#track(this.#run(batch));
    }
    this.#isFull = this.#flowing && this.#running >= allowed;
    // Nobody else may call the pump for as long as all batches run.
    if (this.#isFull && allowed < this.#rules.most) {
      this.#growth.set(GROWTH_MS, () => this.#pump());
    } else this.#growth.cancel();
    if (this.#paused) return;
    const wanted = pollersWanted({
      allowed,
      running: this.#running,
      ready: this.#ready.length,
      flowing: this.#flowing,
      lastRunMs: this.#lastRunMs,
    });
    while (this.#polling < wanted) this.#track(this.#poll());
  }

  #next(allowed: number): QueueBatch | undefined {
    if (this.#running >= allowed) return undefined;
    return this.#ready.shift();
  }

  /** What may run at once now. */
  #allowed(): number {
    const now = this.#parts.clock.monotonic();
    if (this.#running === 0 && now - this.#lastMessageMs > IDLE_AFTER_MS) {
      this.#scaling = startScaling(this.#rules, now);
    }
    this.#scaling = this.#isFull
      ? grown(this.#scaling, this.#rules, now)
      : rested(this.#scaling, now);
    return Math.floor(this.#scaling.limit);
  }

  async #poll(): Promise<void> {
    const { reader } = this.#parts;
    this.#polling += 1;
    try {
      const most = Math.max(1, Math.min(MOST_RECEIVED, this.#assembly.room));
      const messages = await reader.receive(most, this.#abort.signal);
      this.#failures = 0;
      this.#flowing = messages.length > 0;
      if (!this.#stopping) this.#take(messages);
    } catch (error) {
      this.#flowing = false;
      if (!this.#stopping && !this.#paused) this.#unreachable(error);
    } finally {
      this.#polling -= 1;
      this.#pump();
    }
  }

  #take(messages: readonly QueueMessage[]): void {
    if (messages.length === 0) return;
    const { mapping, clock, queueClock } = this.#parts;
    const receivedAt = { realMs: clock.monotonic(), queueMs: queueClock.monotonic() };
    this.#lastMessageMs = receivedAt.realMs;
    const records = messages.map((one) => queueRecord(one, mapping.sourceArn, mapping.region));
    const wanted = records.filter((record) => this.#isWanted(record));
    const unwanted = records.filter((record) => !wanted.includes(record));
    if (unwanted.length > 0) this.#track(this.#remove(unwanted));
    const free = mapping.fifo ? wanted.filter((record) => !this.#groups.isBusy(record)) : wanted;
    if (mapping.fifo) this.#groups.take(free);
    for (const record of free) this.#ready.push(...this.#assembly.add(record, receivedAt));
    if (mapping.windowMs === 0) this.#ready.push(...this.#assembly.close());
    this.#armWindow();
  }

  #armWindow(): void {
    const { mapping, queueClock } = this.#parts;
    const { receivedAt } = this.#assembly;
    if (receivedAt === undefined) {
      this.#window.cancel();
      return;
    }
    const left = receivedAt.queueMs + mapping.windowMs - queueClock.monotonic();
    this.#window.set(left, () => {
      this.#ready.push(...this.#assembly.close());
      this.#pump();
    });
  }

  #isWanted({ message, record }: QueueRecord): boolean {
    return this.#parts.filters.matches({ record, text: message.body });
  }

  async #run({ records, receivedAt }: QueueBatch): Promise<void> {
    const { mapping, clock } = this.#parts;
    this.#running += 1;
    this.#batches += 1;
    const startedAt = clock.monotonic();
    const outcome = await this.#parts.invoke(eventOf(records.map(({ json }) => json)));
    this.#running -= 1;
    this.#lastRunMs = clock.monotonic() - startedAt;
    const ids = new Set(records.map(({ message }) => message.messageId));
    const verdict = verdictOf(outcome, ids, mapping.reportsFailures);
    this.#account(verdict);
    // The queue hands a group out again as soon as it has heard of the deletion, before we have.
    if (mapping.fifo) this.#groups.release(records);
    const left = await this.#settle(records, verdict);
    if (left.length > 0) this.#returnInQueueTime(left, receivedAt);
    this.#pump();
  }

  /** The records that are to come back. */
  async #settle(
    records: readonly QueueRecord[],
    verdict: BatchVerdict,
  ): Promise<readonly QueueRecord[]> {
    if (verdict.kind === 'stopping') {
      await this.#release(records);
      return [];
    }
    if (verdict.kind !== 'done') return records;
    const failed = records.filter(({ message }) => verdict.failed.has(message.messageId));
    const done = records.filter((record) => !failed.includes(record));
    this.#taken += done.length;
    this.#track(this.#remove(done));
    return failed;
  }

  /** Back-off (contract 11.8): not for failures that the function reports by itself. */
  #account(verdict: BatchVerdict): void {
    const { mapping, clock, report } = this.#parts;
    const now = clock.monotonic();
    switch (verdict.kind) {
      case 'done':
        report(OK);
        this.#scaling = recovered(this.#scaling);
        return;
      case 'failed':
        report(verdict.reason);
        if (!mapping.reportsFailures) this.#scaling = reduced(this.#scaling, now);
        return;
      case 'throttled':
      case 'refused':
        report(verdict.reason);
        this.#scaling = reduced(this.#scaling, now);
        this.#pauseFor(this.#scaling.heldUntilMs - now);
        return;
      case 'stopping':
    }
  }

  async #remove(records: readonly QueueRecord[]): Promise<void> {
    const { reader, mapping, warn } = this.#parts;
    let handles: readonly string[] = records.map(({ message }) => message.receiptHandle);
    let reason = '';
    for (let attempt = 1; handles.length > 0 && attempt <= REMOVE_ATTEMPTS; attempt += 1) {
      if (attempt > 1) await this.#wait(backoffMs(attempt - 1, SOURCE_BACKOFF));
      handles = await reader.remove(handles).catch((error: unknown) => {
        reason = `: ${messageOf(error)}`;
        return handles;
      });
    }
    if (handles.length === 0) return;
    warn(
      `${handles.length} messages of ${mapping.sourceArn} could not be deleted${reason}. They come again`,
    );
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#parts.clock.setTimer(ms, resolve);
    });
  }

  #release(records: readonly QueueRecord[]): Promise<void> {
    const handles = records.map(({ message }) => message.receiptHandle);
    // They come back by themselves, if later.
    return this.#parts.reader.release(handles).catch(() => undefined);
  }

  #returnInQueueTime(records: readonly QueueRecord[], receivedAt: Received): void {
    const { clock, queueClock } = this.#parts;
    if (this.#stopping) return;
    const left = receivedAt.queueMs + this.#visibilityMs - queueClock.monotonic();
    const timer = queueClock.setTimer(left, () => {
      this.#returns.delete(timer);
      const realLeft = receivedAt.realMs + this.#visibilityMs - clock.monotonic();
      // At the pace of the queue itself there is nothing to be done.
      if (realLeft > 1_000) this.#track(this.#release(records));
    });
    this.#returns.add(timer);
  }

  #track(work: Promise<void>): void {
    const tracked = work
      .catch((error: unknown) => {
        this.#parts.warn(`${this.#parts.mapping.sourceArn}: ${messageOf(error)}`);
      })
      .finally(() => this.#work.delete(tracked));
    this.#work.add(tracked);
  }
}
