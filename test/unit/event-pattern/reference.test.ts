/** The compiled matcher against one that tries everything, over events and patterns made up. */

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compilePattern } from '../../../src/event-pattern/event-pattern.js';

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
interface Value {
  readonly leaf: unknown;
  readonly path: string;
  /** `<path of the array>#<its number>` → element. */
  readonly places: Readonly<Record<string, number>>;
}

const names = fc.constantFrom('a', 'b');
const single = fc.constantFrom<Json>('x', 'xy', 'yx', 'X', '', 0, 1, 2.5, -3, true, false, null);

const { event } = fc.letrec<{ event: Json; node: Json }>((tie) => ({
  event: fc.dictionary(names, tie('node')),
  node: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    { weight: 3, arbitrary: single },
    { weight: 2, arbitrary: fc.array(tie('node'), { maxLength: 3 }) },
    { weight: 3, arbitrary: fc.dictionary(names, tie('node'), { maxKeys: 3 }) },
  ),
}));

const alternative = fc.oneof(
  { weight: 3, arbitrary: single },
  fc.constantFrom<Json>(
    { exists: true },
    { exists: false },
    { prefix: 'x' },
    { suffix: 'x' },
    { 'equals-ignore-case': 'x' },
    { 'anything-but': ['x', ''] },
    { 'anything-but': [1, -3] },
    { 'anything-but': { prefix: 'x' } },
    { numeric: ['>', 0, '<=', 2.5] },
    { numeric: ['<', 1] },
    { wildcard: '*y*' },
  ),
);

/** Bounded by hand: choices within choices become too many otherwise. */
function patterns(depth: number): fc.Arbitrary<Json> {
  const list = fc.array(alternative, { minLength: 1, maxLength: 2 });
  const field: fc.Arbitrary<Json> =
    depth === 0
      ? list
      : fc.oneof({ weight: 2, arbitrary: list }, { weight: 2, arbitrary: patterns(depth - 1) });
  const fields = fc.dictionary(names, field, { minKeys: 1, maxKeys: 2 });
  if (depth === 0) return fields;
  const choices = fc.array(patterns(depth - 1), { minLength: 2, maxLength: 2 });
  return fc.oneof(
    { weight: 4, arbitrary: fields },
    {
      weight: 1,
      arbitrary: fc.tuple(fields, choices).map(([own, $or]): Json => ({ ...own, $or })),
    },
  );
}

/** Paths → alternatives, for each branch. */
function branches(node: { [name: string]: Json }, path: string, soFar: Record<string, Json[]>[]) {
  let result = soFar;
  for (const [name, value] of Object.entries(node)) {
    if (name === '$or') {
      const before = result;
      result = (value as { [name: string]: Json }[]).flatMap((choice) =>
        branches(choice, path, before),
      );
    } else if (Array.isArray(value)) {
      result = result.map((branch) => ({ ...branch, [`${path}.${name}`]: value }));
    } else result = branches(value as { [name: string]: Json }, `${path}.${name}`, result);
  }
  return result;
}

function valuesOf(
  node: Json,
  path: string,
  places: Record<string, number>,
  ids: { next: number },
): Value[] {
  if (Array.isArray(node)) {
    const id = `#${(ids.next += 1)}`;
    return node.flatMap((element, index) =>
      valuesOf(
        element,
        path,
        typeof element === 'object' && element !== null ? { ...places, [id]: index } : places,
        ids,
      ),
    );
  }
  if (typeof node === 'object' && node !== null) {
    return Object.entries(node).flatMap(([name, value]) =>
      valuesOf(value, `${path}.${name}`, places, ids),
    );
  }
  return [{ leaf: node, path, places }];
}

function allows(one: Json, leaf: unknown): boolean {
  if (one === null || typeof one !== 'object') return one === leaf;
  const [[name, operand]] = Object.entries(one) as [[string, Json]];
  const text = typeof leaf === 'string' ? leaf : undefined;
  switch (name) {
    case 'exists':
      return operand === true;
    case 'prefix':
      return text !== undefined && text.slice(0, String(operand).length) === operand;
    case 'suffix':
      return text !== undefined && text.slice(text.length - String(operand).length) === operand;
    case 'equals-ignore-case':
      return text?.toUpperCase() === String(operand).toUpperCase();
    case 'anything-but':
      if (!Array.isArray(operand)) return !allows(operand, leaf);
      return !operand.includes(leaf as Json);
    case 'numeric': {
      if (typeof leaf !== 'number') return false;
      return (operand as [string, number])[0] === '<' ? leaf < 1 : leaf > 0 && leaf <= 2.5;
    }
    default:
      return text?.includes('y') ?? false;
  }
}

function together(one: Record<string, number>, other: Readonly<Record<string, number>>): boolean {
  return Object.entries(other).every(([id, index]) => (one[id] ?? index) === index);
}

/** Tries each value for each field in turn. */
function holds(
  [first, ...rest]: readonly [string, Json[]][],
  values: readonly Value[],
  places: Record<string, number>,
): boolean {
  if (first === undefined) return true;
  const [path, alternatives] = first;
  const there = values.filter((value) => value.path === path && together(places, value.places));
  const absent = alternatives.some((one) => (one as { exists?: boolean } | null)?.exists === false);
  if (absent && there.length === 0 && holds(rest, values, places)) return true;
  return there.some(
    (value) =>
      alternatives.some((one) => allows(one, value.leaf)) &&
      holds(rest, values, { ...places, ...value.places }),
  );
}

function naively(pattern: Json, event: Json): boolean {
  const values = valuesOf(event, '', {}, { next: 0 });
  return branches(pattern as { [name: string]: Json }, '', [{}]).some((branch) =>
    holds(
      Object.entries(branch).sort(([one], [other]) => (one < other ? -1 : 1)),
      values,
      {},
    ),
  );
}

describe('the compiled matcher', () => {
  test('says what trying everything says', () => {
    let matched = 0;
    fc.assert(
      fc.property(patterns(2), event, (made, given) => {
        const expected = naively(made, given);
        if (expected) matched += 1;
        expect(compilePattern(JSON.stringify(made)).matches(given)).toBe(expected);
      }),
      { numRuns: 4000 },
    );
    // Events that match are not so rare that nothing was shown.
    expect(matched).toBeGreaterThan(100);
  });
});
