/**
 * Asynchronous invocation (contract section 9): events are accepted onto disk, run until they
 * succeed or are over, and their ends told to destinations. What is unfinished when the
 * orchestrator ends is taken up by the next one on the same state folder.
 */

import { randomUUID } from 'node:crypto';
import type { Clock } from '../async/clock.js';
import { messageOf, OrchestratorError } from '../errors.js';
import type { Outcome } from '../invocation/outcome.js';
import type { DestinationSender } from './delivery.js';
import { Destinations, type Target } from './destinations.js';
import { Dispatcher } from './dispatcher.js';
import type { EventStore, QueueTime } from './event-store.js';
import { Outbox } from './outbox.js';
import type { EventSettings, NewEvent, QueuedEvent } from './queued-event.js';
import type { EndedEvent } from './record.js';

export interface EventQueueParts {
  readonly store: EventStore;
  /** Queue time: retries, ages and back-off follow it. */
  readonly clock: Clock;
  /** How far queue time is ahead of real time. */
  aheadMs(): number;
  /** Real time. */
  readonly pace: Clock;
  settings(functionName: string, qualifier: string | undefined): EventSettings | undefined;
  reservedConcurrency(functionName: string): number | undefined;
  waiting(functionName: string): number;
  run(event: QueuedEvent, payload: Buffer, settle: (outcome: Outcome) => void): void;
  /**
   * The trace of the event's chain behind its function; undefined when the chain has been stopped
   * there before and leads nowhere any more (contract 7.11). Absent: as it came.
   */
  traceBehind?(event: QueuedEvent): string | undefined;
  /** Absent: only functions can be told. */
  readonly sender?: DestinationSender;
  /** A line in the function's log. */
  log(event: EventName, text: string): void;
  warn(message: string): void;
}

type EventName = Pick<QueuedEvent, 'requestId' | 'functionName'>;

/** Since the start of this run. */
export interface EventCounts {
  accepted: number;
  succeeded: number;
  /** Over without success. */
  failed: number;
  /** Their function is no more. */
  dropped: number;
  /** Destinations and dead-letter queues that could not be told. */
  undelivered: number;
}

export class EventQueue {
  readonly counts: EventCounts = {
    accepted: 0,
    succeeded: 0,
    failed: 0,
    dropped: 0,
    undelivered: 0,
  };
  readonly #parts: EventQueueParts;
  readonly #dispatcher: Dispatcher;
  readonly #destinations: Destinations;
  readonly #outbox: Outbox;
  #closing = false;

