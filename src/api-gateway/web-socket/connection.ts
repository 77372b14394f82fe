/**
 * One open connection: what the client sends, within API Gateway's limits, and what it is sent.
 * Times of the limits pass as queue time does.
 */

import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Clock, Timer } from '../../async/clock.js';
import { reasonOf } from './answers.js';
import type { ConnectionFacts } from './events.js';
import { FrameWatch } from './frame-watch.js';
import { WEB_SOCKET_LIMITS } from './limits.js';

export interface ConnectionParts {
  readonly socket: WebSocket;
  /** What the socket reads from. */
  readonly stream: Duplex;
  readonly facts: ConnectionFacts;
  /** Real time. */
  readonly clock: Clock;
  readonly queueClock: Clock;
  /** A whole message. */
  message(connection: Connection, body: string): void;
  /** Called once. */
  ended(connection: Connection, end: ConnectionEnd): void;
}

export interface ConnectionEnd {
  readonly code: number;
  readonly reason: string;
}

const BINARY = 1003;
const GOING_AWAY = 1001;
const TOO_LARGE = 1009;
/** What waits for a client that does not read; then it is let go. */
const MOST_WAITING_BYTES = 32 * 1024 * 1024;
/** Of the parser → what it closes the connection with. */
const FAULTS: Readonly<Record<string, number>> = {
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: TOO_LARGE,
  WS_ERR_INVALID_UTF8: 1007,
  WS_ERR_INVALID_OPCODE: 1002,
  WS_ERR_EXPECTED_FIN: 1002,
  WS_ERR_EXPECTED_MASK: 1002,
  WS_ERR_UNEXPECTED_MASK: 1002,
  WS_ERR_UNEXPECTED_RSV_1: 1002,
  WS_ERR_UNEXPECTED_RSV_2_3: 1002,
};

export class Connection {
  readonly facts: ConnectionFacts;
  readonly #parts: ConnectionParts;
  readonly #lifetime: Timer;
  #idle: Timer;
  /** Queue time. */
  #quietSince: number;
  /** Unix ms. */
  #lastActiveMs: number;
  /** Said by us: what the client answers to it is no news. */
  #end: ConnectionEnd | undefined;

  constructor(parts: ConnectionParts) {
    const { socket, stream, queueClock, facts, clock } = parts;
    this.#parts = parts;
    this.facts = facts;
    this.#lastActiveMs = clock.now();
    this.#quietSince = queueClock.now();
    this.#lifetime = queueClock.setTimer(WEB_SOCKET_LIMITS.durationMs, () =>
      this.close(GOING_AWAY),
    );
    this.#idle = this.#watchIdle(WEB_SOCKET_LIMITS.idleMs);
    const frames = new FrameWatch(WEB_SOCKET_LIMITS.frameBytes);
    stream.prependListener('data', (chunk: Buffer) => {
      if (frames.read(chunk)) this.close(TOO_LARGE);
    });
    socket.on('message', (data: Buffer, isBinary: boolean) => this.#received(data, isBinary));
    socket.on('ping', () => this.#active());
    socket.on('pong', () => this.#active());
    // The parser has told the client why; the end comes as `close`, which knows nothing of that.
    socket.on('error', ({ code }: Error & { code?: string }) => {
      const sent = FAULTS[code ?? ''];
      if (sent !== undefined) this.#end ??= { code: sent, reason: reasonOf(sent, '') };
    });
    socket.once('close', (code: number, reason: Buffer) => {
      this.#lifetime.cancel();
      this.#idle.cancel();
      const text = reason.toString('utf8');
      parts.ended(this, this.#end ?? { code, reason: reasonOf(code, text) });
    });
  }

  get id(): string {
    return this.facts.connectionId;
  }

  get lastActiveMs(): number {
    return this.#lastActiveMs;
  }

  /** Whether it can be sent to. */
  get isOpen(): boolean {
    return this.#end === undefined && this.#parts.socket.readyState === this.#parts.socket.OPEN;
  }

  /** As text where it is text, in frames of the size that API Gateway's have. */
  send(data: Buffer, isText: boolean): void {
    if (!this.isOpen) return;
    this.#active();
    const { frameBytes } = WEB_SOCKET_LIMITS;
    for (let at = 0; at === 0 || at < data.length; at += frameBytes) {
      const fin = at + frameBytes >= data.length;
      this.#parts.socket.send(data.subarray(at, at + frameBytes), { binary: !isText, fin });
    }
    if (this.#parts.socket.bufferedAmount > MOST_WAITING_BYTES) this.terminate();
  }

  close(code: number, reason = reasonOf(code, '')): void {
    if (this.#end !== undefined) return;
    this.#end = { code, reason };
    this.#parts.socket.close(code, reason);
  }

  /** Without a word to the client. */
  terminate(): void {
    this.#end ??= { code: GOING_AWAY, reason: reasonOf(GOING_AWAY, '') };
    this.#parts.socket.terminate();
  }

  #received(data: Buffer, isBinary: boolean): void {
    if (this.#end !== undefined) return;
    this.#active();
    if (isBinary) this.close(BINARY, 'Binary frames are not supported');
    else this.#parts.message(this, data.toString('utf8'));
  }

  #active(): void {
    this.#lastActiveMs = this.#parts.clock.now();
    this.#quietSince = this.#parts.queueClock.now();
  }

  /** The timer runs on; what happened meanwhile is looked at when it fires. */
  #watchIdle(delayMs: number): Timer {
    const { queueClock } = this.#parts;
    return queueClock.setTimer(delayMs, () => {
      const left = this.#quietSince + WEB_SOCKET_LIMITS.idleMs - queueClock.now();
      if (left <= 0) this.close(GOING_AWAY);
      else this.#idle = this.#watchIdle(left);
    });
  }
}
