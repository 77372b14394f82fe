/**
 * Invocations, and operations that only read, by our own framing. What is not plainly one that may be
 * let in, any other operation and whatever is odd about a request goes to `node:http` on the same
 * port, unread; a connection stays there then. Deadlines are those of that server: one look at all
 * connections now and then.
 */

import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { LIMITS } from '../config/defaults.js';
import { messageOf } from '../errors.js';
import { Connection, type Door } from '../http-framing/connection.js';
import type { Exchange } from '../http-framing/exchange.js';
import type { Head } from '../http-framing/head.js';
import type { Deadlines } from './access.js';
import { sendError } from './answer.js';
import { serviceError } from './errors.js';
import {
  FramedInvocation,
  FramedReading,
  type Asked,
  type FramedInvocationParts,
  type FramedRequest,
  type InvocationDoor,
} from './framed-invocation.js';
import type { HandOver } from './http2.js';
import { invoke } from './invoke.js';
import { INVOKE_LIMITS } from './limits.js';
import { refuseMalformed } from './malformed.js';
import { findRoute, INVOKE_PATH, splitTarget, type Route } from './routes.js';

export interface FramedDoorParts extends FramedInvocationParts {
  readonly deadlines: Deadlines;
  /** Whether whoever sent this may ask; of the same head on a connection it is always the same. */
  admits(request: FramedRequest): boolean;
  /** Of the operations besides that one, made when they are first asked for. */
  routes(): readonly Route[];
  /** Whether the request is for Lambda's API. */
  isOurs(request: FramedRequest): boolean;
}

const NO_HEADERS: readonly string[] = [];
const EMPTY = Buffer.alloc(0);

export class FramedDoor implements Door, InvocationDoor {
  readonly holdsAnswers = false;
  readonly #parts: FramedDoorParts;
  /** Of heads that came more than once. */
  readonly #asked = new WeakMap<Head, Asked>();
  readonly #connections = new Set<Connection>();
  #handOver: HandOver | undefined;
  #looking = false;
  #closing = false;

  constructor(parts: FramedDoorParts) {
    this.#parts = parts;
  }

  /** Reads a connection; `handOver` takes it over if need be. */
  take(socket: Socket, handOver: HandOver): void {
    this.#handOver = handOver;
    this.#connections.add(new Connection(socket, this));
    if (!this.#looking) this.#lookLater();
  }

  get isClosing(): boolean {
    return this.#closing;
  }

  /** Takes nothing new: idle connections end now, the others with their answer. */
  close(): void {
    this.#closing = true;
    for (const connection of this.#connections) {
      if (connection.waiting === 'request' && !connection.isWriting) connection.destroy();
    }
  }

  /** Resolves when the answers given so far have gone out. */
  async flushed(): Promise<void> {
    await Promise.all([...this.#connections].map(written));
  }

  destroy(): void {
    for (const connection of this.#connections) connection.destroy();
  }

  begin(exchange: Exchange, socket: Socket): boolean {
    const { onAccess } = this.#parts;
    const { head } = exchange;
    if (this.#closing) return false;
    if (head.method === 'GET') return this.#beginReading(exchange, socket);
    if (head.method !== 'POST') return false;
    // What is refused for its size is answered before it has come.
    if (head.contentLength > LIMITS.payloadBytes) return false;
    const asked = exchange.repeats ? this.#askedAgain(head, socket) : this.#askedBy(head, socket);
    if (asked === undefined || !this.#parts.isOurs(asked.request)) return false;
    const call = new FramedInvocation(exchange, asked, this.#parts, this);
    if (onAccess !== undefined) exchange.onLost = () => call.lost();
    try {
      invoke(call);
    } catch (error) {
      sendError(call, serviceError(messageOf(error)));
    }
    return true;
  }

  /** Whatever is not plainly one of the operations that read is for the complete parser. */
  #beginReading(exchange: Exchange, socket: Socket): boolean {
    const { routes, onAccess, admits, isOurs } = this.#parts;
    const { head } = exchange;
    const { path, query } = splitTarget(head.path);
    const found = findRoute(routes(), head.method, path, query);
    if (found?.route.handleRead === undefined) return false;
    const request = requestOf(head, socket);
    if (!admits(request) || !isOurs(request)) return false;
    const { captured } = found;
    const asked = { request, path, query, name: captured[0] ?? '', known: {}, captured };
    const call = new FramedReading(exchange, asked, this.#parts, this);
    if (onAccess !== undefined) exchange.onLost = () => call.lost();
    try {
      found.route.handleRead(call);
    } catch (error) {
      sendError(call, serviceError(messageOf(error)));
    }
    return true;
  }

  #askedAgain(head: Head, socket: Socket): Asked | undefined {
    const known = this.#asked.get(head);
    if (known !== undefined) return known;
    const asked = this.#askedBy(head, socket);
    if (asked !== undefined) this.#asked.set(head, asked);
    return asked;
  }

  /** Undefined: not plainly an invocation by somebody who may ask. */
  #askedBy(head: Head, socket: Socket): Asked | undefined {
    const { path, query } = splitTarget(head.path);
    const name = INVOKE_PATH.exec(path)?.[1];
    if (name === undefined) return undefined;
    const request = requestOf(head, socket);
    return this.#parts.admits(request) ? { request, path, query, name, known: {} } : undefined;
  }

  handOff(connection: Connection, socket: Socket, unread: Buffer): void {
    this.#connections.delete(connection);
    this.#handOver?.(socket, unread, connection.isNew);
  }

  truncated(socket: Socket): void {
    refuseMalformed({ code: 'HPE_INVALID_EOF_STATE' }, socket);
  }

  closed(connection: Connection): void {
    this.#connections.delete(connection);
  }

  now(): number {
    return this.#parts.clock.monotonic();
  }

  #lookLater(): void {
    const { clock, deadlines } = this.#parts;
    this.#looking = true;
    clock.setTimer(deadlines.checkMs, () => {
      this.#looking = false;
      for (const connection of this.#connections) this.#endIfLate(connection);
      if (this.#connections.size > 0) this.#lookLater();
    });
  }

  #endIfLate(connection: Connection): void {
    const { headersMs, requestMs } = this.#parts.deadlines;
    // Who takes his time to read an answer is not hurried.
    if (connection.isWriting) return;
    const waitedMs = this.now() - connection.since;
    switch (connection.waiting) {
      case 'answer':
        return;
      case 'request': {
        const mostMs = connection.isNew ? headersMs : INVOKE_LIMITS.keepAliveMs;
        if (waitedMs > mostMs) connection.destroy();
        return;
      }
      case 'head':
        if (waitedMs > headersMs) refuseLate(connection);
        return;
      case 'body':
        if (waitedMs > requestMs) refuseLate(connection);
    }
  }
}

function refuseLate({ socket }: Connection): void {
  refuseMalformed({ code: 'ERR_HTTP_REQUEST_TIMEOUT' }, socket);
}

function requestOf({ method, path, headers }: Head, socket: Socket): FramedRequest {
  // The one header with a type of its own is no request's.
  return {
    method,
    url: path,
    headers: headers.toRecord() as IncomingHttpHeaders,
    rawHeaders: NO_HEADERS,
    socket,
  };
}

function written({ isWriting, socket }: Connection): Promise<void> {
  if (!isWriting) return Promise.resolve();
  return new Promise((resolve) => {
    socket.once('close', resolve);
    // It is called when all before it has gone out.
    socket.write(EMPTY, () => resolve());
  });
}
