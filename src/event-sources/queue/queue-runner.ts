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

import { setMaxListeners } from 'node:events';
import { Alarm } from '../../async/alarm.js';
import { messageOf } from '../../errors.js';
import { backoffMs, SOURCE_BACKOFF } from '../backoff.js';
import { verdictOf, type BatchVerdict } from '../batch-response.js';
import type { Filters } from '../filters.js';
import type { QueueMapping } from '../mapping.js';
import { eventOf } from '../payload.js';
import { OK, type Runner, type RunnerParts } from '../runner.js';
import { Assembly, type QueueBatch } from './assembly.js';
import { FifoGroups } from './fifo-groups.js';
import { QueueMessages } from './queue-messages.js';
import { pollersWanted } from './queue-pollers.js';
import type { QueueMessage, QueueReader } from './queue-reader.js';
import { queueRecord, type QueueRecord } from './queue-records.js';
import { QueueConcurrency } from './queue-concurrency.js';
import { scalingRules } from './queue-scaling.js';

/** What the queue gives at most at once. */
const MOST_RECEIVED = 10;
const GROWTH_MS = 1_000;

export interface QueueRunnerParts extends RunnerParts {
  readonly mapping: QueueMapping;
  readonly reader: QueueReader;
  readonly filters: Filters;
}

export class QueueRunner implements Runner {
  readonly opened: Promise<void>;
  readonly #parts: QueueRunnerParts;
  readonly #assembly: Assembly;
  readonly #concurrency: QueueConcurrency;
  readonly #groups = new FifoGroups();
  readonly #window: Alarm;
  readonly #pause: Alarm;
  readonly #growth: Alarm;
  readonly #abort = new AbortController();
  readonly #messages: QueueMessages;
  /** What is being invoked or read. */
  readonly #work = new Set<Promise<void>>();
  #ready: QueueBatch[] = [];
  #isOpen = false;
  #polling = 0;
  #running = 0;
  #flowing = false;
  #paused = false;
  #failures = 0;
  #lastRunMs: number | undefined;
  #batches = 0;
  #taken = 0;
  #stopping = false;

  constructor(parts: QueueRunnerParts) {
    // Every poll that is open listens to it.
    setMaxListeners(0, this.#abort.signal);
    this.#parts = parts;
    const { mapping, clock, queueClock } = parts;
    this.#concurrency = new QueueConcurrency(scalingRules(mapping), clock);
    this.#messages = new QueueMessages(parts);
    this.#assembly = new Assembly(mapping.batchSize);
    this.#window = new Alarm(queueClock);
    this.#pause = new Alarm(clock);
    this.#growth = new Alarm(clock);
    this.opened = this.#open();
  }

  get figures(): Readonly<Record<string, number>> {
    return { batches: this.#batches, messages: this.#taken, 'in flight': this.#running };
  }

  async drain(): Promise<void> {
    this.#stopping = true;
    this.#quiet(this.#parts.reader.takesAborts);
    // What was read and not begun is anybody's again.
    const left = [...this.#ready, ...this.#assembly.close()].flatMap(({ records }) => records);
    this.#ready = [];
    if (left.length > 0) await this.#messages.release(left);
    while (this.#work.size > 0) await Promise.allSettled(this.#work);
    await this.#messages.settled();
    this.close();
  }

  close(): void {
    this.#stopping = true;
    this.#quiet(true);
    this.#messages.close();
    this.#parts.reader.close();
  }

  #quiet(aborts: boolean): void {
    if (aborts) this.#abort.abort();
    for (const alarm of [this.#window, this.#pause, this.#growth]) alarm.cancel();
  }

  async #open(): Promise<void> {
    try {
      const { visibilityMs } = await this.#parts.reader.open();
      this.#messages.visibilityMs = visibilityMs;
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
    const allowed = this.#concurrency.allowed(this.#running);
    for (let batch = this.#next(allowed); batch !== undefined; batch = this.#next(allowed)) {
      this.#track(this.#run(batch));
    }
    this.#concurrency.isFull = this.#flowing && this.#running >= allowed;
    // Nobody else may call the pump for as long as all batches run.
    if (this.#concurrency.grows) this.#growth.set(GROWTH_MS, () => this.#pump());
    else this.#growth.cancel();
    if (this.#paused) return;
    const wanted = pollersWanted({
      allowed,
      running: this.#running,
      ready: this.#ready.length,
      single: this.#parts.mapping.fifo,
      flowing: this.#flowing,
      lastRunMs: this.#lastRunMs,
    });
    while (this.#polling < wanted) this.#track(this.#poll());
  }

  #next(allowed: number): QueueBatch | undefined {
    if (this.#running >= allowed) return undefined;
    return this.#ready.shift();
  }

  async #poll(): Promise<void> {
    const { reader } = this.#parts;
    this.#polling += 1;
    try {
      const most = Math.max(1, Math.min(MOST_RECEIVED, this.#assembly.room));
      const messages = await reader.receive(most, this.#groups.size > 0, this.#abort.signal);
      this.#failures = 0;
      this.#flowing = messages.length > 0;
      if (this.#stopping) await this.#giveBack(messages);
      else this.#take(messages);
    } catch (error) {
      this.#flowing = false;
      if (!this.#stopping && !this.#paused) this.#unreachable(error);
    } finally {
      this.#polling -= 1;
      this.#pump();
    }
  }

  #giveBack(messages: readonly QueueMessage[]): Promise<void> {
    const { sourceArn, region } = this.#parts.mapping;
    return this.#messages.release(messages.map((one) => queueRecord(one, sourceArn, region)));
  }

  #take(messages: readonly QueueMessage[]): void {
    if (messages.length === 0) return;
    const { mapping, clock, queueClock } = this.#parts;
    const receivedAt = { realMs: clock.monotonic(), queueMs: queueClock.monotonic() };
    this.#concurrency.wanted();
    const records = messages.map((one) => queueRecord(one, mapping.sourceArn, mapping.region));
    const wanted = records.filter((record) => this.#isWanted(record));
    const unwanted = records.filter((record) => !wanted.includes(record));
    if (unwanted.length > 0) this.#messages.remove(unwanted);
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
    if (left.length > 0) this.#messages.comeBack(left, receivedAt);
    this.#pump();
  }

  /** The records that are to come back. */
  async #settle(
    records: readonly QueueRecord[],
    verdict: BatchVerdict,
  ): Promise<readonly QueueRecord[]> {
    if (verdict.kind === 'stopping') {
      await this.#messages.release(records);
      return [];
    }
    if (verdict.kind !== 'done') return records;
    const failed = records.filter(({ message }) => verdict.failed.has(message.messageId));
    const done = records.filter((record) => !failed.includes(record));
    this.#taken += done.length;
    this.#messages.remove(done);
    return failed;
  }

  /** Back-off (contract 11.8): not for failures that the function reports by itself. */
  #account(verdict: BatchVerdict): void {
    const { mapping, report } = this.#parts;
    switch (verdict.kind) {
      case 'done':
        report(OK);
        this.#concurrency.recovered();
        return;
      case 'failed':
        report(verdict.reason);
        if (!mapping.reportsFailures) this.#concurrency.reduced();
        return;
      case 'throttled':
      case 'refused':
        report(verdict.reason);
        this.#pauseFor(this.#concurrency.reduced());
        return;
      case 'stopping':
    }
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
