/** Events of WebSocket APIs, as functions and authorizers see them (contract 11.1, 11.3). Pure. */

import { splitTarget, timeOf } from '../../http-events/request.js';
import { CONNECT, DISCONNECT } from './selection.js';

/** What is known of a connection from its handshake on. */
export interface ConnectionFacts {
  readonly connectionId: string;
  readonly apiId: string;
  readonly stage: string;
  readonly stageVariables: Readonly<Record<string, string>>;
  /** Where functions reach `@connections`. */
  readonly domainName: string;
  readonly connectedAtMs: number;
  readonly sourceIp: string;
  /** Absent: the client sent none. */
  readonly userAgent?: string;
  /** What a Lambda authorizer said. */
  readonly authorizer?: Readonly<Record<string, unknown>>;
}

export interface HandshakeRequest {
  /** As it stands in the request line. */
  readonly target: string;
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[];
}

export interface Moment {
  readonly requestId: string;
  readonly nowMs: number;
}

type Multi = Record<string, string[]>;

export function connectEvent(
  facts: ConnectionFacts,
  request: HandshakeRequest,
  moment: Moment,
): object {
  return {
    ...requestParts(request),
    ...variablesOf(facts),
    requestContext: contextOf(facts, moment, { routeKey: CONNECT, eventType: 'CONNECT' }),
    isBase64Encoded: false,
  };
}

/** Of the `REQUEST` authorizer that `$connect` may have. */
export function authorizerEvent(
  facts: ConnectionFacts,
  request: HandshakeRequest,
  moment: Moment & { readonly methodArn: string },
): object {
  const { headers, multiValueHeaders, ...query } = requestParts(request);
  return {
    type: 'REQUEST',
    methodArn: moment.methodArn,
    headers,
    multiValueHeaders,
    queryStringParameters: query.queryStringParameters ?? {},
    multiValueQueryStringParameters: query.multiValueQueryStringParameters ?? {},
    stageVariables: facts.stageVariables,
    requestContext: contextOf(facts, moment, { routeKey: CONNECT, eventType: 'CONNECT' }),
  };
}

export function messageEvent(
  facts: ConnectionFacts,
  moment: Moment & { readonly messageId: string },
  { routeKey, body }: { readonly routeKey: string; readonly body: string },
): object {
  return {
    ...variablesOf(facts),
    requestContext: {
      ...contextOf(facts, moment, { routeKey, eventType: 'MESSAGE' }),
      messageId: moment.messageId,
    },
    body,
    isBase64Encoded: false,
  };
}

export function disconnectEvent(
  facts: ConnectionFacts,
  moment: Moment,
  { code, reason }: { readonly code: number; readonly reason: string },
): object {
  const headers = {
    Host: facts.domainName,
    'x-api-key': '',
    'X-Forwarded-For': '',
    'x-restapi': '',
  };
  return {
    headers,
    multiValueHeaders: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, [value]]),
    ),
    ...variablesOf(facts),
    requestContext: {
      ...contextOf(facts, moment, { routeKey: DISCONNECT, eventType: 'DISCONNECT' }),
      disconnectStatusCode: code,
      disconnectReason: reason,
    },
    isBase64Encoded: false,
  };
}

function contextOf(
  facts: ConnectionFacts,
  { requestId, nowMs }: Moment,
  { routeKey, eventType }: { readonly routeKey: string; readonly eventType: string },
): object {
  const { userAgent, sourceIp, authorizer } = facts;
  return {
    routeKey,
    ...(authorizer === undefined ? {} : { authorizer }),
    eventType,
    extendedRequestId: requestId,
    requestTime: timeOf(nowMs),
    messageDirection: 'IN',
    stage: facts.stage,
    connectedAt: facts.connectedAtMs,
    requestTimeEpoch: nowMs,
    identity: { ...(userAgent === undefined ? {} : { userAgent }), sourceIp },
    requestId,
    domainName: facts.domainName,
    connectionId: facts.connectionId,
    apiId: facts.apiId,
  };
}

function variablesOf({ stageVariables }: ConnectionFacts): object {
  return Object.keys(stageVariables).length === 0 ? {} : { stageVariables };
}

function requestParts({ target, rawHeaders }: HandshakeRequest): {
  headers: Record<string, string>;
  multiValueHeaders: Multi;
  queryStringParameters?: Record<string, string>;
  multiValueQueryStringParameters?: Multi;
} {
  const pairs: [string, string][] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    pairs.push([rawHeaders[index] ?? '', rawHeaders[index + 1] ?? '']);
  }
  const multiValueHeaders = grouped(pairs);
  const query = grouped([...new URLSearchParams(splitTarget(target).query)]);
  return {
    headers: lastOf(multiValueHeaders),
    multiValueHeaders,
    ...(Object.keys(query).length === 0
      ? {}
      : { queryStringParameters: lastOf(query), multiValueQueryStringParameters: query }),
  };
}

/** Without a prototype: a client may name a header `__proto__`. */
function grouped(pairs: readonly (readonly [string, string])[]): Multi {
  const groups = Object.create(null) as Multi;
  for (const [name, value] of pairs) (groups[name] ??= []).push(value);
  return groups;
}

function lastOf(groups: Multi): Record<string, string> {
  return Object.fromEntries(
    Object.entries(groups).map(([name, values]) => [name, values.at(-1) ?? '']),
  );
}
