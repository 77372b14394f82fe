/** WebSocket APIs. */

import type { APIGatewayProxyWebsocketEventV2 } from 'aws-lambda';
import { BODY, domainOf, multi, SOURCE_IP, STAGE, USER_AGENT } from './http-parts.js';
import type { Maker } from './maker.js';
import type { SampleSource } from './sample.js';

export const webSocket: SampleSource = {
  name: 'websocket',
  about: 'API Gateway: a connection of a WebSocket API',
  kinds: {
    message: { about: 'a message over it', make: message, fields: [BODY] },
    connect: { about: 'it is being made ($connect)', make: connect },
    disconnect: { about: 'it has ended ($disconnect)', make: disconnect },
  },
};

function contextOf<E extends 'CONNECT' | 'MESSAGE' | 'DISCONNECT'>(
  maker: Maker,
  { routeKey, eventType }: { routeKey: string; eventType: E },
) {
  const apiId = maker.id(10);
  return {
    routeKey,
    eventType,
    extendedRequestId: `${maker.base64(15)}=`,
    requestTime: maker.gatewayTime(),
    messageDirection: 'IN' as const,
    stage: STAGE,
    connectedAt: eventType === 'CONNECT' ? maker.nowMs : maker.nowMs - 90_000,
    requestTimeEpoch: maker.nowMs,
    identity: { sourceIp: SOURCE_IP, userAgent: USER_AGENT },
    requestId: `${maker.base64(15)}=`,
    domainName: domainOf(apiId, maker),
    connectionId: `${maker.base64(15)}=`,
    apiId,
  };
}

function message(maker: Maker): APIGatewayProxyWebsocketEventV2 {
  const requestContext = contextOf(maker, { routeKey: 'send', eventType: 'MESSAGE' });
  return {
    requestContext: { ...requestContext, messageId: `${maker.base64(15)}=` },
    body: JSON.stringify({ action: 'send', text: 'hello' }),
    isBase64Encoded: false,
  };
}

/** `messageId` is of messages only, whatever the types say. */
function connect(maker: Maker) {
  const requestContext = contextOf(maker, { routeKey: '$connect', eventType: 'CONNECT' });
  const headers = {
    Host: requestContext.domainName,
    'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits',
    'Sec-WebSocket-Key': `${maker.base64(22)}==`,
    'Sec-WebSocket-Version': '13',
    'User-Agent': USER_AGENT,
    'X-Amzn-Trace-Id': maker.traceId(),
    'X-Forwarded-For': SOURCE_IP,
    'X-Forwarded-Port': '443',
    'X-Forwarded-Proto': 'https',
  };
  return {
    headers,
    multiValueHeaders: multi(headers),
    queryStringParameters: { room: 'lobby' },
    multiValueQueryStringParameters: { room: ['lobby'] },
    requestContext,
    isBase64Encoded: false,
  };
}

function disconnect(maker: Maker) {
  const requestContext = contextOf(maker, { routeKey: '$disconnect', eventType: 'DISCONNECT' });
  const headers = {
    Host: requestContext.domainName,
    'x-api-key': '',
    'X-Forwarded-For': '',
    'x-restapi': '',
  };
  return {
    headers,
    multiValueHeaders: multi(headers),
    requestContext: {
      ...requestContext,
      disconnectStatusCode: 1005,
      disconnectReason: 'Client-side close frame status not set',
    },
    isBase64Encoded: false,
  };
}