  constructor(parts: EventQueueParts) {
    const { store, clock, pace } = parts;
    this.#parts = parts;
    this.#destinations = new Destinations({
      hasSender: parts.sender !== undefined,
      isFunction: (functionName, qualifier) =>
        parts.settings(functionName, qualifier) !== undefined,
    });
    this.#outbox = new Outbox({
      store,
      clock,
      ...(parts.sender === undefined ? {} : { sender: parts.sender }),
      undelivered: (delivery, reason) => this.#undelivered(delivery, delivery.arn, reason),
      warn: (message) => parts.warn(message),
    });
    this.#dispatcher = new Dispatcher({
      store,
      clock,
      pace,
      settings: (functionName, qualifier) => parts.settings(functionName, qualifier),
      reservedConcurrency: (functionName) => parts.reservedConcurrency(functionName),
      waiting: (functionName) => parts.waiting(functionName),
      run: (event, payload, settle) => parts.run(event, payload, settle),
      aheadMs: () => parts.aheadMs(),
      end: (ended, settings) => this.#end(ended, settings),
      drop: (event) => this.#drop(event),
      warn: (message) => parts.warn(message),
    });
  }

  /** Takes up what earlier runs left; how many events that is. */
  start(): number {
    this.#outbox.pump();
    this.#dispatcher.start();
    return this.#parts.store.count;
  }

  /**
   * Resolves when the event will run whatever happens. Raises `state-unusable` when the disk does
   * not take it, `shutting-down` when nothing new is taken.
   */
  async accept(event: NewEvent): Promise<void> {
    if (this.#closing) throw new OrchestratorError('shutting-down', 'the orchestrator is stopping');
    const queued = this.#parts.store.add(event, this.#time());
    this.#dispatcher.hold(queued);
    try {
      await this.#parts.store.synced();
    } catch (error) {
      this.#parts.store.finish(queued.id);
      this.#dispatcher.release(queued);
      throw new OrchestratorError(
        'state-unusable',
        `the event cannot be kept: ${messageOf(error)}`,
        { remedy: 'Look at the disk of the state folder.', cause: error },
      );
    }
    this.counts.accepted += 1;
    this.#dispatcher.release(queued);
    this.#dispatcher.added(queued, event.payload);
  }

  /** The oldest events first. */
  list(limit: number): readonly (QueuedEvent & { readonly running: boolean })[] {
    return this.#parts.store
      .list(limit)
      .map((event) => ({ ...event, running: this.#dispatcher.isRunning(event) }));
  }

  /** Events that are not over. */
  get size(): number {
    return this.#parts.store.count;
  }

  /** Tries the event now instead of later. */
  retry(requestId: string): 'done' | 'unknown' | 'running' {
    return this.#change(requestId, (event) => {
      const due = { ...event, dueAtMs: this.#parts.clock.now() };
      this.#parts.store.update(event.id, due, this.#time().aheadMs);
      this.#dispatcher.changed(due);
    });
  }

  /** Forgets the event; nobody is told. */
  drop(requestId: string): 'done' | 'unknown' | 'running' {
    return this.#change(requestId, (event) => {
      this.#parts.store.finish(event.id);
      this.#parts.log(event, 'dropped by hand');
      this.#dispatcher.changed(event);
    });
  }

  /** Takes and starts nothing more; what runs is still written down. */
  close(): void {
    this.#closing = true;
    this.#dispatcher.close();
    this.#outbox.close();
  }

  #change(requestId: string, change: (event: QueuedEvent) => void): 'done' | 'unknown' | 'running' {
    const event = this.#parts.store.find(requestId);
    if (event === undefined) return 'unknown';
    if (this.#dispatcher.isRunning(event)) return 'running';
    change(event);
    return 'done';
  }

  #time(): QueueTime {
    return { nowMs: this.#parts.clock.now(), aheadMs: this.#parts.aheadMs() };
  }

  #end(ended: EndedEvent, settings: EventSettings): void {
    const { store } = this.#parts;
    const { event, condition } = ended;
    const time = this.#time();
    const { traceBehind = (): string => event.traceId } = this.#parts;
    const traceId = traceBehind(event);
    const target = this.#targetOf(ended, settings, {
      nowMs: time.nowMs,
      ends: traceId === undefined,
    });
    if (target?.kind === 'elsewhere') {
      const { requestId, functionName } = event;
      const { arn, message } = target;
      store.finish(event.id, { delivery: { requestId, functionName, arn, message } });
    } else if (target?.kind !== 'function') {
      store.finish(event.id);
    } else {
      const { functionName, qualifier, arn, record } = target;
      const next: NewEvent = {
        requestId: randomUUID(),
        functionName,
        ...(qualifier === undefined ? {} : { qualifier }),
        invokedFunctionArn: arn,
        traceId: traceId ?? event.traceId,
        payload: record,
      };
      const queued = store.finish(event.id, { event: { event: next, time } });
      if (queued !== undefined) this.#dispatcher.added(queued, record);
    }
    if (condition === 'Success') this.counts.succeeded += 1;
    else {
      this.counts.failed += 1;
      this.#parts.log(event, endText(ended, target?.arn));
    }
    if (target?.kind === 'unreachable') this.#undelivered(event, target.arn, target.reason);
    if (target?.kind === 'elsewhere') this.#outbox.pump();
  }

  #targetOf(
    ended: EndedEvent,
    settings: EventSettings,
    { nowMs, ends }: { readonly nowMs: number; readonly ends: boolean },
  ): Target | undefined {
    const target = this.#destinations.targetOf(ended, settings, nowMs);
    if (!ends || target?.kind !== 'function') return target;
    return { kind: 'unreachable', arn: target.arn, reason: 'it is part of a recursive loop' };
  }

  #drop(event: QueuedEvent): void {
    this.#parts.store.finish(event.id);
    this.counts.dropped += 1;
    const text = `the function ${event.functionName} is no more`;
    this.#parts.log(event, `dropped: ${text}`);
    this.#parts.warn(`the event ${event.requestId} is dropped: ${text}`);
  }

  #undelivered(event: EventName, arn: string, reason: string): void {
    this.counts.undelivered += 1;
    const text = `the end of the event ${event.requestId} of ${event.functionName} cannot be told to ${arn}: ${reason}`;
    this.#parts.log(event, `not delivered to ${arn}: ${reason}`);
    this.#parts.warn(text);
  }
}

function endText({ condition, attempts, last }: EndedEvent, target: string | undefined): string {
  const tries = attempts === 1 ? '1 attempt' : `${attempts} attempts`;
  const why = last === undefined ? '' : `: ${last.error}`;
  return `${condition} after ${tries}${why}${target === undefined ? '' : `; on to ${target}`}`;
}
