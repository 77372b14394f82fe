/** SAM's `Auth` of an API and of its events (contract 12.2, 12.4). */

import type { RouteDefinition } from '../../../stack/http.js';
import { isMap, map, type Map as Named } from '../../map.js';
import type { Around, DeclaredEvent } from '../parts.js';
import { cognitoAuthorizer, jwtAuthorizer, lambdaAuthorizer, samIdentity } from './authorizer.js';
import {
  approximate,
  expectMap,
  IAM,
  isTrue,
  noticeOthers,
  text,
  texts,
  withIam,
  type ApiDraft,
} from './draft.js';

export function readAuth(around: Around, draft: ApiDraft, path: string, auth: Named): void {
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

/** What an event says of who may call its route, over what its API says. */
export function eventAuth(
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
