/** An API while a template is read into it, and what its readers share. */

import type {
  ApiDefinition,
  ApiKeyDefinition,
  AuthorizerDefinition,
  CorsDefinition,
  GatewayResponseDefinition,
  RouteDefinition,
} from '../../../stack/http.js';
import { isMap, map, type Map as Named } from '../../map.js';
import { UNRESOLVED } from '../intrinsics.js';
import type { Around } from '../parts.js';

export interface ApiDraft {
  readonly path: string;
  readonly id: string;
  readonly kind: 'rest' | 'http';
  name: string;
  stage: string;
  stageVariables: Record<string, string>;
  readonly routes: RouteDefinition[];
  readonly authorizers: Map<string, AuthorizerDefinition>;
  cors?: CorsDefinition;
  readonly binaryMediaTypes: string[];
  readonly gatewayResponses: Map<string, GatewayResponseDefinition>;
  readonly apiKeys: ApiKeyDefinition[];
  /** For routes that say nothing: an authorizer's name, or `AWS_IAM`. */
  defaultAuthorizer?: string;
  defaultScopes?: Map<string, readonly string[]>;
  apiKeyRequired?: boolean;
}

export function newDraft(
  parts: Pick<ApiDraft, 'path' | 'id' | 'kind' | 'name' | 'stage'>,
): ApiDraft {
  return {
    ...parts,
    stageVariables: {},
    routes: [],
    authorizers: new Map(),
    binaryMediaTypes: [],
    gatewayResponses: new Map(),
    apiKeys: [],
    defaultScopes: new Map(),
  };
}

export function finished(draft: ApiDraft, apiKeys: readonly ApiKeyDefinition[]): ApiDefinition {
  const { path, id, name, kind, stage, stageVariables, cors } = draft;
  return {
    path,
    id,
    name,
    kind,
    stage,
    stageVariables,
    routes: draft.routes,
    authorizers: Object.fromEntries(draft.authorizers),
    ...(cors === undefined ? {} : { cors }),
    binaryMediaTypes: [...new Set(draft.binaryMediaTypes)],
    gatewayResponses: Object.fromEntries(draft.gatewayResponses),
    apiKeys,
  };
}

export function hasRoute(draft: ApiDraft, method: string, resource: string): boolean {
  return draft.routes.some((route) => route.method === method && route.resource === resource);
}

/** The authorizer of this name that signatures are asked for by. */
export const IAM = 'AWS_IAM';

export function withIam(draft: ApiDraft, path: string): string {
  if (!draft.authorizers.has(IAM)) draft.authorizers.set(IAM, { kind: 'iam', path });
  return IAM;
}

export function ignore({ context }: Pick<Around, 'context'>, path: string, reason: string): void {
  context.notices.push({ path, treatment: 'ignored', reason });
}

export function approximate(
  { context }: Pick<Around, 'context'>,
  path: string,
  reason: string,
): void {
  context.notices.push({ path, treatment: 'approximated', reason });
}

/** Tells every property that nobody reads. `reasons` say why of those that are known. */
export function noticeOthers(
  around: Pick<Around, 'context'>,
  path: string,
  properties: Named,
  known: { readonly read: readonly string[]; readonly reasons?: Readonly<Record<string, string>> },
): void {
  for (const name of Object.keys(properties)) {
    if (known.read.includes(name)) continue;
    const reasons = { ...REASONS, ...known.reasons };
    const reason = Object.hasOwn(reasons, name) ? reasons[name] : undefined;
    ignore(around, `${path}.${name}`, reason ?? 'this property has no effect here');
  }
}

const REASONS: Readonly<Record<string, string>> = {
  Tags: 'tags have no meaning here',
  PropagateTags: 'tags have no meaning here',
  TracingEnabled: 'no traces are sent; the trace header is passed on',
  EndpointConfiguration: 'everything is served on one local port',
  Domain: 'everything is served on one local port; custom names are not',
  AccessLogSetting: 'each request leaves a line in the log of its function',
  AccessLogSettings: 'each request leaves a line in the log of its function',
  MethodSettings: 'requests are not throttled here',
  RouteSettings: 'requests are not throttled here',
  DefaultRouteSettings: 'requests are not throttled here',
  CanarySetting: 'one version is served',
  CacheClusterEnabled: 'answers are not cached here',
  CacheClusterSize: 'answers are not cached here',
  Models: 'requests are not validated here',
  RequestModel: 'requests are not validated here',
  RequestModels: 'requests are not validated here',
  RequestParameters: 'requests are not validated or changed here',
  RequestValidatorId: 'requests are not validated here',
  ResponseParameters: 'answers are not changed here',
  ResourcePolicy: 'permissions are not checked here',
  Policy: 'permissions are not checked here',
  InvokeRole: 'permissions are not checked here',
  CredentialsArn: 'permissions are not checked here',
  MinimumCompressionSize: 'answers are not compressed here',
};

