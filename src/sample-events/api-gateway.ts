/** REST and HTTP APIs, and function URLs (contract 11.1, 11.2, 11.4). */

import type {
  APIGatewayProxyEvent,
  APIGatewayProxyEventV2,
  LambdaFunctionURLEventWithIAMAuthorizer,
} from 'aws-lambda';
import {
  BODY,
  domainOf,
  identity,
  lowerHeaders,
  multi,
  ORDER,
  restHeaders,
  SOURCE_IP,
  STAGE,
  USER_AGENT,
} from './http-parts.js';
import type { Maker } from './maker.js';
import type { SampleSource } from './sample.js';

export const apiGateway: SampleSource = {
  name: 'apigateway',
  about: 'API Gateway: a request through a REST or an HTTP API',
  kinds: {
    rest: { about: 'REST API, payload 1.0', make: rest, fields: [BODY] },
    http: { about: 'HTTP API, payload 2.0', make: http, fields: [BODY] },
    'http-1.0': {
      about: 'HTTP API, payload 1.0',
      make: http1,
      fields: [BODY],
    },
  },
};

export const functionUrl: SampleSource = {
  name: 'url',
  about: 'Function URL: a request to the function’s own address',
  kinds: {
    open: { about: 'AuthType NONE', make: url, fields: [BODY] },
    iam: { about: 'AuthType AWS_IAM', make: signedUrl, fields: [BODY] },
  },
};

export function restContext(maker: Maker, { method = 'POST', path = '/orders/o-1' } = {}) {
  const apiId = maker.id(10);
  return {
    accountId: maker.accountId,
    apiId,
    domainName: domainOf(apiId, maker),
    domainPrefix: apiId,
    extendedRequestId: `${maker.base64(15)}=`,
    httpMethod: method,
    identity: identity(),
    path: `/${STAGE}${path}`,
    protocol: 'HTTP/1.1',
    requestId: maker.uuid(),
    requestTime: maker.gatewayTime(),
    requestTimeEpoch: maker.nowMs,
    resourceId: maker.id(6),
    resourcePath: '/orders/{id}',
    stage: STAGE,
  };
}

function rest(maker: Maker): APIGatewayProxyEvent {
  const requestContext = restContext(maker);
  const headers = restHeaders(maker, requestContext.domainName);
  return {
    resource: '/orders/{id}',
    path: '/orders/o-1',
    httpMethod: 'POST',
    headers,
    multiValueHeaders: multi(headers),
    queryStringParameters: { verbose: 'true' },
    multiValueQueryStringParameters: { verbose: ['true'] },
    pathParameters: { id: 'o-1' },
    stageVariables: null,
    requestContext: { ...requestContext, authorizer: null },
    body: JSON.stringify(ORDER),
    isBase64Encoded: false,
  };
}

/** Names of headers are in lower case there. */
function http1(maker: Maker) {
  const event = rest(maker);
  const { domainName = '' } = event.requestContext;
  const headers = lowerHeaders(maker, domainName);
  return { version: '1.0', ...event, headers, multiValueHeaders: multi(headers) };
}

export function httpContext(
  maker: Maker,
  { routeKey = 'POST /orders/{id}', path = '/orders/o-1', stage = '$default' } = {},
) {
  const apiId = maker.id(10);
  return {
    accountId: maker.accountId,
    apiId,
    domainName: domainOf(apiId, maker),
    domainPrefix: apiId,
    http: {
      method: 'POST',
      path,
      protocol: 'HTTP/1.1',
      sourceIp: SOURCE_IP,
      userAgent: USER_AGENT,
    },
    requestId: `${maker.base64(15)}=`,
    routeKey,
    stage,
    time: maker.gatewayTime(),
    timeEpoch: maker.nowMs,
  };
}

function http(maker: Maker): APIGatewayProxyEventV2 {
  const requestContext = httpContext(maker);
  return {
    version: '2.0',
    routeKey: requestContext.routeKey,
    rawPath: '/orders/o-1',
    rawQueryString: 'verbose=true',
    cookies: ['session=s-1'],
    headers: lowerHeaders(maker, requestContext.domainName),
    queryStringParameters: { verbose: 'true' },
    requestContext,
    body: JSON.stringify(ORDER),
    pathParameters: { id: 'o-1' },
    isBase64Encoded: false,
  };
}

function url(maker: Maker): APIGatewayProxyEventV2 {
  const urlId = maker.id(32);
  const domainName = `${urlId}.lambda-url.${maker.region}.on.aws`;
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: '/orders/o-1',
    rawQueryString: 'verbose=true',
    headers: lowerHeaders(maker, domainName),
    queryStringParameters: { verbose: 'true' },
    requestContext: {
      ...httpContext(maker, { routeKey: '$default' }),
      accountId: 'anonymous',
      apiId: urlId,
      domainName,
      domainPrefix: urlId,
      requestId: maker.uuid(),
    },
    body: JSON.stringify(ORDER),
    isBase64Encoded: false,
  };
}

function signedUrl(maker: Maker): LambdaFunctionURLEventWithIAMAuthorizer {
  const event = url(maker);
  const { accountId } = maker;
  const userId = `AIDA${maker.upper(17)}`;
  return {
    ...event,
    requestContext: {
      ...event.requestContext,
      accountId,
      authorizer: {
        iam: {
          accessKey: `AKIA${maker.upper(16)}`,
          accountId,
          callerId: userId,
          cognitoIdentity: null,
          principalOrgId: `o-${maker.id(10)}`,
          userArn: `arn:aws:iam::${accountId}:user/alice`,
          userId,
        },
      },
    },
  };
}
