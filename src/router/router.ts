/**
 * From a function's name and a qualifier to an outcome: finds the version, takes a concurrency
 * lease or throttles, hands the invocation to the version's pool.
 */

import type { FunctionDefinition, FunctionVersion } from '../function/function-version.js';
import type { InvocationRequest, Settle } from '../invocation/invocation.js';

/** What doors (Invoke API, event sources) may ask. */
export interface InvocationRouter {
  /**
   * What a qualifier (a version or an alias; `$LATEST` when absent) of a function means, or
   * undefined. Names are exact. Of an alias with weights: its main version.
   */
  find(functionName: string, qualifier?: string): FunctionVersion | undefined;
  /** `$LATEST` of every function. */
  list(): readonly FunctionVersion[];
  /** Reserved concurrency of the function, when one is set. */
  reservedConcurrency(functionName: string): number | undefined;
  /**
   * Runs the version that `request.qualifier` means now. `settle` is called exactly once, maybe
   * before this returns. Throttles and platform failures arrive as `refused` outcomes (codes
   * `throttled`, `queue-full`, `environment-failed`, `shutting-down`, `function-not-found`,
   * `function-pending`, `build-failed`, ...).
   */
  invoke(functionName: string, request: InvocationRequest, settle: Settle): void;
}

/** Where the router reads which functions, versions and aliases there are. */
export interface FunctionDirectory {
  latest(functionName: string): FunctionDefinition | undefined;
  published(functionName: string, version: string): FunctionDefinition | undefined;
  alias(
    functionName: string,
    alias: string,
  ): { readonly version: string; readonly weights: Readonly<Record<string, number>> } | undefined;
  reservedConcurrency(functionName: string): number | undefined;
  /** Loops the function is part of are its owner's wish (contract 7.11). */
  allowsRecursion(functionName: string): boolean;
  /** Version or alias → provisioned concurrency. */
  provisioned(functionName: string): Readonly<Record<string, number>>;
  progress(functionName: string): 'creating' | 'updating' | undefined;
}
