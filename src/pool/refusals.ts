/** What a pool says when it takes or serves no invocation, and keeps no environment. */

import { OrchestratorError } from '../errors.js';
import type { FunctionVersion } from '../function/function-version.js';

export function queueFull(functionName: string, waiting: number): OrchestratorError {
  const message = `${waiting} invocations of '${functionName}' wait already`;
  return new OrchestratorError('queue-full', message);
}

export function notStarted(functionName: string, error: OrchestratorError): OrchestratorError {
  const message = `no environment of '${functionName}' could be started: ${error.message}`;
  return new OrchestratorError('environment-failed', message, {
    cause: error,
    ...(error.remedy === undefined ? {} : { remedy: error.remedy }),
  });
}

export function scaledTooFast({ name, reservedConcurrency }: FunctionVersion): OrchestratorError {
  const reason =
    reservedConcurrency === undefined
      ? 'ConcurrentInvocationLimitExceeded'
      : 'ReservedFunctionConcurrentInvocationLimitExceeded';
  const message = `'${name}' gets no further environments so fast`;
  return new OrchestratorError('throttled', message, { details: { reason } });
}

export function noRoom(room: number): string {
  return `the memory for environments has room for ${room} of this version: a larger --memory-budget would let more be provisioned`;
}

/** The words of Lambda. */
export const TENANT_MISSING =
  'The invoked function is enabled with tenancy configuration. Add a valid tenant ID in your request and try again.';

export function tenantMissing(): OrchestratorError {
  return new OrchestratorError('tenant-missing', TENANT_MISSING);
}

export function closed(functionName: string): OrchestratorError {
  return new OrchestratorError('shutting-down', `'${functionName}' takes no more invocations`);
}
