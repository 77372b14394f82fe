/**
 * From the name in a path and the `Qualifier` of a query to one of our functions, or to the error
 * AWS answers (contract 8.1, 8.5, 8.6).
 */

import {
  functionArn,
  readFunctionReference,
  type FunctionReference,
  type ReferenceForm,
} from '../function/arn.js';
import type { FunctionVersion } from '../function/function-version.js';
import type { ApiContext } from './call.js';
import {
  constraintsViolated,
  functionNotFound,
  nameTooLong,
  qualifierMismatch,
  regionMismatch,
  type ApiError,
} from './errors.js';

export interface ResolvedFunction {
  readonly version: FunctionVersion;
  /** As the caller wrote it: with a qualifier if one was given (contract 4.3). */
  readonly arn: string;
  readonly qualifier: string | undefined;
}

const LATEST = '$LATEST';

/** What a request says of its function, which functions there are being no matter. */
export function readReference(
  context: ApiContext,
  encodedName: string,
  qualifierInQuery: string | null,
  form: ReferenceForm,
): FunctionReference | { readonly error: ApiError } {
  const reference = readFunctionReference(encodedName, qualifierInQuery ?? undefined, form);
  if ('kind' in reference) {
    switch (reference.kind) {
      case 'constraints':
        return { error: constraintsViolated(reference.violations) };
      case 'name-too-long':
        return { error: nameTooLong(reference.violation) };
      case 'qualifier-mismatch':
        return { error: qualifierMismatch() };
    }
  }
  const { region } = reference;
  if (region === undefined || region === context.region) return reference;
  return { error: regionMismatch(region, context.region) };
}

export function findFunction(
  context: ApiContext,
  { name, qualifier, accountId }: FunctionReference,
  form: ReferenceForm,
): ResolvedFunction | { readonly error: ApiError } {
  const version = context.router.find(name, qualifier);
  const isOurs = accountId === undefined || accountId === context.accountId;
  if (version !== undefined && isOurs) {
    const { functionArn: arn } = version;
    return { version, arn: qualifier === undefined ? arn : `${arn}:${qualifier}`, qualifier };
  }
  const asked = {
    region: context.region,
    accountId: accountId ?? context.accountId,
    name,
    ...(qualifier === undefined ? {} : { qualifier }),
  };
  return { error: functionNotFound(form === 'invoke' ? invokedArn(asked) : functionArn(asked)) };
}

/** Invoke's messages name a qualifier always (contract 8.5, 13 row 21). */
function invokedArn(parts: Parameters<typeof functionArn>[0]): string {
  return functionArn({ qualifier: LATEST, ...parts });
}
