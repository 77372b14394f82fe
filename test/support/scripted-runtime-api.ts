/**
 * The Runtime API as a script: hands out the given events one after the other and records what the
 * runtime posts. A real HTTP server of Node's own, so that a bootstrap cannot rely on ours.
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ScriptedEvent {
  readonly payload: string | Buffer;
  /** An undefined one is not sent. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

export interface Recorded {
  /** Such as `invocation/id-0/response`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
  readonly trailers: Readonly<Record<string, unknown>>;
  /** The body as it came, piece by piece. */
  readonly pieces: readonly Buffer[];
}

export interface ScriptOptions {
  /** Every answer ends its connection. */
  readonly closes?: boolean;
  /** The connection ends after each event without a word, as one that is idle for too long does. */
  readonly tires?: boolean;
  /** Events come in pieces of this size; `chunked` leaves their length unsaid. */
  readonly pieceBytes?: number;
  readonly chunked?: boolean;
  /** What `restore/next` is answered, at once; it is recorded among the posts. */
  readonly restoreStatus?: number;
  /** Bodies are not read before somebody asks for `/release`. */
  readonly holdsBodies?: boolean;
}

/** What every event comes with, besides its length. */
export function headersOfEvent(index: number): Readonly<Record<string, string>> {
  return {
    'Content-Type': 'application/json',
    'Lambda-Runtime-Aws-Request-Id': `id-${index}`,
    'Lambda-Runtime-Deadline-Ms': String(Date.now() + 30_000),
    'Lambda-Runtime-Invoked-Function-Arn': 'arn:aws:lambda:us-east-1:123456789012:function:f',
    'Lambda-Runtime-Trace-Id': 'Root=1-2-3',
  };
}

/** The cause of an error comes in a header. */
const LARGEST_HEAD_BYTES = 8 * 1024 * 1024;

export class ScriptedRuntimeApi {
  readonly posts: Recorded[] = [];
  readonly #events: readonly ScriptedEvent[];
  readonly #server: Server;
  readonly #finished: Promise<void>;
  readonly #options: ScriptOptions;
  #next = 0;
  /** Pieces of bodies that have come and that nobody has asked for. */
  #seen = 0;
  #onPiece: (() => void) | undefined;
  readonly #held: IncomingMessage[] = [];
  #finish: () => void = () => undefined;
  /** Requests whose bodies are still coming. */
  #reading = 0;
  #polledLast = false;

  constructor(events: readonly ScriptedEvent[], options: ScriptOptions = {}) {
    this.#events = events;
    this.#finished = new Promise((resolve) => (this.#finish = resolve));
    this.#options = options;
    this.#server = createServer({ maxHeaderSize: LARGEST_HEAD_BYTES }, (request, response) => {
      if (this.#handshake(request, response)) return;
      this.#reading += 1;
      void this.#read(request).then((pieces) => {
        this.#reading -= 1;
        const body = Buffer.concat(pieces);
        const path = (request.url ?? '').replace('/2018-06-01/runtime/', '');
        if (options.closes === true) response.setHeader('Connection', 'close');
        if (path !== 'invocation/next') {
          const { headers, trailers } = request;
          this.posts.push({ path, headers, body, trailers, pieces });
          if (path === 'restore/next') {
            response.writeHead(options.restoreStatus ?? 200, { 'Content-Length': 0 }).end();
            return;
          }
          response.writeHead(202, { 'Content-Type': 'application/json' }).end('{"status":"OK"}\n');
          if (path === 'init/error' || path === 'restore/error' || this.#isOver()) this.#finish();
          return;
        }
        const event = this.#events[this.#next];
        if (event === undefined) {
          // The poll after the last event stays open: the script is over, once all has come.
          this.#polledLast = true;
          if (this.#isOver()) this.#finish();
          return;
        }
        const headers = {
          ...headersOfEvent(this.#next),
          ...(options.chunked === true
            ? {}
            : { 'Content-Length': Buffer.byteLength(event.payload) }),
          ...event.headers,
        };
        for (const [name, value] of Object.entries(headers))
          if (value !== undefined) response.setHeader(name, value);
        response.writeHead(200);
        this.#next += 1;
        if (options.tires === true) response.once('finish', () => request.socket.destroySoon());
        void write(response, Buffer.from(event.payload), options.pieceBytes);
      });
    });
  }

  /** `host:port`, as AWS_LAMBDA_RUNTIME_API holds it. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** On a socket instead; what it returns leads nowhere. */
  async listenAt(path: string): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(path, resolve));
    return '127.0.0.1:1';
  }

  /** For handlers: `/seen` is answered when a piece of a body has come, `/release` lets them come. */
  #handshake({ url }: IncomingMessage, response: ServerResponse): boolean {
    if (url === '/seen') {
      this.#onPiece = () => {
        this.#onPiece = undefined;
        this.#seen -= 1;
        response.end();
      };
      if (this.#seen > 0) this.#onPiece();
    } else if (url === '/release') {
      for (const request of this.#held.splice(0)) request.resume();
      response.end();
    }
    return url === '/seen' || url === '/release';
  }

  #isOver(): boolean {
    return this.#polledLast && this.#reading === 0;
  }

  #read(request: IncomingMessage): Promise<Buffer[]> {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => {
      pieces.push(piece);
      this.#seen += 1;
      this.#onPiece?.();
    });
    if (this.#options.holdsBodies === true && request.method === 'POST') {
      request.pause();
      this.#held.push(request);
    }
    // A body that breaks off is what it is.
    return new Promise((resolve) => {
      request.on('end', () => resolve(pieces));
      request.on('error', () => resolve(pieces));
    });
  }

  /** Resolves when every event was answered, or init was reported to have failed. */
  finished(): Promise<void> {
    return this.#finished;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

async function write(response: ServerResponse, body: Buffer, pieceBytes?: number): Promise<void> {
  const size = pieceBytes ?? body.length;
  for (let at = 0; at < body.length; at += size) {
    response.write(body.subarray(at, at + size));
    await new Promise(setImmediate);
  }
  response.end();
}
