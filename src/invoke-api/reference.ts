/**
 * From the name in a path and the `Qualifier` of a query to one of our functions, or to the error
 * AWS answers (contract 8.1, 8.5, 8.6).
 */

import { functionArn, parseFunctionReference } from '../function/arn.js';
import type { FunctionVersion } from '../function/function-version.js';
import type { ApiContext } from './context.js';
import {
  constraintViolated,
  functionNotFound,
  invalidParameter,
  regionMismatch,
  type ApiError,
} from './errors.js';

export interface ResolvedFunction {
  readonly name: string;
  readonly version: FunctionVersion;
  /** As the caller wrote it: with a qualifier if one was given (contract 4.3). */
  readonly invokedArn: string;
  readonly qualifiedArn: string;
}

const NAME_RULE =
  'Member must satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}((-gov)|(-iso(b?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?([a-zA-Z0-9-_\\.]+)(:(\\$LATEST(\\.PUBLISHED)?|[a-zA-Z0-9-_]+))?';
const QUALIFIER = /^[a-zA-Z0-9$_-]{1,128}$/;

export function resolveFunction(
  context: ApiContext,
  nameInPath: string,
  qualifierInQuery: string | null,
): ResolvedFunction | { readonly error: ApiError } {
  const text = decoded(nameInPath);
  const reference = text === undefined ? undefined : parseFunctionReference(text);
  if (reference === undefined) {
    return { error: constraintViolated(text ?? nameInPath, 'functionName', NAME_RULE) };
  }
  if (reference.region !== undefined && reference.region !== context.region) {
    return { error: regionMismatch(reference.region, context.region) };
  }
  if (qualifierInQuery !== null && !QUALIFIER.test(qualifierInQuery)) {
    const rule = 'Member must satisfy regular expression pattern: (|[a-zA-Z0-9$_-]+)';
    return { error: constraintViolated(qualifierInQuery, 'qualifier', rule) };
  }
  if (
    qualifierInQuery !== null &&
    reference.qualifier !== undefined &&
    qualifierInQuery !== reference.qualifier
  ) {
    return {
      error: invalidParameter(
        'The derived qualifier from the function name does not match the specified qualifier.',
      ),
    };
  }
  const { name } = reference;
  const qualifier = reference.qualifier ?? qualifierInQuery ?? undefined;
  const { region } = context;
  const accountId = reference.accountId ?? context.accountId;
  const qualifiedArn = functionArn({ region, accountId, name, qualifier: qualifier ?? '$LATEST' });
  const version = context.router.find(name);
  if (
    version === undefined ||
    accountId !== context.accountId ||
    (qualifier !== undefined && qualifier !== '$LATEST')
  ) {
    return { error: functionNotFound(qualifiedArn) };
  }
  const invokedArn = qualifier === undefined ? version.functionArn : qualifiedArn;
  return { name, version, invokedArn, qualifiedArn };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
