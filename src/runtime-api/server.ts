/**
 * The Runtime API's listener (contract section 1). One listener serves every environment; the
 * `Host` header says which one calls. Each has a host name of 128 random bits that only its own
 * container can resolve; any other name is refused on every route with 403.
 *
 * Where containers can be given a socket of ours, the same listener answers there: the network's way
 * costs several times as much. It knows channels and nothing of pools. Unusual requests go to
 * `node:http` on the same port.
 */

import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer, type AddressInfo, type Server as NetServer, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { randomHex } from '../async/random.js';
import { LIMITS } from '../config/defaults.js';
import type { Channel, Poll } from '../environment/channel.js';
import type { PostedBody } from '../environment/post.js';
import type { EnvironmentAddress, RuntimeDoor } from '../environment/parts.js';
import { Connection, type Door } from '../http-framing/connection.js';
import type { Exchange } from '../http-framing/exchange.js';
import { hold, writtenOut } from '../http-framing/used-up.js';
import type { Headers } from '../http-framing/head.js';
import { isExtensionCall, serveExtension } from './extension-routes.js';
import { isMetadataCall, serveMetadata, type Metadata } from './metadata-routes.js';
import {
  ACCEPTED,
  ACCEPTED_TEXT,
  errorReply,
  headOf,
  TRUNCATED_REQUEST,
  UNKNOWN_ENVIRONMENT,
  type Reply,
} from './replies.js';
import { isInvocationCall, serve, type Answer, type Call } from './routes.js';
import { serveSnapStart, type CredentialsSource } from './snap-start-routes.js';
import { receive, streamedFor } from './streamed-post.js';
import { isSubscriptionCall, serveSubscription } from './telemetry-routes.js';

const DOMAIN = '.runtime';
const SOCKET = 'runtime-api';
const BACKLOG = 4096;
const METADATA_TOKEN_BYTES = 32;
/** A container that vanished without a word must not hold its sockets here for ever. */
const KEEP_ALIVE_MS = 60_000;
/** Errors travel in headers and trailers too, with their messages and traces (contract 1.4). */
const LARGEST_HEAD_BYTES = 2 * 1024 * 1024;

export class RuntimeApi implements RuntimeDoor, Door {
  readonly holdsAnswers = true;
  /** By host name, and by it with our port behind it, which is what everybody sends. */
  readonly #channels = new Map<string, Channel>();
  /** Host name → what proves that a caller is of that environment. */
  readonly #metadataTokens = new Map<string, string>();
  readonly #sessionTokens = new Map<string, string>();
  readonly #sockets = new Set<Socket>();
  readonly #server: NetServer;
  #socketServer: NetServer | undefined;
  readonly #fallback: Server;
  /** Of the functions' role, for environments that ask for them. */
  credentials: CredentialsSource | undefined;
  /** Gives each environment a session token of its own. */
  issueToken: () => string | undefined = () => undefined;
  /** Told to environments that ask where they run. */
  availabilityZoneId: string | undefined;
  #port = 0;
  #hostAddress = '';
  #socketPath: string | undefined;

