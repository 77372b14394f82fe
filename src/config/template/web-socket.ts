/**
 * WebSocket APIs of templates: SAM's `AWS::Serverless::WebSocketApi` and the resources of API
 * Gateway v2, which HTTP APIs are made of too. Those of other protocols are left to their reader.
 */

import { WEB_SOCKET_LIMITS } from '../../api-gateway/web-socket/limits.js';
import { apiIdOf } from '../../stack/api-id.js';
import type {
  WebSocketApiDefinition,
  WebSocketAuthorizerDefinition,
  WebSocketRouteDefinition,
} from '../../stack/web-socket.js';
import { map, type Map as Named } from '../map.js';
import type { TemplateContext } from './context.js';
import type { Identity } from './intrinsics.js';
import type { DeclaredResource, ResourceType, TemplatePart } from './parts.js';
import { Properties } from './properties.js';
import {
  identitySources,
  ignoreTarget,
  noticeRoute,
  selectionOf,
  STAGE,
  textsOf,
} from './web-socket-properties.js';
import { readApis } from './web-socket-resources.js';

const SAM = 'AWS::Serverless::WebSocketApi';
const V2 = [
  'Api',
  'Stage',
  'Deployment',
  'Route',
  'RouteResponse',
  'Integration',
  'IntegrationResponse',
  'Authorizer',
  'Model',
];

/** Until all is read: a route may stand before its API. */
const COLLECTED = new WeakMap<TemplateContext, DeclaredResource[]>();

function collect(resource: DeclaredResource): void {
  const { context } = resource;
  const list = COLLECTED.get(context) ?? [];
  COLLECTED.set(context, list);
  list.push(resource);
}

function identifyApi(
  logicalId: string,
  properties: Named,
  { region }: { readonly region: string },
): Identity {
  const id = apiIdOf(logicalId);
  const scheme = properties['ProtocolType'] === 'HTTP' ? 'https' : 'wss';
  const endpoint = `${scheme}://${id}.execute-api.${region}.amazonaws.com`;
  return { ref: id, attributes: { ApiId: id, ApiEndpoint: endpoint } };
}

export const webSocketApis: TemplatePart = {
  resources: {
    [SAM]: { identify: identifyApi, read: readSam },
    ...Object.fromEntries(
      V2.map((name): [string, ResourceType] => [
        `AWS::ApiGatewayV2::${name}`,
        { ...(name === 'Api' ? { identify: identifyApi } : {}), read: collect },
      ]),
    ),
  },
  events: {},
  finish({ context }) {
    const resources = COLLECTED.get(context) ?? [];
    COLLECTED.delete(context);
    for (const api of readApis(resources)) context.stack.webSocketApis.push(api);
  },
};

const SAM_REASONS: readonly (readonly [string, ...string[]])[] = [
  ['no access log is written here', 'AccessLogSettings'],
  ['requests are not throttled here', 'DefaultRouteSettings', 'RouteSettings'],
  [
    'everything is served on one local port',
    'Domain',
    'DisableExecuteApiEndpoint',
    'IpAddressType',
  ],
  ['messages are not validated here', 'DisableSchemaValidation'],
  ['API keys are not asked for here', 'ApiKeySelectionExpression'],
  ['tags have no meaning here', 'Tags', 'PropagateTags'],
];

function readSam(resource: DeclaredResource): void {
  const { context, logicalId, path, scope } = resource;
  const properties = new Properties(`${path}.Properties`, resource.properties, context);
  properties.any('Description');
  for (const [reason, ...names] of SAM_REASONS) properties.ignore(reason, ...names);
  const auth = properties.map('Auth');
  const authorizer = auth === undefined ? undefined : samAuthorizer(resource, auth);
  const routes = properties.map('Routes');
  const written = map(resource.properties['Routes']);
  const read = Object.keys(written).flatMap((routeKey) => {
    const route = routes?.map(routeKey);
    return route === undefined ? [] : samRoute(resource, routeKey, route, authorizer);
  });
  if (Object.keys(written).length === 0) properties.missing('Routes', 'at least one route');
  const { ref = apiIdOf(logicalId) } = scope.identity(logicalId) ?? {};
  context.stack.webSocketApis.push({
    path,
    id: ref,
    name: properties.text('Name') ?? logicalId,
    stage: properties.text('StageName', STAGE) ?? 'default',
    stageVariables: textsOf(properties, 'StageVariables'),
    routeSelectionExpression: selectionOf(properties),
    routes: read,
  } satisfies WebSocketApiDefinition);
  properties.rest();
}

function samRoute(
  { target, context }: DeclaredResource,
  routeKey: string,
  properties: Properties,
  authorizer: WebSocketAuthorizerDefinition | undefined,
): WebSocketRouteDefinition[] {
  noticeRoute(properties);
  properties.any('OperationName');
  const { min, max } = WEB_SOCKET_LIMITS.timeoutMs;
  const timeoutMs = properties.whole('IntegrationTimeout', [min, max]) ?? max;
  const respond = properties.any('RouteResponseSelectionExpression') === '$default';
  const arn = properties.any('FunctionArn');
  const found = target(arn);
  if (found === undefined) {
    if (!properties.has('FunctionArn')) properties.missing('FunctionArn', 'the ARN of a function');
    else ignoreTarget(context, `${properties.path}.FunctionArn`);
    return [];
  }
  return [
    {
      path: properties.path,
      routeKey,
      target: found,
      timeoutMs,
      respond,
      ...(routeKey === '$connect' && authorizer !== undefined ? { authorizer } : {}),
    },
  ];
}

function samAuthorizer(
  { target }: DeclaredResource,
  auth: Properties,
): WebSocketAuthorizerDefinition | undefined {
  auth.any('Name');
  auth.ignore('permissions are not checked here', 'InvokeRole');
  const sources = identitySources(auth);
  const type = auth.oneOf('AuthType', ['NONE', 'AWS_IAM', 'CUSTOM']);
  const arn = auth.any('AuthArn');
  if (type === 'AWS_IAM') return { kind: 'iam' };
  if (type !== 'CUSTOM') return undefined;
  const found = target(arn);
  if (found !== undefined) return { kind: 'lambda', target: found, identitySources: sources };
  auth.refuse('AuthArn', 'the ARN of a function of this project', 'Name one that is here.');
  return undefined;
}
