/**
 * What one subscriber is owed, in batches (contract 2.5): sent when there are enough items or
 * bytes, or when the first has waited long enough; one batch at a time, in order. Nothing is sent
 * while the environment is frozen. A batch that is not taken is tried again a few times; what
 * piles up beyond a bound is counted, and `platform.logsDropped` says how much it was.
 */

import type { Clock, Timer } from '../async/clock.js';
import type { LogsDropped } from './events.js';
import type { Buffering } from './subscription.js';

/** Takes batches to whoever listens. */
export interface Sink {
  /** Resolves once the listener has taken it; rejects when it has not, or when aborted. */
  send(batch: readonly string[], signal: AbortSignal): Promise<void>;
  close(): void;
}

export interface DeliveryParts {
  readonly clock: Clock;
  readonly buffering: Buffering;
  readonly sink: Sink;
  /** The record of what was dropped, as the subscriber reads it. */
  readonly dropped: (dropped: LogsDropped) => string;
}

/** Of one subscriber, besides the batch on its way. */
const MOST_PENDING_BYTES = 4 * 2 ** 20;
/** A listener that has not answered by then, frozen time left out, has not taken the batch. */
const ANSWER_MS = 10_000;
const MOST_TRIES = 5;
const FIRST_PAUSE_MS = 100;
/** AWS's words. */
const REASON = 'Consumer seems to have fallen behind as it has not acknowledged receipt of logs.';

interface Batch {
  readonly texts: readonly string[];
  tries: number;
}

export class Delivery {
  readonly #parts: DeliveryParts;
  #pending: string[] = [];
  #bytes = 0;
  #droppedRecords = 0;
  #droppedBytes = 0;
  /** The first of what is pending has waited long enough. */
  #due = false;
  #waiting: Timer | undefined;
  #held = false;
  #flushing = false;
  #closed = false;
  /** The batch on its way, or about to be tried again. */
  #batch: Batch | undefined;
  #sending: AbortController | undefined;
  /** For the answer, or for the next try. */
  #patience: Timer | undefined;
  #rests = false;

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
  }

  /** One event as JSON. */
  add(text: string): void {
    if (this.#closed) return;
    const bytes = Buffer.byteLength(text);
    if (this.#bytes + bytes > MOST_PENDING_BYTES) {
      this.#drop(1, bytes);
      return;
    }
    this.#pending.push(text);
    this.#bytes += bytes;
    this.#pump();
  }

  /** The environment is about to be frozen. */
  hold(): void {
    this.#held = true;
    if (this.#sending !== undefined) this.#stopPatience();
  }

  /** It runs again. */
  release(): void {
    if (!this.#held) return;
    this.#held = false;
    if (this.#sending !== undefined) this.#awaitAnswer(this.#sending);
    this.#pump();
  }

  /** The environment will not run much longer: nothing waits for more to come. */
  flush(): void {
    this.#flushing = true;
    this.#pump();
  }

  close(): void {
    this.#closed = true;
    this.#pending = [];
    this.#bytes = 0;
    this.#waiting?.cancel();
    this.#stopPatience();
    this.#sending?.abort();
    this.#parts.sink.close();
  }

  #pump(): void {
    if (this.#closed || this.#held || this.#sending !== undefined || this.#rests) return;
    if (this.#batch !== undefined) {
      this.#send(this.#batch);
      return;
    }
    const { buffering, clock } = this.#parts;
    if (this.#pending.length === 0) return;
    const isFull = this.#pending.length >= buffering.maxItems || this.#bytes >= buffering.maxBytes;
    if (!isFull && !this.#due && !this.#flushing) {
      this.#waiting ??= clock.setTimer(buffering.timeoutMs, () => {
        this.#waiting = undefined;
        this.#due = true;
        this.#pump();
      });
      return;
    }
    this.#waiting?.cancel();
    this.#waiting = undefined;
    this.#due = false;
    this.#batch = { texts: this.#take(), tries: 0 };
    this.#send(this.#batch);
  }

  /** As much as one batch holds; the item that reaches the bound is part of it. */
  #take(): string[] {
    const { maxItems, maxBytes } = this.#parts.buffering;
    let items = 0;
    let bytes = 0;
    while (items < this.#pending.length && items < maxItems && bytes < maxBytes) {
      bytes += Buffer.byteLength(this.#pending[items] ?? '');
      items += 1;
    }
    this.#bytes -= bytes;
    return [...this.#sayDropped(), ...this.#pending.splice(0, items)];
  }

  #send(batch: Batch): void {
    const sending = new AbortController();
    this.#sending = sending;
    batch.tries += 1;
    this.#awaitAnswer(sending);
    this.#parts.sink.send(batch.texts, sending.signal).then(
      () => this.#sent(sending, true),
      () => this.#sent(sending, false),
    );
  }

  #sent(sending: AbortController, taken: boolean): void {
    if (this.#closed || this.#sending !== sending) return;
    this.#sending = undefined;
    this.#stopPatience();
    const batch = this.#batch;
    if (batch === undefined) return;
    if (!taken && batch.tries < MOST_TRIES) {
      this.#rests = true;
      const pauseMs = FIRST_PAUSE_MS * 2 ** (batch.tries - 1);
      this.#patience = this.#parts.clock.setTimer(pauseMs, () => {
        this.#rests = false;
        this.#pump();
      });
      return;
    }
    this.#batch = undefined;
    if (!taken) {
      const bytes = batch.texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
      this.#drop(batch.texts.length, bytes);
    }
    this.#pump();
  }

  #awaitAnswer(sending: AbortController): void {
    this.#stopPatience();
    this.#patience = this.#parts.clock.setTimer(ANSWER_MS, () => {
      sending.abort();
      this.#sent(sending, false);
    });
  }

  #stopPatience(): void {
    this.#patience?.cancel();
    this.#patience = undefined;
  }

  #drop(records: number, bytes: number): void {
    this.#droppedRecords += records;
    this.#droppedBytes += bytes;
  }

  #sayDropped(): string[] {
    if (this.#droppedRecords === 0) return [];
    const record = {
      droppedRecords: this.#droppedRecords,
      droppedBytes: this.#droppedBytes,
      reason: REASON,
    };
    this.#droppedRecords = 0;
    this.#droppedBytes = 0;
    return [this.#parts.dropped(record)];
  }
}
