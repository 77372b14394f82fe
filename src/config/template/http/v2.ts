/**
 * `AWS::ApiGatewayV2::*` as far as it is HTTP (contract 12.4). WebSocket APIs have the same types;
 * whoever reads those leaves the others alone, as this does.
 */

import { apiIdOf } from '../../../stack/api-id.js';
import { isMap, map, type Map as Named } from '../../map.js';
import { UNRESOLVED } from '../intrinsics.js';
import type { DeclaredResource, ResourceType } from '../parts.js';
import { jwtAuthorizer, lambdaAuthorizer } from './authorizer.js';
import {
  hasRoute,
  ignore,
  methodOf,
  newDraft,
  noticeOthers,
  resourceOf,
  text,
  textMap,
  texts,
  timeoutOf,
  withIam,
  wordOf,
  type ApiDraft,
} from './draft.js';
import { inOpenApiWords, integrationOf } from './integration.js';
import { corsOf, documentOf, readOpenApi, TIMEOUTS } from './openapi.js';

const P = 'AWS::ApiGatewayV2::';

/** Without `ProtocolType` an API is made of a document, which only HTTP APIs are. */
function isWebSocketApi(properties: Named): boolean {
  return wordOf(properties['ProtocolType']).toUpperCase() === 'WEBSOCKET';
}

export function v2Types(keep: (resource: DeclaredResource) => void): Record<string, ResourceType> {
  const byLogicalId =
    (attribute: string): Required<ResourceType>['identify'] =>
    (logicalId) => ({ ref: logicalId, attributes: { [attribute]: logicalId } });
  return {
    [`${P}Api`]: {
      identify: (logicalId, properties, { region }) => {
        const id = apiIdOf(logicalId);
        const scheme = isWebSocketApi(properties) ? 'wss' : 'https';
        const endpoint = `${scheme}://${id}.execute-api.${region}.amazonaws.com`;
        return { ref: id, attributes: { ApiId: id, ApiEndpoint: endpoint } };
      },
      read: keep,
    },
    [`${P}Stage`]: {
      identify: (logicalId, { StageName: name }) => ({
        ref: text(name) ?? logicalId,
        attributes: {},
      }),
      read: keep,
    },
    [`${P}Route`]: { identify: byLogicalId('RouteId'), read: keep },
    [`${P}Integration`]: { identify: byLogicalId('IntegrationId'), read: keep },
    [`${P}Authorizer`]: { identify: byLogicalId('AuthorizerId'), read: keep },
    [`${P}Deployment`]: { identify: byLogicalId('DeploymentId'), read: () => undefined },
  };
}

export function readV2(resources: readonly DeclaredResource[], drafts: ApiDraft[]): void {
  const of = (type: string): DeclaredResource[] =>
    resources.filter((resource) => resource.type === P + type);
  const sockets = new Set<string>();
  for (const api of of('Api')) {
    if (isWebSocketApi(api.properties)) sockets.add(apiIdOf(api.logicalId));
    else drafts.push(httpApi(api));
  }
  const http = drafts.filter(({ kind }) => kind === 'http');
  const find = (resource: DeclaredResource): ApiDraft | undefined => {
    const id = text(resource.properties['ApiId']) ?? '';
    const draft = http.find((one) => one.id === id);
    if (draft === undefined && !sockets.has(id)) {
      ignore(resource, resource.path, 'its API is not one of this template');
    }
    return draft;
  };
  readStages(of('Stage'), find);
  for (const resource of of('Authorizer')) readAuthorizer(resource, find(resource));
  const integrations = new Map(of('Integration').map((one) => [one.logicalId, one]));
  for (const resource of of('Route')) {
    const draft = find(resource);
    if (draft !== undefined) readRoute(resource, draft, integrations);
  }
}

function httpApi(resource: DeclaredResource): ApiDraft {
  const { logicalId, path, properties } = resource;
  const name = text(properties['Name']) ?? logicalId;
  const draft = newDraft({ path, id: apiIdOf(logicalId), kind: 'http', name, stage: '$default' });
  const where = `${path}.Properties`;
  const { CorsConfiguration: cors, Target: target } = properties;
  if (isMap(cors)) draft.cors = corsOf(cors);
  if (properties['BodyS3Location'] !== undefined) {
    ignore(resource, `${where}.BodyS3Location`, 'what is in a bucket of AWS is not here');
  }
  readOpenApi(
    resource,
    draft,
    `${where}.Body`,
    documentOf(resource, where, properties['Body'], undefined),
  );
  if (target !== undefined) {
    const type = /^https?:/.test(wordOf(target)) ? 'http_proxy' : 'aws_proxy';
    const integration = integrationOf(resource, draft, `${where}.Target`, { type, uri: target });
    if (integration !== undefined) {
      const key = text(properties['RouteKey']) ?? '$default';
      addRoute(resource, draft, { key, path, integration, timeoutMs: TIMEOUTS.http.fallback });
    }
  }
  noticeOthers(resource, where, properties, {
    read: [
      'Name',
      'Description',
      'ProtocolType',
      'Body',
      'BodyS3Location',
      'CorsConfiguration',
      'Target',
      'RouteKey',
      'RouteSelectionExpression',
      'FailOnWarnings',
      'DisableExecuteApiEndpoint',
      'BasePath',
      'Version',
    ],
  });
  return draft;
}

