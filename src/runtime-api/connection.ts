/**
 * One connection of a runtime: requests in, in order; answers out, in the same order. Only one
 * request is open at a time, so what is pipelined behind an open poll waits.
 */

import type { Socket } from 'node:net';
import { LIMITS } from '../config/defaults.js';
import type { PostedBody } from '../environment/post.js';
import { readHead, type Head } from './framing.js';
import { encode, type Reply } from './replies.js';
import type { Answer, Call } from './routes.js';

export interface ConnectionOwner {
  /** Serves a call. The returned function, if any, is called when the caller is gone. */
  serve(host: string, call: Call, answer: Answer): (() => void) | undefined;
  /** Takes over a connection whose next request is not for our framing. */
  handOff(socket: Socket, unread: Buffer): void;
}

const EMPTY = Buffer.alloc(0);
/** Answers that are put together before it is seen whether anybody reads them. */
const ANSWERS_AT_ONCE = 64;
/** A container that vanished without a word must not hold its sockets here for ever. */
const KEEP_ALIVE_MS = 60_000;
/** What a runtime may send ahead of our answer before it has to wait. */
const LARGEST_BACKLOG_BYTES = LIMITS.payloadBytes + 64 * 1024;

export class Connection {
  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  #unread: Buffer = EMPTY;
  /** The request whose body is on its way. */
  #head: Head | undefined;
  #body: Buffer[] = [];
  #bodyBytes = 0;
  /** A request is with the owner and not answered. */
  #open = false;
  #onLost: (() => void) | undefined;
  #out: Buffer[] = [];
  #reading = false;
  #closed = false;

  constructor(socket: Socket, owner: ConnectionOwner) {
    this.#socket = socket;
    this.#owner = owner;
    socket.setNoDelay(true);
    // The kernel answers for a process that is frozen.
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.on('data', this.#onData);
    socket.on('drain', this.#onDrain);
    socket.on('close', this.#onClose);
    socket.on('error', () => socket.destroy());
  }

  destroy(): void {
    this.#socket.destroy();
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#head !== undefined) this.#takeBody(chunk);
    else this.#unread = this.#unread.length === 0 ? chunk : Buffer.concat([this.#unread, chunk]);
    if (this.#open && this.#unread.length > LARGEST_BACKLOG_BYTES) this.#socket.pause();
    this.#read();
  };

  readonly #onDrain = (): void => {
    this.#socket.resume();
    this.#read();
  };

  readonly #onClose = (): void => {
    this.#closed = true;
    this.#unread = EMPTY;
    this.#body = [];
    const onLost = this.#onLost;
    this.#onLost = undefined;
    onLost?.();
  };

  #read(): void {
    if (this.#reading) return;
    this.#reading = true;
    try {
      while (!this.#open && !this.#closed && this.#readOne()) {
        if (this.#out.length < ANSWERS_AT_ONCE) continue;
        this.#flush();
        if (this.#socket.writableNeedDrain) break;
      }
    } finally {
      this.#reading = false;
      // Behind an open poll nobody waits for what was answered before it: both go in one write,
      // and the runtime is woken once.
      if (!this.#open) this.#flush();
      // Who does not read the answers gets no further ones.
      if (!this.#closed && this.#socket.writableNeedDrain) this.#socket.pause();
    }
  }

  /** Whether there may be more to read. */
  #readOne(): boolean {
    if (this.#head === undefined) {
      if (this.#unread.length === 0) return false;
      const head = readHead(this.#unread);
      if (head === undefined) return false;
      if (head === 'unusual') {
        this.#handOff();
        return false;
      }
      const rest = this.#unread.subarray(head.bytes);
      this.#unread = EMPTY;
      this.#head = head;
      this.#takeBody(rest);
    }
    const head = this.#head;
    if (head === undefined || this.#bodyBytes < head.contentLength) return false;
    const body = this.#takenBody(head);
    this.#head = undefined;
    this.#serve(head, body);
    return true;
  }

  /** Keeps what belongs to the body, up to what may be kept; the rest is the next request's. */
  #takeBody(chunk: Buffer): void {
    const missing = (this.#head?.contentLength ?? 0) - this.#bodyBytes;
    const mine = chunk.length <= missing ? chunk : chunk.subarray(0, missing);
    if (mine.length > 0) {
      this.#bodyBytes += mine.length;
      if ((this.#head?.contentLength ?? 0) <= LIMITS.payloadBytes) this.#body.push(mine);
    }
    const rest = chunk.subarray(mine.length);
    if (rest.length > 0) {
      this.#unread = this.#unread.length === 0 ? rest : Buffer.concat([this.#unread, rest]);
    }
  }

  #takenBody(head: Head): PostedBody {
    const pieces = this.#body;
    this.#body = [];
    this.#bodyBytes = 0;
    if (head.contentLength > LIMITS.payloadBytes) return { tooLargeBytes: head.contentLength };
    return pieces.length === 1 ? (pieces[0] ?? EMPTY) : Buffer.concat(pieces, head.contentLength);
  }

  #serve(head: Head, body: PostedBody): void {
    this.#open = true;
    let sent = false;
    const isClosed = (): boolean => this.#closed;
    const answer: Answer = {
      get lost() {
        return isClosed();
      },
      send: (reply: Reply) => {
        if (sent) return;
        sent = true;
        this.#open = false;
        this.#onLost = undefined;
        this.#send(reply);
      },
    };
    const onLost = this.#owner.serve(head.host, { ...callOf(head), body }, answer);
    if (this.#open) this.#onLost = onLost;
  }

  #send(reply: Reply): void {
    if (this.#closed) return;
    this.#out.push(...encode(reply));
    if (this.#reading) return;
    this.#flush();
    if (this.#unread.length > 0 || this.#head !== undefined) {
      this.#socket.resume();
      this.#read();
    }
  }

  #flush(): void {
    const out = this.#out;
    if (out.length === 0 || this.#closed) return;
    this.#out = [];
    if (out.length === 1) {
      this.#socket.write(out[0] ?? EMPTY);
      return;
    }
    this.#socket.cork();
    for (const piece of out) this.#socket.write(piece);
    this.#socket.uncork();
  }

  #handOff(): void {
    const unread = this.#unread;
    this.#unread = EMPTY;
    this.#flush();
    this.#closed = true;
    this.#socket.pause();
    this.#socket.removeListener('data', this.#onData);
    this.#socket.removeListener('drain', this.#onDrain);
    this.#socket.removeListener('close', this.#onClose);
    this.#owner.handOff(this.#socket, unread);
  }
}

function callOf(head: Head): Pick<Call, 'method' | 'path' | 'headers'> {
  return { method: head.method, path: head.path, headers: head.headers };
}
