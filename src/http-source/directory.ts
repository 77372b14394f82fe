/**
 * Which API or load balancer a request is for. By host name, `<api id>.execute-api.localhost` and
 * `<name>.elb.localhost`, or by path, `/_aws/execute-api/<api id>/<stage>/…`, it is one of them;
 * at any other name the routes of all lie beside each other, with the stage before the path or
 * without it. Pure.
 */

import type { IncomingMessage } from 'node:http';
import type { Api } from '../api-gateway/api.js';
import { stagePrefix } from '../api-gateway/visit.js';
import { splitTarget } from '../http-events/request.js';
import { hostName } from '../invoke-api/admission.js';
import type { LoadBalancer } from '../load-balancer/load-balancer.js';

export type Destination =
  | { readonly kind: 'api'; readonly api: Api; readonly path: string; readonly query: string }
  | { readonly kind: 'load-balancer'; readonly loadBalancer: LoadBalancer }
  /** An API, but not its stage. */
  | { readonly kind: 'no-stage' };

const API_HOST = /^([a-z0-9]{10})\.execute-api\.(?:[a-z0-9-]+\.)?(?:localhost|amazonaws\.com)$/;
const BALANCER_HOST = /^([a-z0-9-]+)\.elb\.(?:[a-z0-9-]+\.)?(?:localhost|amazonaws\.com)$/;
const BY_PATH = /^\/_aws\/execute-api\/([a-z0-9]{10})(\/.*)?$/;

export interface Sites {
  readonly apis: readonly Api[];
  readonly loadBalancers: readonly LoadBalancer[];
}

/** Whether a name is that of a site here. */
export function ownsHost({ apis, loadBalancers }: Sites, name: string): boolean {
  const [, id] = API_HOST.exec(name) ?? [];
  const [, balancer] = BALANCER_HOST.exec(name) ?? [];
  return (
    apis.some(({ definition }) => definition.id === id) ||
    loadBalancers.some(({ definition }) => balancerLabel(definition.name) === balancer) ||
    loadBalancers.some(({ definition }) => definition.rules.some((rule) => namesHost(rule, name)))
  );
}

export function destinationOf(sites: Sites, request: IncomingMessage): Destination | undefined {
  const { path, query } = splitTarget(request.url ?? '/');
  const method = request.method ?? '';
  const host = hostName(request.headers.host) ?? '';
  const [, id] = API_HOST.exec(host) ?? [];
  const named = sites.apis.find(({ definition }) => definition.id === id);
  if (named !== undefined) return staged(named, path, query);
  const [, balancer] = BALANCER_HOST.exec(host) ?? [];
  const loadBalancer = sites.loadBalancers.find(
    ({ definition }) => balancerLabel(definition.name) === balancer,
  );
  if (loadBalancer !== undefined) return { kind: 'load-balancer', loadBalancer };
  const [, idInPath, rest = '/'] = BY_PATH.exec(path) ?? [];
  const byPath = sites.apis.find(({ definition }) => definition.id === idInPath);
  if (byPath !== undefined) return staged(byPath, rest, query);
  return merged(sites, { request, method, path, query });
}

/** The name of a load balancer as part of a host name. */
export function balancerLabel(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9-]/g, '-');
}

function staged(api: Api, path: string, query: string): Destination {
  const inside = withoutStage(api, path);
  return inside === undefined ? { kind: 'no-stage' } : { kind: 'api', api, path: inside, query };
}

/** Undefined: another stage, or none. */
function withoutStage({ definition }: Api, path: string): string | undefined {
  const prefix = stagePrefix(definition);
  if (path === prefix) return '/';
  return path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : undefined;
}

interface Asked {
  readonly request: IncomingMessage;
  readonly method: string;
  readonly path: string;
  readonly query: string;
}

/** The best of what there is: routes that mean the path before those that take everything. */
function merged({ apis, loadBalancers }: Sites, asked: Asked): Destination | undefined {
  const { method, path, query, request } = asked;
  let best: { rank: number; destination: Destination } | undefined;
  const offer = (rank: number, destination: Destination): void => {
    if (best === undefined || rank < best.rank) best = { rank, destination };
  };
  for (const api of apis) {
    const { table } = api;
    const here: Destination = { kind: 'api', api, path, query };
    const found = table.find(method, path) !== undefined;
    const meant = table.meansPath(path);
    offer(found ? (meant ? 0 : 3) : meant ? 4 : 6, here);
    const inside = stagePrefix(api.definition) === '' ? undefined : withoutStage(api, path);
    if (inside === undefined) continue;
    const below: Destination = { ...here, path: inside };
    if (table.find(method, inside) !== undefined) offer(1, below);
    else if (table.meansPath(inside)) offer(4, below);
    else offer(5, below);
  }
  for (const loadBalancer of loadBalancers) {
    const rule = loadBalancer.find(request);
    // A default that leads nowhere stands behind what an API says of such a path.
    const fallback = rule === undefined || rule.action.kind === 'fixed' ? 7 : 5;
    const rank = rule !== undefined && rule.conditions.length > 0 ? 2 : fallback;
    offer(rank, { kind: 'load-balancer', loadBalancer });
  }
  return best?.destination;
}

function namesHost(
  { conditions }: LoadBalancer['definition']['rules'][number],
  name: string,
): boolean {
  return conditions.some(
    (condition) => condition.field === 'host-header' && condition.values.includes(name),
  );
}
