/**
 * Never more environments than the peak of concurrent demand plus what is provisioned or kept
 * ahead: held against the peak since the function last had none, for they stay a while.
 */

import { isLeaving } from '../../src/environment/lifecycle.js';
import type { Deployment } from '../../src/router/deployment.js';
import { demand } from './demand.js';

export class DemandPeaks {
  readonly #ahead: number;
  readonly #peaks = new Map<string, typeof NOTHING>();

  /** @param ahead environments that may be kept for what has not come yet */
  constructor(ahead: number) {
    this.#ahead = ahead;
  }

  /** To be told whenever one of the numbers may have grown, and after every step. */
  check(
    { definition, pools, provisioned }: Deployment,
    allInProgress: ReadonlyMap<string, number>,
  ): void {
    const { name, tenancy } = definition;
    // An environment that is one tenant's is none for the others.
    if (tenancy !== undefined) return;
    const states = pools.map(({ environments }) => [...environments].map(({ state }) => state));
    // Answered, and not done yet with what follows the answer.
    const completing = states.flat().filter((state) => state === 'completing').length;
    const inProgress = (allInProgress.get(name) ?? 0) + completing;
    const before = this.#peaks.get(name) ?? NOTHING;
    const demanded = Math.max(before.demanded, inProgress);
    const kept = Math.max(before.kept, provisioned?.requested ?? 0);
    // One that replaces another has its own, beside those that finish.
    const most = Math.max(0, ...states.map((of) => of.filter((state) => !isLeaving(state)).length));
    demand(
      most <= demanded + kept + this.#ahead,
      `${most} of ${name} for ${demanded} at once, ${kept} provisioned, ${this.#ahead} ahead`,
    );
    this.#peaks.set(name, most === 0 ? NOTHING : { demanded, kept });
  }
}

const NOTHING = { demanded: 0, kept: 0 };
