/** The environments of a pool that can take an invocation, in the order in which they were used. */

import type { Environment } from '../environment/environment.js';
import { isAvailable, type EnvironmentState } from '../environment/lifecycle.js';
import { place } from './placement.js';
import type { Provision } from './provision.js';
import type { Tenants } from './tenancy.js';

export class Ready {
  /** Least recently used first; exactly those in an available state that are not provisioned. */
  readonly available: Environment[] = [];
  /** Exactly those in `reset`, oldest first. */
  readonly reset: Environment[] = [];
  readonly #provision: Provision;
  readonly #tenants: Tenants<Environment> | undefined;

  constructor(provision: Provision, tenants: Tenants<Environment> | undefined) {
    this.#provision = provision;
    this.#tenants = tenants;
  }

  get count(): number {
    return this.#provision.available.length + this.available.length + this.reset.length;
  }

  /** Which one takes the next invocation, of that tenant where tenants are isolated. */
  next(tenant: string | undefined): Environment | undefined {
    return this.#tenants === undefined
      ? place(this.#provision.available, this.available, this.reset)
      : this.#tenants.place(tenant ?? '', this.available, this.reset);
  }

  /** It is about to be given one. */
  take(environment: Environment): void {
    remove(this.#listOf(environment), environment);
    remove(this.reset, environment);
  }

  changed(environment: Environment, from: EnvironmentState, to: EnvironmentState): void {
    const list = this.#listOf(environment);
    if (isAvailable(from) && !isAvailable(to)) remove(list, environment);
    if (from === 'reset') remove(this.reset, environment);
    if (isAvailable(to) && !isAvailable(from)) {
      // What is restored already comes first.
      if (to === 'snapshotted') list.unshift(environment);
      else list.push(environment);
    }
    if (to === 'reset') this.reset.push(environment);
  }

  /** The first that others may have the memory of. */
  get oldest(): Environment | undefined {
    const reset = this.reset.find((environment) => !this.#provision.has(environment));
    return reset ?? this.available[0];
  }

  /** Those that may go come before those that are to stay. */
  get all(): readonly Environment[] {
    const all = [...this.reset, ...this.#provision.available, ...this.available];
    return this.#tenants?.sparesLast(all) ?? all;
  }

  #listOf(environment: Environment): Environment[] {
    return this.#provision.has(environment) ? this.#provision.available : this.available;
  }
}

function remove(list: Environment[], environment: Environment): void {
  // The one that goes is nearly always the last.
  const index = list.lastIndexOf(environment);
  if (index >= 0) list.splice(index, 1);
}
