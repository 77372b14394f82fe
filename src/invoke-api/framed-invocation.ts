/** Invocations that our own framing has read, and the way to their answers. */

import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../async/clock.js';
import { randomUuid } from '../async/random.js';
import type { Exchange } from '../http-framing/exchange.js';
import type { AccessLine } from './access.js';
import type { ApiContext, ControlCall, InvokeCall, KnownReading } from './call.js';
import { FramedAnswer } from './framed-answer.js';
import type { TooLarge } from './request-body.js';

const EMPTY = Buffer.alloc(0);

/** A request as those see it who say whose it is. */
export interface FramedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** None stands twice. */
  readonly rawHeaders: readonly string[];
  readonly socket: Socket;
}

/** What a head says of an invocation. */
export interface Asked {
  readonly request: FramedRequest;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly name: string;
  /** Of the request that the head came with, or of all that come with it. */
  readonly known: KnownReading;
}

export interface FramedInvocationParts {
  readonly context: ApiContext;
  readonly clock: Clock;
  readonly onAccess: ((line: AccessLine) => void) | undefined;
}

/** Where it came in. */
export interface InvocationDoor {
  /** Takes nothing new: the connection ends with the answer. */
  readonly isClosing: boolean;
}

export class FramedInvocation extends FramedAnswer implements InvokeCall {
  readonly requestId: string;
  readonly #asked: Asked;
  readonly #parts: FramedInvocationParts;
  readonly #door: InvocationDoor;
  readonly #startedAt: number;

  constructor(
    exchange: Exchange,
    asked: Asked,
    parts: FramedInvocationParts,
    door: InvocationDoor,
  ) {
    super(exchange);
    this.requestId = randomUuid();
    this.#asked = asked;
    this.#parts = parts;
    this.#door = door;
    this.#startedAt = parts.onAccess === undefined ? 0 : parts.clock.monotonic();
  }

  get response(): this {
    return this;
  }
  get context(): ApiContext {
    return this.#parts.context;
  }
  get request(): FramedRequest {
    return this.#asked.request;
  }
  get name(): string {
    return this.#asked.name;
  }
  get query(): URLSearchParams {
    return this.#asked.query;
  }
  get known(): KnownReading {
    return this.#asked.known;
  }

  body(limitBytes: number, done: (body: Buffer | TooLarge) => void): void {
    this.exchange.onBody = (body) => done(body.length > limitBytes ? { readToEnd: true } : body);
  }

  protected isLast(): boolean {
    return this.exchange.head.closes || this.#door.isClosing;
  }

  protected answered(status: number): void {
    if (this.#parts.onAccess !== undefined) this.#tell(status);
  }

  /** The client has hung up before it was answered. */
  lost(): void {
    this.#tell(undefined);
  }

  #tell(status: number | undefined): void {
    const { onAccess, clock } = this.#parts;
    onAccess?.({
      method: this.request.method,
      path: this.#asked.path,
      status,
      requestId: this.requestId,
      durationMs: clock.monotonic() - this.#startedAt,
    });
  }
}

/** A call that only reads, of an operation that does not invoke. */
export class FramedReading extends FramedInvocation implements ControlCall {
  readonly captured: readonly string[];

  constructor(
    exchange: Exchange,
    asked: Asked & { readonly captured: readonly string[] },
    parts: FramedInvocationParts,
    door: InvocationDoor,
  ) {
    super(exchange, asked, parts, door);
    this.captured = asked.captured;
  }

  /** It has none. */
  override body(_limitBytes: number, done: (body: Buffer) => void): void {
    done(EMPTY);
  }
}
