/**
 * Function errors the platform makes itself, in the exact words of contract 1.8, 5.5 and 5.6.
 */

import { LIMITS } from '../config/defaults.js';
import type { LaunchProblem } from '../function/launch-problem.js';

export interface PlatformError {
  readonly errorType: string;
  readonly payload: Buffer;
  /** The text after `RequestId: … Error: `, for the log. */
  readonly reason: string;
}

/** Go's words for the signals that end a process by themselves (contract 5.5). */
const SIGNAL_WORDS: Readonly<Record<number, string>> = {
  4: 'illegal instruction',
  6: 'aborted',
  7: 'bus error',
  8: 'floating point exception',
  9: 'killed',
  11: 'segmentation fault',
  15: 'terminated',
};

function platformError(errorType: string, requestId: string, reason: string): PlatformError {
  const errorMessage = `RequestId: ${requestId} Error: ${reason}`;
  return { errorType, reason, payload: Buffer.from(JSON.stringify({ errorType, errorMessage })) };
}

/**
 * The runtime ended while it had an invocation. Exit codes above 128 name a signal only where
 * that signal can end a runtime; Node.js itself exits with 128 and 129 (contract 5.4).
 */
export function runtimeExited(requestId: string, exitCode: number): PlatformError {
  const reason =
    exitCode === 0
      ? 'Runtime exited without providing a reason'
      : `Runtime exited with error: ${endOf(exitCode)}`;
  return platformError('Runtime.ExitError', requestId, reason);
}

/** The runtime could not be started at all. */
export function launchFailed(requestId: string, problem: LaunchProblem): PlatformError {
  return platformError(problem.errorType, requestId, problem.reason);
}

/** How a process ended, in Go's words. */
export function endOf(exitCode: number): string {
  const signal = SIGNAL_WORDS[exitCode - 128];
  if (signal !== undefined) return `signal: ${signal}`;
  return exitCode === 0 ? 'exit code 0' : `exit status ${exitCode}`;
}

/** An extension failed (contract 5.7). */
export function extensionFailed(
  requestId: string,
  failure: { readonly errorType: string; readonly reason: string },
): PlatformError {
  return platformError(failure.errorType, requestId, failure.reason);
}

export function timedOut(requestId: string, timeoutSeconds: number): PlatformError {
  return platformError(
    'Sandbox.Timedout',
    requestId,
    `Task timed out after ${timeoutSeconds.toFixed(2)} seconds`,
  );
}

/** The runtime went away in the middle of a streamed response (contract 1.6). */
export function truncatedResponse(requestId: string): PlatformError {
  const reason = 'Runtime ended its response before it was complete';
  return platformError('Runtime.TruncatedResponse', requestId, reason);
}

/** AWS names no request id and no size here (contract 1.8). */
export function responseTooLarge(): PlatformError {
  const errorType = 'Function.ResponseSizeTooLarge';
  const errorMessage = `Response payload size exceeded maximum allowed payload size (${LIMITS.payloadBytes} bytes).`;
  return {
    errorType,
    reason: errorMessage,
    payload: Buffer.from(JSON.stringify({ errorMessage, errorType })),
  };
}
