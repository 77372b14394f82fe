/**
 * From a function's name to an outcome: finds the version, takes a concurrency lease or throttles,
 * hands the invocation to the version's pool.
 */

import type { FunctionVersion } from '../function/function-version.js';
import type { InvocationRequest, Settle } from '../invocation/invocation.js';

/** What doors (Invoke API, event sources) may ask. */
export interface InvocationRouter {
  /** The current version of a function, or undefined. Names are exact. */
  find(functionName: string): FunctionVersion | undefined;
  list(): readonly FunctionVersion[];
  /** Reserved concurrency of the function, when one is set. */
  reservedConcurrency(functionName: string): number | undefined;
  /**
   * Runs the function. `settle` is called exactly once, maybe before this returns. Throttles and
   * platform failures arrive as `refused` outcomes (codes `throttled`, `queue-full`,
   * `environment-failed`, `shutting-down`, `function-not-found`, `build-failed`, ...).
   */
  invoke(functionName: string, request: InvocationRequest, settle: Settle): void;
}
