/** What a parser makes of a stream of bytes: ours, and the one of `node:http` as its server sets it. */

import { createRequire } from 'node:module';
import { createServer, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { Connection, type Door } from '../../src/http-framing/connection.js';
import type { Exchange } from '../../src/http-framing/exchange.js';

export interface ReadRequest {
  readonly method: string;
  readonly path: string;
  /** Names in lower case and values, sorted. */
  readonly headers: readonly string[];
  /** Undefined: it was not looked at. */
  readonly body: string | undefined;
}

export interface Reading {
  readonly requests: readonly ReadRequest[];
  /** Where each ends. */
  readonly ends: readonly number[];
  /** Another parser has what follows. */
  readonly handedOff: boolean;
}

/** When answers are given: as soon as the body is there, before it, or when all bytes have come. */
export type Answering = 'at once' | 'early' | 'late';

const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';

/** Stands behind the method where the connection is not to be kept. */
const LAST = ' and not kept alive';

/** As much of a socket as a connection uses; everybody reads at once. */
class SilentSocket {
  readonly #listeners = new Map<string, (chunk?: Buffer) => void>();
  readonly writableLength = 0;
  readonly writableNeedDrain = false;
  readonly writable = true;

  on(event: string, listener: (chunk?: Buffer) => void): void {
    this.#listeners.set(event, listener);
  }
  off(event: string): void {
    this.#listeners.delete(event);
  }
  push(chunk: Buffer): void {
    this.#listeners.get('data')?.(chunk);
  }
  write(): boolean {
    return true;
  }
  _read(): void {}
  _write(_text: string, _encoding: string, done: () => void): void {
    done();
  }
  cork(): void {}
  uncork(): void {}
  pause(): void {}
  resume(): void {}
  end(): void {}
  destroy(): void {}
  destroySoon(): void {}
}

class Recorder implements Door {
  readonly holdsAnswers: boolean;
  readonly requests: ReadRequest[] = [];
  readonly ends: number[] = [];
  readonly #answering: Answering;
  #open: Exchange | undefined;
  #at = 0;
  handedOff = false;

  constructor(answering: Answering, holdsAnswers: boolean) {
    this.#answering = answering;
    this.holdsAnswers = holdsAnswers;
  }

  begin(exchange: Exchange): boolean {
    if (this.#answering === 'early') {
      // Where it ends shows in what is read behind it.
      this.#record(exchange, undefined);
      exchange.send(ANSWER);
      return true;
    }
    exchange.onBody = (body) => {
      this.#record(exchange, body.toString('latin1'));
      if (this.#answering === 'at once') exchange.send(ANSWER);
      else this.#open = exchange;
    };
    return true;
  }

  /** Answers what is open, and what follows it. */
  answerAll(): void {
    while (this.#open !== undefined) {
      const exchange = this.#open;
      this.#open = undefined;
      exchange.send(ANSWER);
    }
  }

  #record({ head }: Exchange, body: string | undefined): void {
    const { path, headers } = head;
    const method = head.closes ? `${head.method}${LAST}` : head.method;
    this.#at += head.bytes + head.contentLength;
    this.ends.push(this.#at);
    const named = Object.entries(headers.toRecord()).map(([name, value]) => `${name}: ${value}`);
    this.requests.push({ method, path, headers: named.sort(), body });
  }

  handOff(): void {
    this.handedOff = true;
  }
  truncated(): void {}
  closed(): void {}
  now(): number {
    return 0;
  }
}

export function readByUs(
  pieces: readonly Buffer[],
  answering: Answering,
  holdsAnswers: boolean,
): Reading {
  const socket = new SilentSocket();
  const door = new Recorder(answering, holdsAnswers);
  new Connection(socket as unknown as Socket, door);
  for (const piece of pieces) {
    // It is lent: others take its place afterwards.
    const lent = Buffer.from(piece);
    socket.push(lent);
    lent.fill('x');
  }
  door.answerAll();
  return door;
}

/** Node's parser itself, as its server uses it. */
interface HttpParser {
  [callback: number]: (...given: never[]) => unknown;
  initialize(kind: number, resource: object, maxHeaderSize: number, leniency: number): void;
  execute(bytes: Buffer): number | Error;
}

interface HttpParserClass {
  new (): HttpParser;
  readonly REQUEST: number;
  readonly kOnHeaders: number;
  readonly kOnHeadersComplete: number;
  readonly kOnBody: number;
  readonly kOnMessageComplete: number;
  readonly kLenientNone: number;
}

const { HTTPParser, methods } = createRequire(import.meta.url)('_http_common') as {
  HTTPParser: HttpParserClass;
  methods: readonly string[];
};
const MAX_HEADER_BYTES = 1024 * 1024;

export interface NodeReading {
  readonly requests: readonly ReadRequest[];
  /** After each piece: how many requests were complete. */
  readonly completeAfter: readonly number[];
  readonly failed: boolean;
}

export class NodeParser {
  readonly #parser = new HTTPParser();
  #requests: ReadRequest[] = [];
  #raw: string[] = [];
  #method = '';
  #path = '';
  #body: string[] = [];

  constructor() {
    const parser = this.#parser;
    let flushedPath = '';
    parser[HTTPParser.kOnHeaders] = (raw: string[], path: string) => {
      this.#raw.push(...raw);
      flushedPath += path;
    };
    parser[HTTPParser.kOnHeadersComplete] = (
      _major: number,
      minor: number,
      raw: string[] | undefined,
      method: number,
      path: string | undefined,
      _status: undefined,
      _statusMessage: undefined,
      upgrade: boolean,
      keepAlive: boolean,
    ) => {
      if (raw !== undefined) this.#raw.push(...raw);
      const odd = minor !== 1 || upgrade || !keepAlive;
      this.#method = `${methods[method]}${odd ? LAST : ''}`;
      this.#path = path ?? flushedPath;
      flushedPath = '';
      return upgrade ? 2 : 0;
    };
    parser[HTTPParser.kOnBody] = (piece: Buffer) => {
      this.#body.push(piece.toString('latin1'));
    };
    parser[HTTPParser.kOnMessageComplete] = () => {
      this.#requests.push({
        method: this.#method,
        path: this.#path,
        headers: named(this.#raw),
        body: this.#body.join(''),
      });
      this.#raw = [];
      this.#body = [];
    };
  }

  read(pieces: readonly Buffer[]): NodeReading {
    this.#requests = [];
    this.#raw = [];
    this.#body = [];
    this.#parser.initialize(HTTPParser.REQUEST, {}, MAX_HEADER_BYTES, HTTPParser.kLenientNone);
    const completeAfter: number[] = [];
    let failed = false;
    for (const piece of pieces) {
      if (!failed) {
        const read = this.#parser.execute(piece);
        // Less than all: an upgrade, behind which it reads no more.
        failed = typeof read !== 'number' || read < piece.length;
      }
      completeAfter.push(this.#requests.length);
    }
    return { requests: this.#requests, completeAfter, failed };
  }
}

/** One end of a connection in memory. */
class Line extends Duplex {
  override _read(): void {}
  override _write(_chunk: Buffer, _encoding: string, done: () => void): void {
    done();
  }
  setTimeout(): this {
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  destroySoon(): void {
    this.destroy();
  }
}

/** What a server of `node:http` with the settings of ours reads, before it ends the connection. */
export async function readByServer(pieces: readonly Buffer[]): Promise<readonly ReadRequest[]> {
  const requests: ReadRequest[] = [];
  const server = createServer(
    { maxHeaderSize: MAX_HEADER_BYTES, insecureHTTPParser: false },
    (request: IncomingMessage, response) => {
      const body: string[] = [];
      request.on('data', (piece: Buffer) => body.push(piece.toString('latin1')));
      request.on('end', () => {
        const { method = '', url = '', rawHeaders } = request;
        requests.push({ method, path: url, headers: named(rawHeaders), body: body.join('') });
        response.end();
      });
    },
  );
  server.on('clientError', (_error, socket) => socket.destroy());
  const line = new Line();
  line.on('error', () => undefined);
  server.emit('connection', line);
  for (const piece of pieces) {
    if (line.destroyed) break;
    line.push(piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
  // Each answer lets the next request through.
  for (let seen = -1; seen < requests.length;) {
    seen = requests.length;
    for (let turns = 0; turns < 4; turns += 1) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  line.destroy();
  server.close();
  return requests;
}

function named(raw: readonly string[]): string[] {
  const lines: string[] = [];
  for (let at = 0; at < raw.length; at += 2)
    lines.push(`${raw[at]?.toLowerCase()}: ${raw[at + 1]}`);
  return lines.sort();
}
