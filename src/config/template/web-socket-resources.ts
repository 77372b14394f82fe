/** API Gateway v2's own resources, put together to WebSocket APIs: one for each stage. */

import { WEB_SOCKET_LIMITS } from '../../api-gateway/web-socket/limits.js';
import type {
  WebSocketApiDefinition,
  WebSocketAuthorizerDefinition,
  WebSocketRouteDefinition,
} from '../../stack/web-socket.js';
import type { DeclaredResource } from './parts.js';
import { Properties } from './properties.js';
import {
  identitySources,
  ignoreTarget,
  noticeRoute,
  selectionOf,
  STAGE,
  textsOf,
} from './web-socket-properties.js';

type Resources = readonly DeclaredResource[];

export function readApis(resources: Resources): WebSocketApiDefinition[] {
  return ofType(resources, 'Api')
    .filter(({ properties }) => properties['ProtocolType'] === 'WEBSOCKET')
    .flatMap((api) => {
      const own = resources.filter(
        ({ properties }) => properties['ApiId'] === refOf(api) && refOf(api) !== undefined,
      );
      return apisOf(api, own);
    });
}

function ofType(resources: Resources, name: string): DeclaredResource[] {
  return resources.filter(({ type }) => type === `AWS::ApiGatewayV2::${name}`);
}

function refOf({ scope, logicalId }: DeclaredResource): string | undefined {
  return scope.identity(logicalId)?.ref;
}

function read({ path, properties, context }: DeclaredResource): Properties {
  const reader = new Properties(`${path}.Properties`, properties, context);
  reader.any('ApiId');
  return reader;
}

function apisOf(api: DeclaredResource, own: Resources): WebSocketApiDefinition[] {
  const { context, logicalId, path } = api;
  const properties = read(api);
  properties.any('ProtocolType');
  properties.any('Description');
  properties.ignore('API keys are not asked for here', 'ApiKeySelectionExpression');
  properties.ignore('messages are not validated here', 'DisableSchemaValidation');
  properties.ignore(
    'everything is served on one local port',
    'DisableExecuteApiEndpoint',
    'IpAddressType',
  );
  properties.ignore('tags have no meaning here', 'Tags');
  const whole = {
    id: refOf(api) ?? logicalId,
    name: properties.text('Name') ?? logicalId,
    routeSelectionExpression: selectionOf(properties),
    routes: routesOf(own),
  };
  properties.rest();
  const stages = ofType(own, 'Stage').map((stage) => {
    const reader = read(stage);
    for (const name of ['Description', 'AutoDeploy', 'DeploymentId']) reader.any(name);
    reader.ignore('no access log is written here', 'AccessLogSettings', 'AccessPolicyId');
    reader.ignore('requests are not throttled here', 'DefaultRouteSettings', 'RouteSettings');
    reader.ignore('tags have no meaning here', 'Tags', 'ClientCertificateId');
    const definition = {
      ...whole,
      path: stage.path,
      stage: reader.text('StageName', STAGE) ?? 'default',
      stageVariables: textsOf(reader, 'StageVariables'),
    };
    reader.rest();
    return definition;
  });
  for (const deployment of ofType(own, 'Deployment')) {
    const { StageName: stage } = deployment.properties;
    if (typeof stage !== 'string' || stages.some((each) => each.stage === stage)) continue;
    stages.push({ ...whole, path: deployment.path, stage, stageVariables: {} });
  }
  if (stages.length === 0) {
    const reason = 'it has no stage, so that nobody can connect to it';
    context.notices.push({ path, treatment: 'ignored', reason });
  }
  return stages;
}

