/** One request on a connection, and the way to its answer. */

import type { Head } from './head.js';

/** What an exchange needs of its connection. */
export interface AnswerSide {
  readonly closed: boolean;
  /** `head` is Latin-1, its final empty line included. */
  answer(exchange: Exchange, head: string, body: Buffer | undefined, last: boolean): void;
}

export class Exchange {
  readonly head: Head;
  /** The head is the very one of an earlier request on this connection. */
  readonly repeats: boolean;
  readonly #side: AnswerSide;
  #answered = false;
  /** Given the body once it is complete; without it, the body is read and dropped. */
  onBody: ((body: Buffer, exchange: Exchange) => void) | undefined;
  /** Called when the connection goes before the answer is given. */
  onLost: (() => void) | undefined;

  constructor(head: Head, side: AnswerSide, repeats = false) {
    this.head = head;
    this.repeats = repeats;
    this.#side = side;
  }

  get answered(): boolean {
    return this.#answered;
  }

  /** Nobody is there to be answered. */
  get lost(): boolean {
    return this.#side.closed;
  }

  /**
   * Answers; a second answer goes nowhere. `head` is Latin-1, its final empty line included.
   * `last`: the connection ends with it.
   */
  send(head: string, body?: Buffer, last = false): void {
    if (this.#answered) return;
    this.#answered = true;
    this.onBody = undefined;
    this.onLost = undefined;
    this.#side.answer(this, head, body, last);
  }
}
