/**
 * What is on its way to queues, topics, buses and buckets: written in the moment the event ends, and
 * there until its target has it or will not take it. A kill in between sends it again.
 */

import { messageOf } from '../errors.js';
import type { Delivery, DestinationSender } from './delivery.js';
import type { EventStore } from './event-store.js';

export interface OutboxParts {
  readonly store: EventStore;
  readonly sender?: DestinationSender;
  undelivered(delivery: Delivery, reason: string): void;
  warn(message: string): void;
}

/** At once; the others wait on disk. */
const MOST_AT_ONCE = 50;
const NO_SENDER = 'queues, topics, buses and buckets are not connected';

export class Outbox {
  readonly #parts: OutboxParts;
  readonly #sending = new Set<number>();
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
      return store.deliveries(MOST_AT_ONCE).filter(({ id }) => !this.#sending.has(id));
    } catch (error) {
      // The next one that is written or has arrived looks again.
      warn(`what waits for destinations cannot be read: ${messageOf(error)}`);
      return [];
    }
  }

  #send(delivery: Delivery): void {
    const { sender, undelivered } = this.#parts;
    this.#sending.add(delivery.id);
    const sent =
      sender === undefined
        ? Promise.reject(new Error(NO_SENDER))
        : sender.send(delivery.arn, delivery.message);
    void sent
      .catch((error: unknown) => undelivered(delivery, messageOf(error)))
      .then(() => this.#sent(delivery));
  }

  #sent({ id }: Delivery): void {
    try {
      if (!this.#closed) this.#parts.store.delivered(id);
      this.#sending.delete(id);
      this.pump();
    } catch {
      // The disk takes nothing now: it stays, counted as on its way, and the next start sends it again.
    }
  }
}