function routesOf(own: Resources): WebSocketRouteDefinition[] {
  const responding = new Set(
    ofType(own, 'RouteResponse').map((response) => {
      const reader = read(response);
      reader.ignore('answers are not changed here', 'ResponseModels', 'ResponseParameters');
      reader.ignore('answers are not changed here', 'ModelSelectionExpression');
      reader.any('RouteResponseKey');
      const route = reader.any('RouteId');
      reader.rest();
      return route;
    }),
  );
  for (const response of ofType(own, 'IntegrationResponse')) {
    const reason = 'answers of functions are passed on as they are';
    response.context.notices.push({ path: response.path, treatment: 'approximated', reason });
  }
  const integrations = new Map(
    ofType(own, 'Integration').map((each) => [refOf(each), integrationOf(each)]),
  );
  const authorizers = new Map(
    ofType(own, 'Authorizer').map((each) => [refOf(each), authorizerOf(each)]),
  );
  return ofType(own, 'Route').flatMap((route) => {
    const reader = read(route);
    noticeRoute(reader);
    for (const name of ['OperationName', 'AuthorizationScopes']) reader.any(name);
    reader.any('RouteResponseSelectionExpression');
    const routeKey = reader.text('RouteKey');
    const written = reader.any('Target');
    const authorizer = authorizerIn(reader, authorizers);
    reader.rest();
    if (routeKey === undefined) {
      reader.missing('RouteKey', 'a key such as $connect, $default or an action');
      return [];
    }
    const integration = integrations.get(String(written).replace(/^integrations\//, ''));
    if (integration === undefined) {
      ignoreTarget(route.context, `${reader.path}.Target`);
      return [];
    }
    if (integration === 'not-served') return [];
    return [
      {
        path: route.path,
        routeKey,
        ...integration,
        respond: responding.has(refOf(route)),
        ...(routeKey === '$connect' && authorizer !== undefined ? { authorizer } : {}),
      },
    ];
  });
}

type Integration = Pick<WebSocketRouteDefinition, 'target' | 'timeoutMs'> | 'not-served';

function integrationOf(integration: DeclaredResource): Integration {
  const { context, target } = integration;
  const reader = read(integration);
  const { min, max } = WEB_SOCKET_LIMITS.timeoutMs;
  for (const name of ['Description', 'IntegrationMethod', 'PassthroughBehavior']) reader.any(name);
  for (const name of ['PayloadFormatVersion', 'ConnectionType']) reader.any(name);
  reader.ignore('permissions are not checked here', 'CredentialsArn');
  reader.ignore('messages reach functions as they are', 'ContentHandlingStrategy');
  const timeoutMs = reader.whole('TimeoutInMillis', [min, max]) ?? max;
  const type = reader.text('IntegrationType');
  const uri = reader.any('IntegrationUri');
  if (type === 'MOCK') {
    for (const name of ['RequestTemplates', 'TemplateSelectionExpression']) reader.any(name);
    reader.rest();
    return { timeoutMs };
  }
  if (type === 'AWS') {
    const reason = 'the function gets the event of AWS_PROXY; templates are not evaluated';
    reader.approximated('IntegrationType', reason);
  }
  reader.ignore('templates are not evaluated', 'RequestTemplates', 'TemplateSelectionExpression');
  reader.rest();
  if (type !== 'AWS_PROXY' && type !== 'AWS') {
    const reason = 'only functions and mocks are integrated here; its routes are not served';
    reader.ignored('IntegrationType', reason);
    return 'not-served';
  }
  const found = target(uri);
  if (found !== undefined) return { target: found, timeoutMs };
  ignoreTarget(context, `${reader.path}.IntegrationUri`);
  return 'not-served';
}

type Authorizer = WebSocketAuthorizerDefinition | undefined;

function authorizerOf(authorizer: DeclaredResource): Authorizer {
  const reader = read(authorizer);
  for (const name of ['Name', 'AuthorizerType']) reader.any(name);
  reader.ignore('permissions are not checked here', 'AuthorizerCredentialsArn');
  reader.ignore('WebSocket APIs keep no answers', 'AuthorizerResultTtlInSeconds');
  const uri = reader.any('AuthorizerUri');
  const sources = identitySources(reader);
  reader.rest();
  const target = authorizer.target(uri);
  if (target !== undefined) return { kind: 'lambda', target, identitySources: sources };
  const remedy = 'Name one that is here.';
  reader.refuse('AuthorizerUri', 'the URI of a function of this project', remedy);
  return undefined;
}

function authorizerIn(
  reader: Properties,
  authorizers: ReadonlyMap<string | undefined, Authorizer>,
): Authorizer {
  const type = reader.oneOf('AuthorizationType', ['NONE', 'AWS_IAM', 'CUSTOM']);
  const id = reader.any('AuthorizerId');
  if (type === 'AWS_IAM') return { kind: 'iam' };
  if (type !== 'CUSTOM') return undefined;
  if (!authorizers.has(String(id))) {
    const remedy = 'Name an AWS::ApiGatewayV2::Authorizer of this API.';
    reader.refuse('AuthorizerId', 'the id of an authorizer', remedy);
  }
  return authorizers.get(String(id));
}
