/** The tenant of an invocation (contract 7.9): who must name one, who must not, and what is one. */

import type { ConstraintViolation } from '../function/arn.js';
import type { FunctionVersion } from '../function/function-version.js';
import { TENANT_MISSING } from '../pool/refusals.js';
import { invalidParameter, type ApiError } from './errors.js';

const TENANT = /^[a-zA-Z0-9._:/=+\-@ ]+$/;
const LONGEST = 256;

export function tenantViolations(value: string): readonly ConstraintViolation[] {
  const field = 'tenantId';
  const rules = [
    ...(TENANT.test(value)
      ? []
      : ['Member must satisfy regular expression pattern: [a-zA-Z0-9\\._:\\/=+\\-@ ]+']),
    ...(value.length <= LONGEST
      ? []
      : [`Member must have length less than or equal to ${LONGEST}`]),
  ];
  return rules.map((rule) => ({ value, field, rule }));
}

export function tenantProblem(
  tenancy: FunctionVersion['tenancy'],
  tenantId: string | undefined,
): ApiError | undefined {
  if ((tenancy === undefined) === (tenantId === undefined)) return undefined;
  return invalidParameter(tenancy === undefined ? TENANT_UNWANTED : TENANT_MISSING);
}

/** That it is refused is documented, the words are not. */
const TENANT_UNWANTED =
  'The invoked function is not enabled with tenancy configuration. Remove the tenant ID from your request and try again.';
