/** WebSocket APIs on a port of their own, with functions that are played, and clients of them. */

import {
  ApiGatewayManagementApiClient,
  type ApiGatewayManagementApiClientConfig,
} from '@aws-sdk/client-apigatewaymanagementapi';
import { WebSocket, type ClientOptions } from 'ws';
import {
  WebSocketApis,
  type WebSocketParts,
} from '../../src/api-gateway/web-socket/web-socket-apis.js';
import { AwsEndpoint } from '../../src/aws-endpoint/aws-endpoint.js';
import { systemClock } from '../../src/async/clock.js';
import { OrchestratorError } from '../../src/errors.js';
import { HttpPort } from '../../src/http-port/http-port.js';
import type { Outcome } from '../../src/invocation/outcome.js';
import type { WebSocketApiDefinition } from '../../src/stack/web-socket.js';
import { ManualClock } from './manual-clock.js';

type Event = any; // oxlint-disable-line typescript/no-explicit-any -- whatever a function is sent

/** What it returns; what it throws is a function error. */
export type PlayedFunction = (event: Event) => unknown;

export class WebSocketBench {
  readonly functions = new Map<string, PlayedFunction>();
  /** What functions were sent, by name and in order. */
  readonly events: { readonly name: string; readonly event: Event }[] = [];
  readonly messages: string[] = [];
  /** Of the functions' logs. */
  readonly lines: string[] = [];
  readonly queueClock = new ManualClock();
  readonly apis: WebSocketApis;
  readonly #port: HttpPort;
  readonly #clients: Client[] = [];
  readonly #sdk: ApiGatewayManagementApiClient[] = [];
  #heard = (): void => undefined;

  constructor() {
    this.#port = new HttpPort({ host: '127.0.0.1', port: 0 });
    const log = {
      debug: () => undefined,
      info: () => undefined,
      warn: (message: string) => void this.messages.push(message),
      error: (message: string) => void this.messages.push(message),
      child: () => log,
    };
    this.apis = new WebSocketApis({
      settings: { region: 'eu-west-1', accountId: '000000000000' },
      clock: systemClock,
      queueClock: this.queueClock,
      invoker: {
        invoke: ({ functionName }: { functionName: string }, payload: Buffer) =>
          this.#invoke(functionName, payload),
      },
      awsEndpoint: new AwsEndpoint(),
      httpPort: this.#port,
      line: ({ text }: { text: string }) => void this.lines.push(text),
      log,
    } as unknown as WebSocketParts);
  }

  get url(): string {
    return (this.#port.url ?? '').replace(/^http/, 'ws');
  }

  /** An API `chat` with the stage `prod` and a route for each function that is played. */
  async serve(changes: Partial<WebSocketApiDefinition> = {}): Promise<void> {
    const routes = [...this.functions.keys()].map((name) => ({
      path: '',
      routeKey: name,
      target: { functionName: name },
      timeoutMs: 29_000,
      respond: name === 'ask',
    }));
    const api: WebSocketApiDefinition = {
      path: 'Resources.Chat',
      id: 'chat123456',
      name: 'chat',
      stage: 'prod',
      stageVariables: {},
      routeSelectionExpression: '$request.body.action',
      routes,
      ...changes,
    };
    await this.apis.apply({ webSocketApis: [api] });
  }

  connect(path = '/prod', options: ClientOptions = {}, protocols: string[] = []): Client {
    const client = new Client(new WebSocket(`${this.url}${path}`, protocols, options));
    this.#clients.push(client);
    return client;
  }

  management(config: ApiGatewayManagementApiClientConfig = {}): ApiGatewayManagementApiClient {
    const client = new ApiGatewayManagementApiClient({
      endpoint: `${this.#port.url}/prod`,
      region: 'eu-west-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      maxAttempts: 1,
      ...config,
    });
    this.#sdk.push(client);
    return client;
  }

  /** Resolves once a function of this name has been sent so many events; gives the last one. */
  async sent(name: string, count = 1): Promise<Event> {
    for (;;) {
      const found = this.events.filter((each) => each.name === name);
      if (found.length >= count) return found[count - 1]?.event;
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
  }

  async close(): Promise<void> {
    for (const client of this.#sdk) client.destroy();
    for (const client of this.#clients) client.socket.terminate();
    await this.apis.close();
    await this.#port.close();
  }

  async #invoke(name: string, payload: Buffer): Promise<Outcome> {
    const event = JSON.parse(payload.toString('utf8')) as Event;
    const played = this.functions.get(name);
    if (played === undefined) {
      return { kind: 'refused', error: new OrchestratorError('function-not-found', name) };
    }
    const ran = { contentType: 'application/json', executedVersion: '$LATEST' };
    try {
      this.events.push({ name, event });
      this.#heard();
      const output = JSON.stringify((await played(event)) ?? null);
      return { kind: 'succeeded', payload: Buffer.from(output), ...ran };
    } catch (error) {
      const text = JSON.stringify({ errorMessage: (error as Error).message, errorType: 'Error' });
      return { kind: 'function-failed', payload: Buffer.from(text), errorType: 'Error', ...ran };
    }
  }
}

/** A client that remembers what it was sent. */
export class Client {
  readonly socket: WebSocket;
  readonly received: { readonly text: string; readonly isBinary: boolean }[] = [];
  readonly opened: Promise<void>;
  /** Status and body of a refused handshake. */
  readonly refused: Promise<{ readonly status: number; readonly body: string; headers: object }>;
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  #heard = (): void => undefined;

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      this.received.push({ text: data.toString('utf8'), isBinary });
      this.#heard();
    });
    this.opened = new Promise((resolve, reject) => {
      socket.once('open', () => resolve());
      socket.once('close', () => reject(new Error('the connection was not made')));
    });
    this.opened.catch(() => undefined);
    this.refused = new Promise((resolve) => {
      socket.once('unexpected-response', (_request, response) => {
        const pieces: Buffer[] = [];
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.on('end', () => {
          const { statusCode: status = 0, headers } = response;
          resolve({ status, headers, body: Buffer.concat(pieces).toString('utf8') });
          socket.terminate();
        });
      });
    });
    this.closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => resolve({ code, reason: reason.toString('utf8') }));
    });
  }

  send(value: unknown): void {
    this.socket.send(
      typeof value === 'string' || Buffer.isBuffer(value) ? value : JSON.stringify(value),
    );
  }

  /** The message of this number, from 0, once it is there. */
  async message(index = 0): Promise<string> {
    while (this.received.length <= index) {
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
    return this.received[index]?.text ?? '';
  }
}
