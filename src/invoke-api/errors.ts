/**
 * AWS's errors as the Lambda API writes them (contract 8.5): class in a header, `Type` and a text
 * under `Message` or `message`, depending on the exception. The only place where our codes become
 * AWS names.
 */

import type { OrchestratorError } from '../errors.js';

export interface ApiError {
  readonly status: number;
  readonly exception: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

type TextKey = 'Message' | 'message';

function userError(
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

export function notJson(reason: string): ApiError {
  const text = `Could not parse request body into json: Could not parse payload into json: ${reason}`;
  return userError(400, 'InvalidRequestContentException', text);
}

export function invalidParameter(text: string): ApiError {
  return userError(400, 'InvalidParameterValueException', text);
}

/** `ValidationException` has no `Type` (contract 8.5). */
export function constraintViolated(value: string, field: string, rule: string): ApiError {
  const message = `1 validation error detected: Value '${value}' at '${field}' failed to satisfy constraint: ${rule}`;
  return { status: 400, exception: 'ValidationException', body: { message } };
}

export function requestTooLarge(bytes: number, limit: number): ApiError {
  const text = `${bytes} byte payload is too large for the RequestResponse invocation type (limit ${limit} bytes)`;
  return userError(413, 'RequestTooLargeException', text);
}

export function unknownRoute(method: string, path: string): ApiError {
  const message = `Unable to determine service/operation name to be authorized: ${method} ${path} is not served here`;
  return { status: 404, exception: 'UnknownOperationException', body: { message } };
}

export function forbidden(message: string): ApiError {
  return { status: 403, exception: 'AccessDeniedException', body: { Message: message } };
}

export function serviceError(message: string): ApiError {
  return {
    status: 500,
    exception: 'ServiceException',
    body: { Type: 'Service', Message: message },
  };
}

/** What a caller of Invoke is told when the platform could not run the function. */
export function refusalError(error: OrchestratorError, arn: string): ApiError {
  const explained = error.remedy === undefined ? error.message : `${error.message} ${error.remedy}`;
  switch (error.code) {
    case 'function-not-found':
      return functionNotFound(arn);
    case 'throttled':
      return {
        status: 429,
        exception: 'TooManyRequestsException',
        body: { Reason: error.details['reason'], Type: 'User', message: 'Rate Exceeded.' },
        headers: { 'Retry-After': '1' },
      };
    case 'queue-full':
      return {
        status: 429,
        exception: 'TooManyRequestsException',
        body: {
          Reason: 'FunctionInvocationRateLimitExceeded',
          Type: 'User',
          message: 'Rate Exceeded.',
        },
        headers: { 'Retry-After': '1' },
      };
    case 'runtime-unsupported':
    case 'base-unavailable':
      return userError(502, 'InvalidRuntimeException', explained, 'Message');
    case 'build-failed':
    case 'code-missing':
    case 'not-supported':
      return userError(409, 'ResourceConflictException', explained);
    default:
      return serviceError(explained);
  }
}
