/**
 * HTTP as an event source over the real port, with functions in this process and time that is
 * moved by hand.
 */

import { request } from 'node:http';
import type { LogLine } from '../../src/view.js';
import { DEFAULTS } from '../../src/config/defaults.js';
import type { Settings } from '../../src/config/config.js';
import { HttpPort } from '../../src/http-port/http-port.js';
import { HttpSource } from '../../src/http-source/http-source.js';
import type { Logger } from '../../src/log/logger.js';
import { Invoker } from '../../src/router/invoker.js';
import type { SourceParts } from '../../src/sources/source.js';
import type {
  ApiDefinition,
  LoadBalancerDefinition,
  RouteDefinition,
} from '../../src/stack/http.js';
import { emptyStack } from '../../src/stack/stack.js';
import { FakeRouter, succeeded, type FakeHandler } from './fake-router.js';
import { ManualClock } from './manual-clock.js';

export interface HttpReply {
  readonly status: number;
  readonly reason: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  readonly text: string;
  readonly json: unknown;
}

export interface Ask {
  readonly method?: string;
  /** Names and values in turn, as they go out. */
  readonly headers?: readonly string[];
  readonly body?: string | Buffer;
}

/** The event that function was given last, and what it is told to return. */
export class HttpBench {
  readonly clock = new ManualClock();
  readonly router = new FakeRouter();
  readonly lines: LogLine[] = [];
  readonly messages: string[] = [];
  readonly port: HttpPort;
  readonly source: HttpSource;

  constructor() {
    this.port = new HttpPort({ host: '127.0.0.1', port: 0 });
    const log: Logger = {
      debug: () => undefined,
      info: (message) => void this.messages.push(message),
      warn: (message) => void this.messages.push(message),
      error: (message) => void this.messages.push(message),
      child: () => log,
    };
    const { region, accountId } = DEFAULTS;
    const parts = {
      settings: { region, accountId } as Settings,
      clock: this.clock,
      queueClock: this.clock,
      invoker: new Invoker({
        door: () => this.router,
        accept: () => Promise.resolve(),
        now: () => this.clock.now(),
      }),
      httpPort: this.port,
      line: (line: LogLine) => void this.lines.push(line),
      log,
    } as unknown as SourceParts;
    this.source = new HttpSource(parts);
  }

  /** Adds a function that returns `output` as JSON, or does what `handler` says. */
  add(name: string, output: unknown | FakeHandler): void {
    const handler: FakeHandler =
      typeof output === 'function'
        ? (output as FakeHandler)
        : (_, settle) => settle(succeeded(JSON.stringify(output) ?? 'null'));
    this.router.add({ name }, handler);
  }

  serve(
    apis: readonly ApiDefinition[],
    loadBalancers: readonly LoadBalancerDefinition[] = [],
  ): Promise<void> {
    return this.source.apply({ ...emptyStack(), apis, loadBalancers });
  }

  /** The event of the last invocation. */
  get event(): Record<string, unknown> {
    const payload = this.router.requests.at(-1)?.payload.toString() ?? 'null';
    return JSON.parse(payload) as Record<string, unknown>;
  }

  ask(path: string, { method = 'GET', headers = [], body }: Ask = {}): Promise<HttpReply> {
    return new Promise((resolve, reject) => {
      const url = new URL(this.port.url ?? '');
      const named = headers.some((name, index) => index % 2 === 0 && name.toLowerCase() === 'host')
        ? headers
        : ['Host', url.host, ...headers];
      const length = body === undefined ? [] : ['Content-Length', String(Buffer.byteLength(body))];
      const options = {
        host: url.hostname,
        port: url.port,
        path,
        method,
        agent: false,
        setHost: false,
        headers: [...named, ...length],
      };
      const outgoing = request(options, (response) => {
        const pieces: Buffer[] = [];
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.on('error', reject);
        response.on('end', () => {
          const whole = Buffer.concat(pieces);
          resolve({
            status: response.statusCode ?? 0,
            reason: response.statusMessage ?? '',
            headers: response.headers,
            rawHeaders: response.rawHeaders,
            body: whole,
            text: whole.toString(),
            get json() {
              return JSON.parse(whole.toString()) as unknown;
            },
          });
        });
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  close(): Promise<void> {
    return this.port.close();
  }
}

export function api(parts: Partial<ApiDefinition> = {}): ApiDefinition {
  return {
    path: 'Resources.Api',
    id: 'abcdefghij',
    name: 'Api',
    kind: 'rest',
    stage: 'dev',
    stageVariables: {},
    routes: [],
    authorizers: {},
    binaryMediaTypes: [],
    gatewayResponses: {},
    apiKeys: [],
    ...parts,
  };
}

/** `GET /orders/{id}` to the function `fn`. */
export function route(key: string, parts: Partial<RouteDefinition> = {}): RouteDefinition {
  const [method = '', resource = ''] = key === '$default' ? ['ANY', '$default'] : key.split(' ');
  return {
    path: `Resources.Route of ${key}`,
    method,
    resource,
    integration: { kind: 'function', target: { functionName: 'fn' }, payloadFormat: '1.0' },
    timeoutMs: 29_000,
    ...parts,
  };
}

/** The same with payload 2.0. */
export function route2(key: string, parts: Partial<RouteDefinition> = {}): RouteDefinition {
  return route(key, {
    integration: { kind: 'function', target: { functionName: 'fn' }, payloadFormat: '2.0' },
    ...parts,
  });
}
