/** The one WebSocket API that the routes of a service share. */

import { isMap, type Map as Named } from '../map.js';
import type { Events } from './event-place.js';
import { functionId, normalized, SOCKET_API } from './names.js';

export function socketResources(
  all: readonly { readonly id: string; readonly read: Events }[],
  provider: Named,
  stage: string,
): Named {
  const routes = all.flatMap(({ id, read }) =>
    read.socketRoutes.map((route) => ({ id, ...route })),
  );
  if (routes.length === 0) return {};
  const ids = all.map(({ id }) => id);
  const made: Record<string, unknown> = {
    [SOCKET_API]: {
      Type: 'AWS::ApiGatewayV2::Api',
      Properties: {
        Name: provider['websocketsApiName'] ?? `${stage}-websockets`,
        ProtocolType: 'WEBSOCKET',
        RouteSelectionExpression:
          provider['websocketsApiRouteSelectionExpression'] ?? '$request.body.action',
      },
    },
    [`${SOCKET_API}Stage`]: {
      Type: 'AWS::ApiGatewayV2::Stage',
      Properties: { ApiId: { Ref: SOCKET_API }, StageName: stage, AutoDeploy: true },
    },
  };
  for (const { id, route, written } of routes) {
    const integration = `${id}${SOCKET_API}Integration`;
    made[integration] = {
      Type: 'AWS::ApiGatewayV2::Integration',
      Properties: {
        ApiId: { Ref: SOCKET_API },
        IntegrationType: 'AWS_PROXY',
        IntegrationUri: uriOf({ 'Fn::GetAtt': [id, 'Arn'] }),
      },
    };
    const called = `${normalized(route.replace('$', 'S'))}${SOCKET_API}Route`;
    made[called] = {
      Type: 'AWS::ApiGatewayV2::Route',
      Properties: {
        ApiId: { Ref: SOCKET_API },
        RouteKey: route,
        Target: { 'Fn::Join': ['/', ['integrations', { Ref: integration }]] },
        ...authorizationOf(written['authorizer'], ids, made),
        ...(written['routeResponseSelectionExpression'] === undefined
          ? {}
          : { RouteResponseSelectionExpression: written['routeResponseSelectionExpression'] }),
      },
    };
    if (written['routeResponseSelectionExpression'] !== undefined) {
      made[`${called}Response`] = {
        Type: 'AWS::ApiGatewayV2::RouteResponse',
        Properties: {
          ApiId: { Ref: SOCKET_API },
          RouteId: { Ref: called },
          RouteResponseKey: '$default',
        },
      };
    }
  }
  return made;
}

/** The framework asks for the header `Auth` where nothing else is said. */
const IDENTITY = 'route.request.header.Auth';

/** What a route says of its authorizer; the authorizer itself goes to what is made. */
function authorizationOf(
  written: unknown,
  ids: readonly string[],
  made: Record<string, unknown>,
): Named {
  if (written === undefined || written === null) return {};
  if (String(written).toLowerCase() === 'aws_iam') return { AuthorizationType: 'AWS_IAM' };
  const {
    name,
    arn,
    identitySource = [IDENTITY],
  } = isMap(written)
    ? written
    : String(written).startsWith('arn:')
      ? { arn: written }
      : { name: written };
  const called = String(name ?? (typeof arn === 'string' ? arn.split(':').pop() : 'authorizer'));
  const known = [functionId(called), normalized(called)].find((id) => ids.includes(id));
  const own = { 'Fn::GetAtt': [known ?? functionId(called), 'Arn'] };
  const id = `${normalized(called)}WebsocketsAuthorizer`;
  made[id] = {
    Type: 'AWS::ApiGatewayV2::Authorizer',
    Properties: {
      ApiId: { Ref: SOCKET_API },
      Name: called,
      AuthorizerType: 'REQUEST',
      AuthorizerUri: uriOf(arn ?? own),
      IdentitySource: [identitySource].flat(),
    },
  };
  return { AuthorizationType: 'CUSTOM', AuthorizerId: { Ref: id } };
}

function uriOf(functionArn: unknown): Named {
  const uri =
    'arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Function}/invocations';
  return { 'Fn::Sub': [uri, { Function: functionArn }] };
}
