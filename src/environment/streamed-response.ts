/**
 * A response that arrives in pieces (contract 1.3, 7.7): on to the caller's sink as fast as both
 * the caller and the rate allow, or collected for a caller who wants it whole. It keeps one piece
 * at most of what goes on, and ends once, however it ends.
 */

import type { Clock, Timer } from '../async/clock.js';
import { DEFAULTS, LIMITS } from '../config/defaults.js';
import { truncatedResponse } from '../invocation/platform-errors.js';
import type { ResponseSink } from '../invocation/response-sink.js';
import { Bandwidth } from './bandwidth.js';
import type { Posted, Verdict } from './post.js';

/** What came after the last piece: an error that happened on the way (contract 1.3). */
export interface ResponseTrailers {
  readonly errorType?: string | undefined;
  /** Base64 of the error's JSON. */
  readonly errorBody?: string | undefined;
}

export interface StreamedResponseParts {
  readonly clock: Clock;
  readonly requestId: string;
  readonly contentType: string;
  /** Absent: the caller wants it whole. */
  readonly sink?: ResponseSink | undefined;
  readonly bytesPerSecond?: number | undefined;
  /** Called once, unless the response is abandoned first. */
  readonly ended: (posted: Posted | 'too-large') => void;
}

const JSON_TYPE = 'application/json';

export class StreamedResponse {
  readonly #parts: StreamedResponseParts;
  readonly #bandwidth: Bandwidth | undefined;
  readonly #limit: number;
  readonly #beganAt: number;
  #state: 'open' | 'ended' | 'too-large' | 'abandoned' = 'open';
  #bytes = 0;
  #pieces: Buffer[] = [];
  #timer: Timer | undefined;
  #onReady: (() => void) | undefined;

  constructor(parts: StreamedResponseParts) {
    this.#parts = parts;
    const { sink, clock, bytesPerSecond } = parts;
    this.#beganAt = clock.monotonic();
    this.#limit = sink === undefined ? LIMITS.payloadBytes : LIMITS.streaming.totalBytes;
    if (sink !== undefined) {
      this.#bandwidth = new Bandwidth(clock, bytesPerSecond ?? DEFAULTS.streamingBytesPerSecond);
    }
  }

  /** Whether the next piece may come at once; else `ready` is called when it may. */
  write(piece: Buffer, ready: () => void): boolean {
    if (this.#state !== 'open') return true;
    this.#bytes += piece.length;
    if (this.#bytes > this.#limit) {
      this.#end('too-large', 'too-large');
      return true;
    }
    const { sink } = this.#parts;
    if (sink === undefined || this.#bandwidth === undefined) {
      this.#pieces.push(piece);
      return true;
    }
    const waitMs = this.#bandwidth.take(piece.length);
    let waitsFor = 0;
    const goOn = (): void => {
      waitsFor -= 1;
      if (waitsFor === 0) this.#release();
    };
    if (!sink.write(piece, goOn)) waitsFor += 1;
    if (waitMs > 0) {
      waitsFor += 1;
      this.#timer = this.#parts.clock.setTimer(waitMs, goOn);
    }
    if (waitsFor === 0) return true;
    this.#onReady = ready;
    return false;
  }

  /** All of it has come. */
  end({ errorType, errorBody }: ResponseTrailers): Verdict {
    if (this.#state === 'open') {
      if (errorType === undefined && errorBody === undefined) {
        const { contentType } = this.#parts;
        const payload = Buffer.concat(this.#pieces);
        this.#end('ended', { kind: 'response', payload, contentType });
      } else {
        const payload =
          errorBody === undefined
            ? Buffer.from(JSON.stringify({ errorType }))
            : Buffer.from(errorBody, 'base64');
        this.#end('ended', {
          kind: 'error',
          payload,
          contentType: JSON_TYPE,
          ...(errorType === undefined ? {} : { errorTypeHeader: errorType }),
        });
      }
    }
    if (this.#state === 'too-large') return 'too-large';
    return this.#state === 'ended' ? 'accepted' : 'invalid-state-transition';
  }

  /** The runtime has gone in the middle of it. */
  cut(): void {
    if (this.#state !== 'open') return;
    const { payload, errorType } = truncatedResponse(this.#parts.requestId);
    const contentType = JSON_TYPE;
    this.#end('ended', { kind: 'error', payload, contentType, errorTypeHeader: errorType });
  }

  /** The invocation ended otherwise: what still comes is for nobody. */
  abandon(): void {
    if (this.#state === 'open') this.#close('abandoned');
  }

  #end(state: 'ended' | 'too-large', posted: Posted | 'too-large'): void {
    this.#close(state);
    const streamed = { beganAt: this.#beganAt, bytes: this.#bytes };
    this.#parts.ended(posted === 'too-large' ? posted : { ...posted, streamed });
  }

  #close(state: 'ended' | 'too-large' | 'abandoned'): void {
    this.#state = state;
    this.#pieces = [];
    this.#timer?.cancel();
    // What is left of it flows off.
    this.#release();
  }

  #release(): void {
    const onReady = this.#onReady;
    this.#onReady = undefined;
    onReady?.();
  }
}
