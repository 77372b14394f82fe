/** What becomes of messages: deleted, given back, or left to their visibility timeout. */

import type { Timer } from '../../async/clock.js';
import { messageOf } from '../../errors.js';
import { backoffMs, SOURCE_BACKOFF } from '../backoff.js';
import type { QueueMapping } from '../mapping.js';
import type { RunnerParts } from '../runner.js';
import type { Received } from './assembly.js';
import type { QueueReader } from './queue-reader.js';
import type { QueueRecord } from './queue-records.js';

export interface QueueMessagesParts extends Pick<RunnerParts, 'clock' | 'queueClock' | 'warn'> {
  readonly mapping: QueueMapping;
  readonly reader: QueueReader;
}

const REMOVE_ATTEMPTS = 4;
/** Less than this between queue time and real time is not worth a request. */
const WORTH_MS = 1_000;

export class QueueMessages {
  /** The queue's own. */
  visibilityMs = 30_000;
  readonly #parts: QueueMessagesParts;
  readonly #returns = new Set<Timer>();
  readonly #work = new Set<Promise<void>>();
  #closed = false;

  constructor(parts: QueueMessagesParts) {
    this.#parts = parts;
  }

  /** Deletes them, as far as that can be done. */
  remove(records: readonly QueueRecord[]): void {
    if (records.length > 0) this.#track(this.#remove(records));
  }

  /** Makes them visible at once; if that cannot be done they become so by themselves. */
  release(records: readonly QueueRecord[]): Promise<void> {
    const handles = records.map(({ message }) => message.receiptHandle);
    return this.#parts.reader.release(handles).catch(() => undefined);
  }

  /** They are visible when their timeout is over in queue time, if that is before real time. */
  comeBack(records: readonly QueueRecord[], receivedAt: Received): void {
    const { clock, queueClock } = this.#parts;
    if (this.#closed) return;
    const left = receivedAt.queueMs + this.visibilityMs - queueClock.monotonic();
    const timer = queueClock.setTimer(left, () => {
      this.#returns.delete(timer);
      const realLeft = receivedAt.realMs + this.visibilityMs - clock.monotonic();
      if (realLeft > WORTH_MS) this.#track(this.release(records));
    });
    this.#returns.add(timer);
  }

  async settled(): Promise<void> {
    while (this.#work.size > 0) await Promise.allSettled(this.#work);
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#returns) timer.cancel();
    this.#returns.clear();
  }

  async #remove(records: readonly QueueRecord[]): Promise<void> {
    const { reader, mapping, clock, warn } = this.#parts;
    let handles: readonly string[] = records.map(({ message }) => message.receiptHandle);
    let reason = '';
    for (let attempt = 1; handles.length > 0 && attempt <= REMOVE_ATTEMPTS; attempt += 1) {
      if (attempt > 1) {
        const waitMs = backoffMs(attempt - 1, SOURCE_BACKOFF);
        await new Promise<void>((resolve) => void clock.setTimer(waitMs, resolve));
      }
      handles = await reader.remove(handles).catch((error: unknown) => {
        reason = `: ${messageOf(error)}`;
        return handles;
      });
      if (this.#closed) return;
    }
    if (handles.length === 0) return;
    const count = `${handles.length} messages of ${mapping.sourceArn}`;
    warn(`${count} could not be deleted${reason}. They come again`);
  }

  #track(work: Promise<void>): void {
    const tracked = work.finally(() => this.#work.delete(tracked));
    this.#work.add(tracked);
  }
}
