/** What functions return to WebSocket APIs, and what clients are told instead. Pure. */

import { isObject } from '../../is-object.js';
import type { Outcome } from '../../invocation/outcome.js';
import { WEB_SOCKET_LIMITS } from './limits.js';

/** A proxy response (contract 11.1), as far as WebSocket APIs use it. */
export interface ProxyAnswer {
  readonly status: number;
  readonly body: Buffer;
  /** In lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Undefined: the function failed, or what it returned is no response. */
export function answerOf(outcome: Outcome | 'timed-out'): ProxyAnswer | undefined {
  if (outcome === 'timed-out' || outcome.kind !== 'succeeded') return undefined;
  let output: unknown;
  try {
    output = JSON.parse(outcome.payload.toString('utf8'));
  } catch {
    return undefined;
  }
  if (!isObject(output)) return undefined;
  const { statusCode, body, headers, multiValueHeaders, isBase64Encoded } = output;
  const status = Number(statusCode);
  if (!Number.isInteger(status) || status < 100 || status > 599) return undefined;
  if (body !== undefined && body !== null && typeof body !== 'string') return undefined;
  return {
    status,
    body: Buffer.from(body ?? '', isBase64Encoded === true ? 'base64' : 'utf8'),
    headers: { ...namesOf(headers), ...namesOf(multiValueHeaders) },
  };
}

function namesOf(headers: unknown): Record<string, string> {
  if (!isObject(headers)) return {};
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.toLowerCase(),
      Array.isArray(value) ? value.join(', ') : String(value),
    ]),
  );
}

/** The frame a client gets in place of an answer. */
export function errorFrame(
  message: 'Forbidden' | 'Internal server error' | 'Endpoint request timed out',
  { connectionId, requestId }: { readonly connectionId: string; readonly requestId: string },
): Buffer {
  return Buffer.from(JSON.stringify({ message, connectionId, requestId }));
}

/** What a client gets for a message; empty: nothing. */
export function replyOf(
  outcome: Outcome | 'timed-out',
  { respond }: { readonly respond: boolean },
  ids: { readonly connectionId: string; readonly requestId: string },
): Buffer {
  if (outcome === 'timed-out') return errorFrame('Endpoint request timed out', ids);
  const answer = answerOf(outcome);
  if (answer === undefined || answer.body.length > WEB_SOCKET_LIMITS.messageBytes) {
    return errorFrame('Internal server error', ids);
  }
  return respond ? answer.body : Buffer.alloc(0);
}

/** Why a connection ended, in the words of API Gateway; a client's own reason comes first. */
export function reasonOf(code: number, reason: string): string {
  if (reason !== '') return reason;
  return REASONS[code] ?? '';
}

const REASONS: Readonly<Record<number, string>> = {
  1000: 'Connection Closed Normally',
  1001: 'Going away',
  1005: 'Client-side close frame status not set',
  1006: 'Connection closed abnormally',
};
