/** Tasks that wait for a callback, by their token, and those that workers of activities ask for. */

import { randomBytes } from 'node:crypto';
import { deferred } from '../async/deferred.js';
import type { Answer } from './interpreter/cursor.js';
import { Aborted, type CallbackRequest, type Callbacks } from './interpreter/effects.js';

const TOKEN = /^AQ[A-Za-z0-9+/=_-]{20,1022}$/;

interface Expected extends CallbackRequest {
  resolve(answer: Answer): void;
}

export interface ActivityTask {
  readonly token: string;
  readonly input: string;
}

interface Offer {
  readonly task: ActivityTask;
  take(workerName: string | undefined): void;
}

interface Worker {
  readonly name: string | undefined;
  take(task: ActivityTask | undefined): void;
}

interface Line {
  readonly offers: Offer[];
  readonly workers: Worker[];
}

export function newToken(): string {
  return `AQ${randomBytes(90).toString('base64')}`;
}

export function isToken(text: unknown): text is string {
  return typeof text === 'string' && TOKEN.test(text);
}

export class CallbackDesk implements Callbacks {
  readonly #expected = new Map<string, Expected>();
  readonly #lines = new Map<string, Line>();

  expect(request: CallbackRequest): { readonly answer: Promise<Answer>; close(): void } {
    const { promise, resolve } = deferred<Answer>();
    this.#expected.set(request.token, { ...request, resolve });
    return { answer: promise, close: () => this.#expected.delete(request.token) };
  }

  /** False when nobody waits for it. */
  answer(token: string, answer: Answer): boolean {
    const expected = this.#expected.get(token);
    if (expected === undefined) return false;
    this.#expected.delete(token);
    expected.keep(answer);
    expected.resolve(answer);
    return true;
  }

  heartbeat(token: string): boolean {
    const expected = this.#expected.get(token);
    expected?.heartbeat();
    return expected !== undefined;
  }

  offer(arn: string, task: ActivityTask, signal: AbortSignal): Promise<string | undefined> {
    return new Promise((resolve, reject) => {
      const line = this.#line(arn);
      const worker = line.workers.shift();
      if (worker !== undefined) {
        worker.take(task);
        resolve(worker.name);
        return;
      }
      const offer: Offer = { task, take: resolve };
      line.offers.push(offer);
      signal.addEventListener(
        'abort',
        () => {
          remove(line.offers, offer);
          reject(new Aborted());
        },
        { once: true },
      );
    });
  }

  /** A worker asks; undefined when nothing has come before the signal. */
  take(
    arn: string,
    name: string | undefined,
    signal: AbortSignal,
  ): Promise<ActivityTask | undefined> {
    const line = this.#line(arn);
    const offer = line.offers.shift();
    if (offer !== undefined) {
      offer.take(name);
      return Promise.resolve(offer.task);
    }
    return new Promise((resolve) => {
      const worker: Worker = { name, take: resolve };
      line.workers.push(worker);
      const leave = (): void => {
        remove(line.workers, worker);
        resolve(undefined);
      };
      if (signal.aborted) leave();
      else signal.addEventListener('abort', leave, { once: true });
    });
  }

  #line(arn: string): Line {
    const line = this.#lines.get(arn) ?? { offers: [], workers: [] };
    this.#lines.set(arn, line);
    return line;
  }
}

function remove<T>(list: T[], item: T): void {
  const index = list.indexOf(item);
  if (index >= 0) list.splice(index, 1);
}
