/**
 * The Runtime API as a script: hands out the given events one after the other and records what the
 * runtime posts. A real HTTP server of Node's own, so that a bootstrap cannot rely on ours.
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ScriptedEvent {
  readonly payload: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Recorded {
  /** Such as `invocation/id-0/response`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

export interface ScriptOptions {
  /** Every answer ends its connection. */
  readonly closes?: boolean;
  /** The connection ends after each event without a word, as one that is idle for too long does. */
  readonly tires?: boolean;
  /** Events come in pieces of this size; `chunked` leaves their length unsaid. */
  readonly pieceBytes?: number;
  readonly chunked?: boolean;
}

export class ScriptedRuntimeApi {
  readonly posts: Recorded[] = [];
  readonly #events: readonly ScriptedEvent[];
  readonly #server: Server;
  readonly #finished: Promise<void>;
  #next = 0;
  #finish: () => void = () => undefined;

  constructor(events: readonly ScriptedEvent[], options: ScriptOptions = {}) {
    this.#events = events;
    this.#finished = new Promise((resolve) => (this.#finish = resolve));
    this.#server = createServer((request, response) => {
      void read(request).then((body) => {
        const path = (request.url ?? '').replace('/2018-06-01/runtime/', '');
        if (options.closes === true) response.setHeader('Connection', 'close');
        if (path !== 'invocation/next') {
          this.posts.push({ path, headers: request.headers, body });
          response.writeHead(202, { 'Content-Type': 'application/json' }).end('{"status":"OK"}\n');
          if (path === 'init/error') this.#finish();
          return;
        }
        const event = this.#events[this.#next];
        if (event === undefined) {
          // The poll after the last event stays open: the script is over.
          this.#finish();
          return;
        }
        response.writeHead(200, {
          'Content-Type': 'application/json',
          'Lambda-Runtime-Aws-Request-Id': `id-${this.#next}`,
          'Lambda-Runtime-Deadline-Ms': String(Date.now() + 30_000),
          'Lambda-Runtime-Invoked-Function-Arn': 'arn:aws:lambda:us-east-1:123456789012:function:f',
          'Lambda-Runtime-Trace-Id': 'Root=1-2-3',
          ...(options.chunked === true
            ? {}
            : { 'Content-Length': Buffer.byteLength(event.payload) }),
          ...event.headers,
        });
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

  /** Resolves when every event was answered, or init was reported to have failed. */
  finished(): Promise<void> {
    return this.#finished;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

async function write(response: ServerResponse, body: Buffer, pieceBytes?: number): Promise<void> {
  const size = pieceBytes ?? body.length;
  for (let at = 0; at < body.length; at += size) {
    response.write(body.subarray(at, at + size));
    await new Promise(setImmediate);
  }
  response.end();
}
