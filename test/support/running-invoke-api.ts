/** An InvokeApi on a port of the system's choice, and plain and raw ways of asking it. */

import { request, type IncomingHttpHeaders, type RequestOptions } from 'node:http';
import { connect, type Socket } from 'node:net';
import { systemClock } from '../../src/async/clock.js';
import type { NewEvent } from '../../src/event-queue/queued-event.js';
import { InvokeApi, type InvokeApiOptions } from '../../src/invoke-api/server.js';
import { FakeRouter } from './fake-router.js';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly json: unknown;
}

export interface AskOptions {
  readonly method?: string;
  readonly body?: Buffer | string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly agent?: RequestOptions['agent'];
}

export class RunningInvokeApi {
  readonly router: FakeRouter;
  readonly api: InvokeApi;
  /** Asynchronous events that were accepted. */
  readonly accepted: NewEvent[] = [];
  port = 0;

  constructor(options: Partial<InvokeApiOptions> = {}) {
    this.router = (options.router as FakeRouter | undefined) ?? new FakeRouter();
    this.api = new InvokeApi({
      router: this.router,
      host: '127.0.0.1',
      port: 0,
      region: 'us-east-1',
      accountId: '123456789012',
      clock: systemClock,
      events: {
        accept: (event) => {
          this.accepted.push(event);
          return Promise.resolve();
        },
      },
      ...options,
    });
  }

  async start(): Promise<this> {
    ({ port: this.port } = await this.api.listen());
    return this;
  }

  ask(path: string, options: AskOptions = {}): Promise<HttpAnswer> {
    const { method = 'GET', body, headers = {}, agent = false } = options;
    return new Promise((resolve, reject) => {
      const to = { host: '127.0.0.1', port: this.port, path, method, headers, agent };
      const outgoing = request(to, (response) => {
        const pieces: Buffer[] = [];
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.on('error', reject);
        response.on('end', () => {
          const all = Buffer.concat(pieces);
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: all,
            get json() {
              return JSON.parse(all.toString()) as unknown;
            },
          });
        });
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  invoke(name: string, body: Buffer | string = '{}', options: AskOptions = {}) {
    const path = `/2015-03-31/functions/${name}/invocations`;
    return this.ask(path, { method: 'POST', body, ...options });
  }

  socket(): Socket {
    const socket = connect(this.port, '127.0.0.1');
    socket.on('error', () => undefined);
    return socket;
  }

  /** Sends the text as it is; resolves with all that came back when the other side has closed. */
  raw(text: string): Promise<string> {
    const socket = this.socket();
    socket.write(text, 'latin1');
    return readToEnd(socket);
  }
}

export function readToEnd(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    socket.on('data', (piece: Buffer) => (text += piece.toString('latin1')));
    socket.on('close', () => resolve(text));
  });
}
