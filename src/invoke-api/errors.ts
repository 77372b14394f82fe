/**
 * AWS's errors as the Lambda API writes them (contract 8.5): class in a header, `Type` and a text
 * under `Message` or `message`, depending on the exception. The only place where our codes become
 * AWS names.
 */

import type { OrchestratorError } from '../errors.js';
import type { ConstraintViolation } from '../function/arn.js';

export interface ApiError {
  readonly status: number;
  readonly exception: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

type TextKey = 'Message' | 'message';

export function userError(
  status: number,
  exception: string,
  text: string,
  key: TextKey = 'message',
): ApiError {
  return { status, exception, body: { Type: 'User', [key]: text } };
}

export function functionNotFound(arn: string): ApiError {
  return userError(404, 'ResourceNotFoundException', `Function not found: ${arn}`, 'Message');
}

export function regionMismatch(theirs: string, ours: string): ApiError {
  const text = `Functions from '${theirs}' are not reachable in this region ('${ours}')`;
  return userError(404, 'ResourceNotFoundException', text, 'Message');
}

/** Contract 8.5; what follows the recorded beginning is our parser's own text. */
export function notJson(reason: string): ApiError {
  const text = `Could not parse request body into json: Could not parse payload into json: ${reason}`;
  return userError(400, 'InvalidRequestContentException', text);
}

export function clientContextNotJson(): ApiError {
  const text = 'Client context must be a valid Base64-encoded JSON object.';
  return userError(400, 'InvalidRequestContentException', text);
}

export function clientContextTooLong(limit: number): ApiError {
  const text = `Client context must be no more than ${limit} bytes when Base64-encoded.`;
  return userError(400, 'InvalidRequestContentException', text);
}

export function invalidParameter(text: string): ApiError {
  return userError(400, 'InvalidParameterValueException', text);
}

export function qualifierMismatch(): ApiError {
  return invalidParameter(
    'The derived qualifier from the function name does not match the specified qualifier.',
  );
}

/** All broken rules in one message; `ValidationException` has no `Type` (contract 8.5, 8.6). */
export function constraintsViolated(violations: readonly ConstraintViolation[]): ApiError {
  const message = violationText(violations);
  return { status: 400, exception: 'ValidationException', body: { message } };
}

/** A name that is too long has the text of a broken rule and another class (contract 8.6). */
export function nameTooLong(violation: ConstraintViolation): ApiError {
  return invalidParameter(violationText([violation]));
}

function violationText(violations: readonly ConstraintViolation[]): string {
  const errors = violations.length === 1 ? 'error' : 'errors';
  const texts = violations.map(
    ({ value, field, rule }) =>
      `Value ${value === null ? 'null' : `'${value}'`} at '${field}' failed to satisfy constraint: ${rule}`,
  );
  return `${violations.length} validation ${errors} detected: ${texts.join('; ')}`;
}

export function requestTooLarge(limit: number, readToEnd: boolean): ApiError {
  const text = `Request must be smaller than ${limit} bytes for the InvokeFunction operation`;
  return {
    ...userError(413, 'RequestTooLargeException', text),
    ...(readToEnd ? {} : { headers: { Connection: 'close' } }),
  };
}

export function unknownRoute(method: string, path: string): ApiError {
  const text = `${method} ${path} is not an operation of the Lambda API.`;
  return userError(404, 'UnknownOperationException', text, 'Message');
}

export function forbidden(text: string): ApiError {
  return userError(403, 'AccessDeniedException', text, 'Message');
}

export function tokenMissing(): ApiError {
  const text = 'Missing Authentication Token';
  return { status: 403, exception: 'MissingAuthenticationTokenException', body: { message: text } };
}

export function tokenWrong(): ApiError {
  const text = 'The security token included in the request is invalid.';
  return { status: 403, exception: 'UnrecognizedClientException', body: { message: text } };
}

export function malformedRequest(text: string): ApiError {
  return { ...userError(400, 'BadRequestException', text), headers: { Connection: 'close' } };
}

export function serviceError(text: string): ApiError {
  return { status: 500, exception: 'ServiceException', body: { Type: 'Service', Message: text } };
}

export function shuttingDown(): ApiError {
  const text = 'The orchestrator is stopping and takes no new work.';
  return { ...serviceError(text), status: 503, exception: 'ServiceUnavailableException' };
}

function throttled(reason: unknown): ApiError {
  return {
    status: 429,
    exception: 'TooManyRequestsException',
    body: { Reason: reason, Type: 'User', message: 'Rate Exceeded.' },
    headers: { 'Retry-After': '1' },
  };
}

/** What a caller of Invoke is told when the platform could not run the function. */
export function refusalError(error: OrchestratorError, arn: string): ApiError {
  const explained = error.remedy === undefined ? error.message : `${error.message} ${error.remedy}`;
  switch (error.code) {
    case 'function-not-found':
      return functionNotFound(arn);
    case 'throttled':
      return throttled(error.details['reason'] ?? 'ConcurrentInvocationLimitExceeded');
    case 'queue-full':
      return throttled('FunctionInvocationRateLimitExceeded');
    case 'runtime-unsupported':
    case 'base-unavailable':
      return userError(502, 'InvalidRuntimeException', explained, 'Message');
    case 'recursive-invocation':
      return userError(400, 'RecursiveInvocationException', error.message, 'Message');
    case 'tenant-missing':
      return invalidParameter(error.message);
    case 'restore-failed':
      return userError(400, 'SnapStartException', error.message, 'Message');
    case 'restore-timed-out':
      return userError(408, 'SnapStartTimeoutException', error.message, 'Message');
    // Not 5xx: clients would retry what only a person can mend.
    case 'image-unavailable':
    case 'build-failed':
    case 'code-missing':
    case 'not-supported':
      return userError(409, 'ResourceConflictException', explained);
    case 'function-pending':
      return userError(409, 'ResourceConflictException', error.message);
    case 'shutting-down':
      return shuttingDown();
    case 'config-invalid':
    case 'config-not-found':
    case 'port-in-use':
    case 'already-running':
    case 'not-running':
    case 'engine-unreachable':
    case 'engine-refused':
    case 'engine-conflict':
    case 'engine-not-found':
    case 'image-missing':
    case 'transition-refused':
    case 'environment-failed':
    case 'services-unavailable':
    case 'resource-refused':
    case 'state-unusable':
      return serviceError(explained);
  }
}
