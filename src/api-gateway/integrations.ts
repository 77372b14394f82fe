/** Integrations that ask no function: fixed answers, and HTTP servers elsewhere. */

import { request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { isOfConnection, rawHeaders, type HttpAnswer } from '../http-events/answer.js';
import type { IntegrationDefinition } from '../stack/http.js';
import { API_LIMITS } from './limits.js';
import type { Visit } from './visit.js';

type Mock = Extract<IntegrationDefinition, { kind: 'mock' }>;
type Proxy = Extract<IntegrationDefinition, { kind: 'http' }>;

const ALLOWED = 'Access-Control-Allow-Origin';

/** `origin` is that of the page that asks. */
export function mockAnswer(
  { status, headers, body, origins = [] }: Mock,
  origin: string | undefined,
): HttpAnswer {
  const isNamed =
    origin !== undefined && origins.some((pattern) => new RegExp(`^(?:${pattern})$`).test(origin));
  const named = rawHeaders(isNamed ? { ...headers, [ALLOWED]: origin } : headers);
  const typed = Object.keys(headers).some((name) => name.toLowerCase() === 'content-type');
  if (!typed) named.push('Content-Type', 'application/json');
  return { status, headers: named, body: Buffer.from(body) };
}

/** The URL of this request: parameters of the path filled in, the query appended. */
function proxyUrl({ url }: Proxy, { parameters, query }: Visit): URL {
  const filled = url.replace(
    /\{([^}+]+)\+?\}/g,
    (whole, name: string) => parameters[name] ?? whole,
  );
  const target = new URL(filled);
  if (query !== '') target.search = target.search === '' ? query : `${target.search}&${query}`;
  return target;
}

/** Rejects when the server cannot be reached, or with the signal. */
export function proxyAnswer(
  integration: Proxy,
  visit: Visit,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const target = proxyUrl(integration, visit);
  const { request } = visit;
  const headers = Object.create(null) as Record<string, string | string[]>;
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    const name = (request.rawHeaders[index] ?? '').toLowerCase();
    if (isOfConnection(name) || name === 'host') continue;
    const before = headers[name];
    const value = request.rawHeaders[index + 1] ?? '';
    headers[name] = before === undefined ? value : [before, value].flat();
  }
  headers['x-forwarded-for'] = request.sourceIp;
  return new Promise((resolve, reject) => {
    const open = target.protocol === 'https:' ? secureRequest : plainRequest;
    const method = integration.method ?? request.method;
    const outgoing = open(target, { method, headers, signal }, (response) => {
      const pieces: Buffer[] = [];
      let bytes = 0;
      response.on('data', (piece: Buffer) => {
        bytes += piece.length;
        if (bytes <= API_LIMITS.bodyBytes) pieces.push(piece);
        else outgoing.destroy(new Error('its answer is larger than 10 MB'));
      });
      response.on('error', reject);
      response.on('end', () => {
        const raw = response.rawHeaders;
        const named = raw.filter((_, index) => !isOfConnection(raw[index - (index % 2)] ?? ''));
        const { statusCode: status = 502 } = response;
        resolve({ status, headers: named, body: Buffer.concat(pieces) });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(request.body);
  });
}
