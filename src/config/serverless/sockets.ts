/** The one WebSocket API that the routes of a service share. */

import type { Map as Named } from '../map.js';
import type { Events } from './event-place.js';
import { normalized, SOCKET_API } from './names.js';

export function socketResources(
  all: readonly { readonly id: string; readonly read: Events }[],
  provider: Named,
  stage: string,
): Named {
  const routes = all.flatMap(({ id, read }) =>
    read.socketRoutes.map((route) => ({ id, ...route })),
  );
  if (routes.length === 0) return {};
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
        IntegrationUri: {
          'Fn::Sub': `arn:\${AWS::Partition}:apigateway:\${AWS::Region}:lambda:path/2015-03-31/functions/\${${id}.Arn}/invocations`,
        },
      },
    };
    const called = `${normalized(route.replace('$', 'S'))}${SOCKET_API}Route`;
    made[called] = {
      Type: 'AWS::ApiGatewayV2::Route',
      Properties: {
        ApiId: { Ref: SOCKET_API },
        RouteKey: route,
        Target: { 'Fn::Join': ['/', ['integrations', { Ref: integration }]] },
        ...(written['routeResponseSelectionExpression'] === undefined
          ? {}
          : { RouteResponseSelectionExpression: written['routeResponseSelectionExpression'] }),
      },
    };
  }
  return made;
}
