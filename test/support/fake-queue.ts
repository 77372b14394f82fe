/** A queue in memory and virtual time: visibility, groups and redrive as SQS has them. */

import type { Clock, Timer } from '../../src/async/clock.js';
import type { QueueMessage, QueueReader } from '../../src/event-sources/queue/queue-reader.js';

interface Held {
  readonly id: string;
  readonly body: string;
  readonly group: string | undefined;
  receives: number;
  visibleAtMs: number;
  handle: string;
}

interface Waiting {
  readonly most: number;
  answer(messages: readonly QueueMessage[]): void;
}

export class FakeQueue implements QueueReader {
  takesAborts = true;
  readonly visibilityMs: number;
  /** Messages that were received this often go to the dead letters. */
  maxReceives = Infinity;
  readonly dead: string[] = [];
  /** Requests for messages that are open now, and the most there ever were. */
  open_ = 0;
  mostOpen = 0;
  requests = 0;
  removed: string[] = [];
  released = 0;
  /** Raised by the next requests. */
  trouble: Error | undefined;
  readonly #clock: Clock;
  readonly #waitMs: number;
  #messages: Held[] = [];
  #waiting: Waiting[] = [];
  #wake: Timer | undefined;
  #handles = 0;

  constructor(clock: Clock, visibilityMs = 30_000, waitMs = 20_000) {
    this.#clock = clock;
    this.visibilityMs = visibilityMs;
    this.#waitMs = waitMs;
  }

  get left(): readonly string[] {
    return this.#messages.map(({ body }) => body);
  }

  send(body: string, group?: string): void {
    const id = `m-${this.#messages.length}-${body.slice(0, 24)}`;
    this.#messages.push({ id, body, group, receives: 0, visibleAtMs: 0, handle: '' });
    this.#serve();
  }

  open(): Promise<{ readonly visibilityMs: number }> {
    if (this.trouble !== undefined) return Promise.reject(this.trouble);
    return Promise.resolve({ visibilityMs: this.visibilityMs });
  }

  receive(most: number, _busy: boolean, signal: AbortSignal): Promise<readonly QueueMessage[]> {
    this.requests += 1;
    if (this.trouble !== undefined) return Promise.reject(this.trouble);
    this.open_ += 1;
    this.mostOpen = Math.max(this.mostOpen, this.open_);
    return new Promise((resolve, reject) => {
      const end = (): void => {
        this.#waiting = this.#waiting.filter((one) => one !== waiting);
        timer.cancel();
        signal.removeEventListener('abort', onAbort);
        this.open_ -= 1;
      };
      const onAbort = (): void => {
        end();
        reject(new Error('aborted'));
      };
      const waiting: Waiting = {
        most,
        answer: (messages) => {
          end();
          resolve(messages);
        },
      };
      const timer = this.#clock.setTimer(this.#waitMs, () => waiting.answer([]));
      signal.addEventListener('abort', onAbort);
      this.#waiting.push(waiting);
      this.#serve();
    });
  }

  remove(handles: readonly string[]): Promise<readonly string[]> {
    if (this.trouble !== undefined) return Promise.reject(this.trouble);
    const gone = this.#messages.filter(({ handle }) => handle !== '' && handles.includes(handle));
    this.removed.push(...gone.map(({ body }) => body));
    this.#messages = this.#messages.filter((message) => !gone.includes(message));
    this.#serve();
    return Promise.resolve([]);
  }

  release(handles: readonly string[]): Promise<void> {
    for (const message of this.#messages) {
      if (!handles.includes(message.handle)) continue;
      message.visibleAtMs = this.#clock.monotonic();
      this.released += 1;
    }
    this.#serve();
    return Promise.resolve();
  }

  close(): void {
    this.#wake?.cancel();
  }

  #serve(): void {
    this.#wake?.cancel();
    for (const waiting of Array.from(this.#waiting)) {
      const messages = this.#take(waiting.most);
      if (messages.length > 0) waiting.answer(messages);
    }
    const now = this.#clock.monotonic();
    const next = Math.min(
      ...this.#messages.map(({ visibleAtMs }) => visibleAtMs).filter((at) => at > now),
    );
    if (next < Infinity) this.#wake = this.#clock.setTimer(next - now, () => this.#serve());
  }

  #take(most: number): QueueMessage[] {
    const now = this.#clock.monotonic();
    const blocked = new Set(
      this.#messages.flatMap(({ visibleAtMs, group }) =>
        visibleAtMs > now && group !== undefined ? [group] : [],
      ),
    );
    const visible = this.#messages.filter(
      ({ visibleAtMs, group }) =>
        visibleAtMs <= now && (group === undefined || !blocked.has(group)),
    );
    const taken: QueueMessage[] = [];
    for (const message of visible) {
      if (message.receives >= this.maxReceives) {
        this.#messages = this.#messages.filter((one) => one !== message);
        this.dead.push(message.body);
        continue;
      }
      if (taken.length === most) break;
      message.receives += 1;
      message.visibleAtMs = now + this.visibilityMs;
      message.handle = `r-${(this.#handles += 1)}`;
      taken.push(this.#shown(message));
    }
    return taken;
  }

  #shown({ id, body, group, receives, handle }: Held): QueueMessage {
    return {
      messageId: id,
      receiptHandle: handle,
      body,
      attributes: {
        SenderId: 'AIDA',
        ApproximateReceiveCount: `${receives}`,
        SentTimestamp: '1767607200000',
        ApproximateFirstReceiveTimestamp: '1767607200004',
        ...(group === undefined ? {} : { MessageGroupId: group }),
      },
      messageAttributes: {},
      md5OfBody: 'e4e6',
    };
  }
}
