/** Lambda authorizers of APIs (contract 11.3). */

import type {
  APIGatewayRequestAuthorizerEvent,
  APIGatewayRequestAuthorizerEventV2,
  APIGatewayTokenAuthorizerEvent,
} from 'aws-lambda';
import { httpContext, restContext } from './api-gateway.js';
import { lowerHeaders, methodArn, multi, restHeaders } from './http-parts.js';
import type { Maker } from './maker.js';
import type { SampleSource } from './sample.js';

export const authorizer: SampleSource = {
  name: 'authorizer',
  about: 'API Gateway: whether a request may go on',
  kinds: {
    token: { about: 'REST API, TOKEN', make: token },
    request: { about: 'REST API, REQUEST', make: request },
    'request-v2': { about: 'HTTP API, payload 2.0', make: requestV2 },
  },
};

const BEARER = 'Bearer allow-me';

function token(maker: Maker): APIGatewayTokenAuthorizerEvent {
  return {
    type: 'TOKEN',
    methodArn: methodArn(maker, { apiId: maker.id(10), rest: 'POST/orders/o-1' }),
    authorizationToken: BEARER,
  };
}

function request(maker: Maker): APIGatewayRequestAuthorizerEvent {
  const requestContext = restContext(maker);
  const { apiId, domainName } = requestContext;
  const headers = { ...restHeaders(maker, domainName), Authorization: BEARER };
  return {
    type: 'REQUEST',
    methodArn: methodArn(maker, { apiId, rest: 'POST/orders/o-1' }),
    resource: '/orders/{id}',
    path: '/orders/o-1',
    httpMethod: 'POST',
    headers,
    multiValueHeaders: multi(headers),
    queryStringParameters: {},
    multiValueQueryStringParameters: {},
    pathParameters: { id: 'o-1' },
    stageVariables: {},
    requestContext: { ...requestContext, authorizer: undefined },
  };
}

function requestV2(maker: Maker): APIGatewayRequestAuthorizerEventV2 {
  const requestContext = httpContext(maker);
  const { apiId, domainName, routeKey, stage } = requestContext;
  return {
    version: '2.0',
    type: 'REQUEST',
    routeArn: methodArn(maker, { apiId, stage, rest: 'POST/orders/o-1' }),
    identitySource: [BEARER],
    routeKey,
    rawPath: '/orders/o-1',
    rawQueryString: '',
    cookies: ['session=s-1'],
    headers: { ...lowerHeaders(maker, domainName), authorization: BEARER },
    requestContext,
    pathParameters: { id: 'o-1' },
  };
}
