/** OpenAPI and Swagger documents with API Gateway's extensions → routes (contract 12.4). */

import { resolve as resolvePath } from 'node:path';
import type { CorsDefinition } from '../../../stack/http.js';
import { isMap, map, type Map as Named } from '../../map.js';
import { readOther } from '../include.js';
import { resolve, UNRESOLVED } from '../intrinsics.js';
import type { Around } from '../parts.js';
import { cognitoAuthorizer, jwtAuthorizer, lambdaAuthorizer } from './authorizer.js';
import {
  hasRoute,
  ignore,
  isTrue,
  methodOf,
  numberOf,
  resourceOf,
  text,
  textMap,
  texts,
  timeoutOf,
  withIam,
  wordOf,
  type ApiDraft,
} from './draft.js';
import { integrationOf } from './integration.js';

const PREFIX = 'x-amazon-apigateway-';
const METHODS = new Set(['get', 'put', 'post', 'delete', 'options', 'head', 'patch']);
const ANY = `${PREFIX}any-method`;
const API_KEY_HEADER = 'x-api-key';
export const TIMEOUTS = {
  rest: { fallback: 29_000 },
  http: { fallback: 30_000, most: 30_000 },
} as const;

/** The document of `DefinitionBody` or of the local file of `DefinitionUri`. */
export function documentOf(around: Around, path: string, body: unknown, uri: unknown): unknown {
  if (isMap(body)) return body;
  if (uri === undefined || uri === UNRESOLVED) return undefined;
  const { Bucket: bucket } = map(uri);
  if (typeof uri !== 'string' || /^(s3|https?):/.test(uri)) {
    const where = bucket === undefined ? (text(uri) ?? 'it') : `s3://${wordOf(bucket)}`;
    ignore(around, path, `${where} is not here; a local file is read`);
    return undefined;
  }
  const { context, scope } = around;
  const document = readOther(resolvePath(context.directory, uri), path, context);
  return resolve(document, scope);
}

export function readOpenApi(
  around: Around,
  draft: ApiDraft,
  path: string,
  document: unknown,
): void {
  if (document === undefined) return;
  const api = map(document);
  if (!isMap(document) || !isMap(api['paths'])) {
    around.context.problems.add({
      path,
      expected: 'an OpenAPI or Swagger document with paths',
      remedy: 'Add paths to it.',
    });
    return;
  }
  const schemes = {
    ...map(api['securityDefinitions']),
    ...map(map(api['components'])['securitySchemes']),
  };
  for (const [name, scheme] of Object.entries(schemes)) {
    readScheme(around, draft, { path: `${path}.${name}`, name, scheme: map(scheme) });
  }
  draft.binaryMediaTypes.push(...texts(api[`${PREFIX}binary-media-types`]));
  const cors = api[`${PREFIX}cors`];
  if (isMap(cors) && draft.kind === 'http') draft.cors ??= corsOf(cors);
  for (const [type, written] of Object.entries(map(api[`${PREFIX}gateway-responses`]))) {
    draft.gatewayResponses.set(type, gatewayResponseOf(map(written)));
  }
  for (const [resource, item] of Object.entries(map(api['paths']))) {
    readPath(around, draft, {
      path: `${path}.paths.${resource}`,
      resource,
      item: map(item),
      api,
      schemes,
    });
  }
}

interface PathItem {
  readonly path: string;
  readonly resource: string;
  readonly item: Named;
  readonly api: Named;
  readonly schemes: Named;
}

function readPath(around: Around, draft: ApiDraft, found: PathItem): void {
  const resource = resourceOf(around, found.path, found.resource);
  if (resource === undefined) return;
  for (const [key, written] of Object.entries(found.item)) {
    if (!METHODS.has(key.toLowerCase()) && key !== ANY) continue;
    const path = `${found.path}.${key}`;
    const method = methodOf(around, path, key);
    const operation = map(written);
    const integration = integrationIn(operation, found.api);
    if (method === undefined || hasRoute(draft, method, resource)) continue;
    if (integration === undefined) {
      ignore(around, path, `it has no ${PREFIX}integration`);
      continue;
    }
    const read = integrationOf(around, draft, `${path}.${PREFIX}integration`, integration);
    if (read === undefined) continue;
    draft.routes.push({
      path,
      method,
      resource,
      integration: read,
      timeoutMs: timeoutOf(
        around,
        `${path}.${PREFIX}integration.timeoutInMillis`,
        integration['timeoutInMillis'],
        TIMEOUTS[draft.kind],
      ),
      ...securityOf(draft, operation['security'] ?? found.api['security'], found.schemes),
      ...(typeof operation['operationId'] === 'string'
        ? { operationName: operation['operationId'] }
        : {}),
    });
  }
}

/** Written out, or named among those that several share. */
function integrationIn(operation: Named, api: Named): Named | undefined {
  const written = operation[`${PREFIX}integration`];
  if (!isMap(written)) return undefined;
  const { $ref: reference } = written;
  if (typeof reference !== 'string') return written;
  const shared = map(map(api['components'])[`${PREFIX}integrations`]);
  const found = shared[reference.split('/').at(-1) ?? ''];
  return isMap(found) ? found : undefined;
}

