/**
 * What deployments need of the engine. Functions are known, and may be asked for, before it is
 * open: making their versions waits for it, and ends with the start's error when it cannot be opened.
 */

import type { StartCause } from '../environment/cause.js';
import { OrchestratorError } from '../errors.js';
import type { FunctionDefinition, FunctionVersion } from '../function/function-version.js';
import type { UseHistory } from '../keep-alive/use-history.js';
import type { Pool } from '../pool/pool.js';

export interface Backend {
  build(definition: FunctionDefinition): Promise<FunctionVersion>;
  openPool(version: FunctionVersion, firstCause: StartCause, history: UseHistory): Pool;
  release(version: FunctionVersion): void;
  /** Removes the copies of code that earlier runs left. Never rejects. */
  collect(): Promise<void>;
}

export class LateBackend {
  #backend: Backend | undefined;
  #failed = false;
  #resolve: (backend: Backend) => void = () => undefined;
  #reject: (reason: OrchestratorError) => void = () => undefined;
  readonly #opened: Promise<Backend>;

  constructor() {
    this.#opened = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Where nobody has asked for a function, nobody waits.
    this.#opened.catch(() => undefined);
  }

  /** The start has failed or was called off; who waits for a version is told. */
  get failed(): boolean {
    return this.#failed;
  }

  opened(backend: Backend): void {
    this.#backend = backend;
    this.#resolve(backend);
  }

  /** Whoever waits is refused with what is returned: `error`, if it is one of ours. */
  fail(error: unknown): OrchestratorError {
    const reason = error instanceof OrchestratorError ? error : stopping();
    this.#failed = true;
    this.#reject(reason);
    return reason;
  }

  async build(definition: FunctionDefinition): Promise<FunctionVersion> {
    const backend = await this.#opened;
    return backend.build(definition);
  }

  /** For versions that `build` has made. */
  openPool(version: FunctionVersion, firstCause: StartCause, history: UseHistory): Pool {
    return this.#made().openPool(version, firstCause, history);
  }

  release(version: FunctionVersion): void {
    this.#made().release(version);
  }

  #made(): Backend {
    if (this.#backend === undefined) throw stopping();
    return this.#backend;
  }
}

function stopping(): OrchestratorError {
  return new OrchestratorError('shutting-down', 'the orchestrator is stopping');
}
