/**
 * HTTP as an event source: the APIs and load balancers of a project, on the port of HTTP event
 * sources. Each request leaves a line in the log of the function it led to.
 */

import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SourceStatus } from '../view.js';
import { Api, type ApiParts } from '../api-gateway/api.js';
import { routeKey } from '../api-gateway/route-table.js';
import { stagePrefix } from '../api-gateway/visit.js';
import { writeAnswer } from '../http-events/answer.js';
import { splitTarget } from '../http-events/request.js';
import { LoadBalancer } from '../load-balancer/load-balancer.js';
import type { Source, SourceAddress, SourceParts } from '../sources/source.js';
import type { ApiDefinition, RouteDefinition } from '../stack/http.js';
import type { Stack } from '../stack/stack.js';
import { balancerLabel, destinationOf, ownsHost, type Sites } from './directory.js';

const KINDS = { rest: 'REST API', http: 'HTTP API' } as const;
/** More than these are counted only, on the screen. */
const MOST_SHOWN = 25;
const FORBIDDEN = {
  status: 403,
  headers: ['content-type', 'application/json'],
  body: Buffer.from('{"message":"Forbidden"}'),
};

export class HttpSource implements Source {
  readonly name = 'HTTP';
  readonly #parts: SourceParts;
  #sites: Sites = { apis: [], loadBalancers: [] };

  constructor(parts: SourceParts) {
    this.#parts = parts;
    parts.httpPort.mount({
      takesTheRest: true,
      owns: () => this.#sites.apis.length + this.#sites.loadBalancers.length > 0,
      ownsHost: (name) => ownsHost(this.#sites, name),
      serve: (request, response) => this.#serve(request, response),
    });
  }

  async apply({ apis, loadBalancers }: Stack): Promise<void> {
    const parts = this.#apiParts();
    const before = this.#sites;
    // What stays as it was keeps what its authorizers said.
    const sites = {
      apis: apis.map(
        (definition) =>
          before.apis.find((api) => same(api.definition, definition)) ?? new Api(definition, parts),
      ),
      loadBalancers: loadBalancers.map((definition) => new LoadBalancer(definition, parts)),
    };
    if (apis.length + loadBalancers.length > 0) await this.#parts.httpPort.open();
    this.#sites = sites;
    this.#tellClashes();
  }

  addresses(): readonly SourceAddress[] {
    const { apis, loadBalancers } = this.#sites;
    const { url } = this.#parts.httpPort;
    if (url === undefined) return [];
    const several = apis.length + loadBalancers.length > 1;
    return [
      ...apis.flatMap(({ definition }) => apiAddresses(definition, url, several)),
      ...loadBalancers.map(({ definition: { name, rules } }) => ({
        source: 'Load balancer',
        address: several
          ? `http://${balancerLabel(name)}.elb.localhost:${portOf(url)}/`
          : `${url}/`,
        about: `${name}, ${counted(rules.length, 'rule')}`,
      })),
    ];
  }

  status(): readonly SourceStatus[] {
    const { apis, loadBalancers } = this.#sites;
    const rows = apis.flatMap(({ definition }) =>
      definition.routes.map((route) => ({
        kind: KINDS[definition.kind],
        id: definition.name,
        from: stagePrefix(definition) + routeKey(route),
        to: targetOf(route),
        state: 'Enabled',
      })),
    );
    const rules = loadBalancers.flatMap(({ definition }) =>
      definition.rules.map(({ path, action }) => ({
        kind: 'Load balancer',
        id: definition.name,
        from: path,
        to: action.kind === 'function' ? action.target.functionName : action.kind,
        state: 'Enabled',
      })),
    );
    return [...rows, ...rules];
  }

  /** The port lets what it has begun finish. */
  drain(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #apiParts(): ApiParts {
    const { invoker, clock, queueClock, settings, log } = this.#parts;
    const { region, accountId } = settings;
    return { invoker, clock, queueClock, region, accountId, tell: (message) => log.warn(message) };
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const requestId = randomUUID();
    const destination = destinationOf(this.#sites, request);
    if (destination === undefined || destination.kind === 'no-stage') {
      request.resume();
      writeAnswer(response, FORBIDDEN);
      return;
    }
    if (destination.kind === 'api') {
      const { api, path, query } = destination;
      const tag = api.functionOf(request.method ?? '', path) ?? api.definition.name;
      this.#follow(request, response, { requestId, tag });
      api.serve({ request, response, requestId, path, query });
    } else {
      const { loadBalancer } = destination;
      const tag = loadBalancer.functionOf(request) ?? loadBalancer.definition.name;
      this.#follow(request, response, { requestId, tag });
      loadBalancer.serve({ request, response, requestId });
    }
  }

  /** One line when it is over. */
  #follow(
    request: IncomingMessage,
    response: ServerResponse,
    { requestId, tag }: { requestId: string; tag: string },
  ): void {
    const { clock, line } = this.#parts;
    const startedAt = clock.monotonic();
    response.once('close', () => {
      const ms = (clock.monotonic() - startedAt).toFixed(1);
      const status = response.writableFinished ? response.statusCode : '-';
      const { path } = splitTarget(request.url ?? '/');
      line({
        timestampMs: clock.now(),
        functionName: tag,
        environmentId: '',
        requestId,
        source: 'platform',
        text: `HTTP RequestId: ${requestId} ${request.method} ${path} ${status} ${ms} ms`,
      });
    });
  }

  /** Where all lie beside each other, only one of two routes that are the same can be reached. */
  #tellClashes(): void {
    const seen = new Map<string, ApiDefinition>();
    for (const { definition } of this.#sites.apis) {
      for (const route of definition.routes) {
        const key = routeKey(route);
        const first = seen.get(key);
        if (first === undefined) seen.set(key, definition);
        else if (first !== definition && route.integration.kind === 'function') {
          const { url = '' } = this.#parts.httpPort;
          this.#parts.log.warn(
            `${key} is in ${first.name} and in ${definition.name}: at ${url} it leads to the first, ` +
              `the second is at ${ownAddress(definition, url)}`,
          );
        }
      }
    }
  }
}

function apiAddresses(api: ApiDefinition, url: string, several: boolean): SourceAddress[] {
  const source = KINDS[api.kind];
  const own = ownAddress(api, url);
  const reached = api.routes.filter(({ integration }) => integration.kind !== 'mock');
  const rows = reached.slice(0, MOST_SHOWN).map((route) => ({
    source,
    address: `${route.method.padEnd(6)} ${url}${route.resource === '$default' ? '/' : route.resource}`,
    about: targetOf(route),
  }));
  const left = reached.length - rows.length;
  const about = `${api.name}${left > 0 ? `, and ${counted(left, 'route')} more` : ''}`;
  return several || left > 0 ? [...rows, { source, address: own, about }] : rows;
}

function ownAddress(api: ApiDefinition, url: string): string {
  return `http://${api.id}.execute-api.localhost:${portOf(url)}${stagePrefix(api)}/`;
}

function portOf(url: string): string {
  return new URL(url).port;
}

function targetOf({ integration }: RouteDefinition): string {
  if (integration.kind === 'http') return integration.url;
  if (integration.kind === 'mock') return 'a fixed answer';
  const { functionName, qualifier } = integration.target;
  return qualifier === undefined ? functionName : `${functionName}:${qualifier}`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
