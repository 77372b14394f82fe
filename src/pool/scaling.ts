/**
 * Pure: how many environments a pool lacks. Demand is looked at again before every single start,
 * so the numbers are about now and nothing is planned ahead.
 */

export interface PoolFacts {
  /** Invocations in the queue. */
  readonly waiting: number;
  /** Environments on their way to availability. */
  readonly starting: number;
  /** Environments that could take an invocation now, those awaiting a restart included. */
  readonly ready: number;
  /** Provisioned environments that are not there yet. */
  readonly provisionsLacking: number;
  /** Environments to keep ready ahead of demand. */
  readonly ahead: number;
  /** Further environments that could ever be in use at once, by the function's concurrency. */
  readonly room: number;
}

export interface Lack {
  /** Starts that waiting invocations call for. */
  readonly demand: number;
  /** Starts that provisioned concurrency calls for. */
  readonly provisioned: number;
  /** Starts that only keep the spares up. */
  readonly spare: number;
}

export function lackOf(facts: PoolFacts): Lack {
  const demand = Math.max(0, facts.waiting - facts.starting - facts.ready);
  const provisioned = facts.provisionsLacking;
  if (demand + provisioned > 0) return { demand, provisioned, spare: 0 };
  const there = Math.max(0, facts.ready + facts.starting - facts.waiting);
  const spare = Math.max(0, Math.min(facts.ahead - there, facts.room));
  return { demand, provisioned, spare };
}
