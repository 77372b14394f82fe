/**
 * Requests as functions behind a load balancer see them (contract 11.5): names of headers in lower
 * case, queries as the client wrote them, one value or all of them by the target group. Pure.
 */

import { splitTarget, type HttpRequest } from '../http-events/request.js';

export interface LoadBalancerContext {
  readonly targetGroupArn: string;
  readonly multiValueHeaders: boolean;
  readonly traceId: string;
}

const TEXT_TYPE = /^(text\/|application\/(json|javascript|xml)\b)/i;

export function loadBalancerEventOf(
  request: HttpRequest,
  { targetGroupArn, multiValueHeaders, traceId }: LoadBalancerContext,
): object {
  const { method, body, target } = request;
  const { path, query: text } = splitTarget(target);
  const headers = headersOf(request, traceId);
  const query = queryOf(text);
  const isText =
    TEXT_TYPE.test(headers['content-type']?.[0] ?? '') && headers['content-encoding'] === undefined;
  const isBase64Encoded = body.length > 0 && !isText;
  return {
    requestContext: { elb: { targetGroupArn } },
    httpMethod: method,
    path,
    ...(multiValueHeaders
      ? { multiValueQueryStringParameters: query, multiValueHeaders: headers }
      : { queryStringParameters: lasts(query), headers: lasts(headers) }),
    body: body.toString(isBase64Encoded ? 'base64' : 'utf8'),
    isBase64Encoded,
  };
}

function headersOf(
  { rawHeaders, sourceIp, port }: HttpRequest,
  traceId: string,
): Record<string, string[]> {
  const headers = lists();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    (headers[(rawHeaders[index] ?? '').toLowerCase()] ??= []).push(rawHeaders[index + 1] ?? '');
  }
  headers['x-amzn-trace-id'] = [traceId];
  headers['x-forwarded-for'] = [[...(headers['x-forwarded-for'] ?? []), sourceIp].join(', ')];
  headers['x-forwarded-port'] = [String(port)];
  headers['x-forwarded-proto'] = ['http'];
  return headers;
}

function queryOf(text: string): Record<string, string[]> {
  const query = lists();
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = equals < 0 ? pair : pair.slice(0, equals);
    (query[name] ??= []).push(equals < 0 ? '' : pair.slice(equals + 1));
  }
  return query;
}

/** Without a prototype: clients may name a header or a parameter `constructor`. */
function lists(): Record<string, string[]> {
  return Object.create(null) as Record<string, string[]>;
}

function lasts(all: Readonly<Record<string, readonly string[]>>): Record<string, string> {
  return Object.fromEntries(Object.entries(all).map(([name, list]) => [name, list.at(-1) ?? '']));
}
