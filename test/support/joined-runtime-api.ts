/**
 * The Runtime API as a script that answers a response together with the poll behind it, in one write, as
 * ours does and Node.js's own server cannot. Its heads are the same but for what is an event's own.
 */

import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { headersOfEvent, type Recorded, type ScriptedEvent } from './scripted-runtime-api.js';

const ACCEPTED =
  'HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{"status":"OK"}\n';

export class JoinedRuntimeApi {
  readonly posts: Recorded[] = [];
  readonly #events: ScriptedEvent[];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #finished: Promise<void>;
  #finish: () => void = () => undefined;

  constructor(events: readonly ScriptedEvent[]) {
    this.#events = [...events];
    this.#finished = new Promise((resolve) => (this.#finish = resolve));
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      let unread = Buffer.alloc(0);
      let answers = '';
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => {
        unread = Buffer.concat([unread, chunk]);
        for (let end = unread.indexOf('\r\n\r\n'); end >= 0; end = unread.indexOf('\r\n\r\n')) {
          const head = unread.toString('latin1', 0, end);
          const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
          if (unread.length < end + 4 + length) return;
          const body = Buffer.from(unread.subarray(end + 4, end + 4 + length));
          unread = unread.subarray(end + 4 + length);
          answers += this.#answer(head, body);
        }
        socket.write(answers, 'latin1');
        answers = '';
      });
    });
  }

  #answer(head: string, body: Buffer): string {
    const path = head.split(' ')[1]?.replace('/2018-06-01/runtime/', '') ?? '';
    if (path !== 'invocation/next') {
      this.posts.push({ path, headers: {}, body, trailers: {}, pieces: [body] });
      return ACCEPTED;
    }
    const event = this.#events.shift();
    if (event === undefined) {
      this.#finish();
      return '';
    }
    const payload = Buffer.from(event.payload);
    const headers = {
      ...headersOfEvent(this.posts.length),
      ...event.headers,
      'Content-Length': String(payload.length),
    };
    const lines = Object.entries(headers).map(([name, value]) =>
      value === undefined ? '' : `${name}: ${value}\r\n`,
    );
    return `HTTP/1.1 200 OK\r\n${lines.join('')}\r\n${payload.toString('latin1')}`;
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async listenAt(path: string): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(path, resolve));
    return '127.0.0.1:1';
  }

  /** Resolves at the poll after the last event. */
  finished(): Promise<void> {
    return this.#finished;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}