  constructor() {
    this.#fallback = createHttpServer({ maxHeaderSize: LARGEST_HEAD_BYTES }, (request, response) =>
      this.#take(request, response),
    );
    this.#fallback.on('clientError', refuseBroken);
    // A poll is held for as long as its environment is frozen (contract 1.2).
    this.#fallback.requestTimeout = 0;
    this.#fallback.keepAliveTimeout = 0;
    this.#server = createServer((socket) => {
      socket.setNoDelay(true);
      // The kernel answers for a process that is frozen.
      socket.setKeepAlive(true, KEEP_ALIVE_MS);
      this.#accept(socket);
    });
  }

  /** Listens on `listenAddress`; containers will be told to call `hostAddress`. */
  listen(listenAddress: string, hostAddress: string): Promise<number> {
    this.#hostAddress = hostAddress;
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, listenAddress, BACKLOG, () => {
        this.#server.removeListener('error', reject);
        // A connection that could not be taken, for want of descriptors say, is its caller's loss.
        this.#server.on('error', () => undefined);
        this.#port = (this.#server.address() as AddressInfo).port;
        resolve(this.#port);
      });
    });
  }

  /** Where a socket leads here; undefined while none does. */
  get socketPath(): string | undefined {
    return this.#socketPath;
  }

  /** Listens on a socket in that folder too, if it can. */
  listenIn(directory: string): Promise<void> {
    const path = join(directory, SOCKET);
    const server = createServer((socket) => this.#accept(socket));
    return new Promise((resolve) => {
      // The network's way will do.
      server.on('error', () => resolve());
      server.listen({ path, backlog: BACKLOG, readableAll: true, writableAll: true }, () => {
        this.#socketServer = server;
        this.#socketPath = path;
        resolve();
      });
    });
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    new Connection(socket, this);
  }

  open(channel: Channel, identity: string): EnvironmentAddress {
    const host = `${identity}${DOMAIN}`;
    const metadataToken = randomHex(METADATA_TOKEN_BYTES);
    this.#channels.set(host, channel);
    this.#channels.set(`${host}:${this.#port}`, channel);
    this.#metadataTokens.set(host, metadataToken);
    const sessionToken = this.issueToken();
    if (sessionToken !== undefined) this.#sessionTokens.set(host, sessionToken);
    return {
      runtimeApi: `${host}:${this.#port}`,
      hosts: { [host]: this.#hostAddress },
      metadataToken,
      ...(sessionToken === undefined ? {} : { sessionToken }),
    };
  }

  close(identity: string): void {
    const host = `${identity}${DOMAIN}`;
    this.#channels.delete(host);
    this.#channels.delete(`${host}:${this.#port}`);
    this.#metadataTokens.delete(host);
    this.#sessionTokens.delete(host);
  }

  /**
   * Waits for the body, which a post too large to be kept does not get here. Nobody who runs for long
   * sends each request on a connection of its own.
   */
  begin(exchange: Exchange): boolean {
    const { contentLength, closes } = exchange.head;
    if (contentLength > LIMITS.payloadBytes || closes) return false;
    exchange.onBody = this.#framed;
    return true;
  }

  readonly #framed = (body: Buffer, exchange: Exchange): void => {
    const call = new FramedCall(exchange, body);
    const onLost = this.#serve(exchange.head.host, call, call);
    if (!exchange.answered) exchange.onLost = onLost;
  };

  handOff(_connection: Connection, socket: Socket, unread: Buffer): void {
    socket.unshift(unread);
    this.#fallback.emit('connection', socket);
    socket.resume();
  }

  /** A poll is held for as long as its environment is frozen: nobody is waited for here. */
  now(): number {
    return 0;
  }

  truncated(): void {}

  closed(): void {}

  /** The returned function, if any, is called when the caller is gone. */
  #serve(host: string, call: Call, answer: Answer): (() => void) | undefined {
    const channel = this.#channelOf(host);
    if (channel === undefined) {
      answer.send(UNKNOWN_ENVIRONMENT);
      return undefined;
    }
    if (isInvocationCall(call)) return this.#serveInvocation(channel, call, answer);
    if (isMetadataCall(call)) return serveMetadata(this.#metadataOf(host), call, answer);
    if (isExtensionCall(call)) return serveExtension(channel, call, answer);
    if (isSubscriptionCall(call)) return serveSubscription(channel, call, answer);
    const snapStart = serveSnapStart(channel, call, answer, this.#credentialsOf(host));
    if (snapStart !== undefined) return snapStart.onLost;
    return this.#serveInvocation(channel, call, answer);
  }

  #serveInvocation(channel: Channel, call: Call, answer: Answer): (() => void) | undefined {
    const poll: Poll | undefined = serve(channel, call, answer);
    return poll === undefined ? undefined : () => channel.lose(poll);
  }

  /** A request that the complete parser read. */
  #take(request: IncomingMessage, response: ServerResponse): void {
    const host = request.headers.host ?? '';
    const streamedId = streamedFor(request);
    const channel = streamedId === undefined ? undefined : this.#channelOf(host);
    if (streamedId !== undefined && channel !== undefined) {
      receive(channel, streamedId, request, (reply) => send(response, reply));
      return;
    }
    void readBody(request).then((body) => {
      if (body === undefined) return;
      const call: Call = {
        method: request.method ?? '',
        path: request.url ?? '',
        headers: { get: (name) => headerText(request.headers[name]) },
        body,
      };
      const onLost = this.#serve(host, call, {
        get lost() {
          return response.destroyed;
        },
        send: (reply) => send(response, reply),
      });
      if (onLost === undefined) return;
      if (response.destroyed) onLost();
      else response.on('close', onLost);
    });
  }

  #channelOf(host: string): Channel | undefined {
    return this.#channels.get(host) ?? this.#channels.get(nameOf(host));
  }

  /** Those that the environment has been given, as good as new. */
  #credentialsOf(host: string): CredentialsSource | undefined {
    const { credentials } = this;
    const sessionToken = this.#sessionTokens.get(nameOf(host));
    if (credentials === undefined || sessionToken === undefined) return credentials;
    return () => ({ ...credentials(), sessionToken });
  }

  #metadataOf(host: string): Metadata | undefined {
    const token = this.#metadataTokens.get(nameOf(host));
    return token === undefined ? undefined : { token, availabilityZoneId: this.availabilityZoneId };
  }

  /** Ends every connection. */
  destroy(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#socketServer?.close();
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
    });
  }
}

