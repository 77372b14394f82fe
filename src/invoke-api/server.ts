/**
 * The door for AWS clients: an HTTP listener serving the Lambda API (contract section 8) and
 * whatever else is mounted on the same port. Loopback unless asked; see `admission.ts` for who is
 * let in. Invocations are read by our own framing, see `framed-door.ts`; malformed HTTP, and two
 * readings of where a request ends, are refused by Node's parser.
 */

import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:net';
import type { Clock } from '../async/clock.js';
import { randomUuid } from '../async/random.js';
import { messageOf } from '../errors.js';
import type { EventQueue } from '../event-queue/event-queue.js';
import type { InvocationRouter } from '../router/router.js';
import { DEADLINES, type AccessLine, type Deadlines } from './access.js';
import { Admission } from './admission.js';
import { sendError } from './answer.js';
import type { ApiContext } from './call.js';
import {
  malformedRequest,
  serviceError,
  shuttingDown,
  unknownRoute,
  type ApiError,
} from './errors.js';
import { FramedDoor } from './framed-door.js';
import type { FramedRequest } from './framed-invocation.js';
import { Http2Front } from './http2.js';
import { INVOKE_LIMITS } from './limits.js';
import { listen } from './listen.js';
import { refuseMalformed } from './malformed.js';
import { readBody } from './request-body.js';
import { findRoute, INVOKE_ROUTES, splitTarget, type Route } from './routes.js';

/** Answers every request it is given. */
export type MountedHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** What has host names of its own on our port. */
export interface HostedSite {
  owns(host: string | undefined): boolean;
  serve(request: IncomingMessage, response: ServerResponse): void;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Who answers requests that are for other services than Lambda; undefined: we do. */
export interface Elsewhere {
  handlerOf(request: Pick<IncomingMessage, 'headers' | 'method' | 'url'>): Handler | undefined;
  /** While they are being opened: what their requests wait for. Rejects when that fails. */
  readonly opening?: Promise<void> | undefined;
  /** Whether a request is signed for them. */
  concerns?(request: Pick<IncomingMessage, 'headers' | 'method' | 'url'>): boolean;
  /** Of what no route of ours takes. */
  handlerOfUnknown(request: IncomingMessage): Handler | undefined;
}

export interface InvokeApiOptions {
  readonly router: InvocationRouter;
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly region: string;
  readonly accountId: string;
  /** Required when `host` is not loopback. */
  readonly authToken?: string | undefined;
  /** Taken as well: that of the run file. */
  readonly ownerToken?: string | undefined;
  readonly site?: HostedSite;
  /** Answers what is signed for other services. */
  readonly awsEndpoint?: Elsewhere;
  readonly clock: Clock;
  /** Takes asynchronous events. */
  readonly events: Pick<EventQueue, 'accept'>;
  /** Operations besides those that invoke; asked for once, with the first request that may be one. */
  readonly routes?: () => readonly Route[];
  readonly onAccess?: (line: AccessLine) => void;
  readonly deadlines?: Partial<Deadlines>;
}

export class InvokeApi {
  readonly #options: InvokeApiOptions;
  readonly #server: Server;
  readonly #deadlines: Deadlines;
  /** The complete parser; made for the first connection that needs it, as it takes a while to load. */
  #http: HttpServer | undefined;
  readonly #framed: FramedDoor;
  readonly #http2: Http2Front;
  #routes: readonly Route[] | undefined;
  readonly #mounted: { prefix: string; handler: MountedHandler }[] = [];
  readonly #context: ApiContext;
  readonly #admission: Admission;
  readonly #open = new Set<ServerResponse>();
  #closed: Promise<void> | undefined;

