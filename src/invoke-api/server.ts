/**
 * The door for AWS clients: an HTTP listener serving the Lambda API (contract section 8) and
 * whatever else is mounted on the same port.
 *
 * Loopback unless asked. A request whose `Host` is not ours or whose `Origin` is foreign is
 * refused: a web page must not reach functions through a rebound name or a cross-site post.
 * Beyond loopback every request must carry the bearer token.
 */

import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isIP, type AddressInfo } from 'node:net';
import type { Clock } from '../async/clock.js';
import { OrchestratorError } from '../errors.js';
import type { InvocationRouter } from '../router/router.js';
import type { ApiContext } from './context.js';
import { forbidden, serviceError, unknownRoute, type ApiError } from './errors.js';
import { functionConfiguration, functionDescription, functionPage } from './functions.js';
import { invoke } from './invoke.js';
import { portOwner } from './port-owner.js';
import { resolveFunction } from './reference.js';

export type MountedHandler = (request: IncomingMessage, response: ServerResponse) => void;

export interface InvokeApiOptions {
  readonly router: InvocationRouter;
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly region: string;
  readonly accountId: string;
  readonly authToken?: string;
  readonly clock: Clock;
  /** An `Event` invocation could not be run. */
  readonly onLost: (functionName: string, requestId: string, error: OrchestratorError) => void;
}

const FUNCTIONS = /^\/2015-03-31\/functions\/?$/;
const FUNCTION = /^\/2015-03-31\/functions\/([^/]+)(\/configuration|\/invocations)?$/;
const INVOKE_ASYNC = /^\/2014-11-13\/functions\/([^/]+)\/invoke-async\/?$/;
const HEADERS_WITHIN_MS = 30_000;

export class InvokeApi {
  readonly #options: InvokeApiOptions;
  readonly #server: Server;
  readonly #mounted: { prefix: string; handler: MountedHandler }[] = [];
  readonly #context: ApiContext;

