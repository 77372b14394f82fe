/**
 * One connection of a client or a runtime: requests in, in order; answers out, in the same order.
 * Only one request is open at a time, so what is pipelined behind it waits. The first request that
 * is not for this framing goes, unread and with all that follows it, to another parser.
 */

import type { Socket } from 'node:net';
import { Backlog } from './backlog.js';
import { Body } from './body.js';
import { Exchange, type AnswerSide } from './exchange.js';
import { readHead, type Head } from './head.js';
import { KnownHeads } from './known-heads.js';
import { hold, writtenOut } from './used-up.js';
import { Wire } from './wire.js';

/** Who serves the requests of connections. */
export interface Door {
  /**
   * Begins a request whose head is here: sets `onBody`, answers, or both. False: another parser
   * must take it, and nothing of it was used.
   */
  begin(exchange: Exchange, socket: Socket): boolean;
  /** Takes over a connection whose next request is not for our framing. */
  handOff(connection: Connection, socket: Socket, unread: Buffer): void;
  /** The other side has ended in the middle of a request. */
  truncated(socket: Socket): void;
  closed(connection: Connection): void;
  /** Monotonic ms, for doors that end connections which keep them waiting. */
  now(): number;
  /**
   * Behind an open request nobody waits for what was answered before it: both go in one write, and
   * the other side is woken once.
   */
  readonly holdsAnswers: boolean;
}

/** What a connection waits for. */
export type Waiting = 'request' | 'head' | 'body' | 'answer';

const EMPTY = Buffer.alloc(0);
const LETTER_G = 0x47;
/** Answers that are put together before it is seen whether anybody reads them. */
const ANSWERS_AT_ONCE = 64;
/** Up to this it is cheaper to write a body as part of a text than to write it alone. */
const TEXT_BYTES = 16 * 1024;
/** What may be sent ahead of our answer before the sender has to wait. */
const LARGEST_BACKLOG_BYTES = 6 * 2 ** 20 + 64 * 1024;

export class Connection implements AnswerSide {
  readonly #socket: Socket;
  readonly #wire: Wire;
  readonly #door: Door;
  /** What came and was not read, and what came behind it; joined when both are needed. */
  #unread: Buffer = EMPTY;
  /** So much of it is known not to hold a whole head. */
  #seen = 0;
  readonly #backlog = new Backlog();
  /** The request that is read or served. */
  #current: Exchange | undefined;
  /** What of its body has come. */
  #body: Body | undefined;
  /** Of its body, still to come. */
  #missingBytes = 0;
  /** Answers that are to go out: large bodies and, in Latin-1, what comes before each. */
  #out: (string | Buffer)[] = [];
  /** What comes behind them. */
  #text = '';
  #answers = 0;
  /** Polls come between responses, and are always the same. */
  readonly #gets = new KnownHeads();
  readonly #others = new KnownHeads();
  #isNew = true;
  #reading = false;
  /** An answer was the last: what follows is not read. */
  #ending = false;
  #closed = false;
  #since: number;