function securityOf(
  draft: ApiDraft,
  security: unknown,
  schemes: Named,
): { authorizer?: string; scopes?: readonly string[]; apiKeyRequired?: boolean } {
  if (!Array.isArray(security)) return {};
  let found: { authorizer?: string; scopes?: readonly string[]; apiKeyRequired?: boolean } = {};
  for (const requirement of security.map(map)) {
    for (const [name, scopes] of Object.entries(requirement)) {
      if (isApiKey(map(schemes[name]))) found = { ...found, apiKeyRequired: true };
      else if (draft.authorizers.has(name) || name in schemes) {
        const authorizer = isSignature(map(schemes[name])) ? withIam(draft, draft.path) : name;
        const wanted = texts(scopes);
        found = { ...found, authorizer, ...(wanted.length === 0 ? {} : { scopes: wanted }) };
      }
    }
  }
  return found;
}

function isApiKey(scheme: Named): boolean {
  return (
    scheme['type'] === 'apiKey' &&
    wordOf(scheme['name']).toLowerCase() === API_KEY_HEADER &&
    scheme[`${PREFIX}authorizer`] === undefined &&
    scheme[`${PREFIX}authtype`] === undefined
  );
}

function isSignature(scheme: Named): boolean {
  return wordOf(scheme[`${PREFIX}authtype`]).toLowerCase() === 'awssigv4';
}

interface Scheme {
  readonly path: string;
  readonly name: string;
  readonly scheme: Named;
}

function readScheme(around: Around, draft: ApiDraft, { path, name, scheme }: Scheme): void {
  if (draft.authorizers.has(name) || isApiKey(scheme)) return;
  if (isSignature(scheme)) {
    withIam(draft, path);
    return;
  }
  const written = map(scheme[`${PREFIX}authorizer`]);
  const type = wordOf(written['type']).toLowerCase();
  const sources = texts(written['identitySource']).flatMap((one) => one.split(','));
  const own =
    scheme['in'] === 'header' && typeof scheme['name'] === 'string' && scheme['name'] !== 'Unused'
      ? [`method.request.header.${scheme['name']}`]
      : [];
  const authorizer = ((): ReturnType<typeof lambdaAuthorizer> => {
    switch (type) {
      case 'token':
      case 'request':
        return lambdaAuthorizer(around, path, {
          kind: type,
          api: draft.kind,
          uri: written['authorizerUri'],
          identitySources: sources.length > 0 || type === 'request' ? sources : own,
          validation: written['identityValidationExpression'],
          payloadFormat: written['authorizerPayloadFormatVersion'],
          simpleResponses: written['enableSimpleResponses'],
          cacheSeconds: written['authorizerResultTtlInSeconds'],
        });
      case 'jwt': {
        const { issuer, audience } = map(written['jwtConfiguration']);
        return jwtAuthorizer(around, path, { issuer, audience, identitySources: sources });
      }
      case 'cognito_user_pools':
        return cognitoAuthorizer(around, path, {
          arns: written['providerARNs'],
          identitySources: own,
        });
      default:
        ignore(
          around,
          path,
          'this kind of security is not checked here, so its routes refuse everybody',
        );
        return undefined;
    }
  })();
  if (authorizer !== undefined) draft.authorizers.set(name, authorizer);
}

export function corsOf(written: Named): CorsDefinition {
  const value = (name: string): unknown =>
    written[name] ?? written[name.charAt(0).toLowerCase() + name.slice(1)];
  const maxAge = numberOf(value('MaxAge'));
  return {
    allowOrigins: texts(value('AllowOrigins')),
    allowHeaders: texts(value('AllowHeaders')),
    allowMethods: texts(value('AllowMethods')),
    exposeHeaders: texts(value('ExposeHeaders')),
    allowCredentials: isTrue(value('AllowCredentials')),
    ...(value('MaxAge') === undefined || !Number.isFinite(maxAge) ? {} : { maxAgeSeconds: maxAge }),
  };
}

/** In the words of OpenAPI, of SAM and of CloudFormation. */
export function gatewayResponseOf(written: Named) {
  const { statusCode, StatusCode, responseTemplates, ResponseTemplates } = written;
  const status = Number(text(statusCode ?? StatusCode));
  const flat = textMap(written['responseParameters'] ?? written['ResponseParameters']);
  const headers = Object.fromEntries(
    Object.entries(flat).flatMap(([name, value]) => {
      const [, header] = /^gatewayresponse\.header\.(.+)$/.exec(name) ?? [];
      return header === undefined ? [] : [[header, unquoted(value)]];
    }),
  );
  const nested = map(
    map(written['ResponseParameters'] ?? written['responseParameters'])['Headers'],
  );
  for (const [name, value] of Object.entries(textMap(nested))) headers[name] = unquoted(value);
  return {
    ...(Number.isInteger(status) && status >= 200 && status < 600 ? { status } : {}),
    headers,
    templates: textMap(responseTemplates ?? ResponseTemplates),
  };
}

function unquoted(value: string): string {
  return /^'(.*)'$/s.exec(value)?.[1] ?? value.replace(/^context\./, '$context.');
}
