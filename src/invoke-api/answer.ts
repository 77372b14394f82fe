/**
 * Writing answers: each is one head and one buffer of known length, written at once. An answer to
 * a client that has hung up, or that was answered already, goes nowhere.
 */

import type { InvokeCall } from './call.js';
import type { ApiError } from './errors.js';

/** Names and values in turn. */
export type RawHeaders = (string | number)[];

type AnswerTo = Pick<InvokeCall, 'response' | 'requestId'>;

export function send(to: AnswerTo, status: number, headers: RawHeaders, body?: Buffer): void {
  const { response, requestId } = to;
  if (response.headersSent || response.destroyed) return;
  headers.push('x-amzn-RequestId', requestId);
  if (body !== undefined) headers.push('Content-Length', body.length);
  response.writeHead(status, headers as string[]);
  response.end(body);
}

export function sendJson(
  to: AnswerTo,
  status: number,
  body: object,
  headers: RawHeaders = [],
): void {
  headers.push('Content-Type', 'application/json');
  send(to, status, headers, Buffer.from(JSON.stringify(body)));
}

export function sendError(to: AnswerTo, error: ApiError): void {
  const headers: RawHeaders = ['x-amzn-ErrorType', error.exception];
  for (const [name, value] of Object.entries(error.headers ?? {})) headers.push(name, value);
  sendJson(to, error.status, error.body, headers);
}