  constructor(socket: Socket, door: Door) {
    this.#socket = socket;
    this.#door = door;
    this.#since = door.now();
    this.#wire = new Wire(socket, this.#onData, this.#onDrain);
    socket.on('end', this.#onEnd);
    socket.on('close', this.#onClose);
    socket.on('error', this.#onError);
  }

  /** No request has come yet. */
  get isNew(): boolean {
    return this.#isNew;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get waiting(): Waiting {
    if (this.#current === undefined) return this.#unread.length === 0 ? 'request' : 'head';
    return this.#missingBytes > 0 ? 'body' : 'answer';
  }

  /** Since when: the beginning of the request, or the last answer. */
  get since(): number {
    return this.#since;
  }

  /** Some of the answers have not gone out. */
  get isWriting(): boolean {
    return this.#wire.isWriting;
  }

  get socket(): Socket {
    return this.#socket;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  answer(exchange: Exchange, head: string, body: Buffer | undefined, last: boolean): void {
    if (this.#closed || this.#current !== exchange) return;
    this.#answers += 1;
    if (body === undefined) {
      this.#text += head;
    } else if (body.length <= TEXT_BYTES) {
      this.#text += head + body.toString('latin1');
    } else {
      hold(body);
      this.#out.push(this.#text + head, body);
      this.#text = '';
    }
    this.#body = undefined;
    this.#since = this.#door.now();
    if (last || exchange.head.closes) this.#ending = true;
    if (this.#reading) return;
    this.#flush();
    if (this.#ending) return;
    this.#wire.resume();
    this.#read();
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#ending) return;
    if (this.#unread.length === 0) {
      this.#unread = chunk;
      if (this.#current === undefined) this.#since = this.#door.now();
    } else {
      this.#backlog.add(chunk);
    }
    const isOpen = this.#current !== undefined && this.#missingBytes === 0;
    if (isOpen && this.#backlog.bytes > LARGEST_BACKLOG_BYTES) this.#wire.pause();
    this.#read();
    // It was lent.
    if (this.#unread.buffer === chunk.buffer) this.#unread = Buffer.from(this.#unread);
  };

  readonly #onDrain = (): void => {
    this.#since = this.#door.now();
    this.#wire.resume();
    this.#read();
  };

  readonly #onError = (): void => {
    this.#socket.destroy();
  };

  readonly #onEnd = (): void => {
    const { waiting } = this;
    if (waiting === 'head' || waiting === 'body') this.#door.truncated(this.#socket);
    else this.#socket.end();
  };

  readonly #onClose = (): void => {
    this.#closed = true;
    this.#unread = EMPTY;
    this.#backlog.clear();
    this.#body = undefined;
    this.#door.closed(this);
    const onLost = this.#current?.onLost;
    this.#current = undefined;
    onLost?.();
  };

  #read(): void {
    if (this.#reading) return;
    this.#reading = true;
    try {
      while (!this.#closed && !this.#ending && this.#readOn()) {
        if (this.#answers < ANSWERS_AT_ONCE) continue;
        this.#flush();
        if (this.#wire.needsDrain) break;
      }
    } finally {
      this.#reading = false;
      if (!this.#door.holdsAnswers || this.waiting !== 'answer') this.#flush();
      // Who does not read the answers gets no further ones.
      if (!this.#closed && this.#wire.needsDrain) this.#wire.pause();
    }
  }

  /** Whether there may be more to read. */
  #readOn(): boolean {
    const exchange = this.#current;
    if (exchange === undefined) return this.#begin();
    if (this.#missingBytes > 0) {
      this.#takeBody(exchange);
      if (this.#missingBytes > 0) return this.#unread.length > 0;
    }
    const { onBody } = exchange;
    if (onBody !== undefined) {
      const bytes = this.#body?.bytes ?? EMPTY;
      exchange.onBody = undefined;
      this.#body = undefined;
      onBody(bytes, exchange);
    }
    if (!exchange.answered) return false;
    this.#current = undefined;
    return this.#unread.length > 0;
  }

  #begin(): boolean {
    if (this.#unread.length === 0) return false;
    if (this.#seen > 0 && !this.#join()) return false;
    const known = this.#unread[0] === LETTER_G ? this.#gets : this.#others;
    const again = known.find(this.#unread);
    const head = again ?? readHead(this.#unread, this.#seen, known.lines);
    if (head === undefined) {
      this.#seen = this.#unread.length;
      return this.#backlog.bytes > 0;
    }
    this.#seen = 0;
    if (head === 'unusual') {
      this.#handOff();
      return false;
    }
    if (head.closes && this.#isFollowed(head)) {
      this.#handOff();
      return false;
    }
    if (again === undefined) known.note(head, this.#unread);
    const exchange = new Exchange(head, this, again !== undefined && known.repeats(head));
    this.#current = exchange;
    this.#missingBytes = head.contentLength;
    if (!this.#door.begin(exchange, this.#socket)) {
      this.#handOff();
      return false;
    }
    this.#isNew = false;
    this.#use(head.bytes);
    return true;
  }

  /** Something is there behind a request that was to be the last: that is for others to judge. */
  #isFollowed({ bytes, contentLength }: Head): boolean {
    return this.#unread.length + this.#backlog.bytes > bytes + contentLength;
  }

  /** Takes what belongs to the body; the rest is the next request's. */
  #takeBody(exchange: Exchange): void {
    const mine =
      this.#unread.length <= this.#missingBytes
        ? this.#unread
        : this.#unread.subarray(0, this.#missingBytes);
    const announcedBytes = this.#missingBytes;
    this.#missingBytes -= mine.length;
    this.#use(mine.length);
    if (exchange.onBody === undefined) return;
    this.#body ??= new Body(announcedBytes);
    this.#body.add(mine);
  }

  #use(bytes: number): void {
    this.#unread =
      bytes === this.#unread.length ? this.#backlog.next() : this.#unread.subarray(bytes);
  }

  /** Whether there was anything to put behind what is not read yet. */
  #join(): boolean {
    const next = this.#backlog.next();
    if (next.length === 0) return false;
    this.#unread = Buffer.concat([this.#unread, next]);
    return true;
  }

  #flush(): void {
    if (this.#closed) return;
    if (this.#answers > 0) this.#write();
    if (this.#ending) this.#socket.destroySoon();
  }

  /** In one write, whatever it takes to make one. */
  #write(): void {
    const out = this.#out;
    const text = this.#text;
    this.#answers = 0;
    this.#text = '';
    if (out.length === 0) {
      this.#wire.write(text);
      return;
    }
    this.#out = [];
    if (text !== '') out.push(text);
    this.#wire.writeAll(out, writtenOut);
  }

  #handOff(): void {
    this.#current = undefined;
    this.#flush();
    this.#closed = true;
    this.#socket.pause();
    for (const bytes of this.#wire.release()) this.#backlog.add(bytes);
    const unread = Buffer.from(this.#backlog.takeBehind(this.#unread));
    this.#unread = EMPTY;
    this.#socket.off('end', this.#onEnd);
    this.#socket.off('close', this.#onClose);
    this.#socket.off('error', this.#onError);
    this.#door.handOff(this, this.#socket, unread);
  }
}
