/** Answers of our own framing: the bytes that `node:http` would send, made at once. */

import { eachSecond } from '../async/each-second.js';
import type { Exchange } from '../http-framing/exchange.js';
import { giveUp } from '../http-framing/used-up.js';
import type { AnswerTarget } from './call.js';
import { INVOKE_LIMITS } from './limits.js';

const KEPT_ALIVE = `Connection: keep-alive\r\nKeep-Alive: timeout=${INVOKE_LIMITS.keepAliveMs / 1000}\r\n\r\n`;
const CLOSED = 'Connection: close\r\n\r\n';
/** What would end a header's line, or cannot be sent in one. */
const UNSENDABLE = /[^\t\x20-\x7e\x80-\xff]/;

export abstract class FramedAnswer implements AnswerTarget {
  readonly exchange: Exchange;
  #status = 0;
  #lines: string | undefined;

  constructor(exchange: Exchange) {
    this.exchange = exchange;
  }

  /** Whether the connection has to end with the answer. */
  protected abstract isLast(): boolean;

  /** Called once, when the answer is on its way. */
  protected abstract answered(status: number): void;

  get headersSent(): boolean {
    return this.#lines !== undefined;
  }

  get destroyed(): boolean {
    return this.exchange.lost;
  }

  writeHead(status: number, headers: readonly (string | number)[]): void {
    let lines = `HTTP/1.1 ${status} ${reasonOf(status)}\r\n`;
    for (let at = 0; at < headers.length; at += 2) {
      lines += lineOf(at / 2, String(headers[at]), headers[at + 1] ?? '');
    }
    this.#status = status;
    this.#lines = `${lines}Date: ${httpDate(Date.now())}\r\n`;
  }

  end(body?: Buffer): void {
    const last = this.isLast();
    const head = `${this.#lines ?? ''}${last ? CLOSED : KEPT_ALIVE}`;
    this.exchange.send(head, body, last);
    this.answered(this.#status);
  }

  giveUp(bytes: Buffer): void {
    giveUp(bytes);
  }
}

/** The lines of the last answer: most stand in the next one again, in the same place. */
const lastLines: { name: string; value: string | number; line: string }[] = [];

function lineOf(place: number, name: string, value: string | number): string {
  const last = (lastLines[place] ??= { name: '', value: '', line: '' });
  if (last.value === value && last.name === name) return last.line;
  if (typeof value === 'string' && UNSENDABLE.test(value)) {
    throw new Error(`a header cannot hold this: ${value}`);
  }
  last.name = name;
  last.value = value;
  last.line = `${name}: ${value}\r\n`;
  return last.line;
}

/** The most frequent ones, without what has all. */
const REASONS: Readonly<Record<number, string>> = { 200: 'OK', 202: 'Accepted', 204: 'No Content' };

function reasonOf(status: number): string {
  return REASONS[status] ?? process.getBuiltinModule('node:http').STATUS_CODES[status] ?? 'unknown';
}

const httpDate = eachSecond((second) => new Date(second * 1000).toUTCString());
