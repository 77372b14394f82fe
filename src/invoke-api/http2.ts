/**
 * Clients that begin with HTTP/2 at once, as Kinesis' does: such a connection is told by its first
 * bytes, and each of its requests goes through the same server as an ordinary one.
 */

import type {
  Http2Server,
  IncomingHttpHeaders,
  OutgoingHttpHeaders,
  ServerHttp2Session,
  ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { SecureContext } from 'node:tls';

interface CommonOptions {
  /** Whether a connection may have it: the requests of one seem to come from this machine. */
  readonly admits: (socket: Socket) => boolean;
  /** Takes a connection for the server, which otherwise does so itself. */
  readonly complete?: (socket: Socket) => void;
  /** With it, connections that begin with TLS are taken as well. */
  readonly certificate?: () => SecureContext | undefined;
}

export type Http2Options = CommonOptions &
  (
    | {
        /** Silence before the first byte ends a connection. */
        readonly firstByteMs: number;
      }
    | {
        /**
         * Reads every connection first, and ends those that say nothing. One that it does not read on
         * it hands over, paused, with what has come of it.
         */
        readonly http1: (socket: Socket, handOver: HandOver) => void;
      }
  );

/** `isNew`: nothing of the connection has been read before `unread`. */
export type HandOver = (socket: Socket, unread: Buffer, isNew: boolean) => void;

/** Of one connection, not of the message (RFC 9110, 7.6.1). `Expect` has been answered by us. */
export const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'expect',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** `PRI * HTTP/2.0`, of which no method begins with as much. */
const PREFACE = 'PRI ';
/** Of a record that holds a handshake, with which TLS begins. */
const TLS_HANDSHAKE = 0x16;

export class Http2Front {
  readonly #server: Server;
  /** Made for the first who wants it: what it takes to load is in the way of every start. */
  #http2: Http2Server | undefined;
  readonly #options: Http2Options;
  /** Connections that have said nothing yet. */
  readonly #silent = new Set<Socket>();
  readonly #sessions = new Set<ServerHttp2Session>();

  /** Stands before a server that does not listen yet. */
  constructor(server: Server, options: Http2Options) {
    this.#server = server;
    this.#options = options;
    const [own] = server.listeners('connection') as ((socket: Socket) => void)[];
    const complete = options.complete ?? own?.bind(server);
    server.removeAllListeners('connection');
    const handOver: HandOver = (socket, unread, isNew) =>
      this.#tell(socket, unread, isNew, complete);
    server.on('connection', (socket: Socket) => {
      if ('http1' in options) options.http1(socket, handOver);
      else this.#await(socket, options.firstByteMs, handOver);
    });
  }

  /** Ends the connections that the server itself knows nothing of. */
  destroy(): void {
    for (const socket of this.#silent) socket.destroy();
    for (const session of this.#sessions) session.destroy();
  }

  #await(socket: Socket, firstByteMs: number, handOver: HandOver): void {
    this.#silent.add(socket);
    const onError = (): void => void socket.destroy();
    const onClose = (): void => void this.#silent.delete(socket);
    socket.on('error', onError);
    socket.on('close', onClose);
    socket.setTimeout(firstByteMs, onError);
    socket.once('data', (first: Buffer) => {
      this.#silent.delete(socket);
      socket.setTimeout(0);
      socket.off('timeout', onError);
      socket.off('error', onError);
      socket.off('close', onClose);
      socket.pause();
      handOver(socket, first, true);
    });
  }

  /** What a connection speaks is told by its first bytes. */
  #tell(
    socket: Socket,
    unread: Buffer,
    isNew: boolean,
    complete: ((socket: Socket) => void) | undefined,
  ): void {
    socket.unshift(unread);
    const isHttp2 = isNew && unread.toString('latin1', 0, PREFACE.length) === PREFACE;
    if (isHttp2 && this.#options.admits(socket)) {
      // It reads what is there by itself.
      this.#http2 ??= this.#opened();
      this.#http2.emit('connection', socket);
      return;
    }
    const isTls = isNew && unread[0] === TLS_HANDSHAKE;
    const secureContext = isTls ? this.#options.certificate?.() : undefined;
    if (secureContext !== undefined) {
      const { TLSSocket } = process.getBuiltinModule('node:tls');
      const secured = new TLSSocket(socket, { isServer: true, secureContext });
      secured.on('error', () => secured.destroy());
      complete?.(secured);
      return;
    }
    complete?.(socket);
    socket.resume();
  }

  #opened(): Http2Server {
    const http2 = process.getBuiltinModule('node:http2').createServer();
    http2.on('stream', (stream, headers) => this.#relay(stream, headers));
    http2.on('session', (session) => {
      this.#sessions.add(session);
      session.once('close', () => this.#sessions.delete(session));
    });
    http2.on('sessionError', () => undefined);
    return http2;
  }

  #relay(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    const { address, port } = this.#server.address() as AddressInfo;
    const sent = plain(headers, headers[':authority']);
    // Node.js marks the end of a body by itself for some methods only.
    if (!stream.endAfterHeaders && sent['content-length'] === undefined) {
      sent['transfer-encoding'] = 'chunked';
    }
    const inner = process.getBuiltinModule('node:http').request({
      host: address,
      port,
      method: headers[':method'],
      path: headers[':path'],
      headers: sent,
      setHost: false,
      agent: false,
    });
    inner.on('response', (answer) => {
      if (stream.destroyed) return;
      stream.respond({ ...plain(answer.headers), ':status': answer.statusCode ?? 502 });
      answer.pipe(stream);
    });
    inner.on('error', () => stream.close());
    stream.on('error', () => inner.destroy());
    stream.once('close', () => inner.destroy());
    stream.pipe(inner);
  }
}

/** Without what only one of the two protocols has. */
function plain(headers: IncomingHttpHeaders, authority?: string): OutgoingHttpHeaders {
  const kept: OutgoingHttpHeaders = authority === undefined ? {} : { host: authority };
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith(':') && !HOP_BY_HOP.has(name)) kept[name] = value;
  }
  return kept;
}
