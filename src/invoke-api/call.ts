/** What every route of the Invoke API is given. */

import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { NewEvent } from '../event-queue/queued-event.js';
import type { InvocationRouter } from '../router/router.js';
import type { Reading } from './invoke.js';
import type { TooLarge } from './request-body.js';

export interface ApiContext {
  readonly router: InvocationRouter;
  readonly region: string;
  readonly accountId: string;
  /** Unix ms. */
  now(): number;
  /** Resolves when the event will run whatever happens (contract 9.1). Raises why it will not. */
  accept(event: NewEvent): Promise<void>;
}

/** Where an answer of one head and one body is written: a `ServerResponse`, or our own framing's. */
export interface AnswerTarget {
  readonly headersSent: boolean;
  /** Nobody is there to read it. */
  readonly destroyed: boolean;
  /** Names and values in turn. */
  writeHead(status: number, headers: string[]): unknown;
  end(body?: Buffer): unknown;
  /**
   * Nobody needs these bytes any more, once what was to be written of them is out. Absent where that
   * cannot be known.
   */
  giveUp?(bytes: Buffer): void;
}

/** What was read of a head, so that it need not be read again. */
export interface KnownReading {
  reading?: Reading;
}

/** An invocation as it was asked for, whichever parser has read it. */
export interface InvokeCall {
  readonly context: ApiContext;
  readonly request: { readonly headers: IncomingHttpHeaders };
  readonly response: AnswerTarget;
  /** UUID; a function that is invoked sees the same. */
  readonly requestId: string;
  /** `{FunctionName}` of the path, still URL-encoded; empty where the route has none. */
  readonly name: string;
  readonly query: URLSearchParams;
  /** Shared by requests with the very same head; absent where no head is known to come again. */
  readonly known?: KnownReading;
  /** `done` is called once, or never when the client hangs up before the end of its request. */
  body(limitBytes: number, done: (body: Buffer | TooLarge) => void): void;
}

/** A request of an operation that does not invoke, whichever parser has read it. */
export interface ControlCall extends InvokeCall {
  readonly request: Pick<IncomingMessage, 'headers'> & {
    readonly socket: Pick<Socket, 'localPort'>;
  };
  /** All that the route captures of the path, the name among it; still URL-encoded. */
  readonly captured: readonly string[];
}

/** A request of any operation, as `node:http` has read it. */
export interface Call extends ControlCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}
