/**
 * SAM's own APIs (contract 12.4): `AWS::Serverless::Api`, `AWS::Serverless::HttpApi`, the APIs it
 * makes for events that name none, and those events.
 */

import { apiIdOf } from '../../../stack/api-id.js';
import type { RouteDefinition } from '../../../stack/http.js';
import { isMap, map, type Map as Named } from '../../map.js';
import { resolve, UNRESOLVED } from '../intrinsics.js';
import type { Around, DeclaredEvent, DeclaredResource } from '../parts.js';
import { cognitoAuthorizer, jwtAuthorizer, lambdaAuthorizer, samIdentity } from './authorizer.js';
import {
  approximate,
  expectMap,
  hasRoute,
  IAM,
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
import { corsOf, documentOf, gatewayResponseOf, readOpenApi, TIMEOUTS } from './openapi.js';
import { addRestCors } from './rest-cors.js';

export const IMPLICIT = { rest: 'ServerlessRestApi', http: 'ServerlessHttpApi' } as const;
const IMPLICIT_STAGE = { rest: 'Prod', http: '$default' } as const;
const EVENT_TIMEOUT = { rest: TIMEOUTS.rest, http: { fallback: 5000, most: 30_000 } } as const;

export type SamKind = 'rest' | 'http';

/** The draft of an API that stands in the template. */
export function samApi(resource: DeclaredResource, kind: SamKind): ApiDraft {
  const { logicalId, path, properties } = resource;
  const draft = newDraft({
    path,
    id: apiIdOf(logicalId),
    kind,
    name: text(properties['Name']) ?? logicalId,
    stage: stageOf(resource, kind),
  });
  readSettings(resource, draft, properties);
  return draft;
}

/** The draft of the API that SAM makes for events that name none. */
export function implicitApi(around: Around, kind: SamKind): ApiDraft {
  const logicalId = IMPLICIT[kind];
  const draft = newDraft({
    path: `Globals.${kind === 'rest' ? 'Api' : 'HttpApi'}`,
    id: apiIdOf(logicalId),
    kind,
    name: logicalId,
    stage: IMPLICIT_STAGE[kind],
  });
  const section = map(around.globals[kind === 'rest' ? 'Api' : 'HttpApi']);
  readSettings(around, draft, map(resolve(section, around.scope)));
  return draft;
}

function stageOf(resource: DeclaredResource, kind: SamKind): string {
  const { properties, path, context } = resource;
  const stage = text(properties['StageName']);
  if (stage !== undefined) return stage;
  if (kind === 'rest' && properties['StageName'] !== UNRESOLVED) {
    context.problems.add({
      path: `${path}.Properties.StageName`,
      expected: 'the name of a stage',
      remedy: 'Add it, such as StageName: prod.',
    });
  }
  return IMPLICIT_STAGE[kind];
}

function readSettings(around: Around, draft: ApiDraft, properties: Named): void {
  const path = draft.path.startsWith('Globals') ? draft.path : `${draft.path}.Properties`;
  draft.stageVariables = textMap(
    properties[draft.kind === 'rest' ? 'Variables' : 'StageVariables'],
  );
  readAuth(around, draft, `${path}.Auth`, map(properties['Auth']));
  const document = documentOf(
    around,
    `${path}.${properties['DefinitionBody'] === undefined ? 'DefinitionUri' : 'DefinitionBody'}`,
    properties['DefinitionBody'],
    properties['DefinitionUri'],
  );
  readOpenApi(around, draft, `${path}.DefinitionBody`, document);
  if (draft.kind === 'http') {
    const { CorsConfiguration: cors } = properties;
    if (isMap(cors)) draft.cors = corsOf(cors);
    else if (isTrue(cors)) draft.cors = corsOf({ AllowOrigins: ['*'] });
  } else {
    draft.binaryMediaTypes.push(
      ...texts(properties['BinaryMediaTypes']).map((type) => type.replace('~1', '/')),
    );
    for (const [type, written] of Object.entries(map(properties['GatewayResponses']))) {
      draft.gatewayResponses.set(type, gatewayResponseOf(map(written)));
    }
  }
  noticeOthers(around, path, properties, { read: READ[draft.kind] });
}

const READ = {
  rest: [
    'StageName',
    'Name',
    'Description',
    'DefinitionBody',
    'DefinitionUri',
    'Variables',
    'Auth',
    'Cors',
    'BinaryMediaTypes',
    'GatewayResponses',
    'OpenApiVersion',
    'MergeDefinitions',
    'Mode',
    'FailOnWarnings',
    'AlwaysDeploy',
    'DisableExecuteApiEndpoint',
  ],
  http: [
    'StageName',
    'Name',
    'Description',
    'DefinitionBody',
    'DefinitionUri',
    'StageVariables',
    'Auth',
    'CorsConfiguration',
    'FailOnWarnings',
    'DisableExecuteApiEndpoint',
  ],
} as const satisfies Record<SamKind, readonly string[]>;

function readAuth(around: Around, draft: ApiDraft, path: string, auth: Named): void {
  if (isTrue(auth['EnableIamAuthorizer'])) withIam(draft, path);
  const authorizers = expectMap(
    around,
    `${path}.Authorizers`,
    auth['Authorizers'],
    'a map from names of authorizers to what they are',
  );
  for (const [name, written] of Object.entries(authorizers)) {
    readAuthorizer(around, draft, {
      name,
      path: `${path}.Authorizers.${name}`,
      written: map(written),
    });
  }
  const fallback = text(auth['DefaultAuthorizer']);
  if (fallback !== undefined && fallback !== 'NONE') {
    draft.defaultAuthorizer = fallback === IAM ? withIam(draft, path) : fallback;
    if (fallback !== IAM)
      knownAuthorizer(around, draft, `${path}.DefaultAuthorizer`, fallback, authorizers);
  }
  draft.apiKeyRequired = isTrue(auth['ApiKeyRequired']);
  if (auth['UsagePlan'] !== undefined) {
    approximate(
      around,
      `${path}.UsagePlan`,
      'keys are asked for; quotas and rates are not counted',
    );
  }
  noticeOthers(around, path, auth, {
    read: [
      'EnableIamAuthorizer',
      'Authorizers',
      'DefaultAuthorizer',
      'ApiKeyRequired',
      'UsagePlan',
      'AddDefaultAuthorizerToCorsPreflight',
      'AddApiKeyRequiredToCorsPreflight',
    ],
  });
}

function knownAuthorizer(
  { context }: Around,
  draft: ApiDraft,
  path: string,
  name: string,
  declared: Named,
): void {
  if (draft.authorizers.has(name) || Object.hasOwn(declared, name)) return;
  context.problems.add({
    path,
    value: name,
    expected: `one of the API's authorizers (${[...draft.authorizers.keys()].join(', ') || 'it has none'})`,
    remedy: 'Declare it below Auth.Authorizers of the API, or correct the name.',
  });
}

interface WrittenAuthorizer {
  readonly name: string;
  readonly path: string;
  readonly written: Named;
}

function readAuthorizer(
  around: Around,
  draft: ApiDraft,
  { name, path, written }: WrittenAuthorizer,
): void {
  const scopes = texts(written['AuthorizationScopes']);
  if (scopes.length > 0) draft.defaultScopes?.set(name, scopes);
  const identity = map(written['Identity']);
  const { kind: api } = draft;
  if (isMap(written['JwtConfiguration'])) {
    const { issuer, audience } = written['JwtConfiguration'] as Named;
    const identitySources = texts(written['IdentitySource']);
    draft.authorizers.set(name, jwtAuthorizer(around, path, { issuer, audience, identitySources }));
    return;
  }
  if (written['UserPoolArn'] !== undefined) {
    const header = text(identity['Header']);
    const identitySources = header === undefined ? [] : [`method.request.header.${header}`];
    const arns = written['UserPoolArn'];
    draft.authorizers.set(name, cognitoAuthorizer(around, path, { arns, identitySources }));
    return;
  }
  const isToken = api === 'rest' && (text(written['FunctionPayloadType']) ?? 'TOKEN') === 'TOKEN';
  const header = text(identity['Header']) ?? 'Authorization';
  const identitySources = isToken
    ? [`method.request.header.${header}`]
    : samIdentity(api, identity);
  if (!isToken && identitySources.length === 0 && api === 'rest') {
    noticeNoIdentity(around, path);
  }
  const authorizer = lambdaAuthorizer(around, path, {
    kind: isToken ? 'token' : 'request',
    api,
    uri: written['FunctionArn'],
    identitySources:
      api === 'http' && identitySources.length === 0
        ? ['$request.header.Authorization']
        : identitySources,
    validation: identity['ValidationExpression'],
    payloadFormat: written['AuthorizerPayloadFormatVersion'],
    simpleResponses: written['EnableSimpleResponses'],
    cacheSeconds: identity['ReauthorizeEvery'],
  });
  if (authorizer !== undefined) draft.authorizers.set(name, authorizer);
}

function noticeNoIdentity({ context }: Around, path: string): void {
  context.problems.add({
    path: `${path}.Identity`,
    expected: 'at least one of Headers, QueryStrings, StageVariables and Context',
    remedy: 'Say what the authorizer is asked about, or set ReauthorizeEvery: 0 with one of them.',
  });
}

/** An event of a function → a route of its API. */
export function addEvent(event: DeclaredEvent, draft: ApiDraft): void {
  const { path, properties, owned } = event;
  const { kind } = draft;
  const written = `${path}.Properties`;
  const isDefault =
    kind === 'http' && properties['Path'] === undefined && properties['Method'] === undefined;
  const resource = isDefault
    ? '$default'
    : resourceOf(event, `${written}.Path`, properties['Path']);
  const method = isDefault
    ? 'ANY'
    : methodOf(
        event,
        `${written}.Method`,
        properties['Method'] ?? (kind === 'http' ? 'ANY' : undefined),
      );
  if (resource === undefined || method === undefined) return;
  // What the definition of the API says of it stands.
  if (hasRoute(draft, method, resource)) return;
  const version = text(properties['PayloadFormatVersion']);
  const route: RouteDefinition = {
    path,
    method,
    resource,
    integration: {
      kind: 'function',
      target: owned,
      payloadFormat: kind === 'rest' || version === '1.0' ? '1.0' : '2.0',
      ...(kind === 'rest' && wordOf(properties['ResponseTransferMode']).toUpperCase() === 'STREAM'
        ? { streaming: true }
        : {}),
    },
    timeoutMs: timeoutOf(
      event,
      `${written}.TimeoutInMillis`,
      properties['TimeoutInMillis'],
      EVENT_TIMEOUT[kind],
    ),
    ...eventAuth(event, draft, map(properties['Auth'])),
  };
  draft.routes.push(route);
  noticeOthers(event, written, properties, {
    read: [
      'Path',
      'Method',
      'RestApiId',
      'ApiId',
      'PayloadFormatVersion',
      'TimeoutInMillis',
      'Auth',
      'ResponseTransferMode',
    ],
  });
}

function eventAuth(
  event: DeclaredEvent,
  draft: ApiDraft,
  auth: Named,
): Pick<RouteDefinition, 'authorizer' | 'scopes' | 'apiKeyRequired'> {
  const path = `${event.path}.Properties.Auth`;
  const named = text(auth['Authorizer']);
  const scopes = texts(auth['AuthorizationScopes']);
  if (named !== undefined && named !== 'NONE' && named !== IAM) {
    knownAuthorizer(event, draft, `${path}.Authorizer`, named, declaredAuthorizers(event, draft));
  }
  noticeOthers(event, path, auth, {
    read: ['Authorizer', 'AuthorizationScopes', 'ApiKeyRequired', 'OverrideApiAuth'],
  });
  const authorizer = named === IAM ? withIam(draft, path) : (named ?? draft.defaultAuthorizer);
  const wanted = scopes.length > 0 ? scopes : (draft.defaultScopes?.get(authorizer ?? '') ?? []);
  const keyed = auth['ApiKeyRequired'] ?? draft.apiKeyRequired;
  return {
    ...(authorizer === undefined || authorizer === 'NONE' ? {} : { authorizer }),
    ...(wanted.length === 0 ? {} : { scopes: wanted }),
    ...(isTrue(keyed) ? { apiKeyRequired: true } : {}),
  };
}

/** Also those that could not be read: their names are no mistake of the event's. */
function declaredAuthorizers({ resources, globals }: Around, draft: ApiDraft): Named {
  const [, logicalId = ''] = /^Resources\.(.+)$/.exec(draft.path) ?? [];
  const own = map(map(map(resources[logicalId])['Properties'])['Auth']);
  const shared = map(map(globals[draft.kind === 'rest' ? 'Api' : 'HttpApi'])['Auth']);
  return { ...map(shared['Authorizers']), ...map(own['Authorizers']) };
}

/** Once its routes are known: answers to browsers' questions, and defaults for what a document says. */
export function finishSamApi(around: Around, draft: ApiDraft, properties: Named): void {
  if (draft.kind !== 'rest') return;
  const path = draft.path.startsWith('Globals') ? draft.path : `${draft.path}.Properties`;
  const { Cors: cors, Auth: auth } = properties;
  if (cors === undefined) return;
  if (cors === UNRESOLVED) {
    ignore(around, `${path}.Cors`, 'its value cannot be known here');
    return;
  }
  addRestCors(around, draft, { path: `${path}.Cors`, cors, auth: map(auth) });
}
