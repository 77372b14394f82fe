/**
 * Payload 1.0 (contract 11.1): of REST APIs, and of HTTP APIs that ask for it, where names of
 * headers are in lower case and the path is decoded. Pure.
 */

import { decoded } from '../decoded.js';
import { isText, timeOf } from '../http-events/request.js';
import { isBinary } from './media-types.js';
import {
  decodedAll,
  domainOf,
  isEmpty,
  shortId,
  stagePrefix,
  type Authorized,
  type Visit,
} from './visit.js';

type Lists = Readonly<Record<string, readonly string[]>>;

/** What no function of a REST API is told. */
const OF_CONNECTION = new Set(['connection', 'content-length', 'keep-alive', 'transfer-encoding']);

/** `authorized`: what the authorizer gave. */
export function v1EventOf(visit: Visit, authorized: Authorized | undefined): object {
  const { api, request, route } = visit;
  const { body } = request;
  const headers = headersOf(visit);
  const contentType = firstOf(headers, 'content-type');
  const binary =
    api.kind === 'rest' ? isBinary(contentType, api.binaryMediaTypes) : !isText(contentType, body);
  const isBase64Encoded = body.length > 0 && binary;
  return {
    ...(api.kind === 'http' ? { version: '1.0' } : {}),
    resource: route.resource,
    path: pathOf(visit),
    httpMethod: request.method,
    ...partsOf(visit, headers),
    requestContext: v1ContextOf(visit, authorized),
    body: body.length === 0 ? null : body.toString(isBase64Encoded ? 'base64' : 'utf8'),
    isBase64Encoded,
  };
}

/** Headers, query, parameters of the path and stage variables: null where there are none. */
function partsOf(visit: Visit, headers: Lists): object {
  const query = queryOf(visit.query);
  return {
    headers: lasts(headers),
    multiValueHeaders: headers,
    queryStringParameters: orNull(lasts(query)),
    multiValueQueryStringParameters: orNull(query),
    pathParameters: orNull(parametersOf(visit)),
    stageVariables: orNull(visit.api.stageVariables),
  };
}

function v1ContextOf(visit: Visit, authorized?: Authorized): object {
  const { api, request, route, region, accountId, nowMs, accessKey, apiKey } = visit;
  const signed = accessKey === undefined ? null : accessKey;
  return {
    accountId,
    apiId: api.id,
    ...(authorized === undefined ? {} : { authorizer: authorized }),
    deploymentId: shortId(`deployment of ${api.id}`),
    domainName: domainOf(api, region),
    domainPrefix: api.id,
    extendedRequestId: visit.extendedRequestId,
    httpMethod: request.method,
    identity: {
      accessKey: signed,
      accountId: signed === null ? null : accountId,
      apiKey: apiKey?.value ?? null,
      apiKeyId: apiKey?.id ?? null,
      caller: signed,
      clientCert: null,
      cognitoAuthenticationProvider: null,
      cognitoAuthenticationType: null,
      cognitoIdentityId: null,
      cognitoIdentityPoolId: null,
      principalOrgId: null,
      sourceIp: request.sourceIp,
      user: signed === null ? null : accountId,
      userAgent: userAgentOf(visit),
      userArn: signed === null ? null : `arn:aws:iam::${accountId}:root`,
    },
    ...(route.operationName === undefined ? {} : { operationName: route.operationName }),
    path: stagePrefix(api) + pathOf(visit),
    protocol: request.protocol,
    requestId: visit.requestId,
    requestTime: timeOf(nowMs),
    requestTimeEpoch: nowMs,
    resourceId: shortId(`${api.id} ${route.resource}`),
    resourcePath: route.resource,
    stage: api.stage,
  };
}

/** As authorizers are asked: like a function, without a body, and with maps that may be empty. */
export function v1AuthorizerEventOf(visit: Visit, methodArn: string): object {
  const headers = headersOf(visit);
  const query = queryOf(visit.query);
  return {
    type: 'REQUEST',
    methodArn,
    resource: visit.route.resource,
    path: pathOf(visit),
    httpMethod: visit.request.method,
    headers: lasts(headers),
    multiValueHeaders: headers,
    queryStringParameters: lasts(query),
    multiValueQueryStringParameters: query,
    pathParameters: parametersOf(visit),
    stageVariables: visit.api.stageVariables,
    requestContext: v1ContextOf(visit),
  };
}

function pathOf({ api, path }: Visit): string {
  return api.kind === 'http' ? decoded(path) : path;
}

function parametersOf({ api, parameters }: Visit): Readonly<Record<string, string>> {
  return api.kind === 'http' ? decodedAll(parameters) : parameters;
}

function userAgentOf({ request: { rawHeaders } }: Visit): string | null {
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.toLowerCase() === 'user-agent') return rawHeaders[index + 1] ?? null;
  }
  return null;
}

/** All values of each header; what the platform says itself replaces what the client said. */
function headersOf({ api, request, traceId }: Visit): Lists {
  const lower = api.kind === 'http';
  /** Lower case → name as it stands in the event. */
  const names = new Map<string, string>();
  const headers = lists();
  const add = (name: string, value: string, replace = false): void => {
    const key = name.toLowerCase();
    const known = names.get(key) ?? (lower ? key : key === 'host' ? 'Host' : name);
    names.set(key, known);
    if (replace || headers[known] === undefined) headers[known] = [value];
    else headers[known].push(value);
  };
  const { rawHeaders } = request;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (!OF_CONNECTION.has(name.toLowerCase())) add(name, rawHeaders[index + 1] ?? '');
    else if (lower && name.toLowerCase() === 'content-length')
      add(name, rawHeaders[index + 1] ?? '');
  }
  const before = headers[names.get('x-forwarded-for') ?? ''];
  const forwarded = [...(before ?? []), request.sourceIp].join(', ');
  add('X-Amzn-Trace-Id', traceId, true);
  add('X-Forwarded-For', forwarded, true);
  add('X-Forwarded-Port', String(request.port), true);
  add('X-Forwarded-Proto', 'http', true);
  return headers;
}

function queryOf(text: string): Lists {
  const query = lists();
  if (text === '') return query;
  for (const [name, value] of new URLSearchParams(text)) (query[name] ??= []).push(value);
  return query;
}

/** Without a prototype: clients may name a header or a parameter `constructor`. */
function lists(): Record<string, string[]> {
  return Object.create(null) as Record<string, string[]>;
}

function lasts(all: Lists): Record<string, string> {
  return Object.fromEntries(Object.entries(all).map(([name, list]) => [name, list.at(-1) ?? '']));
}

function firstOf(headers: Lists, name: string): string | undefined {
  return Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1][0];
}

function orNull<T extends object>(value: T): T | null {
  return isEmpty(value) ? null : value;
}
