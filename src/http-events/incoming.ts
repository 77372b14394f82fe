/** What was asked, as Node.js has it → as events are made from it. */

import type { IncomingMessage } from 'node:http';
import type { HttpRequest } from './request.js';

export function requestOf(request: IncomingMessage, body: Buffer): HttpRequest {
  return {
    method: request.method ?? '',
    target: request.url ?? '/',
    protocol: `HTTP/${request.httpVersion}`,
    rawHeaders: request.rawHeaders,
    body,
    sourceIp: (request.socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
    port: request.socket.localPort ?? 0,
  };
}

/** Bytes of the request line and the headers, as limits count them. */
export function headBytes({ method, url, rawHeaders }: IncomingMessage): number {
  let bytes = (method?.length ?? 0) + (url?.length ?? 0);
  for (const text of rawHeaders) bytes += text.length;
  return bytes;
}
