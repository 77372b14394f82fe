/**
 * What is on its way to queues, topics, buses and buckets: written in the moment the event ends, and
 * there until its target has it or will not take it. A target that may take it later is tried again,
 * with growing pauses, for six hours. A kill in between sends it again.
 */

import type { Clock } from '../async/clock.js';
import { messageOf } from '../errors.js';
import { mayPass, type Delivery, type DestinationSender } from './delivery.js';
import type { EventStore } from './event-store.js';

export interface OutboxParts {
  readonly store: EventStore;
  /** Queue time: pauses follow it. */
  readonly clock: Clock;
  readonly sender?: DestinationSender;
  undelivered(delivery: Delivery, reason: string): void;
  warn(message: string): void;
}

interface Setback {
  readonly sinceMs: number;
  readonly pauseMs: number;
}

/** At once; the others wait on disk. */
const MOST_AT_ONCE = 50;
const NO_SENDER = 'nothing but functions can be told here';
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 300_000;
const GIVES_UP_AFTER_MS = 6 * 3_600_000;

export class Outbox {
  readonly #parts: OutboxParts;
  readonly #sending = new Set<number>();
  /** Those that are tried again later. */
  readonly #setbacks = new Map<number, Setback>();
  readonly #resting = new Set<number>();
  #closed = false;

  constructor(parts: OutboxParts) {
    this.#parts = parts;
  }

  /** Sends what waits, the oldest first. Never raises: whoever ends an event has ended it. */
  pump(): void {
    const room = MOST_AT_ONCE - this.#sending.size;
    if (this.#closed || room <= 0) return;
    for (const delivery of this.#waiting().slice(0, room)) this.#send(delivery);
  }

  close(): void {
    this.#closed = true;
  }

  #waiting(): readonly Delivery[] {
    const { store, warn } = this.#parts;
    try {
      // Those at rest are no reason for the others to wait.
      return store
        .deliveries(MOST_AT_ONCE + this.#resting.size)
        .filter(({ id }) => !this.#sending.has(id) && !this.#resting.has(id));
    } catch (error) {
      // The next one that is written or has arrived looks again.
      warn(`what waits for destinations cannot be read: ${messageOf(error)}`);
      return [];
    }
  }

  #send(delivery: Delivery): void {
    const { sender } = this.#parts;
    this.#sending.add(delivery.id);
    const sent =
      sender === undefined
        ? Promise.reject(new Error(NO_SENDER))
        : sender.send(delivery.arn, delivery.message);
    void sent.then(
      () => this.#over(delivery),
      (error: unknown) => this.#failed(delivery, error),
    );
  }

  #failed(delivery: Delivery, error: unknown): void {
    const { clock, undelivered, warn } = this.#parts;
    const { id, arn } = delivery;
    const nowMs = clock.now();
    const known = this.#setbacks.get(id);
    const sinceMs = known?.sinceMs ?? nowMs;
    // What ends because everything ends is sent by the next run.
    if (this.#closed) return;
    if (!mayPass(error) || nowMs - sinceMs >= GIVES_UP_AFTER_MS) {
      undelivered(delivery, messageOf(error));
      this.#over(delivery);
      return;
    }
    if (known === undefined) {
      warn(`${arn} does not take what it is told: ${messageOf(error)}; it is tried again`);
    }
    const pauseMs = known?.pauseMs ?? FIRST_PAUSE_MS;
    this.#setbacks.set(id, { sinceMs, pauseMs: Math.min(2 * pauseMs, LONGEST_PAUSE_MS) });
    this.#resting.add(id);
    this.#sending.delete(id);
    clock.setTimer(pauseMs, () => {
      this.#resting.delete(id);
      this.pump();
    });
    this.pump();
  }

  #over({ id }: Delivery): void {
    this.#setbacks.delete(id);
    try {
      if (!this.#closed) this.#parts.store.delivered(id);
      this.#sending.delete(id);
      this.pump();
    } catch {
      // The disk takes nothing now: it stays, counted as on its way, and the next start sends it again.
    }
  }
}
