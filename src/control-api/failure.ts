/** The errors of operations that read or change functions, in AWS's words (contract 8.5, 8.6). */

import { userError, invalidParameter, type ApiError } from '../invoke-api/errors.js';

/** Ends an operation with an answer that is an error. */
export class ApiFailure extends Error {
  readonly answer: ApiError;

  constructor(answer: ApiError) {
    super(answer.exception);
    this.answer = answer;
  }
}

/** `InvalidParameterValueException`, the most common one. */
export function invalid(text: string): ApiFailure {
  return new ApiFailure(invalidParameter(text));
}

export function notFound(text: string): ApiFailure {
  return new ApiFailure(userError(404, 'ResourceNotFoundException', text, 'Message'));
}

export function conflict(text: string): ApiFailure {
  return new ApiFailure(userError(409, 'ResourceConflictException', text));
}

export function updateInProgress(arn: string): ApiFailure {
  return conflict(
    `The operation cannot be performed at this time. An update is in progress for resource: ${arn}`,
  );
}

export type RevisionSource = 'GetFunction/GetAlias' | 'GetPolicy' | 'GetLayerPolicy';

export function wrongRevision(source: RevisionSource): ApiFailure {
  const text = `The Revision Id provided does not match the latest Revision Id. Call the ${source} API to retrieve the latest Revision Id`;
  return new ApiFailure(userError(412, 'PreconditionFailedException', text));
}

export function provisionedMissing(): ApiFailure {
  const text = 'No Provisioned Concurrency Config found for this function';
  return new ApiFailure(userError(404, 'ProvisionedConcurrencyConfigNotFoundException', text));
}

/** Contract 8.6: no `Type`, and a class that is not in the model. */
export function entityTooLarge(text: string, readToEnd = true): ApiFailure {
  return new ApiFailure({
    status: 413,
    exception: 'RequestEntityTooLargeException',
    body: { message: text },
    ...(readToEnd ? {} : { headers: { Connection: 'close' } }),
  });
}

export function notSerialized(text: string): ApiFailure {
  return new ApiFailure({
    status: 400,
    exception: 'SerializationException',
    body: { Type: 'User', message: text },
  });
}

/** 4xx, so that no client tries again. */
export function unsupported(text: string): ApiFailure {
  return new ApiFailure(userError(400, 'UnsupportedOperationException', text));
}
