/** What an AWS client raised, as a `TargetError`. */

import { isOrchestratorError, messageOf } from '../errors.js';
import { TargetError } from './targets.js';

const TOO_MANY = 429;
const SERVER = 500;
const CODES: Readonly<Record<string, string>> = {
  QueueDoesNotExist: 'AWS.SimpleQueueService.NonExistentQueue',
};
const THROTTLED = /Throttl|TooManyRequests|ProvisionedThroughputExceeded|LimitExceeded|SlowDown/;

export function targetFailure(error: unknown): TargetError {
  if (error instanceof TargetError) return error;
  if (isOrchestratorError(error)) {
    return new TargetError(error.code, error.message, true);
  }
  const { name, $metadata: about } = (error ?? {}) as {
    name?: string;
    $metadata?: { httpStatusCode?: number };
  };
  const status = about?.httpStatusCode;
  const code = CODES[name ?? ''] ?? name ?? 'ServiceException';
  // Without a status there was no answer at all.
  const retryable =
    status === undefined || status >= SERVER || status === TOO_MANY || THROTTLED.test(code);
  return new TargetError(code, messageOf(error), retryable);
}
