/**
 * The port that people's HTTP requests and WebSockets come in by: APIs and load balancers share it,
 * told apart by host name and path. Opened when the first of them has something to serve. Pages of
 * other sites may ask here, as on AWS: whether they may read the answer is for the API's CORS to
 * say. Names that somebody else's DNS points at us are refused.
 */

import { randomUUID } from 'node:crypto';
import { createServer, ServerResponse, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { systemClock, type Clock } from '../async/clock.js';
import { messageOf } from '../errors.js';
import { Admission, hostName } from '../invoke-api/admission.js';
import { sendError } from '../invoke-api/answer.js';
import {
  forbidden,
  malformedRequest,
  serviceError,
  shuttingDown,
  userError,
  type ApiError,
} from '../invoke-api/errors.js';
import { INVOKE_LIMITS } from '../invoke-api/limits.js';
import { listen, urlHost } from '../invoke-api/listen.js';
import { refuseMalformed } from '../invoke-api/malformed.js';

/** What is served on the port. */
export interface HttpSite {
  /** Whether the request is for this one; those that take what is left are asked last. */
  owns(request: IncomingMessage): boolean;
  readonly takesTheRest?: boolean;
  /** Whether the name, in lower case, may stand in `Host` besides our own and those of localhost. */
  ownsHost?(name: string): boolean;
  /** Answers every request it owns. */
  serve(request: IncomingMessage, response: ServerResponse): void;
  /** Takes over the connection of a request it owns. */
  upgrade?(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

export interface HttpPortOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly authToken?: string | undefined;
  readonly ownerToken?: string | undefined;
  readonly clock?: Clock;
}

/** Load balancers take the longest headers: 64 KB together. */
const HEADER_BYTES = 64 * 1024;
/** So often a drain looks for clients that neither send the rest of a request nor take an answer. */
const STALLED_MS = 5_000;

export class HttpPort {
  readonly #options: HttpPortOptions;
  readonly #server: Server;
  readonly #admission: Admission;
  readonly #open = new Set<ServerResponse>();
  #sites: readonly HttpSite[] = [];
  #opening: Promise<string> | undefined;
  #url: string | undefined;
  #ending = false;
  #draining: Promise<void> | undefined;
  #drained: (() => void) | undefined;

  constructor(options: HttpPortOptions) {
    this.#options = options;
    this.#admission = new Admission(options);
    this.#server = createServer(
      {
        headersTimeout: INVOKE_LIMITS.headersMs,
        requestTimeout: INVOKE_LIMITS.requestMs,
        keepAliveTimeout: INVOKE_LIMITS.keepAliveMs,
        maxHeaderSize: HEADER_BYTES,
        insecureHTTPParser: false,
        noDelay: true,
      },
      (request, response) => this.#serve(request, response),
    );
    this.#server.on('clientError', refuseMalformed);
  }

  mount(site: HttpSite): void {
    // With a listener Node.js takes every request that offers another protocol for an upgrade.
    if (site.upgrade !== undefined && this.#server.listenerCount('upgrade') === 0) {
      this.#server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
        this.#upgrade(request, socket, head),
      );
    }
    const rest = this.#sites.filter(({ takesTheRest }) => takesTheRest === true);
    const others = this.#sites.filter(({ takesTheRest }) => takesTheRest !== true);
    this.#sites = site.takesTheRest === true ? [...this.#sites, site] : [...others, site, ...rest];
  }

  /** Such as `http://127.0.0.1:3000`; undefined while it is closed. */
  get url(): string | undefined {
    return this.#url;
  }

  /** Opens the port unless it is. Raises `port-in-use` and `config-invalid`. */
  open(): Promise<string> {
    if (this.#ending) return Promise.reject(new Error('the orchestrator is stopping'));
    this.#opening ??= this.#listen().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  /** Takes nothing new; resolves when what is open has been answered. Upgraded connections stay. */
  drain(): Promise<void> {
    this.#end();
    this.#draining ??= new Promise((resolve) => {
      this.#drained = resolve;
      this.#settleDrain();
      this.#lookForStalled(new Set());
    });
    return this.#draining;
  }

  /** Ends every connection now, but for those that were upgraded. */
  close(): Promise<void> {
    this.#end();
    this.#server.closeAllConnections();
    return Promise.resolve();
  }

  async #listen(): Promise<string> {
    const { host, port, authToken } = this.#options;
    const bound = await listen(this.#server, { host, port, authToken, flag: '--http-port' });
    // Ended meanwhile.
    if (this.#ending) this.#server.close();
    this.#url = `http://${urlHost(host)}:${bound.port}`;
    return this.#url;
  }

  #end(): void {
    if (this.#ending) return;
    this.#ending = true;
    for (const response of this.#open) response.shouldKeepAlive = false;
    if (this.#url !== undefined) this.#server.close();
    this.#server.closeIdleConnections();
  }

  #settleDrain(): void {
    if (this.#open.size === 0) this.#drained?.();
  }

  /** Lets those go that were found stalled at the last look and still are. */
  #lookForStalled(before: ReadonlySet<ServerResponse>): void {
    if (this.#open.size === 0) return;
    const { clock = systemClock } = this.#options;
    clock.setTimer(STALLED_MS, () => {
      const stalled = [...this.#open].filter(
        ({ req, writableEnded }) => writableEnded || !req.complete,
      );
      for (const response of stalled) if (before.has(response)) response.destroy();
      this.#lookForStalled(new Set(stalled));
    });
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    this.#open.add(response);
    response.once('close', () => {
      this.#open.delete(response);
      this.#settleDrain();
    });
    const refuse = (error: ApiError): void => {
      request.resume();
      sendError({ response, requestId: randomUUID() }, error);
    };
    try {
      const refusal = this.#refusal(request);
      if (this.#ending) response.shouldKeepAlive = false;
      if (refusal !== undefined) refuse(refusal);
      else {
        const site = this.#sites.find((one) => one.owns(request));
        if (site === undefined) refuse(userError(404, 'NotFoundException', 'Not Found'));
        else site.serve(request, response);
      }
    } catch (error) {
      refuse(serviceError(messageOf(error)));
    }
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // What becomes of the connection is known to whoever has it; Node.js looks after it no longer.
    socket.on('error', ignore);
    if (request.headers.upgrade?.toLowerCase() !== 'websocket') {
      this.#declineUpgrade(request, socket);
      return;
    }
    const site = this.#sites.find((one) => one.upgrade !== undefined && one.owns(request));
    const refusal = this.#refusal(request);
    if (refusal === undefined && site?.upgrade !== undefined) site.upgrade(request, socket, head);
    else {
      const status = refusal?.status === 503 ? '503 Service Unavailable' : '403 Forbidden';
      lastWord(socket, `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    }
  }

  /** An offer such as `h2c` may be left alone; a body can no longer be read by then. */
  #declineUpgrade(request: IncomingMessage, socket: Duplex): void {
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket as Socket);
    response.on('finish', () => lastWord(socket, ''));
    if (Number(request.headers['content-length'] ?? 0) === 0) this.#serve(request, response);
    else {
      const text = 'Upgrade is not served here; send the request without it.';
      sendError({ response, requestId: randomUUID() }, malformedRequest(text));
    }
  }

  #refusal(request: IncomingMessage): ApiError | undefined {
    if (this.#ending) return shuttingDown();
    if (request.url?.startsWith('/') !== true) {
      return malformedRequest('The request target must be a path.');
    }
    const { host } = request.headers;
    const name = hostName(host) ?? '';
    if (
      !name.endsWith('.localhost') &&
      !this.#admission.knowsHost(request) &&
      !this.#sites.some((site) => site.ownsHost?.(name) === true)
    ) {
      return forbidden(`Host '${host ?? ''}' is not served here.`);
    }
    return this.#admission.checkCaller(request);
  }
}

/** Ends a connection that was taken from Node.js: what else comes is nobody's, and closes nothing. */
export function lastWord(socket: Duplex, text: string | Buffer): void {
  socket.resume();
  socket.end(text, () => socket.destroy());
}

function ignore(): void {}
