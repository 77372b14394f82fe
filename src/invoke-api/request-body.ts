/**
 * Reads a request's body with one copy at most. What is over the limit is counted, not kept, and
 * read to its end within reason: a client that is still writing could not read our answer.
 */

import type { IncomingMessage } from 'node:http';
import { INVOKE_LIMITS } from './limits.js';

export interface TooLarge {
  /** False: the rest of the body is still coming, so the connection cannot be used again. */
  readonly readToEnd: boolean;
}

const EMPTY = Buffer.alloc(0);

/** `done` is called once, or never when the client hangs up before the end of its request. */
export function readBody(
  request: IncomingMessage,
  limitBytes: number,
  done: (body: Buffer | TooLarge) => void,
): void {
  // A client that hangs up before its request is complete has asked for nothing.
  request.on('error', ignore);
  const mostBytes = Math.max(limitBytes, INVOKE_LIMITS.discardedBytes);
  if (Number(request.headers['content-length'] ?? 0) > mostBytes) {
    done({ readToEnd: false });
    return;
  }
  let pieces: Buffer[] = [];
  let bytes = 0;
  const onData = (piece: Buffer): void => {
    bytes += piece.length;
    if (bytes <= limitBytes) {
      pieces.push(piece);
      return;
    }
    pieces = [];
    if (bytes <= mostBytes) return;
    request.off('data', onData);
    request.off('end', onEnd);
    request.pause();
    done({ readToEnd: false });
  };
  const onEnd = (): void => {
    if (bytes > limitBytes) done({ readToEnd: true });
    else if (pieces.length > 1) done(Buffer.concat(pieces, bytes));
    else done(pieces[0] ?? EMPTY);
  };
  request.on('data', onData);
  request.on('end', onEnd);
}

function ignore(): void {}
