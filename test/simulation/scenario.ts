/** One simulated life, decided by its seed alone: load, changes, faults, and an end. */

import { Random } from './random.js';
import { World } from './world.js';

export interface Life {
  readonly invocations: number;
  readonly outcomes: ReadonlyMap<string, number>;
}

/** A pause between two events of a function's that policies learn from. */
const SPARSE_MS = 150_000;

const FUNCTIONS = ['alpha', 'beta', 'gamma', 'delta'];

/** All but the one with tenant isolation. */
const PROVISIONABLE = ['alpha', 'beta', 'gamma'];

export async function live(seed: number, invocations: number): Promise<Life> {
  const plan = new Random(seed ^ 0x5bd1e995);
  const calm = plan.chance(0.2);
  // Events so far apart that environments may go in between and be there again.
  const sparse = plan.chance(0.1);
  const world = new World(seed, {
    engine: calm ? 0 : plan.next() * 0.03,
    runtime: calm ? 0 : plan.next() * 0.06,
  });
  while (world.requests < invocations) {
    const name = plan.pick(FUNCTIONS);
    const burst = plan.chance(0.02) ? 1 + plan.below(60) : 1 + plan.below(3);
    for (let event = 0; event < burst; event += 1) world.invoke(name);
    if (plan.chance(0.005)) world.changeCode(plan.pick(FUNCTIONS));
    if (plan.chance(0.003)) world.provision(plan.pick(PROVISIONABLE), plan.below(4));
    // Now and then long enough for environments to be given up.
    const pauseMs = plan.chance(0.003) ? 70_000 : plan.below(60);
    await world.run(sparse ? SPARSE_MS + plan.below(60_000) : pauseMs);
  }
  const end = plan.pick(['rest', 'drain', 'destroy'] as const);
  await world[end]();
  return { invocations: world.requests, outcomes: world.outcomes };
}