/** One that our own framing has read, and the way to its answer. */
class FramedCall implements Call, Answer {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: Buffer;
  readonly #exchange: Exchange;

  constructor(exchange: Exchange, body: Buffer) {
    const { method, path, headers } = exchange.head;
    this.method = method;
    this.path = path;
    this.headers = headers;
    this.body = body;
    this.#exchange = exchange;
  }

  get lost(): boolean {
    return this.#exchange.lost;
  }
  send(reply: Reply): void {
    if (reply === ACCEPTED) this.#exchange.send(ACCEPTED_TEXT);
    else this.#exchange.send(headOf(reply), reply.body);
  }
}

function send(response: ServerResponse, reply: Reply): void {
  response.statusCode = reply.status;
  response.setHeader('Content-Type', reply.contentType);
  for (const line of (reply.headers ?? '').split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) response.setHeader(line.slice(0, colon), line.slice(colon + 2));
  }
  hold(reply.body);
  response.end(reply.body, () => writtenOut(reply.body));
}

/** Without the port. */
function nameOf(host: string): string {
  return host.slice(0, host.lastIndexOf(':'));
}

/** What Node's parser could not read to its end. */
function refuseBroken(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const reply =
    error.code === 'HPE_INVALID_EOF_STATE'
      ? TRUNCATED_REQUEST
      : errorReply(400, 'BadRequest', 'The request is not valid HTTP.');
  socket.write(headOf(reply), 'latin1');
  socket.write(reply.body);
  socket.end(() => socket.destroy());
}

function headerText(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value;
}

/** `undefined` when the sender went away in the middle. */
function readBody(request: IncomingMessage): Promise<PostedBody | undefined> {
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    let bytes = 0;
    request.on('data', (piece: Buffer) => {
      bytes += piece.length;
      if (bytes <= LIMITS.payloadBytes) pieces.push(piece);
      else pieces.length = 0;
    });
    request.on('end', () =>
      resolve(
        bytes > LIMITS.payloadBytes ? { tooLargeBytes: bytes } : Buffer.concat(pieces, bytes),
      ),
    );
    request.on('error', () => resolve(undefined));
    request.on('aborted', () => resolve(undefined));
  });
}
