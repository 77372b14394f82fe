/** `@connections`: what servers ask of connections, as ApiGatewayManagementApi. */

import { isUtf8 } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { splitTarget } from '../../http-events/request.js';
import { decoded } from '../../decoded.js';
import { readBody } from '../../invoke-api/request-body.js';
import type { Connection } from './connection.js';
import { isConnectionId, newId } from './ids.js';
import { WEB_SOCKET_LIMITS } from './limits.js';

export type FindConnection = (connectionId: string) => Connection | undefined;

const PATH = /^(.*)\/@connections\/([^/]+)$/;
const SIGNED = /^AWS4-HMAC-SHA256 /;
const CLOSED_NORMALLY = 1000;

export function isManagement(request: Pick<IncomingMessage, 'url'>): boolean {
  return PATH.test(splitTarget(request.url ?? '').path);
}

export function serveManagement(
  request: IncomingMessage,
  response: ServerResponse,
  find: FindConnection,
): void {
  const { method = '' } = request;
  const answer = new Answer(response);
  const [, prefix = '', written] = PATH.exec(splitTarget(request.url ?? '').path) ?? [];
  const id = decoded(written ?? '');
  if (written === undefined || !['GET', 'POST', 'DELETE'].includes(method)) {
    request.resume();
    answer.error(403, 'MissingAuthenticationTokenException', 'Missing Authentication Token');
    return;
  }
  if (!SIGNED.test(request.headers.authorization ?? '')) {
    request.resume();
    answer.error(403, 'ForbiddenException', 'Forbidden');
    return;
  }
  if (!isConnectionId(id)) {
    request.resume();
    answer.error(400, 'BadRequestException', `Invalid connectionId: ${id}`);
    return;
  }
  const found = (): Connection | undefined => {
    const connection = find(id);
    const ofStage = prefix === '' || prefix.endsWith(`/${connection?.facts.stage ?? ''}`);
    return connection?.isOpen === true && ofStage ? connection : undefined;
  };
  readBody(request, WEB_SOCKET_LIMITS.messageBytes, (body) => {
    const connection = found();
    if (connection === undefined) {
      answer.error(410, 'GoneException', 'The connection is gone');
    } else if (!Buffer.isBuffer(body)) {
      answer.error(413, 'PayloadTooLargeException', 'Message too long');
    } else if (method === 'POST') {
      connection.send(body, isUtf8(body));
      answer.ok(200);
    } else if (method === 'GET') answer.ok(200, describe(connection));
    else {
      connection.close(CLOSED_NORMALLY);
      answer.ok(204);
    }
  });
}

function describe({ facts, lastActiveMs }: Connection): object {
  const { connectedAtMs, sourceIp, userAgent } = facts;
  return {
    connectedAt: new Date(connectedAtMs).toISOString(),
    identity: { sourceIp, ...(userAgent === undefined ? {} : { userAgent }) },
    lastActiveAt: new Date(lastActiveMs).toISOString(),
  };
}

class Answer {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  ok(status: number, value?: object): void {
    const body = value === undefined ? '' : JSON.stringify(value);
    this.#write(status, body);
  }

  error(status: number, type: string, message: string): void {
    this.#write(status, JSON.stringify({ message }), ['x-amzn-ErrorType', type]);
  }

  #write(status: number, body: string, headers: string[] = []): void {
    this.#response.writeHead(status, [
      'x-amzn-RequestId',
      newId(),
      'Content-Type',
      'application/json',
      ...(status === 204 ? [] : ['Content-Length', String(Buffer.byteLength(body))]),
      ...headers,
    ]);
    this.#response.end(body);
  }
}
