/**
 * SAM's own APIs (contract 12.4): `AWS::Serverless::Api`, `AWS::Serverless::HttpApi`, the APIs it
 * makes for events that name none, and those events.
 */

import { apiIdOf } from '../../../stack/api-id.js';
import type { RouteDefinition } from '../../../stack/http.js';
import { isMap, map, type Map as Named } from '../../map.js';
import { resolve, UNRESOLVED } from '../intrinsics.js';
import type { Around, DeclaredEvent, DeclaredResource } from '../parts.js';
import {
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
  wordOf,
  type ApiDraft,
} from './draft.js';
import { corsOf, documentOf, gatewayResponseOf, readOpenApi, TIMEOUTS } from './openapi.js';
import { addRestCors } from './rest-cors.js';
import { eventAuth, readAuth } from './sam-auth.js';

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
