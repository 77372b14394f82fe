import type { InvocationRequest } from '../invocation/invocation.js';
import type { Outcome } from '../invocation/outcome.js';

/** An invocation on its way to an environment. */
export interface Assignment {
  readonly request: InvocationRequest;
  /** Called exactly once with the outcome. */
  settle(outcome: Outcome): void;
  /** It waited for an init phase to end. */
  waitedForInit: boolean;
  /**
   * Before it is settled, where it goes on after that: what is returned is to be called once
   * nothing works on it any more. Until then it counts as concurrency (contract 10.1).
   */
  hold?(): () => void;
}
