/** Payload 2.0 of HTTP APIs (contract 11.2). Pure. */

import { decoded } from '../decoded.js';
import { cookiesOf, isText, joinedHeaders, joinedQuery, timeOf } from '../http-events/request.js';
import { routeKey } from './route-table.js';
import {
  decodedAll,
  domainOf,
  isEmpty,
  stagePrefix,
  type Authorized,
  type Visit,
} from './visit.js';

/** `authorized`: what the authorizer gave, by its kind. */
export function v2EventOf(visit: Visit, authorized: Authorized | undefined): object {
  const { body } = visit.request;
  const { headers, ...parts } = partsOf(visit);
  const text = isText(headers['content-type'], body);
  return {
    version: '2.0',
    routeKey: routeKey(visit.route),
    ...parts.before,
    headers,
    ...parts.query,
    requestContext: contextOf(visit, headers['user-agent'], authorized),
    ...parts.after,
    ...(body.length === 0 ? {} : { body: body.toString(text ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !text,
  };
}

export function v2AuthorizerEventOf(
  visit: Visit,
  routeArn: string,
  identitySource: readonly string[],
): object {
  const { headers, ...parts } = partsOf(visit);
  return {
    version: '2.0',
    type: 'REQUEST',
    routeArn,
    identitySource: identitySource.length === 0 ? null : identitySource,
    routeKey: routeKey(visit.route),
    ...parts.before,
    headers,
    ...parts.query,
    requestContext: contextOf(visit, headers['user-agent'], undefined),
    ...parts.after,
  };
}

/** In the order they have in an event. */
function partsOf({ api, request, path, query, traceId, parameters }: Visit) {
  const { cookie, ...sent } = joinedHeaders(request.rawHeaders);
  const before = sent['x-forwarded-for'];
  const headers: Record<string, string> = {
    ...sent,
    'x-amzn-trace-id': traceId,
    'x-forwarded-for': before === undefined ? request.sourceIp : `${before}, ${request.sourceIp}`,
    'x-forwarded-port': String(request.port),
    'x-forwarded-proto': 'http',
  };
  const cookies = cookiesOf(cookie);
  const queryStringParameters = joinedQuery(query);
  return {
    headers,
    before: {
      rawPath: stagePrefix(api) + decoded(path),
      rawQueryString: query,
      ...(cookies === undefined ? {} : { cookies }),
    },
    query: queryStringParameters === undefined ? {} : { queryStringParameters },
    after: {
      ...(isEmpty(parameters) ? {} : { pathParameters: decodedAll(parameters) }),
      ...(isEmpty(api.stageVariables) ? {} : { stageVariables: api.stageVariables }),
    },
  };
}

function contextOf(
  visit: Visit,
  userAgent: string | undefined,
  authorized: Authorized | undefined,
): object {
  const { api, request, route, region, accountId, nowMs, path } = visit;
  const { method, protocol, sourceIp } = request;
  return {
    accountId,
    apiId: api.id,
    ...(authorized === undefined ? {} : { authorizer: authorized }),
    domainName: domainOf(api, region),
    domainPrefix: api.id,
    http: {
      method,
      path: stagePrefix(api) + decoded(path),
      protocol,
      sourceIp,
      userAgent: userAgent ?? '',
    },
    requestId: visit.extendedRequestId,
    routeKey: routeKey(route),
    stage: api.stage,
    time: timeOf(nowMs),
    timeEpoch: nowMs,
  };
}
