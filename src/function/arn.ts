/**
 * The forms a function's name may take, their validation in AWS's words (contract 8.1, 8.6), and
 * ARNs. Pure.
 */

import { decoded } from '../decoded.js';

export interface FunctionReference {
  readonly name: string;
  /** `$LATEST`, an alias or a version number, when the form or the request carried one. */
  readonly qualifier?: string;
  readonly region?: string;
  readonly accountId?: string;
}

export interface ArnParts {
  readonly region: string;
  readonly accountId: string;
  readonly name: string;
  readonly qualifier?: string;
}

/** One broken rule of the API's model: `Value '<value>' at '<field>' failed … : <rule>`. */
export interface ConstraintViolation {
  /** Null: the value is missing. */
  readonly value: string | null;
  readonly field: string;
  readonly rule: string;
}

export type ReferenceProblem =
  | { readonly kind: 'constraints'; readonly violations: readonly ConstraintViolation[] }
  | { readonly kind: 'name-too-long'; readonly violation: ConstraintViolation }
  | { readonly kind: 'qualifier-mismatch' };

/** Invoke takes a wider form than the operations that read or change functions. */
export type ReferenceForm = 'invoke' | 'control';

const LONGEST_NAME = 64;
const LONGEST_QUALIFIER = 128;
const LONGEST_FORM: Readonly<Record<ReferenceForm, number>> = { invoke: 256, control: 140 };

const ARN_HEAD =
  '(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?';
/** As the model prints them in validation messages. */
const PATTERN: Readonly<Record<ReferenceForm, string>> = {
  invoke: `${ARN_HEAD}([a-zA-Z0-9-_\\.]+)(:(\\$LATEST(\\.PUBLISHED)?|[a-zA-Z0-9-_]+))?`,
  control: `${ARN_HEAD}([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?`,
};
const QUALIFIER_PATTERN = '(|[a-zA-Z0-9$_-]+)';

const NAME = /^[a-zA-Z0-9-_]+$/;
const QUALIFIER = /^[a-zA-Z0-9$_-]*$/;
const FORM =
  /^(?<arn>arn:aws[a-zA-Z-]*:lambda:)?(?:(?<region>[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-\d):)?(?:(?<account>\d{12}):)?(?<keyword>function:)?(?<name>[a-zA-Z0-9-_.]+)(?::(?<qualifier>\$LATEST(?:\.PUBLISHED)?|[a-zA-Z0-9-_]+))?$/;

export function isFunctionName(text: string): boolean {
  return text.length <= LONGEST_NAME && NAME.test(text);
}

/** The account of a function's ARN. */
export function arnAccount(arn: string): string {
  return arn.split(':')[4] ?? '';
}

export function functionArn(parts: ArnParts): string {
  const base = `arn:aws:lambda:${parts.region}:${parts.accountId}:function:${parts.name}`;
  return parts.qualifier === undefined ? base : `${base}:${parts.qualifier}`;
}

/** The parts of a name in any accepted form; undefined when it is none. */
export function parseFunctionReference(
  text: string,
  form: ReferenceForm = 'invoke',
): FunctionReference | undefined {
  // The common form, without the cost of the general pattern.
  if (NAME.test(text)) return { name: text };
  if (text.length > LONGEST_FORM[form]) return undefined;
  const groups = FORM.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const { arn, region, account, keyword, name, qualifier } = groups;
  if (name === undefined) return undefined;
  // The model's pattern lets an ARN go without its middle; such a thing names nothing.
  if (arn !== undefined && [region, account, keyword].includes(undefined)) return undefined;
  if (form === 'control' && (name.includes('.') || qualifier === '$LATEST.PUBLISHED')) {
    return undefined;
  }
  return {
    name,
    ...(qualifier === undefined ? {} : { qualifier }),
    ...(region === undefined ? {} : { region }),
    ...(account === undefined ? {} : { accountId: account }),
  };
}

/**
 * A name as it stands in a path (URL-encoded) and the `Qualifier` of the query, checked together.
 * An empty qualifier is none.
 */
export function readFunctionReference(
  encodedName: string,
  qualifierInQuery: string | undefined,
  form: ReferenceForm,
): FunctionReference | ReferenceProblem {
  const text = encodedName.includes('%') ? decoded(encodedName) : encodedName;
  const reference = parseFunctionReference(text, form);
  const violations = [
    ...(reference === undefined ? formViolations(text, form) : []),
    ...qualifierViolations(qualifierInQuery ?? ''),
  ];
  if (reference === undefined || violations.length > 0) return { kind: 'constraints', violations };
  const { name } = reference;
  if (name.length > LONGEST_NAME) {
    return { kind: 'name-too-long', violation: tooLong(name, 'functionName', LONGEST_NAME) };
  }
  if (qualifierInQuery === undefined || qualifierInQuery === '') return reference;
  if (reference.qualifier !== undefined && reference.qualifier !== qualifierInQuery) {
    return { kind: 'qualifier-mismatch' };
  }
  return { ...reference, qualifier: qualifierInQuery };
}

function formViolations(text: string, form: ReferenceForm): readonly ConstraintViolation[] {
  const field = 'functionName';
  if (text.length > LONGEST_FORM[form]) return [tooLong(text, field, LONGEST_FORM[form])];
  const rule = `Member must satisfy regular expression pattern: ${PATTERN[form]}`;
  return [{ value: text, field, rule }];
}

function qualifierViolations(qualifier: string): readonly ConstraintViolation[] {
  const field = 'qualifier';
  if (qualifier.length > LONGEST_QUALIFIER) return [tooLong(qualifier, field, LONGEST_QUALIFIER)];
  const rule = `Member must satisfy regular expression pattern: ${QUALIFIER_PATTERN}`;
  return QUALIFIER.test(qualifier) ? [] : [{ value: qualifier, field, rule }];
}

function tooLong(value: string, field: string, limit: number): ConstraintViolation {
  return { value, field, rule: `Member must have length less than or equal to ${limit}` };
}
