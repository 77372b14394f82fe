/**
 * Hands requests on to the services endpoint as they are: method, target, headers and `Host`, so
 * that addresses in its answers (of queues, of objects) lead back to where the caller came in.
 * Bodies flow through at the pace of the slower side.
 */

import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { pipeline } from 'node:stream';
import { decoded } from '../decoded.js';
import { messageOf, OrchestratorError } from '../errors.js';
import { HOP_BY_HOP } from '../invoke-api/http2.js';
import type { AwsServices } from '../services/aws-services.js';
import { protocolOf, sendFailure } from './failure.js';

/** Answers for `service`. */
export type Forward = (
  service: string,
  request: IncomingMessage,
  response: ServerResponse,
  onAnswer?: (answer: IncomingMessage) => void,
) => void;

export function forwardTo(services: Pick<AwsServices, 'kind' | 'reach'>): Forward {
  return (service, request, response, onAnswer) => {
    const fail = (status: 400 | 403 | 503, message: string): void => {
      sendFailure(response, protocolOf(request, service), { status, message });
      // What is left of the body is nobody's; the connection is good for another request.
      request.resume();
    };
    if (services.kind === 'aws') {
      // What it is signed with means nothing to AWS.
      fail(400, `${service} is AWS itself here (services: aws): ask it directly`);
      return;
    }
    if (services.kind === 'container' && isServersOwn(request.url)) {
      fail(403, 'What the server of the services has for itself is not served here');
      return;
    }
    services.reach().then(
      ({ endpoint = '' }) => pass({ endpoint, request, response, fail, onAnswer }),
      (error: unknown) => fail(503, explained(error)),
    );
  };
}

interface Passage {
  readonly endpoint: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly fail: (status: 503, message: string) => void;
  readonly onAnswer: ((answer: IncomingMessage) => void) | undefined;
}

function pass({ endpoint, request, response, fail, onAnswer }: Passage): void {
  if (response.destroyed) return;
  const { protocol, hostname, port } = new URL(endpoint);
  const open = protocol === 'https:' ? httpsRequest : httpRequest;
  const upstream = open({
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? undefined : port,
    method: request.method,
    path: request.url,
    headers: endToEnd(request.rawHeaders, isChunked(request)),
    // A connection that the other side is about to end must not get a request.
    agent: false,
    setHost: false,
  });
  upstream.on('response', (answer) => {
    const headers = endToEnd(answer.rawHeaders);
    try {
      response.writeHead(answer.statusCode ?? 502, answer.statusMessage ?? '', headers);
    } catch (error) {
      upstream.destroy();
      fail(503, `the answer of ${endpoint} cannot be passed on: ${messageOf(error)}`);
      return;
    }
    onAnswer?.(answer);
    // An answer that breaks off breaks off here as well: nothing else can be said by now.
    pipeline(answer, response, () => undefined);
  });
  upstream.on('error', (error) => {
    // Some servers answer and hang up before they have read everything.
    request.unpipe(upstream);
    if (response.headersSent) request.resume();
    else fail(503, `the services endpoint ${endpoint} does not answer: ${messageOf(error)}`);
  });
  response.once('close', () => upstream.destroy());
  // No pipeline: it would end the caller's connection with the other one.
  request.pipe(upstream);
}

/** Without these a body would be read as the next request, or reach another host. */
const KEPT: ReadonlySet<string> = new Set(['content-length', 'host']);

/** Names and values in turn, without what belongs to the connection. */
export function endToEnd(rawHeaders: readonly string[], chunked = false): string[] {
  const kept: string[] = [];
  const named = new Set<string>();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.toLowerCase() !== 'connection') continue;
    for (const name of rawHeaders[index + 1]?.split(',') ?? [])
      named.add(name.trim().toLowerCase());
  }
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    const lower = name.toLowerCase();
    const goesOn = KEPT.has(lower) || !named.has(lower);
    if (!HOP_BY_HOP.has(lower) && goesOn) kept.push(name, rawHeaders[index + 1] ?? '');
  }
  if (chunked) kept.push('Transfer-Encoding', 'chunked');
  return kept;
}

/** Moto's pages, with which anybody could have it forget everything. It looks at the decoded path. */
function isServersOwn(url = '/'): boolean {
  const [path = ''] = url.split('?');
  return /^\/+moto-api/.test(decoded(path));
}

function isChunked({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined;
}

function explained(error: unknown): string {
  const remedy = error instanceof OrchestratorError ? error.remedy : undefined;
  return remedy === undefined ? messageOf(error) : `${messageOf(error)}. ${remedy}`;
}
