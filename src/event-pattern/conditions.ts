/** One field's list of alternatives → what is asked of its values. */

import { InvalidPattern } from './invalid-pattern.js';
import {
  comparable,
  endsWith,
  endsWithIgnoringCase,
  equalsIgnoringCase,
  hasPieces,
  isInSubnet,
  isNone,
  isSameAddress,
  literalOf,
  numberOf,
  startsWith,
  startsWithIgnoringCase,
  type Leaf,
  type LeafTest,
} from './leaf.js';
import { LiteralNumber } from './literal-json.js';

/** Any of it is enough. */
export class Condition {
  /** The field may be missing: `exists: false`. */
  absent = false;
  readonly #strings = new Set<string>();
  readonly #literals = new Set<string>();
  readonly #tests: LeafTest[] = [];

  add(leaf: Leaf): void {
    const literal = literalOf(leaf);
    if (literal !== undefined) this.#literals.add(literal);
    else if (typeof leaf === 'string') {
      this.#strings.add(leaf);
      const address = isSameAddress(leaf);
      if (address !== undefined) this.#tests.push(address);
    }
  }

  addTest(test: LeafTest): void {
    this.#tests.push(test);
  }

  allows(leaf: Leaf): boolean {
    if (typeof leaf === 'string') {
      if (this.#strings.has(leaf)) return true;
    } else if (this.#literals.size > 0 && this.#literals.has(literalOf(leaf) ?? '')) return true;
    for (const test of this.#tests) if (test(leaf)) return true;
    return false;
  }
}

/** Raises `InvalidPattern`. */
export function conditionOf(path: string, alternatives: readonly unknown[]): Condition {
  if (alternatives.length === 0) throw new InvalidPattern(path, 'Empty arrays are not allowed');
  const condition = new Condition();
  for (const alternative of alternatives) {
    if (isLeaf(alternative)) condition.add(alternative);
    else if (Array.isArray(alternative)) {
      const reason = 'Match value must be String, number, true, false, or null';
      throw new InvalidPattern(path, reason);
    } else addExpression(path, alternative as Readonly<Record<string, unknown>>, condition);
  }
  return condition;
}

function isLeaf(value: unknown): value is Leaf {
  return value === null || typeof value !== 'object' || value instanceof LiteralNumber;
}

function addExpression(
  path: string,
  expression: Readonly<Record<string, unknown>>,
  condition: Condition,
): void {
  const [name, operand] = onlyEntry(path, expression, 'Match expression name not found');
  if (name === 'exists') {
    if (typeof operand !== 'boolean') {
      const reason = 'exists match pattern must be either true or false.';
      throw new InvalidPattern(path, reason);
    }
    if (operand) condition.addTest(() => true);
    else condition.absent = true;
    return;
  }
  const test = own(EXPRESSIONS, name);
  if (test === undefined) throw new InvalidPattern(path, `Unrecognized match type ${name}`);
  condition.addTest(test(path, operand));
}

/** `constructor` is no expression. */
function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

function onlyEntry(path: string, map: object, missing: string): [string, unknown] {
  const [entry, ...others] = Object.entries(map) as [string, unknown][];
  if (entry === undefined) throw new InvalidPattern(path, missing);
  if (others.length > 0) {
    throw new InvalidPattern(path, 'Only one key allowed in match expression');
  }
  return entry;
}

type Expression = (path: string, operand: unknown) => LeafTest;

const EXPRESSIONS: Readonly<Record<string, Expression>> = {
  exactly: (path, operand) => {
    const wanted = text(path, operand, 'exact match pattern must be a string');
    return (leaf) => leaf === wanted;
  },
  prefix: (path, operand) =>
    isMap(operand)
      ? startsWithIgnoringCase(caseless(path, operand, 'prefix'))
      : startsWith(text(path, operand, 'prefix match pattern must be a string')),
  suffix: (path, operand) =>
    isMap(operand)
      ? endsWithIgnoringCase(caseless(path, operand, 'suffix'))
      : endsWith(text(path, operand, 'suffix match pattern must be a string')),
  'equals-ignore-case': (path, operand) =>
    equalsIgnoringCase(text(path, operand, 'equals-ignore-case match pattern must be a string')),
  wildcard: (path, operand) =>
    wildcard(path, text(path, operand, 'wildcard match pattern must be a string')),
  numeric,
  cidr,
  'anything-but': anythingBut,
};

function text(path: string, operand: unknown, reason: string): string {
  if (typeof operand === 'string') return operand;
  throw new InvalidPattern(path, reason);
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isLeaf(value);
}

function caseless(path: string, operand: object, within: 'prefix' | 'suffix'): string {
  const title = within === 'prefix' ? 'Prefix' : 'Suffix';
  const [name, value] = onlyEntry(path, operand, `${title} expression name not found`);
  if (name !== 'equals-ignore-case') {
    throw new InvalidPattern(path, `Unsupported ${within} pattern: ${name}`);
  }
  return text(path, value, 'equals-ignore-case match pattern must be a string');
}

function wildcard(path: string, pattern: string): LeafTest {
  const pieces = [''];
  for (let at = 0; at < pattern.length; at += 1) {
    let character = pattern[at] ?? '';
    if (character === '*') {
      if (pattern[at + 1] === '*') {
        throw new InvalidPattern(path, `Consecutive wildcard characters at pos ${at}`);
      }
      pieces.push('');
      continue;
    }
    if (character === '\\') {
      at += 1;
      character = pattern[at] ?? '';
      if (character !== '*' && character !== '\\') {
        throw new InvalidPattern(path, `Invalid escape character at pos ${at - 1}`);
      }
    }
    pieces[pieces.length - 1] += character;
  }
  return hasPieces(pieces);
}

function cidr(path: string, operand: unknown): LeafTest {
  const [address = '', bits, ...rest] = text(path, operand, 'cidr must be a string').split('/');
  if (bits === undefined || rest.length > 0) {
    throw new InvalidPattern(path, "Malformed CIDR, one '/' required");
  }
  if (!/^\d{1,3}$/.test(bits)) {
    throw new InvalidPattern(path, 'Malformed CIDR, mask bits must be an integer');
  }
  const test = isInSubnet(address, Number(bits));
  if (test !== undefined) return test;
  if (isSameAddress(address) === undefined) {
    throw new InvalidPattern(path, `Nonstandard IP address: ${address}`);
  }
  const [version, most] = address.includes(':') ? ['IPv6', 129] : ['IPv4', 33];
  throw new InvalidPattern(path, `${version} mask bits must be < ${most}`);
}

const COMPARISONS: Readonly<Record<string, (value: number, bound: number) => boolean>> = {
  '=': (value, bound) => value === bound,
  '<': (value, bound) => value < bound,
  '<=': (value, bound) => value <= bound,
  '>': (value, bound) => value > bound,
  '>=': (value, bound) => value >= bound,
};

function numeric(path: string, operand: unknown): LeafTest {
  if (!Array.isArray(operand)) {
    throw new InvalidPattern(path, 'Value of numeric must be an array.');
  }
  const [operator, bound, upper, top, ...rest] = operand as unknown[];
  if (typeof operator !== 'string') {
    throw new InvalidPattern(path, `Invalid member in numeric match: ${shown(operator)}`);
  }
  const compare = own(COMPARISONS, operator);
  if (compare === undefined) {
    throw new InvalidPattern(path, `Unrecognized numeric range operator: ${operator}`);
  }
  const first = bounded(path, operator === '=' ? 'equals' : operator, bound);
  if (upper === undefined) return (leaf) => isNumber(leaf, (value) => compare(value, first));
  if (!operator.startsWith('>')) {
    throw new InvalidPattern(path, 'Too many elements in numeric expression');
  }
  if (typeof upper !== 'string') {
    throw new InvalidPattern(path, `Bad value in numeric range: ${shown(upper)}`);
  }
  const compareTop = upper.startsWith('<') ? own(COMPARISONS, upper) : undefined;
  if (compareTop === undefined) {
    throw new InvalidPattern(path, `Bad numeric range operator: ${upper}`);
  }
  const last = bounded(path, upper, top);
  if (rest.length > 0) {
    throw new InvalidPattern(path, 'Too many terms in numeric range expression');
  }
  if (first >= last) throw new InvalidPattern(path, 'Bottom must be less than top');
  return (leaf) => isNumber(leaf, (value) => compare(value, first) && compareTop(value, last));
}

function isNumber(leaf: Leaf, test: (value: number) => boolean): boolean {
  const value = comparable(leaf);
  return value !== undefined && test(value);
}

function bounded(path: string, operator: string, value: unknown): number {
  if (!isLeaf(value) || numberOf(value) === undefined) {
    throw new InvalidPattern(path, `Value of ${operator} must be numeric`);
  }
  return inBounds(path, value);
}

function inBounds(path: string, leaf: Leaf): number {
  const value = comparable(leaf);
  if (value !== undefined) return value;
  throw new InvalidPattern(
    path,
    'Value must be between -5.0E9 and 5.0E9, inclusive, with at most 6 decimals',
  );
}

function shown(value: unknown): string {
  return JSON.stringify(value) ?? 'nothing';
}

function anythingBut(path: string, operand: unknown): LeafTest {
  if (!isMap(operand)) return isNone(excluded(path, operand));
  const [name, value] = onlyEntry(path, operand, 'Anything-But expression name not found');
  const test = own(ANYTHING_BUT, name);
  if (test === undefined) {
    throw new InvalidPattern(path, `Unsupported anything-but pattern: ${name}`);
  }
  const values = listed(path, value);
  return isNone(values.map((each) => test(path, each)));
}

const ANYTHING_BUT: Readonly<Record<string, Expression>> = {
  'equals-ignore-case': (path, value) => {
    const reason =
      'Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.';
    return equalsIgnoringCase(text(path, value, reason));
  },
  prefix: (path, value) => startsWith(affix(path, value)),
  suffix: (path, value) => endsWith(affix(path, value)),
  wildcard: (path, value) =>
    wildcard(path, text(path, value, 'wildcard match pattern must be a string')),
};

function affix(path: string, value: unknown): string {
  const found = text(path, value, 'prefix/suffix match pattern must be a string');
  if (found === '') throw new InvalidPattern(path, 'Null prefix/suffix not allowed');
  return found;
}

function listed(path: string, value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) {
    if (typeof value === 'string' || (isLeaf(value) && numberOf(value) !== undefined)) {
      return [value];
    }
    const reason = 'Value of anything-but must be an array or single string/number value.';
    throw new InvalidPattern(path, reason);
  }
  if (value.length === 0) throw new InvalidPattern(path, 'Empty arrays are not allowed');
  return value as unknown[];
}

function excluded(path: string, operand: unknown): LeafTest[] {
  const values = listed(path, operand);
  const kinds = new Set<string>();
  const tests = values.map((value): LeafTest => {
    if (typeof value === 'string') {
      kinds.add('string');
      return (leaf) => leaf === value;
    }
    if (!isLeaf(value) || numberOf(value) === undefined) {
      const reason = 'Inside anything but list, start|null|boolean is not supported.';
      throw new InvalidPattern(path, reason);
    }
    kinds.add('number');
    const bound = inBounds(path, value);
    return (leaf) => isNumber(leaf, (found) => found === bound);
  });
  if (kinds.size > 1) {
    throw new InvalidPattern(
      path,
      'Inside anything but list, either all values are number or string, mixed type is not supported',
    );
  }
  return tests;
}
