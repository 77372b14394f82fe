/** An HTTP request as a function behind a URL sees it: payload version 2.0 (contract 11.2, 11.4). */

import {
  cookiesOf,
  iamIdentity,
  isText,
  joinedHeaders,
  joinedQuery,
  splitTarget,
  timeOf,
  type HttpRequest,
} from '../http-events/request.js';

export interface UrlContext {
  readonly urlId: string;
  readonly region: string;
  readonly accountId: string;
  readonly requestId: string;
  readonly traceId: string;
  readonly nowMs: number;
  /** Absent: the URL is open to everybody. */
  readonly accessKey?: string;
}

/** What the platform says of a request itself, whatever the client wrote. */
const REPLACED = /^x-(forwarded|amzn)-/;

export function eventOf(request: HttpRequest, context: UrlContext): object {
  const { method, target, protocol, sourceIp, body, port } = request;
  const { urlId, region, accountId, requestId, nowMs, accessKey } = context;
  const { path: rawPath, query: rawQueryString } = splitTarget(target);
  const headers = {
    ...joinedHeaders(request.rawHeaders, (name) => REPLACED.test(name)),
    'x-amzn-trace-id': context.traceId,
    'x-forwarded-for': sourceIp,
    'x-forwarded-port': String(port),
    'x-forwarded-proto': 'http',
  } as Record<string, string>;
  const query = joinedQuery(rawQueryString);
  const cookies = cookiesOf(headers['cookie']);
  const text = isText(headers['content-type'], body);
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString,
    ...(cookies === undefined ? {} : { cookies }),
    headers,
    ...(query === undefined ? {} : { queryStringParameters: query }),
    requestContext: {
      accountId: accessKey === undefined ? 'anonymous' : accountId,
      apiId: urlId,
      ...(accessKey === undefined
        ? {}
        : { authorizer: { iam: iamIdentity(accessKey, accountId) } }),
      domainName: `${urlId}.lambda-url.${region}.on.aws`,
      domainPrefix: urlId,
      http: { method, path: rawPath, protocol, sourceIp, userAgent: headers['user-agent'] ?? '' },
      requestId,
      routeKey: '$default',
      stage: '$default',
      time: timeOf(nowMs),
      timeEpoch: nowMs,
    },
    ...(body.length === 0 ? {} : { body: body.toString(text ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !text,
  };
}
