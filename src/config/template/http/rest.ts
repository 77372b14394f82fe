/** `AWS::ApiGateway::*`: REST APIs of plain CloudFormation and of CDK (contract 12.4). */

import type { ApiKeyDefinition } from '../../../stack/http.js';
import { map, type Map as Named } from '../../map.js';
import type { DeclaredResource, ResourceType } from '../parts.js';
import { cognitoAuthorizer, lambdaAuthorizer } from './authorizer.js';
import {
  approximate,
  hasRoute,
  ignore,
  isTrue,
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
import { documentOf, gatewayResponseOf, readOpenApi, TIMEOUTS } from './openapi.js';
import { apiIdOf } from '../../../stack/api-id.js';

const P = 'AWS::ApiGateway::';

/** Kept nowhere here, with the reason. */
const WITHOUT_EFFECT: Readonly<Record<string, string>> = {
  [`${P}Account`]: 'each request leaves a line in the log of its function',
  [`${P}BasePathMapping`]: 'everything is served on one local port; custom names are not',
  [`${P}ClientCertificate`]: 'there is no TLS here',
  [`${P}DocumentationPart`]: 'documentation is not served',
  [`${P}DocumentationVersion`]: 'documentation is not served',
  [`${P}DomainName`]: 'everything is served on one local port; custom names are not',
  [`${P}Model`]: 'requests are not validated here',
  [`${P}RequestValidator`]: 'requests are not validated here',
  [`${P}VpcLink`]: 'there is no VPC here',
};

export function restTypes(
  keep: (resource: DeclaredResource) => void,
): Record<string, ResourceType> {
  const kept: ResourceType = { read: keep };
  return {
    [`${P}RestApi`]: {
      identify: (logicalId, _, place) => ({
        ref: apiIdOf(logicalId),
        attributes: {
          RootResourceId: rootOf(apiIdOf(logicalId)),
          RestApiId: apiIdOf(logicalId),
          Arn: `arn:aws:apigateway:${place.region}::/restapis/${apiIdOf(logicalId)}`,
        },
      }),
      read: keep,
    },
    [`${P}Stage`]: {
      identify: (logicalId, { StageName: name }) => ({
        ref: text(name) ?? logicalId,
        attributes: {},
      }),
      read: keep,
    },
    [`${P}ApiKey`]: {
      identify: (logicalId) => ({ ref: logicalId, attributes: { APIKeyId: logicalId } }),
      read: keep,
    },
    [`${P}Resource`]: {
      identify: (logicalId) => ({ ref: logicalId, attributes: { ResourceId: logicalId } }),
      read: keep,
    },
    [`${P}Authorizer`]: {
      identify: (logicalId) => ({ ref: logicalId, attributes: { AuthorizerId: logicalId } }),
      read: keep,
    },
    [`${P}Deployment`]: {
      identify: (logicalId) => ({ ref: logicalId, attributes: { DeploymentId: logicalId } }),
      read: keep,
    },
    [`${P}Method`]: kept,
    [`${P}GatewayResponse`]: kept,
    [`${P}UsagePlan`]: {
      identify: (logicalId) => ({ ref: logicalId, attributes: { Id: logicalId } }),
      read: (resource) =>
        approximate(
          resource,
          resource.path,
          'keys are asked for; quotas and rates are not counted',
        ),
    },
    [`${P}UsagePlanKey`]: { read: () => undefined },
    ...Object.fromEntries(
      Object.entries(WITHOUT_EFFECT).map(([type, reason]): [string, ResourceType] => [
        type,
        { read: (resource) => ignore(resource, resource.path, reason) },
      ]),
    ),
  };
}

function rootOf(id: string): string {
  return `root of ${id}`;
}

/** The APIs of the template's resources; `drafts` takes those of SAM as well, which may be added to. */
export function readRest(resources: readonly DeclaredResource[], drafts: ApiDraft[]): void {
  const of = (type: string): DeclaredResource[] =>
    resources.filter((resource) => resource.type === P + type);
  for (const api of of('RestApi')) drafts.push(restApi(api));
  const rest = drafts.filter(({ kind }) => kind === 'rest');
  const find = (resource: DeclaredResource): ApiDraft | undefined => {
    const id = text(resource.properties['RestApiId']);
    const draft = rest.find((one) => one.id === id);
    if (draft === undefined) ignore(resource, resource.path, 'its API is not one of this template');
    return draft;
  };
  const paths = pathsOf(of('Resource'), rest);
  for (const resource of of('Authorizer')) readAuthorizer(resource, find(resource));
  for (const resource of of('GatewayResponse')) {
    const { ResponseType: type } = resource.properties;
    find(resource)?.gatewayResponses.set(wordOf(type), gatewayResponseOf(resource.properties));
  }
  readStages(of('Stage'), of('Deployment'), find);
  for (const resource of of('Method')) {
    const draft = find(resource);
    if (draft !== undefined) readMethod(resource, draft, paths);
  }
}

function restApi(resource: DeclaredResource): ApiDraft {
  const { logicalId, path, properties } = resource;
  const name = text(properties['Name']) ?? logicalId;
  const draft = newDraft({ path, id: apiIdOf(logicalId), kind: 'rest', name, stage: 'default' });
  draft.binaryMediaTypes.push(...texts(properties['BinaryMediaTypes']));
  const where = `${path}.Properties`;
  if (properties['BodyS3Location'] !== undefined) {
    ignore(resource, `${where}.BodyS3Location`, 'what is in a bucket of AWS is not here');
  }
  readOpenApi(
    resource,
    draft,
    `${where}.Body`,
    documentOf(resource, where, properties['Body'], undefined),
  );
  if (wordOf(properties['ApiKeySourceType']) === 'AUTHORIZER') {
    approximate(
      resource,
      `${where}.ApiKeySourceType`,
      'keys are taken from the authorizer and from the header',
    );
  }
  noticeOthers(resource, where, properties, {
    read: [
      'Name',
      'Description',
      'Body',
      'BodyS3Location',
      'BinaryMediaTypes',
      'ApiKeySourceType',
      'FailOnWarnings',
      'Mode',
      'CloneFrom',
      'DisableExecuteApiEndpoint',
    ],
  });
  return draft;
}

/** Id of a resource → its path. */
function pathsOf(
  resources: readonly DeclaredResource[],
  drafts: readonly ApiDraft[],
): (id: string) => string | undefined {
  const byId = new Map(resources.map((resource) => [resource.logicalId, resource.properties]));
  const roots = new Set(drafts.map(({ id }) => rootOf(id)));
  const pathOf = (id: string, depth: number): string | undefined => {
    if (roots.has(id)) return '';
    const properties = byId.get(id);
    if (properties === undefined || depth > byId.size) return undefined;
    const parent = pathOf(text(properties['ParentId']) ?? '', depth + 1);
    const part = text(properties['PathPart']);
    return parent === undefined || part === undefined ? undefined : `${parent}/${part}`;
  };
  return (id) => {
    const path = pathOf(id, 0);
    return path === '' ? '/' : path;
  };
}

function readStages(
  stages: readonly DeclaredResource[],
  deployments: readonly DeclaredResource[],
  find: (resource: DeclaredResource) => ApiDraft | undefined,
): void {
  const staged = new Set<ApiDraft>();
  const take = (resource: DeclaredResource, variables: unknown): void => {
    const draft = find(resource);
    const name = text(resource.properties['StageName']);
    if (draft === undefined || name === undefined) return;
    if (staged.has(draft)) {
      ignore(resource, resource.path, `of each API one stage is served, here ${draft.stage}`);
      return;
    }
    staged.add(draft);
    draft.stage = name;
    draft.stageVariables = textMap(variables);
  };
  for (const stage of stages) {
    take(stage, stage.properties['Variables']);
    noticeOthers(stage, `${stage.path}.Properties`, stage.properties, {
      read: ['StageName', 'RestApiId', 'DeploymentId', 'Variables', 'Description'],
    });
  }
  for (const deployment of deployments) {
    const { StageName: name, StageDescription: description } = deployment.properties;
    if (name !== undefined) take(deployment, map(description)['Variables']);
  }
}

function readMethod(
  resource: DeclaredResource,
  draft: ApiDraft,
  pathOf: (id: string) => string | undefined,
): void {
  const { path, properties } = resource;
  const where = `${path}.Properties`;
  const method = methodOf(resource, `${where}.HttpMethod`, properties['HttpMethod']);
  const found = pathOf(text(properties['ResourceId']) ?? '');
  if (found === undefined) {
    ignore(resource, `${where}.ResourceId`, 'its path cannot be known here');
    return;
  }
  const route = resourceOf(resource, `${where}.ResourceId`, found);
  if (method === undefined || route === undefined || hasRoute(draft, method, route)) return;
  const written = inOpenApiWords(map(properties['Integration']));
  const integration = integrationOf(resource, draft, `${where}.Integration`, written);
  if (integration === undefined) return;
  const authorizer = authorizerOf(resource, draft, properties);
  const scopes = texts(properties['AuthorizationScopes']);
  const operationName = text(properties['OperationName']);
  draft.routes.push({
    path,
    method,
    resource: route,
    integration,
    timeoutMs: timeoutOf(
      resource,
      `${where}.Integration.TimeoutInMillis`,
      written['timeoutInMillis'],
      TIMEOUTS.rest,
    ),
    ...(authorizer === undefined ? {} : { authorizer }),
    ...(scopes.length === 0 ? {} : { scopes }),
    ...(isTrue(properties['ApiKeyRequired']) ? { apiKeyRequired: true } : {}),
    ...(operationName === undefined ? {} : { operationName }),
  });
  noticeOthers(resource, where, properties, {
    read: [
      'HttpMethod',
      'ResourceId',
      'RestApiId',
      'Integration',
      'AuthorizationType',
      'AuthorizerId',
      'AuthorizationScopes',
      'ApiKeyRequired',
      'OperationName',
      'MethodResponses',
    ],
  });
}

function authorizerOf(
  resource: DeclaredResource,
  draft: ApiDraft,
  { AuthorizationType: type, AuthorizerId: id }: Named,
): string | undefined {
  if (type === 'AWS_IAM') return withIam(draft, resource.path);
  return type === 'CUSTOM' || type === 'COGNITO_USER_POOLS' ? (text(id) ?? 'unknown') : undefined;
}

/** Known by its logical id, which is what `Ref` gives. */
function readAuthorizer(resource: DeclaredResource, draft: ApiDraft | undefined): void {
  if (draft === undefined) return;
  const { logicalId, path, properties } = resource;
  const where = `${path}.Properties`;
  const type = wordOf(properties['Type']).toUpperCase();
  const sources = texts(properties['IdentitySource']).flatMap((one) => one.split(','));
  const authorizer =
    type === 'COGNITO_USER_POOLS'
      ? cognitoAuthorizer(resource, where, {
          arns: properties['ProviderARNs'],
          identitySources: sources,
        })
      : lambdaAuthorizer(resource, where, {
          kind: type === 'TOKEN' ? 'token' : 'request',
          api: 'rest',
          uri: properties['AuthorizerUri'],
          identitySources: sources,
          validation: properties['IdentityValidationExpression'],
          cacheSeconds: properties['AuthorizerResultTtlInSeconds'],
        });
  if (authorizer !== undefined) draft.authorizers.set(logicalId, authorizer);
}

/** The values of all keys the template makes. */
export function apiKeysOf(resources: readonly DeclaredResource[]): ApiKeyDefinition[] {
  return resources.flatMap((resource) => {
    if (resource.type !== `${P}ApiKey`) return [];
    const { logicalId, path, properties } = resource;
    const value = text(properties['Value']);
    if (value !== undefined) return [{ id: logicalId, value }];
    const reason = 'it has no Value, so any key is taken';
    approximate(resource, path, reason);
    return [];
  });
}
