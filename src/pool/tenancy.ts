/**
 * A pool's decisions where tenants are isolated (contract 7.9). An environment is the tenant's of its
 * first invocation for good; until then it is nobody's, and may become anybody's.
 */

import type { Assignment } from '../environment/assignment.js';
import { isAvailable, isResetting, type EnvironmentState } from '../environment/lifecycle.js';
import type { Queue } from './queue.js';

export interface TenantLoad {
  /** Invocations that their tenants' own environments cannot take. */
  readonly waiting: number;
  /** Environments that are nobody's and could take one now or soon. */
  readonly ready: number;
}

export class Tenants<T extends { readonly state: EnvironmentState }> {
  readonly #owners = new WeakMap<T, string>();

  bind(environment: T, tenant: string): void {
    const owner = this.#owners.get(environment) ?? tenant;
    if (owner !== tenant) throw new Error('an environment was given to a second tenant');
    this.#owners.set(environment, tenant);
  }

  /** As `place`, of the tenant's own environments and those that are nobody's. */
  place(tenant: string, available: readonly T[], reset: readonly T[]): T | undefined {
    const last = (list: readonly T[], owner: string | undefined): T | undefined =>
      list.findLast((environment) => this.#owners.get(environment) === owner);
    return (
      last(available, tenant) ??
      last(available, undefined) ??
      last(reset, tenant) ??
      last(reset, undefined)
    );
  }

  /** Whoever has waited longest of those that there is an environment for. */
  assignFrom(
    queue: Queue<Assignment>,
    next: (tenant: string) => T | undefined,
    assign: (environment: T, assignment: Assignment) => void,
  ): void {
    for (;;) {
      const without = new Set<string>();
      let environment: T | undefined;
      const assignment = queue.takeFirst((waiting) => {
        const tenant = tenantOf(waiting);
        if (without.has(tenant)) return false;
        environment = next(tenant);
        if (environment === undefined) without.add(tenant);
        return environment !== undefined;
      });
      if (assignment === undefined || environment === undefined) return;
      this.bind(environment, tenantOf(assignment));
      assign(environment, assignment);
    }
  }

  /** What environments that are nobody's have to take; with one more invocation of `further`. */
  load(queue: Iterable<Assignment>, environments: Iterable<T>, further?: string): TenantLoad {
    const own = new Map<string, number>();
    let ready = 0;
    for (const environment of environments) {
      const { state } = environment;
      if (!isAvailable(state) && state !== 'reset' && !isResetting(state)) continue;
      const owner = this.#owners.get(environment);
      if (owner === undefined) ready += 1;
      else own.set(owner, (own.get(owner) ?? 0) + 1);
    }
    let waiting = 0;
    const take = (tenant: string): void => {
      const left = own.get(tenant) ?? 0;
      if (left > 0) own.set(tenant, left - 1);
      else waiting += 1;
    };
    for (const assignment of queue) take(tenantOf(assignment));
    if (further !== undefined) take(further);
    return { waiting, ready };
  }

  /** Spares are what is kept longest: those that are nobody's come last. */
  sparesLast(environments: readonly T[]): readonly T[] {
    const isOwned = (environment: T): boolean => this.#owners.has(environment);
    return [
      ...environments.filter(isOwned),
      ...environments.filter((environment) => !isOwned(environment)),
    ];
  }
}

/** The pool takes none without. */
function tenantOf({ request }: Assignment): string {
  return request.tenantId ?? '';
}
