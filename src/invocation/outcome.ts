/**
 * How an invocation ended: a value, never an exception. A function's failure is an outcome like
 * any other (contract 5.1); only `refused` means that the platform could not run it.
 */

import type { OrchestratorError } from '../errors.js';

export type Outcome = Succeeded | FunctionFailed | Refused;

interface Ran {
  readonly payload: Buffer;
  readonly contentType: string;
  readonly executedVersion: string;
  /** Last 4 KB of this invocation's log; present when the request asked for a tail. */
  readonly logTail?: Buffer;
}

export interface Succeeded extends Ran {
  readonly kind: 'succeeded';
}

export interface FunctionFailed extends Ran {
  readonly kind: 'function-failed';
  /** Such as `Runtime.ExitError`; what REPORT and the record carry. */
  readonly errorType: string;
}

export interface Refused {
  readonly kind: 'refused';
  readonly error: OrchestratorError;
}
