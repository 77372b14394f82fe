/** AWS's JSON protocols, as the services speak them that are served here: what is read and written. */

import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { readBody, type TooLarge } from '../invoke-api/request-body.js';
import { isObject } from '../is-object.js';

export type JsonInput = Readonly<Record<string, unknown>>;

/** What a request holds, or why nothing can be made of it. */
export type JsonBody = JsonInput | 'too large' | 'no JSON' | 'no structure';

/** Never resolves when the client hangs up before the end of its request. */
export async function readJson(
  request: IncomingMessage,
  response: ServerResponse,
  mostBytes: number,
): Promise<JsonBody> {
  const body = await new Promise<Buffer | TooLarge>((resolve) =>
    readBody(request, mostBytes, resolve),
  );
  if (!Buffer.isBuffer(body)) {
    if (!body.readToEnd) response.shouldKeepAlive = false;
    return 'too large';
  }
  if (body.length === 0) return {};
  try {
    const input: unknown = JSON.parse(body.toString('utf8'));
    return isObject(input) ? input : 'no structure';
  } catch {
    return 'no JSON';
  }
}

/** An answer to a client that has hung up goes nowhere. */
export function sendJson(
  response: ServerResponse,
  status: number,
  { contentType, body }: { readonly contentType: string; readonly body: object },
): void {
  if (response.destroyed) return;
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': bytes.length,
    'x-amzn-requestid': randomUUID(),
  });
  response.end(bytes);
}
