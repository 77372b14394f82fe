/**
 * Name → function → pool → outcome, with the concurrency lease held from dispatch to the end.
 */

import { isOrchestratorError, OrchestratorError } from '../errors.js';
import type { FunctionDefinition, FunctionVersion } from '../function/function-version.js';
import type { InvocationRequest, Settle } from '../invocation/invocation.js';
import type { Concurrency } from './concurrency.js';
import type { Deployment } from './deployment.js';
import type { InvocationRouter } from './router.js';

export class FunctionRouter implements InvocationRouter {
  readonly #deployments = new Map<string, Deployment>();
  /** Removed, and still with environments. */
  readonly #leaving = new Set<Deployment>();
  readonly #concurrency: Concurrency;
  #closing: OrchestratorError | undefined;
  #inProgress = 0;
  #onIdle: (() => void)[] = [];

  constructor(concurrency: Concurrency) {
    this.#concurrency = concurrency;
  }

  get deployments(): readonly Deployment[] {
    return [...this.#deployments.values()];
  }

  deployment(functionName: string): Deployment | undefined {
    return this.#deployments.get(functionName);
  }

  add(deployment: Deployment): void {
    const { name, reservedConcurrency } = deployment.definition;
    this.#deployments.set(name, deployment);
    this.#concurrency.reserve(name, reservedConcurrency);
  }

  /** Its configuration changed: the next event meets the new one. */
  configure(definition: FunctionDefinition): void {
    this.#deployments.get(definition.name)?.configure(definition);
    this.#concurrency.reserve(definition.name, definition.reservedConcurrency);
  }

  /** The function is no more: what runs ends, what waits is refused. */
  remove(functionName: string): void {
    const deployment = this.#deployments.get(functionName);
    if (deployment === undefined) return;
    this.#deployments.delete(functionName);
    this.#concurrency.reserve(functionName, undefined);
    this.#leaving.add(deployment);
    deployment.remove(notFound(functionName));
    void deployment.empty().then(() => this.#leaving.delete(deployment));
  }

  find(functionName: string): FunctionVersion | undefined {
    return this.#deployments.get(functionName)?.description;
  }

  has(functionName: string): boolean {
    return this.#deployments.has(functionName);
  }

  list(): readonly FunctionVersion[] {
    return this.deployments.map(({ description }) => description);
  }

  reservedConcurrency(functionName: string): number | undefined {
    return this.#concurrency.reservedFor(functionName);
  }

  invoke(functionName: string, request: InvocationRequest, settle: Settle): void {
    const deployment = this.#deployments.get(functionName);
    if (this.#closing !== undefined || deployment === undefined) {
      settle({ kind: 'refused', error: this.#closing ?? notFound(functionName) });
      return;
    }
    let giveBack: () => void;
    try {
      giveBack = this.#concurrency.take(functionName);
    } catch (error) {
      if (!isOrchestratorError(error, 'throttled')) throw error;
      settle({ kind: 'refused', error });
      return;
    }
    this.#inProgress += 1;
    deployment.submit({
      request,
      waitedForInit: false,
      settle: (outcome) => {
        giveBack();
        try {
          settle(outcome);
        } finally {
          this.#ended();
        }
      },
    });
  }

  /** What made starts fail may be over. */
  tryAgain(): void {
    for (const { pools } of this.deployments) for (const pool of pools) pool.tryAgain();
  }

  /** Takes nothing new; resolves when what is in progress has ended. */
  close(): Promise<void> {
    this.#closing ??= new OrchestratorError('shutting-down', 'the orchestrator is stopping');
    if (this.#inProgress === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onIdle.push(resolve));
  }

  /** Settles everything in progress as refused and ends all environments. */
  async destroy(): Promise<void> {
    this.#closing ??= new OrchestratorError('shutting-down', 'the orchestrator is stopping');
    const error = this.#closing;
    const all = [...this.#deployments.values(), ...this.#leaving];
    for (const deployment of all) deployment.destroy(error);
    await Promise.all(all.map((deployment) => deployment.empty()));
  }

  #ended(): void {
    this.#inProgress -= 1;
    if (this.#inProgress > 0) return;
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }
}

function notFound(functionName: string): OrchestratorError {
  const message = `no function is called '${functionName}'`;
  return new OrchestratorError('function-not-found', message);
}
