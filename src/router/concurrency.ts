/**
 * Concurrency as leases (contract 10.1): an invocation counts from dispatch to its end.
 *
 *  1. Provisioned concurrency is a version's own; what is beyond it spills over.
 *  2. Reserved concurrency is the most a function may have, what is provisioned included, and is
 *     set aside for it.
 *  3. The rest of the account's concurrency is shared by all others, and never less than a minimum.
 *  4. So many requests a second are let in for each unit of that limit.
 *
 * Asked for each invocation: constant time.
 */

import type { Clock } from '../async/clock.js';
import { TokenBucket } from '../async/token-bucket.js';
import { OrchestratorError } from '../errors.js';

export type ThrottleReason =
  | 'ConcurrentInvocationLimitExceeded'
  | 'ReservedFunctionConcurrentInvocationLimitExceeded'
  | 'FunctionInvocationRateLimitExceeded'
  | 'ReservedFunctionInvocationRateLimitExceeded';

export interface ConcurrencyRules {
  /** Of the account. */
  readonly limit: number;
  /** What reserving leaves to functions that have reserved nothing. */
  readonly unreservedMinimum: number;
  /** For each unit of concurrency. */
  readonly requestsPerSecond: number | 'unlimited';
  readonly clock: Pick<Clock, 'monotonic'>;
}

interface Counted {
  inProgress: number;
}

interface Share extends Counted {
  count: number;
}

/** One function: what is its own, and what it has beyond what is provisioned. */
interface Usage extends Counted {
  /** All of it: what ran before the shares changed may be beyond them. */
  readonly total: Counted;
  reserved: number | undefined;
  provisioned: ReadonlyMap<string, Share>;
  provisionedSum: number;
  readonly rate: TokenBucket;
}

const SECOND_MS = 1000;

export class Concurrency {
  readonly #rules: ConcurrencyRules;
  readonly #functions = new Map<string, Usage>();
  readonly #shared: Counted = { inProgress: 0 };
  /** As `total`, of all functions that have reserved nothing. */
  readonly #sharedTotal: Counted = { inProgress: 0 };
  readonly #sharedRate: TokenBucket;
  #reservedSum = 0;
  /** Of functions that have reserved nothing. */
  #provisionedSum = 0;

  constructor(rules: ConcurrencyRules) {
    this.#rules = rules;
    this.#sharedRate = new TokenBucket(rules.clock);
  }

  reserve(functionName: string, limit: number | undefined): void {
    const usage = this.#usageOf(functionName);
    this.#count(usage, -1);
    usage.reserved = limit;
    this.#count(usage, 1);
  }

  reservedFor(functionName: string): number | undefined {
    return this.#functions.get(functionName)?.reserved;
  }

  /** Sets so much aside for each version that is named, and nothing for others. */
  provision(functionName: string, counts: ReadonlyMap<string, number>): void {
    const usage = this.#usageOf(functionName);
    this.#count(usage, -1);
    const provisioned = new Map<string, Share>();
    let sum = 0;
    for (const [version, count] of counts) {
      // What is in progress gives its lease back where it took it.
      const share = usage.provisioned.get(version) ?? { count, inProgress: 0 };
      share.count = count;
      provisioned.set(version, share);
      sum += count;
    }
    usage.provisioned = provisioned;
    usage.provisionedSum = sum;
    this.#count(usage, 1);
  }

  /** What functions that have reserved nothing may have together, beyond what is provisioned. */
  get unreserved(): number {
    return this.#notReserved() - this.#provisionedSum;
  }

  #notReserved(): number {
    const { limit, unreservedMinimum } = this.#rules;
    return Math.max(unreservedMinimum, limit - this.#reservedSum);
  }

  /**
   * Takes a lease and returns how to give it back. Raises `throttled` when there is no room, or,
   * unless it is `unrated`, when requests come too fast.
   */
  take(functionName: string, version: string, unrated = false): () => void {
    const usage = this.#usageOf(functionName);
    const share = usage.provisioned.get(version);
    const own = share !== undefined && share.inProgress < share.count;
    this.#refuseBeyondLimit(functionName, usage, own);
    if (!unrated) this.#refuseBeyondRate(functionName, usage);
    // Given back where it was taken, whatever is reserved or provisioned by then.
    const counted = own ? share : usage;
    const isShared = usage.reserved === undefined;
    this.#add(1, usage.total, counted, isShared, own);
    let held = true;
    return () => {
      if (held) this.#add(-1, usage.total, counted, isShared, own);
      held = false;
    };
  }

  #add(sign: 1 | -1, total: Counted, counted: Counted, isShared: boolean, own: boolean): void {
    total.inProgress += sign;
    counted.inProgress += sign;
    if (!isShared) return;
    this.#sharedTotal.inProgress += sign;
    if (!own) this.#shared.inProgress += sign;
  }

  #refuseBeyondLimit(functionName: string, usage: Usage, own: boolean): void {
    const { reserved, provisionedSum, inProgress, total } = usage;
    if (reserved !== undefined) {
      const hasRoom = own || inProgress < reserved - provisionedSum;
      if (hasRoom && total.inProgress < reserved) return;
      throw throttled(functionName, 'ReservedFunctionConcurrentInvocationLimitExceeded');
    }
    const hasRoom = own || this.#shared.inProgress < this.unreserved;
    if (hasRoom && this.#sharedTotal.inProgress < this.#notReserved()) return;
    throw throttled(functionName, 'ConcurrentInvocationLimitExceeded');
  }

  #refuseBeyondRate(functionName: string, { reserved, rate }: Usage): void {
    const { requestsPerSecond } = this.#rules;
    if (requestsPerSecond === 'unlimited') return;
    if (reserved === undefined) {
      const most = this.#notReserved() * requestsPerSecond;
      if (this.#sharedRate.take(most, SECOND_MS)) return;
      throw throttled(functionName, 'FunctionInvocationRateLimitExceeded');
    }
    if (rate.take(reserved * requestsPerSecond, SECOND_MS)) return;
    throw throttled(functionName, 'ReservedFunctionInvocationRateLimitExceeded');
  }

  #count({ reserved, provisionedSum }: Usage, sign: 1 | -1): void {
    if (reserved === undefined) this.#provisionedSum += sign * provisionedSum;
    else this.#reservedSum += sign * reserved;
  }

  #usageOf(functionName: string): Usage {
    const known = this.#functions.get(functionName);
    if (known !== undefined) return known;
    const usage: Usage = {
      inProgress: 0,
      total: { inProgress: 0 },
      reserved: undefined,
      provisioned: new Map(),
      provisionedSum: 0,
      rate: new TokenBucket(this.#rules.clock),
    };
    this.#functions.set(functionName, usage);
    return usage;
  }
}

function throttled(functionName: string, reason: ThrottleReason): OrchestratorError {
  return new OrchestratorError('throttled', `'${functionName}' is at its ${TOLD[reason]} limit`, {
    details: { reason },
  });
}

const TOLD: Readonly<Record<ThrottleReason, string>> = {
  ConcurrentInvocationLimitExceeded: 'concurrency',
  ReservedFunctionConcurrentInvocationLimitExceeded: 'concurrency',
  FunctionInvocationRateLimitExceeded: 'request rate',
  ReservedFunctionInvocationRateLimitExceeded: 'request rate',
};