  constructor(options: InvokeApiOptions) {
    this.#options = options;
    this.#context = {
      router: options.router,
      region: options.region,
      accountId: options.accountId,
      now: () => options.clock.now(),
      accept: (event) => options.events.accept(event),
    };
    this.#admission = new Admission(options);
    const deadlines = { ...DEADLINES, ...options.deadlines };
    this.#deadlines = deadlines;
    this.#framed = new FramedDoor({
      context: this.#context,
      clock: options.clock,
      deadlines,
      routes: () => this.#allRoutes(),
      admits: (request) => this.#admission.check(request) === undefined,
      isOurs: (request) => this.#isOurs(request),
      onAccess: options.onAccess,
    });
    // As a server of `node:http` has its connections.
    this.#server = createServer({ allowHalfOpen: true, noDelay: true });
    this.#http2 = new Http2Front(this.#server, {
      // Its requests then come from this machine, which shows no token.
      admits: ({ remoteAddress }) => this.#admission.isFree(remoteAddress),
      http1: (socket, handOver) => this.#framed.take(socket, handOver),
      complete: (socket) => void (this.#http ??= this.#openedHttp()).emit('connection', socket),
    });
  }

  #openedHttp(): HttpServer {
    const { headersMs, requestMs, checkMs } = this.#deadlines;
    const server = process.getBuiltinModule('node:http').createServer(
      {
        headersTimeout: headersMs,
        // Ends when the request has been read: an invocation may take 15 minutes.
        requestTimeout: requestMs,
        connectionsCheckingInterval: checkMs,
        keepAliveTimeout: INVOKE_LIMITS.keepAliveMs,
        maxHeaderSize: INVOKE_LIMITS.headerBytes,
        insecureHTTPParser: false,
        noDelay: true,
      },
      (request, response) => this.#serve(request, response),
    );
    server.on('clientError', refuseMalformed);
    // It has connections without listening itself: from here on it looks at their deadlines.
    server.emit('listening');
    return server;
  }

  /** Serves everything below `prefix` with `handler`. Call before `listen`. */
  mount(prefix: string, handler: MountedHandler): void {
    this.#mounted.push({ prefix, handler });
  }

  /** Raises `port-in-use`, or `config-invalid` for an address we may not or cannot listen on. */
  async listen(): Promise<{ address: string; port: number }> {
    const { host, port, authToken } = this.#options;
    const bound = await listen(this.#server, { host, port, authToken, flag: '--port' });
    return { address: bound.address, port: bound.port };
  }

  /** Takes nothing new; resolves when what is open has been answered. */
  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      for (const response of this.#open) response.shouldKeepAlive = false;
      this.#server.close(() => resolve());
      this.#http?.close();
      this.#framed.close();
    });
    return this.#closed;
  }

  /** Resolves when the answers given so far have gone out, or after `mostMs`. */
  flushed(mostMs: number): Promise<void> {
    const going = [...this.#open].filter(({ writableEnded }) => writableEnded);
    return new Promise((resolve) => {
      const timer = this.#options.clock.setTimer(mostMs, resolve);
      const gone = Promise.all([
        ...going.map((response) => new Promise((closed) => response.once('close', closed))),
        this.#framed.flushed(),
      ]);
      void gone.then(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  /** Ends every connection now. */
  destroy(): Promise<void> {
    const closed = this.close();
    this.#http?.closeAllConnections();
    this.#framed.destroy();
    this.#http2.destroy();
    return closed;
  }

  /** A call of the Lambda API that came in, and was let in, by another door. */
  serveLambda(request: IncomingMessage, response: ServerResponse): void {
    const requestId = randomUuid();
    this.#track(request, response, requestId);
    try {
      if (this.#closed === undefined) this.#routeLambda(request, response, requestId);
      else sendError({ response, requestId }, shuttingDown());
    } catch (error) {
      sendError({ response, requestId }, serviceError(messageOf(error)));
    }
  }

  /** Any doubt is for `#serve`, which says what is wrong. */
  #isOurs(request: FramedRequest): boolean {
    const { site, awsEndpoint } = this.#options;
    if (site?.owns(request.headers.host) === true) return false;
    if (awsEndpoint?.opening !== undefined && awsEndpoint.concerns?.(request) === true)
      return false;
    return awsEndpoint?.handlerOf(request) === undefined;
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const requestId = randomUuid();
    this.#track(request, response, requestId);
    try {
      const { site } = this.#options;
      const isSite = site?.owns(request.headers.host) === true;
      const refusal = this.#refusal(request, response, isSite);
      if (refusal === undefined && isSite) site.serve(request, response);
      else if (refusal === undefined) this.#route(request, response, requestId);
      else sendError({ response, requestId }, refusal);
    } catch (error) {
      sendError({ response, requestId }, serviceError(messageOf(error)));
    }
  }

  #refusal(
    request: IncomingMessage,
    response: ServerResponse,
    isSite: boolean,
  ): ApiError | undefined {
    if (this.#closed !== undefined) {
      response.shouldKeepAlive = false;
      return shuttingDown();
    }
    if (request.url?.startsWith('/') !== true) {
      return malformedRequest('The request target must be a path.');
    }
    return isSite ? this.#admission.checkCaller(request) : this.#admission.check(request);
  }

  #route(request: IncomingMessage, response: ServerResponse, requestId: string): void {
    const { awsEndpoint } = this.#options;
    if (awsEndpoint?.opening !== undefined && awsEndpoint.concerns?.(request) === true) {
      this.#routeLater(awsEndpoint.opening, request, response, requestId);
      return;
    }
    const elsewhere = awsEndpoint?.handlerOf(request);
    if (elsewhere !== undefined) {
      elsewhere(request, response);
      return;
    }
    const { path } = splitTarget(request.url ?? '/');
    for (const { prefix, handler } of this.#mounted) {
      if (path.startsWith(prefix)) {
        handler(request, response);
        return;
      }
    }
    this.#routeLambda(request, response, requestId);
  }

  #routeLambda(request: IncomingMessage, response: ServerResponse, requestId: string): void {
    const { path, query } = splitTarget(request.url ?? '/');
    const found = findRoute(this.#allRoutes(), request.method, path, query);
    const elsewhere =
      found === undefined ? this.#options.awsEndpoint?.handlerOfUnknown(request) : undefined;
    if (elsewhere !== undefined) {
      elsewhere(request, response);
      return;
    }
    if (found === undefined) {
      const { opening } = this.#options.awsEndpoint ?? {};
      if (opening !== undefined) {
        this.#routeLater(opening, request, response, requestId);
        return;
      }
      sendError({ response, requestId }, unknownRoute(request.method ?? '', path));
      return;
    }
    const { route, captured } = found;
    const name = captured[0] ?? '';
    const context = this.#context;
    route.handle({
      context,
      request,
      response,
      requestId,
      name,
      captured,
      query,
      body: (limitBytes, done) => readBody(request, limitBytes, done),
    });
  }

  #allRoutes(): readonly Route[] {
    return (this.#routes ??= [...INVOKE_ROUTES, ...(this.#options.routes?.() ?? [])]);
  }

  /** Once whoever may have to answer is there. */
  #routeLater(
    opening: Promise<void>,
    request: IncomingMessage,
    response: ServerResponse,
    requestId: string,
  ): void {
    opening
      .then(() => this.#route(request, response, requestId))
      .catch((error: unknown) => {
        sendError({ response, requestId }, serviceError(messageOf(error)));
      });
  }

  #track(request: IncomingMessage, response: ServerResponse, requestId: string): void {
    const { clock, onAccess } = this.#options;
    const startedAt = onAccess === undefined ? 0 : clock.monotonic();
    this.#open.add(response);
    response.once('close', () => {
      this.#open.delete(response);
      if (this.#closed !== undefined) this.#http?.closeIdleConnections();
      onAccess?.({
        method: request.method ?? '',
        path: splitTarget(request.url ?? '').path,
        status: response.writableFinished ? response.statusCode : undefined,
        requestId,
        durationMs: clock.monotonic() - startedAt,
      });
    });
  }
}