function readStages(
  stages: readonly DeclaredResource[],
  find: (resource: DeclaredResource) => ApiDraft | undefined,
): void {
  const staged = new Set<ApiDraft>();
  for (const stage of stages) {
    const draft = find(stage);
    const name = text(stage.properties['StageName']);
    if (draft === undefined || name === undefined) continue;
    if (staged.has(draft)) {
      ignore(stage, stage.path, `of each API one stage is served, here ${draft.stage}`);
      continue;
    }
    staged.add(draft);
    draft.stage = name;
    draft.stageVariables = textMap(stage.properties['StageVariables']);
    noticeOthers(stage, `${stage.path}.Properties`, stage.properties, {
      read: ['StageName', 'ApiId', 'AutoDeploy', 'DeploymentId', 'StageVariables', 'Description'],
    });
  }
}

function readAuthorizer(resource: DeclaredResource, draft: ApiDraft | undefined): void {
  if (draft === undefined) return;
  const { logicalId, path, properties } = resource;
  const where = `${path}.Properties`;
  const identitySources = texts(properties['IdentitySource']);
  if (properties['AuthorizerType'] === 'JWT') {
    const written = map(properties['JwtConfiguration']);
    const [issuer, audience] = [written['Issuer'], written['Audience']];
    draft.authorizers.set(
      logicalId,
      jwtAuthorizer(resource, where, { issuer, audience, identitySources }),
    );
    return;
  }
  const authorizer = lambdaAuthorizer(resource, where, {
    kind: 'request',
    api: 'http',
    uri: properties['AuthorizerUri'],
    identitySources,
    payloadFormat: properties['AuthorizerPayloadFormatVersion'],
    simpleResponses: properties['EnableSimpleResponses'],
    cacheSeconds: properties['AuthorizerResultTtlInSeconds'],
  });
  if (authorizer !== undefined) draft.authorizers.set(logicalId, authorizer);
}

function readRoute(
  resource: DeclaredResource,
  draft: ApiDraft,
  integrations: ReadonlyMap<string, DeclaredResource>,
): void {
  const { path, properties } = resource;
  const where = `${path}.Properties`;
  const target = text(properties['Target']);
  const named = integrations.get(/^integrations\/(.+)$/.exec(target ?? '')?.[1] ?? '');
  if (named === undefined) {
    const reason =
      properties['Target'] === UNRESOLVED || target !== undefined
        ? 'its integration is not one of this template'
        : 'it has no integration';
    ignore(resource, `${where}.Target`, reason);
    return;
  }
  const written = inOpenApiWords(named.properties);
  const integration = integrationOf(named, draft, `${named.path}.Properties`, {
    type: wordOf(written['integrationType']).toLowerCase(),
    uri: written['integrationUri'],
    httpMethod: written['integrationMethod'],
    integrationSubtype: written['integrationSubtype'],
    connectionType: written['connectionType'],
    payloadFormatVersion: written['payloadFormatVersion'] ?? '1.0',
  });
  const timeoutMs = timeoutOf(
    named,
    `${named.path}.Properties.TimeoutInMillis`,
    written['timeoutInMillis'],
    TIMEOUTS.http,
  );
  if (integration === undefined) return;
  const key = text(properties['RouteKey']) ?? '';
  const type = properties['AuthorizationType'];
  const authorizer =
    type === 'AWS_IAM'
      ? withIam(draft, path)
      : type === 'JWT' || type === 'CUSTOM'
        ? (text(properties['AuthorizerId']) ?? 'unknown')
        : undefined;
  const scopes = texts(properties['AuthorizationScopes']);
  addRoute(resource, draft, {
    key,
    path,
    integration,
    timeoutMs,
    ...(authorizer === undefined ? {} : { authorizer }),
    ...(scopes.length === 0 ? {} : { scopes }),
  });
  noticeOthers(resource, where, properties, {
    read: ROUTE_PROPERTIES,
  });
  noticeOthers(named, `${named.path}.Properties`, named.properties, {
    read: INTEGRATION_PROPERTIES,
  });
}

const ROUTE_PROPERTIES = [
  'ApiId',
  'RouteKey',
  'Target',
  'AuthorizationType',
  'AuthorizerId',
  'AuthorizationScopes',
  'OperationName',
];
const INTEGRATION_PROPERTIES = [
  'ApiId',
  'Description',
  'IntegrationType',
  'IntegrationUri',
  'IntegrationMethod',
  'IntegrationSubtype',
  'ConnectionType',
  'PayloadFormatVersion',
  'TimeoutInMillis',
];

type NewRoute = Pick<
  ApiDraft['routes'][number],
  'path' | 'integration' | 'timeoutMs' | 'authorizer' | 'scopes'
> & { readonly key: string };

function addRoute(resource: DeclaredResource, draft: ApiDraft, { key, ...route }: NewRoute): void {
  const where = `${resource.path}.Properties.RouteKey`;
  const [written = '', way] = key === '$default' ? ['ANY', '$default'] : key.split(/ +/);
  const method = methodOf(resource, where, written);
  const found = method === undefined ? undefined : resourceOf(resource, where, way);
  if (method === undefined || found === undefined || hasRoute(draft, method, found)) return;
  draft.routes.push({ ...route, method, resource: found });
}
