/** Which rule of a Choice state holds, in JSONPath states (contract 11.16). Pure. */

import { runtimeError } from './failure.js';
import type { Json } from './json.js';
import { look, type Surroundings } from './lookup.js';
import type { ChoiceRule } from './machine.js';

type Order = 'Equals' | 'GreaterThan' | 'GreaterThanEquals' | 'LessThan' | 'LessThanEquals';
type Kind = 'Boolean' | 'Numeric' | 'String' | 'Timestamp';

const COMPARISON =
  /^(Boolean|Numeric|String|Timestamp)(Equals|GreaterThan|GreaterThanEquals|LessThan|LessThanEquals)(Path)?$/;
const TIMESTAMP = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

const TYPE_TESTS: Readonly<Record<string, (value: Json) => boolean>> = {
  IsNull: (value) => value === null,
  IsNumeric: (value) => typeof value === 'number',
  IsString: (value) => typeof value === 'string',
  IsBoolean: (value) => typeof value === 'boolean',
  IsTimestamp: (value) => timeOf(value) !== undefined,
};

/** Every operator a rule with a `Variable` may have. */
export function isOperator(name: string): boolean {
  if (name === 'StringMatches' || name === 'IsPresent' || name in TYPE_TESTS) return true;
  const [, kind, order] = COMPARISON.exec(name) ?? [];
  return kind !== undefined && (kind !== 'Boolean' || order === 'Equals');
}

/** Whether the operator compares with another path. */
export function takesPath(name: string): boolean {
  return name.endsWith('Path');
}

/** What the value of an operator must be. */
export function operandProblem(name: string, value: unknown): string | undefined {
  const [, kind] = COMPARISON.exec(name) ?? [];
  if (takesPath(name)) return typeof value === 'string' ? undefined : 'a path';
  if (kind === undefined && name !== 'StringMatches') {
    return typeof value === 'boolean' ? undefined : 'true or false';
  }
  if (kind === 'Boolean') return typeof value === 'boolean' ? undefined : 'true or false';
  if (kind === 'Numeric') return typeof value === 'number' ? undefined : 'a number';
  if (kind === 'Timestamp') {
    return timeOf(value as Json) === undefined ? 'a time such as 2026-01-31T12:00:00Z' : undefined;
  }
  return typeof value === 'string' ? undefined : 'a string';
}

export function holds(rule: ChoiceRule, input: Json, around: Surroundings): boolean {
  const { And: and, Or: or, Not: not, Variable: variable } = rule;
  if (Array.isArray(and)) return and.every((each: ChoiceRule) => holds(each, input, around));
  if (Array.isArray(or)) return or.some((each: ChoiceRule) => holds(each, input, around));
  if (not !== undefined) return !holds(not as ChoiceRule, input, around);
  const operator = Object.keys(rule).find(isOperator) ?? '';
  const found = look(String(variable), input, around);
  if (operator === 'IsPresent') return (found !== undefined) === rule[operator];
  if (found === undefined) {
    throw runtimeError(
      `Invalid path '${String(variable)}': The choice state's condition path references an invalid value.`,
    );
  }
  return compare(operator, found.value, rule[operator] as Json, (path) => {
    const other = look(path, input, around);
    if (other !== undefined) return other.value;
    throw runtimeError(
      `Invalid path '${path}': The choice state's condition path references an invalid value.`,
    );
  });
}

function compare(
  operator: string,
  value: Json,
  operand: Json,
  lookUp: (path: string) => Json,
): boolean {
  const test = TYPE_TESTS[operator];
  if (test !== undefined) return test(value) === operand;
  if (operator === 'StringMatches') {
    return typeof value === 'string' && patternOf(String(operand)).test(value);
  }
  const [, kind, order, path] = COMPARISON.exec(operator) ?? [];
  const other = path === undefined ? operand : lookUp(String(operand));
  const left = comparable(kind as Kind, value);
  const right = comparable(kind as Kind, other);
  // Values of another type than the operator's do not match.
  if (left === undefined || right === undefined) return false;
  switch (order as Order) {
    case 'Equals':
      return left === right;
    case 'GreaterThan':
      return left > right;
    case 'GreaterThanEquals':
      return left >= right;
    case 'LessThan':
      return left < right;
    case 'LessThanEquals':
      return left <= right;
  }
}

function comparable(kind: Kind, value: Json): boolean | number | string | undefined {
  switch (kind) {
    case 'Boolean':
      return typeof value === 'boolean' ? value : undefined;
    case 'Numeric':
      return typeof value === 'number' ? value : undefined;
    case 'String':
      return typeof value === 'string' ? value : undefined;
    case 'Timestamp':
      return timeOf(value);
  }
}

/** Unix ms of a time as RFC 3339 writes it. */
export function timeOf(value: Json): number | undefined {
  if (typeof value !== 'string' || !TIMESTAMP.test(value)) return undefined;
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? undefined : ms;
}

/** `*` stands for anything; a backslash takes the meaning from what follows. */
function patternOf(text: string): RegExp {
  const source = text.replace(/\\(.)|\*|[^*\\]+/gs, (piece, escaped: string | undefined) =>
    piece === '*' ? '.*' : escapeRegExp(escaped ?? piece),
  );
  return new RegExp(`^${source}$`, 's');
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
