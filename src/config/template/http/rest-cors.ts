/**
 * SAM's `Cors` of a REST API (contract 12.4): each path gets an OPTIONS method with a fixed answer
 * unless it has one.
 */

import type { RouteDefinition } from '../../../stack/http.js';
import { isMap, type Map as Named } from '../../map.js';
import type { Around } from '../parts.js';
import { isTrue, text, type ApiDraft } from './draft.js';

export interface RestCors {
  readonly path: string;
  /** A text, or a map with `AllowOrigin`. */
  readonly cors: unknown;
  readonly auth: Named;
}

const ALL_METHODS = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'];
/** Of one path, as SAM writes them. */
const TIMEOUT_MS = 29_000;

export function addRestCors(around: Around, draft: ApiDraft, { path, cors, auth }: RestCors): void {
  const written = isMap(cors) ? cors : { AllowOrigin: cors };
  const origin = value(written['AllowOrigin']);
  if (origin === undefined) {
    around.context.problems.add({
      path: `${path}.AllowOrigin`,
      expected: `an origin in single quotes inside the text, such as "'*'"`,
      remedy: 'Add it.',
    });
    return;
  }
  for (const resource of new Set(draft.routes.map((route) => route.resource))) {
    const routes = draft.routes.filter((route) => route.resource === resource);
    if (routes.some(({ method }) => method === 'OPTIONS')) continue;
    draft.routes.push(preflightOf({ path, resource, written, origin, auth, draft, routes }));
  }
}

interface Preflight {
  readonly path: string;
  readonly resource: string;
  readonly written: Named;
  readonly origin: string;
  readonly auth: Named;
  readonly draft: ApiDraft;
  readonly routes: readonly RouteDefinition[];
}

function preflightOf(request: Preflight): RouteDefinition {
  const { path, resource, written, origin, auth, draft, routes } = request;
  const maxAge = value(written['MaxAge']);
  const headers = value(written['AllowHeaders']);
  const methods = value(written['AllowMethods']) ?? methodsOf(routes);
  const guarded =
    draft.defaultAuthorizer !== undefined &&
    auth['AddDefaultAuthorizerToCorsPreflight'] !== false &&
    auth['AddDefaultAuthorizerToCorsPreflight'] !== 'false';
  const keyed = draft.apiKeyRequired === true && auth['AddApiKeyRequiredToCorsPreflight'] !== false;
  return {
    path,
    method: 'OPTIONS',
    resource,
    integration: {
      kind: 'mock',
      status: 200,
      headers: {
        'Access-Control-Allow-Origin': origin,
        'Access-Control-Allow-Methods': methods,
        ...(headers === undefined ? {} : { 'Access-Control-Allow-Headers': headers }),
        ...(maxAge === undefined ? {} : { 'Access-Control-Max-Age': maxAge }),
        ...(isTrue(written['AllowCredentials'])
          ? { 'Access-Control-Allow-Credentials': 'true' }
          : {}),
      },
      body: '{}\n',
    },
    timeoutMs: TIMEOUT_MS,
    ...(guarded ? { authorizer: draft.defaultAuthorizer as string } : {}),
    ...(keyed ? { apiKeyRequired: true } : {}),
  };
}

function methodsOf(routes: readonly RouteDefinition[]): string {
  const methods = routes.map(({ method }) => method);
  if (methods.includes('ANY')) return ALL_METHODS.join(',');
  return [...new Set([...methods, 'OPTIONS'])].sort().join(',');
}

/** SAM wants values in single quotes inside the text. */
function value(written: unknown): string | undefined {
  const plain = text(written);
  return plain === undefined ? undefined : (/^'(.*)'$/s.exec(plain)?.[1] ?? plain);
}
