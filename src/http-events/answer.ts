/** What goes back to an HTTP client, whoever made it. */

import type { ServerResponse } from 'node:http';

export interface HttpAnswer {
  readonly status: number;
  /** Instead of the usual words for the status. */
  readonly reason?: string;
  /** Names and values in turn; a name may come more than once. */
  readonly headers: readonly string[];
  readonly body: Buffer;
}

/** Between us and the client; a function has no say in them. */
const OF_CONNECTIONS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

export function isOfConnection(name: string): boolean {
  return OF_CONNECTIONS.has(name.toLowerCase());
}

/** Whether no body may follow the head. */
function isBodiless(status: number): boolean {
  return status < 200 || status === 204 || status === 304;
}

/** Writes head and body at once. Raises what Node.js says of a head that cannot be sent. */
export function writeAnswer(response: ServerResponse, answer: HttpAnswer): void {
  if (response.headersSent || response.destroyed) return;
  const { status, reason, headers, body } = answer;
  const named = headers.slice();
  if (!isBodiless(status)) named.push('content-length', String(body.length));
  if (reason === undefined) response.writeHead(status, named);
  else response.writeHead(status, reason, named);
  response.end(isBodiless(status) ? undefined : body);
}

/** Of a map of headers: names and values in turn, without those of connections. */
export function rawHeaders(
  headers: Readonly<Record<string, string | readonly string[]>>,
): string[] {
  return Object.entries(headers).flatMap(([name, value]) => {
    if (isOfConnection(name)) return [];
    return (typeof value === 'string' ? [value] : value).flatMap((one) => [name, one]);
  });
}
