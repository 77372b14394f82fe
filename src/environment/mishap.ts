/** What went wrong with the processes of an environment, and what that makes of an invocation. */

import type { ContainerExit } from '../engine/engine.js';
import type { FunctionVersion } from '../function/function-version.js';
import { exitReason, type ResetReason } from './cause.js';
import type { ExtensionFailure } from './extensions.js';
import { launchProblemOf } from './launch-problem.js';
import { errorTypeOf, type Ending } from './settlement.js';

const LOST_EXIT: ContainerExit = { exitCode: 137, outOfMemory: false };
const NO_PAYLOAD = { payload: Buffer.from('null'), contentType: 'application/json' };

export class Mishap {
  /** Why they were, or are to be, started again. */
  reason: ResetReason | undefined;
  #exit: ContainerExit | undefined;
  /** How one process of several failed. */
  #failure: Ending | undefined;
  #initPayload: { readonly payload: Buffer; readonly contentType: string } | undefined;

  /** New processes start; why stays known until their init has succeeded. */
  processesStarted(): void {
    this.#exit = undefined;
    this.#failure = undefined;
    this.#initPayload = undefined;
  }

  initFailed(payload: Buffer, contentType: string): void {
    this.#initPayload = { payload, contentType };
    this.reason = 'init-failed';
  }

  extensionFailed(failure: ExtensionFailure): void {
    this.#failure = { kind: 'extension-failed', failure };
    this.reason = 'extension-failed';
  }

  /** Of several processes that of the runtime has ended; `expected` when it was to. */
  runtimeExited(exit: ContainerExit, expected: boolean): void {
    if (expected || this.#failure !== undefined) return;
    this.#failure = { kind: 'exited', exit };
    this.reason = 'runtime-exited';
  }

  /** All have ended; `expected` when they were to. */
  exited(exit: ContainerExit, expected: boolean): void {
    this.#exit = exit;
    if (this.reason === undefined || !expected) this.reason = exitReason(exit);
  }

  get exitEnding(): Ending {
    return this.#failure ?? { kind: 'exited', exit: this.#exit ?? LOST_EXIT };
  }

  get initEnding(): Ending {
    return { kind: 'init-failed', ...(this.#initPayload ?? NO_PAYLOAD) };
  }

  /** The error that says more of a failed init than the reason does. */
  initProblem(version: FunctionVersion): { readonly errorType: string } | undefined {
    if (this.#failure?.kind === 'extension-failed') return this.#failure.failure;
    if (this.reason === 'init-failed' && this.#initPayload !== undefined) {
      return { errorType: errorTypeOf(this.#initPayload.payload, undefined) };
    }
    const exit = this.#failure?.kind === 'exited' ? this.#failure.exit : this.#exit;
    return exit === undefined ? undefined : launchProblemOf(version, exit);
  }

  get timedOut(): boolean {
    return this.reason === 'invoke-timed-out' || this.reason === 'init-timed-out';
  }
}
