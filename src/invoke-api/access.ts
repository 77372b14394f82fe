/** What the doors of the Lambda API have in common whichever parser reads a request. */

import { INVOKE_LIMITS } from './limits.js';

/** One line of the access log. */
export interface AccessLine {
  readonly method: string;
  readonly path: string;
  /** Undefined: the client hung up before it was answered. */
  readonly status: number | undefined;
  readonly requestId: string;
  readonly durationMs: number;
}

export interface Deadlines {
  readonly headersMs: number;
  readonly requestMs: number;
  /** How often connections are looked at. */
  readonly checkMs: number;
}

export const DEADLINES: Deadlines = {
  headersMs: INVOKE_LIMITS.headersMs,
  requestMs: INVOKE_LIMITS.requestMs,
  checkMs: 5000,
};