  constructor(options: InvokeApiOptions) {
    this.#options = options;
    this.#context = {
      router: options.router,
      region: options.region,
      accountId: options.accountId,
      now: () => options.clock.now(),
      refuse,
      lost: options.onLost,
    };
    this.#server = createServer((request, response) => this.#serve(request, response));
    this.#server.headersTimeout = HEADERS_WITHIN_MS;
    // A synchronous invocation may take 15 minutes; its connection must not be cut before.
    this.#server.requestTimeout = 0;
    this.#server.timeout = 0;
  }

  /** Serves everything below `prefix` with `handler`. Call before `listen`. */
  mount(prefix: string, handler: MountedHandler): void {
    this.#mounted.push({ prefix, handler });
  }

  /** Raises `port-in-use`. */
  listen(): Promise<{ address: string; port: number }> {
    const { host, port } = this.#options;
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => {
        reject(error.code === 'EADDRINUSE' ? portInUse(port) : cannotListen(host, port, error));
      });
      this.#server.listen(port, host, 4096, () => {
        const { address, port: bound } = this.#server.address() as AddressInfo;
        resolve({ address, port: bound });
      });
    });
  }

  /** Takes no new connections; resolves when the open requests are answered. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeIdleConnections();
    });
  }

  destroy(): Promise<void> {
    const closed = this.close();
    this.#server.closeAllConnections();
    return closed;
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const refusal = this.#admit(request);
    if (refusal !== undefined) {
      refuse(response, refusal);
      return;
    }
    const target = request.url ?? '/';
    const questionMark = target.indexOf('?');
    const path = questionMark < 0 ? target : target.slice(0, questionMark);
    for (const { prefix, handler } of this.#mounted) {
      if (path.startsWith(prefix)) {
        handler(request, response);
        return;
      }
    }
    const query = new URLSearchParams(questionMark < 0 ? '' : target.slice(questionMark + 1));
    try {
      this.#route(request, response, path, query);
    } catch (error) {
      refuse(response, serviceError(error instanceof Error ? error.message : String(error)));
    }
  }

  #route(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    query: URLSearchParams,
  ): void {
    const { router, accountId } = this.#options;
    const [, name, kind] = FUNCTION.exec(path) ?? [];
    if (request.method === 'POST' && name !== undefined && kind === '/invocations') {
      invoke(this.#context, request, response, name, query);
      return;
    }
    const [, asyncName] = INVOKE_ASYNC.exec(path) ?? [];
    if (request.method === 'POST' && asyncName !== undefined) {
      request.headers['x-amz-invocation-type'] = 'Event';
      invoke(this.#context, request, response, asyncName, query);
      return;
    }
    request.resume();
    if (request.method === 'GET' && FUNCTIONS.test(path)) {
      json(response, 200, functionPage(router.list(), accountId, query));
      return;
    }
    if (request.method === 'GET' && name !== undefined && kind !== '/invocations') {
      const found = resolveFunction(this.#context, name, query.get('Qualifier'));
      if ('error' in found) refuse(response, found.error);
      else if (kind === '/configuration') {
        json(response, 200, functionConfiguration(found.version, accountId));
      } else {
        const reserved = router.reservedConcurrency(found.name);
        json(response, 200, functionDescription(found.version, accountId, reserved));
      }
      return;
    }
    refuse(response, unknownRoute(request.method ?? '', path));
  }

  #admit(request: IncomingMessage): ApiError | undefined {
    const { authToken } = this.#options;
    const host = hostName(request.headers.host);
    if (host === undefined || !this.#isOurs(host)) {
      return forbidden(`Host '${request.headers.host ?? ''}' is not served here.`);
    }
    const { origin } = request.headers;
    if (origin !== undefined && !this.#isOwnOrigin(origin)) {
      return forbidden(`Requests from the origin '${origin}' are not served.`);
    }
    if (authToken !== undefined && !isLoopback(request.socket.remoteAddress ?? '')) {
      const sent = request.headers.authorization ?? '';
      if (!sameText(sent, `Bearer ${authToken}`)) return forbidden('A bearer token is required.');
    }
    return undefined;
  }

  /** An address is no proof of being ours, as it is in `Host`: any site may have one. */
  #isOwnOrigin(origin: string): boolean {
    const host = hostName(origin.replace(/^https?:\/\//, '')) ?? '';
    return this.#isOurs(host) && (isIP(host) === 0 || isLoopback(host) || host === this.#options.host);
  }

  /** An address in `Host` cannot come from a rebound name. */
  #isOurs(host: string): boolean {
    return (
      host === 'localhost' ||
      host.endsWith('.localhost') ||
      host === 'host.docker.internal' ||
      host === this.#options.host ||
      isIP(host) !== 0
    );
  }
}

function refuse(response: ServerResponse, error: ApiError): void {
  if (response.headersSent || response.destroyed) return;
  response.setHeader('x-amzn-ErrorType', error.exception);
  for (const [name, value] of Object.entries(error.headers ?? {})) response.setHeader(name, value);
  json(response, error.status, error.body);
}

function json(response: ServerResponse, status: number, body: object): void {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': bytes.length,
  });
  response.end(bytes);
}

/** The host of a `Host` header without its port; undefined when it is malformed. */
function hostName(header: string | undefined): string | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([a-zA-Z0-9.\-_]+))(?::\d{1,5})?$/.exec(header ?? '');
  return match?.[1] ?? match?.[2]?.toLowerCase();
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.');
}

function sameText(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function portInUse(port: number): OrchestratorError {
  const owner = portOwner(port);
  const by = owner === undefined ? 'another process' : `${owner.name} (pid ${owner.pid})`;
  return new OrchestratorError('port-in-use', `port ${port} is in use by ${by}`, {
    remedy: 'Stop it, or choose another port with --port (0 takes any free one).',
    details: { port, ...owner },
  });
}

function cannotListen(host: string, port: number, error: Error): OrchestratorError {
  return new OrchestratorError('port-in-use', `cannot listen on ${host}:${port}: ${error.message}`, {
    remedy: 'Choose an address of this machine with --host and a port with --port.',
    cause: error,
  });
}
