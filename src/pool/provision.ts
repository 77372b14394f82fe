/**
 * Provisioned concurrency of one version (contract 7.6, 10): how many environments are to be kept
 * initialised, which they are, and how far that has come. Bookkeeping; the pool starts and ends them.
 */

import type { Environment } from '../environment/environment.js';
import { isBusy, isResetting, isStarting } from '../environment/lifecycle.js';

/** As GetProvisionedConcurrencyConfig tells it. */
export interface ProvisionStatus {
  readonly requested: number;
  /** Initialised, whatever they do now. */
  readonly allocated: number;
  /** Of those, how many have processes: what was reset starts them again with its next event. */
  readonly available: number;
  readonly status: 'IN_PROGRESS' | 'READY' | 'FAILED';
  /** Why it failed: AWS's code where there is one. */
  readonly reason?: string;
}

export const INIT_FAILURE = 'FUNCTION_ERROR_INIT_FAILURE';

export class Provision {
  readonly #environments = new Set<Environment>();
  /** Least recently used first; exactly those in an available state. */
  readonly available: Environment[] = [];
  #requested = 0;
  #failure: string | undefined;

  /** Environments that are there, except those that are too many. */
  get kept(): number {
    return Math.min(this.#requested, this.#environments.size);
  }

  /** Environments to start. After a failure none is, until it is asked for again. */
  get lacking(): number {
    if (this.#failure !== undefined) return 0;
    return Math.max(0, this.#requested - this.#environments.size);
  }

  /** Undefined when nothing is provisioned. */
  get status(): ProvisionStatus | undefined {
    if (this.#requested === 0) return undefined;
    let allocated = 0;
    let available = 0;
    for (const { state } of this.#environments) {
      if (isStarting(state)) continue;
      allocated += 1;
      if (state !== 'reset' && !isResetting(state)) available += 1;
    }
    const base = { requested: this.#requested, allocated, available };
    if (this.#failure !== undefined) return { ...base, status: 'FAILED', reason: this.#failure };
    return { ...base, status: allocated >= this.#requested ? 'READY' : 'IN_PROGRESS' };
  }

  request(count: number): void {
    this.#requested = count;
    this.#failure = undefined;
  }

  fail(reason: string): void {
    this.#failure = reason;
  }

  has(environment: Environment): boolean {
    return this.#environments.has(environment);
  }

  joins(environment: Environment): void {
    this.#environments.add(environment);
  }

  leaves(environment: Environment): void {
    this.#environments.delete(environment);
  }

  /** One too many that can be ended now; the youngest, which has served least. */
  get surplus(): Environment | undefined {
    if (this.#environments.size <= this.#requested) return undefined;
    return [...this.#environments].reverse().find(({ state }) => !isBusy(state));
  }
}
