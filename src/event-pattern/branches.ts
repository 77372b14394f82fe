/**
 * An event pattern as written → its branches, each a conjunction of fields: `$or` makes several out
 * of one.
 */

import { conditionOf, type Condition } from './conditions.js';
import { InvalidPattern } from './invalid-pattern.js';
import { LiteralNumber } from './literal-json.js';

export interface FieldCondition {
  /** The names that lead to the field. */
  readonly parts: readonly string[];
  readonly condition: Condition;
}

/** Names joined by dots → what is asked there. */
export type Branch = ReadonlyMap<string, FieldCondition>;

/** As on EventBridge. */
const MOST_BRANCHES = 1000;
const OR = '$or';

/** Names that cannot be fields inside `$or`: it might be an expression that was meant. */
const RESERVED_IN_OR: ReadonlySet<string> = new Set([
  'exactly',
  'equals-ignore-case',
  'prefix',
  'suffix',
  'anything-but',
  'exists',
  'wildcard',
  'numeric',
  'cidr',
  '=',
  '<',
  '<=',
  '>',
  '>=',
  'regex',
  'not-wildcard',
  'not-equals-ignore-case',
  'date-after',
  'date-on-or-after',
  'date-before',
  'date-on-or-before',
  'in-date-range',
  'ip-address-in-range',
  'ip-address-not-in-range',
]);

/** Raises `InvalidPattern`. */
export function branchesOf(pattern: unknown): readonly Branch[] {
  if (!isObject(pattern)) throw new InvalidPattern('', 'Filter is not an object');
  return withObject([new Map()], pattern, [], false);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof LiteralNumber)
  );
}

function withObject(
  branches: readonly Branch[],
  object: Readonly<Record<string, unknown>>,
  parts: readonly string[],
  insideOr: boolean,
): readonly Branch[] {
  const path = parts.join('.');
  const entries = Object.entries(object);
  if (entries.length === 0) throw new InvalidPattern(path, 'Empty objects are not allowed');
  let result = branches;
  for (const [name, value] of entries) {
    const here = [...parts, name];
    if (name === OR) result = withOr(result, value, parts);
    else if (insideOr && RESERVED_IN_OR.has(name)) {
      const reason = `${name} is Ruler reserved fieldName which cannot be used inside ${OR}.`;
      throw new InvalidPattern(path, reason);
    } else if (isObject(value)) result = withObject(result, value, here, insideOr);
    else if (Array.isArray(value)) result = withField(result, value, here);
    else throw new InvalidPattern(path, `"${name}" must be an object or an array`);
  }
  return result;
}

function withField(
  branches: readonly Branch[],
  alternatives: readonly unknown[],
  parts: readonly string[],
): readonly Branch[] {
  const name = parts.join('.');
  const field = { parts, condition: conditionOf(name, alternatives) };
  // A name that is there already is replaced, as by AWS' own compiler.
  return branches.map((branch) => new Map(branch).set(name, field));
}

function withOr(
  branches: readonly Branch[],
  choices: unknown,
  parts: readonly string[],
): readonly Branch[] {
  const path = [...parts, OR].join('.');
  if (!Array.isArray(choices)) {
    throw new InvalidPattern(path, `It must be an Array followed with ${OR}.`);
  }
  if (choices.length < 2) {
    throw new InvalidPattern(path, `There must have at least 2 Objects in ${OR} relationship.`);
  }
  const result: Branch[] = [];
  for (const choice of choices as unknown[]) {
    if (!isObject(choice)) {
      const reason = `Only JSON object is allowed in array of ${OR} relationship.`;
      throw new InvalidPattern(path, reason);
    }
    result.push(...withObject(branches, choice, parts, true));
    if (result.length > MOST_BRANCHES) {
      throw new InvalidPattern(path, `${OR} leads to more than ${MOST_BRANCHES} combinations`);
    }
  }
  return result;
}
