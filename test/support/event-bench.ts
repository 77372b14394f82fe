/**
 * An event queue on a real file, in virtual time, over functions that are handlers in this process.
 */

import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventQueue, type EventQueueParts } from '../../src/event-queue/event-queue.js';
import { EventStore } from '../../src/event-queue/event-store.js';
import type { EventSettings, NewEvent, QueuedEvent } from '../../src/event-queue/queued-event.js';
import { OrchestratorError } from '../../src/errors.js';
import type { Settle } from '../../src/invocation/invocation.js';
import type { Outcome } from '../../src/invocation/outcome.js';
import { failed, succeeded } from './fake-router.js';
import { ManualClock } from './manual-clock.js';

export const ARN_HEAD = 'arn:aws:lambda:us-east-1:123456789012:function:';
export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

export const OK: Outcome = succeeded('"done"');
export const FAILS: Outcome = failed(
  { errorMessage: 'no stock', errorType: 'StockError' },
  'StockError',
);
export const THROTTLED: Outcome = {
  kind: 'refused',
  error: new OrchestratorError('throttled', 'Rate Exceeded.'),
};
export const AWAY: Outcome = {
  kind: 'refused',
  error: new OrchestratorError('engine-unreachable', 'the engine is away'),
};

/** One attempt, and how the test ends it. */
export interface Attempt {
  readonly event: QueuedEvent;
  readonly payload: string;
  readonly atMs: number;
  readonly settle: Settle;
}

const DEFAULTS: EventSettings = { maximumRetryAttempts: 2, maximumEventAgeMs: 6 * HOUR };

export class EventBench {
  readonly clock = new ManualClock();
  readonly directory = mkdtempSync(join(tmpdir(), 'events-'));
  readonly settings = new Map<string, EventSettings>();
  readonly waiting = new Map<string, number>();
  readonly attempts: Attempt[] = [];
  readonly logged: string[] = [];
  readonly warnings: string[] = [];
  readonly startedAtMs = this.clock.now();
  /** Ends attempts at once where it gives an outcome; the others the test ends. */
  answer: ((attempt: Attempt) => Outcome | undefined) | undefined;
  store: EventStore;
  queue: EventQueue;

  constructor(parts: Partial<EventQueueParts> = {}) {
    this.store = this.#openStore();
    this.queue = this.#openQueue(parts);
    this.queue.start();
  }

  /** Functions there are; `fn` has the defaults unless a test says otherwise. */
  define(functionName: string, settings: Partial<EventSettings> = {}): void {
    this.settings.set(functionName, { ...DEFAULTS, ...settings });
  }

  async accept(functionName: string, event: unknown = {}): Promise<string> {
    const given = newEvent(functionName, event);
    await this.queue.accept(given);
    return given.requestId;
  }

  /** When attempts were made, in seconds since the start. */
  get seconds(): number[] {
    return this.attempts.map(({ atMs }) => (atMs - this.startedAtMs) / SECOND);
  }

  /** As after a kill: what was under way says nothing any more. */
  async restart(parts: Partial<EventQueueParts> = {}): Promise<void> {
    this.queue.close();
    await this.store.close();
    this.store = this.#openStore();
    this.queue = this.#openQueue(parts);
    this.queue.start();
  }

  async close(): Promise<void> {
    this.queue.close();
    await this.store.close();
    rmSync(this.directory, { recursive: true, force: true });
  }

  #openStore(): EventStore {
    return new EventStore(join(this.directory, 'events.db'));
  }

  #openQueue(parts: Partial<EventQueueParts>): EventQueue {
    return new EventQueue({
      store: this.store,
      clock: this.clock,
      aheadMs: () => 0,
      pace: this.clock,
      settings: (functionName) => this.settings.get(functionName),
      reservedConcurrency: (functionName) => this.settings.get(functionName)?.reservedConcurrency,
      waiting: (functionName) => this.waiting.get(functionName) ?? 0,
      run: (event, payload, settle) => {
        const attempt = { event, payload: payload.toString(), atMs: this.clock.now(), settle };
        this.attempts.push(attempt);
        const outcome = this.answer?.(attempt);
        if (outcome !== undefined) settle(outcome);
      },
      log: (event, text) => this.logged.push(`${event.functionName}: ${text}`),
      warn: (message) => this.warnings.push(message),
      ...parts,
    });
  }
}

export function newEvent(functionName: string, event: unknown = {}): NewEvent {
  return {
    requestId: randomUUID(),
    functionName,
    invokedFunctionArn: `${ARN_HEAD}${functionName}`,
    traceId: 'Root=1-00000000-000000000000000000000000',
    payload: Buffer.from(JSON.stringify(event)),
  };
}
