/**
 * Concurrency as leases (contract 10.1): an invocation counts from dispatch to its end. Reserved
 * concurrency is the most a function may have and is set aside for it; the rest of the account's
 * concurrency is shared by all others.
 */

import { OrchestratorError } from '../errors.js';

export type ThrottleReason =
  'ConcurrentInvocationLimitExceeded' | 'ReservedFunctionConcurrentInvocationLimitExceeded';

export class Concurrency {
  readonly #accountLimit: number;
  readonly #reserved = new Map<string, number>();
  readonly #inProgress = new Map<string, number>();
  #unreservedInProgress = 0;
  #reservedSum = 0;

  constructor(accountLimit: number) {
    this.#accountLimit = accountLimit;
  }

  reserve(functionName: string, limit: number | undefined): void {
    this.#reservedSum += (limit ?? 0) - (this.#reserved.get(functionName) ?? 0);
    if (limit === undefined) this.#reserved.delete(functionName);
    else this.#reserved.set(functionName, limit);
  }

  reservedFor(functionName: string): number | undefined {
    return this.#reserved.get(functionName);
  }

  /** Takes a lease and returns how to give it back. Raises `throttled` when there is no room. */
  take(functionName: string): () => void {
    const reserved = this.#reserved.get(functionName);
    const inProgress = this.#inProgress.get(functionName) ?? 0;
    if (reserved !== undefined && inProgress >= reserved) {
      throw throttled(functionName, 'ReservedFunctionConcurrentInvocationLimitExceeded');
    }
    if (
      reserved === undefined &&
      this.#unreservedInProgress >= this.#accountLimit - this.#reservedSum
    ) {
      throw throttled(functionName, 'ConcurrentInvocationLimitExceeded');
    }
    const shared = reserved === undefined;
    this.#inProgress.set(functionName, inProgress + 1);
    if (shared) this.#unreservedInProgress += 1;
    let returned = false;
    return () => {
      if (returned) return;
      returned = true;
      this.#inProgress.set(functionName, (this.#inProgress.get(functionName) ?? 1) - 1);
      if (shared) this.#unreservedInProgress -= 1;
    };
  }
}

function throttled(functionName: string, reason: ThrottleReason): OrchestratorError {
  return new OrchestratorError('throttled', `'${functionName}' is at its concurrency limit`, {
    details: { reason },
  });
}
