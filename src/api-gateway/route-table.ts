/**
 * From method and path to a route (contract 11.1, 11.2). The more specific path wins, segment by
 * segment: a fixed one before a parameter before `{proxy+}`; then a named method before `ANY`.
 * REST APIs choose by path alone and forgive a slash at the end; HTTP APIs choose among the routes
 * that take the method, `$default` last. Pure.
 */

import type { ApiDefinition, RouteDefinition } from '../stack/http.js';

export interface RouteMatch {
  readonly route: RouteDefinition;
  readonly parameters: Readonly<Record<string, string>>;
}

type Segment =
  | { readonly kind: 'fixed'; readonly text: string }
  | { readonly kind: 'parameter' | 'greedy'; readonly name: string };

interface Pattern {
  readonly resource: string;
  readonly segments: readonly Segment[];
  /** Method → route. */
  readonly methods: Map<string, RouteDefinition>;
}

const RANK = { fixed: 0, parameter: 1, greedy: 2 } as const;
export const DEFAULT_ROUTE = '$default';

export class RouteTable {
  readonly #kind: ApiDefinition['kind'];
  /** The most specific first. */
  readonly #patterns: readonly Pattern[];
  readonly #fallback: RouteDefinition | undefined;

  constructor({ kind, routes }: Pick<ApiDefinition, 'kind' | 'routes'>) {
    this.#kind = kind;
    const patterns = new Map<string, Pattern>();
    for (const route of routes) {
      if (route.resource === DEFAULT_ROUTE) continue;
      const pattern = patterns.get(route.resource) ?? newPattern(route.resource);
      patterns.set(route.resource, pattern);
      // The first of two that are the same stays.
      if (!pattern.methods.has(route.method)) pattern.methods.set(route.method, route);
    }
    this.#patterns = [...patterns.values()].sort(bySpecificity);
    this.#fallback = routes.find(({ resource }) => resource === DEFAULT_ROUTE);
  }

  /** `path` begins with a slash; parameters are taken from it as they stand. */
  find(method: string, path: string): RouteMatch | undefined {
    const parts = this.#partsOf(path);
    for (const { segments, methods } of this.#patterns) {
      const parameters = match(segments, parts);
      if (parameters === undefined) continue;
      const route = methods.get(method) ?? methods.get('ANY');
      if (route !== undefined) return { route, parameters };
      if (this.#kind === 'rest') return undefined;
    }
    return this.#fallback === undefined ? undefined : { route: this.#fallback, parameters: {} };
  }

  /** Whether the path is meant by more than a route that takes everything. */
  meansPath(path: string): boolean {
    const parts = this.#partsOf(path);
    return this.#patterns.some(
      ({ segments }) => segments[0]?.kind !== 'greedy' && match(segments, parts) !== undefined,
    );
  }

  #partsOf(path: string): readonly string[] {
    const parts = path.slice(1).split('/');
    if (this.#kind === 'rest' && parts.length > 1 && parts.at(-1) === '') parts.pop();
    return parts;
  }
}

/** As two routes are the same. */
export function routeKey({ method, resource }: RouteDefinition): string {
  return resource === DEFAULT_ROUTE ? DEFAULT_ROUTE : `${method} ${resource}`;
}

function newPattern(resource: string): Pattern {
  const segments = resource
    .slice(1)
    .split('/')
    .map((text): Segment => {
      const [, name, plus] = /^\{([^}+]+)(\+?)\}$/.exec(text) ?? [];
      if (name === undefined) return { kind: 'fixed', text };
      return { kind: plus === '+' ? 'greedy' : 'parameter', name };
    });
  return { resource, segments, methods: new Map() };
}

function match(
  segments: readonly Segment[],
  parts: readonly string[],
): Record<string, string> | undefined {
  const parameters: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const part = parts[index];
    if (part === undefined) return undefined;
    if (segment.kind === 'greedy') {
      const rest = parts.slice(index).join('/');
      if (rest === '') return undefined;
      parameters[segment.name] = rest;
      return parameters;
    }
    if (segment.kind === 'fixed' && segment.text !== part) return undefined;
    if (segment.kind === 'parameter') {
      if (part === '') return undefined;
      parameters[segment.name] = part;
    }
  }
  return parts.length === segments.length ? parameters : undefined;
}

function bySpecificity(left: Pattern, right: Pattern): number {
  const shared = Math.min(left.segments.length, right.segments.length);
  for (let index = 0; index < shared; index += 1) {
    const [one, other] = [left.segments[index], right.segments[index]];
    if (one === undefined || other === undefined) break;
    const order = RANK[one.kind] - RANK[other.kind];
    if (order !== 0) return order;
  }
  return right.segments.length - left.segments.length;
}
