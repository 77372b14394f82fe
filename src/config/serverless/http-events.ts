/** HTTP events of a function: `http` and `httpApi`, with the authorizers they name. */

import { map, type Map as Named } from '../map.js';
import { add, ignored, named, type Place } from './event-place.js';
import { HTTP_API, normalized, REST_API } from './names.js';

/** `GET /orders`, or a map of method and path. */
function routeOf(value: unknown): { method: string; path: string | undefined; written: Named } {
  if (typeof value !== 'string') {
    const written = map(value);
    const { method = '*', path } = written;
    return { method: String(method), path: path === undefined ? undefined : String(path), written };
  }
  const [first = '', second] = value.trim().split(/\s+/);
  return second === undefined
    ? { method: '*', path: first, written: {} }
    : { method: first, path: second, written: {} };
}

function methodOf(method: string): string {
  return method === '*' ? 'ANY' : method.toUpperCase();
}

export function readHttp(value: unknown, at: Place): void {
  const { method, path = '', written } = routeOf(value);
  at.out.usesRest = true;
  if (written['cors'] !== undefined && written['cors'] !== false) at.out.cors ??= written['cors'];
  const authorizer = authorizerOf(written['authorizer'], 'rest', at);
  const isPrivate = written['private'] === true;
  add(at, 'Api', {
    RestApiId: { Ref: REST_API },
    Method: methodOf(method).toLowerCase(),
    Path: path.startsWith('/') ? path : `/${path}`,
    TimeoutInMillis: written['timeoutInMillis'],
    ...(authorizer === undefined && !isPrivate
      ? {}
      : {
          Auth: {
            ...(authorizer === undefined ? {} : { Authorizer: authorizer }),
            ...(isPrivate ? { ApiKeyRequired: true } : {}),
          },
        }),
  });
  for (const key of ['request', 'response', 'async', 'connectionId', 'operationId']) {
    if (written[key] !== undefined) ignored(at, key, 'requests go to the function as they are');
  }
  if (written['integration'] !== undefined && !/proxy/i.test(String(written['integration']))) {
    ignored(at, 'integration', 'the integration is lambda-proxy here');
  }
}

const HTTP_API_MOST_MS = 30_000;
const MARGIN_MS = 500;

/** How long an HTTP API waits: a little longer than the function may take, as the framework says. */
export function httpApiTimeoutMs(seconds: unknown, otherwise: number): number {
  const ms = Number(seconds ?? otherwise) * 1000 + MARGIN_MS;
  return ms > MARGIN_MS && ms < HTTP_API_MOST_MS ? Math.round(ms) : HTTP_API_MOST_MS;
}

export function readHttpApi(value: unknown, at: Place): void {
  const { method, path, written } = routeOf(value);
  at.out.usesHttp = true;
  const isDefault = value === '*' || path === undefined || path === '*';
  const authorizer = authorizerOf(written['authorizer'], 'http', at);
  const scopes = map(written['authorizer'])['scopes'];
  const { timeoutMs, payload } = at.context.httpApi;
  add(at, 'HttpApi', {
    ApiId: { Ref: HTTP_API },
    ...(isDefault ? {} : { Method: methodOf(method), Path: path }),
    TimeoutInMillis: timeoutMs,
    ...named('PayloadFormatVersion', payload, (version) => Number(version).toFixed(1)),
    ...(authorizer === undefined
      ? {}
      : {
          Auth: {
            Authorizer: authorizer,
            ...(scopes === undefined ? {} : { AuthorizationScopes: scopes }),
          },
        }),
  });
}

/** The name of the authorizer; one that is described on the spot is kept for the API. */
function authorizerOf(written: unknown, api: 'rest' | 'http', at: Place): string | undefined {
  if (written === undefined || written === null) return undefined;
  const isName = typeof written === 'string';
  const { name, type, arn, id } = isName ? ({ name: written } as Named) : map(written);
  if (isName && written.toLowerCase() === 'aws_iam') return 'AWS_IAM';
  if (typeof type === 'string' && /^(aws_iam|iam)$/i.test(type)) return 'AWS_IAM';
  if (id !== undefined) {
    ignored(at, 'authorizer.id', 'an authorizer of another stack is not known here');
    return undefined;
  }
  const known = typeof name === 'string' ? name : typeof arn === 'string' ? arn : at.name;
  const called = normalized(known.split(':').pop() ?? known);
  if (api === 'http' && isName) return known;
  if (api === 'http' && arn === undefined) return known;
  at.out.authorizers.push({
    api,
    name: called,
    written: isName ? { name: written } : map(written),
    path: `${at.path}.authorizer`,
  });
  return called;
}