export function text(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined;
}

/** The text, or an empty one where something else stands. */
export function wordOf(value: unknown): string {
  return text(value) ?? '';
}

/** NaN where no number stands. */
export function numberOf(value: unknown): number {
  return Number(text(value) ?? Number.NaN);
}

export function texts(value: unknown): string[] {
  const list: unknown[] = Array.isArray(value) ? value : value === undefined ? [] : [value];
  return list.flatMap((item) => text(item) ?? []);
}

export function isTrue(value: unknown): boolean {
  return value === true || value === 'true';
}

/** The texts of a map; others are left out. */
export function textMap(value: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(map(value)).flatMap(([name, item]) => {
      const plain = text(item);
      return plain === undefined ? [] : [[name, plain]];
    }),
  );
}

/** A map that has to be one; a problem otherwise. */
export function expectMap(
  { context }: Pick<Around, 'context'>,
  path: string,
  value: unknown,
  what: string,
): Named {
  if (isMap(value)) return value;
  if (value !== undefined && value !== UNRESOLVED) {
    context.problems.add({
      path,
      value,
      expected: what,
      remedy: 'Write it as a map.',
    });
  }
  return {};
}

/** `GET`, or `ANY`; undefined, and a problem, for what is no method. */
export function methodOf(
  { context }: Pick<Around, 'context'>,
  path: string,
  value: unknown,
): string | undefined {
  const method = wordOf(value).toUpperCase();
  if (method === 'X-AMAZON-APIGATEWAY-ANY-METHOD' || method === '*') return 'ANY';
  if (METHODS.includes(method)) return method;
  context.problems.add({
    path,
    ...(value === undefined || typeof value === 'symbol' ? {} : { value }),
    expected: `one of ${METHODS.join(', ')}`,
    remedy: 'Change it to one of these.',
  });
  return undefined;
}

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'ANY'];

/** A path of routes; undefined, and a problem, for what is none. */
export function resourceOf(
  { context }: Pick<Around, 'context'>,
  path: string,
  value: unknown,
): string | undefined {
  if (value === '$default' || value === '/$default') return '$default';
  const fault = typeof value === 'string' ? faultOf(value) : 'a path that begins with /';
  if (fault === undefined) return value as string;
  context.problems.add({
    path,
    ...(value === undefined || typeof value === 'symbol' ? {} : { value }),
    expected: fault,
    remedy: 'Write it as in /orders/{id} or /{proxy+}.',
  });
  return undefined;
}

function faultOf(resource: string): string | undefined {
  if (!resource.startsWith('/')) return 'a path that begins with /';
  const segments = resource.slice(1).split('/');
  const greedy = segments.findIndex((segment) => /^\{[^}]*\+\}$/.test(segment));
  if (greedy >= 0 && greedy < segments.length - 1) return 'nothing after a greedy parameter';
  const odd = segments.find((segment) => /[{}]/.test(segment) && !/^\{[^{}+]+\+?\}$/.test(segment));
  return odd === undefined ? undefined : `parameters that are a whole segment, not ${odd}`;
}

const SHORTEST_MS = 50;

/** Milliseconds a function may take; a problem for what API Gateway would refuse. */
export function timeoutOf(
  around: Pick<Around, 'context'>,
  path: string,
  value: unknown,
  { fallback, most }: { readonly fallback: number; readonly most?: number },
): number {
  if (value === undefined || value === UNRESOLVED) return fallback;
  const ms = numberOf(value);
  if (Number.isInteger(ms) && ms >= SHORTEST_MS && (most === undefined || ms <= most)) return ms;
  around.context.problems.add({
    path,
    value,
    expected: `whole milliseconds from ${SHORTEST_MS}${most === undefined ? ' on' : ` to ${most}`}`,
    remedy: 'Change it to what is expected.',
  });
  return fallback;
}

export function isPattern(pattern: string): boolean {
  try {
    return new RegExp(pattern) instanceof RegExp;
  } catch {
    return false;
  }
}
