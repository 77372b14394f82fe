/**
 * What an authorizer is asked about: values of the request named as in
 * `method.request.header.Authorization` or `$request.querystring.token` (contract 11.3). Pure.
 */

import { parseIdentitySource } from '../../stack/identity-source.js';
import type { Visit } from '../visit.js';

/** The values in order; undefined when one of them is missing or empty. */
export function identityOf(visit: Visit, sources: readonly string[]): string[] | undefined {
  const values = sources.map((source) => valueOf(visit, source));
  return values.some((value) => value === undefined || value === '')
    ? undefined
    : (values as string[]);
}

function valueOf(visit: Visit, source: string): string | undefined {
  const { from, name } = parseIdentitySource(source) ?? { from: 'context', name: '' };
  switch (from) {
    case 'header':
      return headerOf(visit.request.rawHeaders, name);
    case 'query':
      return new URLSearchParams(visit.query).get(name) ?? undefined;
    case 'stageVariables':
      return visit.api.stageVariables[name];
    case 'context':
      return contextValue(visit, name);
  }
}

function contextValue(visit: Visit, name: string): string | undefined {
  const { api, request, route, accountId, requestId } = visit;
  const values: Readonly<Record<string, string>> = {
    accountId,
    apiId: api.id,
    httpMethod: request.method,
    'identity.sourceIp': request.sourceIp,
    'identity.userAgent': headerOf(request.rawHeaders, 'user-agent') ?? '',
    path: visit.path,
    requestId,
    resourcePath: route.resource,
    routeKey: `${route.method} ${route.resource}`,
    stage: api.stage,
  };
  return values[name];
}

export function headerOf(rawHeaders: readonly string[], name: string): string | undefined {
  const wanted = name.toLowerCase();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.toLowerCase() === wanted) return rawHeaders[index + 1];
  }
  return undefined;
}
