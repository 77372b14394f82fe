import type { InvocationRequest, Settle } from '../invocation/invocation.js';

/** An invocation on its way to an environment. */
export interface Assignment {
  readonly request: InvocationRequest;
  /** Called exactly once with the outcome. */
  readonly settle: Settle;
  /** It waited for an init phase to end. */
  waitedForInit: boolean;
}
