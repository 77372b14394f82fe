import { describe, expect, it } from '@jest/globals';
import {
  boolean,
  maxLength,
  optional,
  picklist,
  pipe,
  regex,
  string,
  transform,
  union,
} from 'valibot';
import { checked, integer, list, mapOf, mapWith, type Shape } from '../../../src/config/shape.js';

/** What it gives, or where it expects what. */
function told(shape: Shape<unknown>, value: unknown): unknown {
  const result = checked(shape, value);
  if (result.ok) return result.value;
  return result.issues.map(({ path, expected }) => `${path.join('.')}: ${expected}`);
}

describe('shapes', () => {
  const name = pipe(
    string('a name'),
    maxLength(3, 'three letters'),
    regex(/^[a-z]*$/, 'small letters'),
  );
  const size = integer({ min: 1, max: 9 }, 'from 1 to 9');

  it.each<[string, Shape<unknown>, unknown, unknown]>([
    ['a text', name, 'abc', 'abc'],
    ['each rule that a text breaks', name, 'ABCD', [': three letters', ': small letters']],
    ['what is no text', name, 5, [': a name']],
    ['a whole number', size, 9, 9],
    ['a number out of bounds', size, 10, [': from 1 to 9']],
    ['a fraction', size, 1.5, [': from 1 to 9']],
    ['what is no number', size, Number.NaN, [': from 1 to 9']],
    ['a number that cannot be counted to', integer({ min: 0 }, 'whole'), 2 ** 53, [': whole']],
    ['a flag', boolean('yes or no'), false, false],
    ['what only looks like a flag', boolean('yes or no'), 'false', [': yes or no']],
    ['a word', picklist(['a', 'b'], 'a or b'), 'b', 'b'],
    ['another word', picklist(['a', 'b'], 'a or b'), 'toString', [': a or b']],
    ['what may be missing', optional(size), undefined, undefined],
    ['null where something may be missing', optional(size), null, [': from 1 to 9']],
    ['a default', optional(size, 5), undefined, 5],
    ['what stands where a default would', optional(size, 5), 10, [': from 1 to 9']],
    [
      'a change of what is as expected',
      pipe(
        name,
        transform((one) => one.length),
      ),
      'ab',
      2,
    ],
    [
      'no change of what is not',
      pipe(
        name,
        transform((one) => one.length),
      ),
      'AB',
      [': small letters'],
    ],
    [
      'each item of a list',
      list(size, 'a list'),
      [1, 10, 'x'],
      ['1: from 1 to 9', '2: from 1 to 9'],
    ],
    ['the length of a list', list(size, 'a list', { most: 1, expected: 'one' }), [1, 2], [': one']],
    [
      'items and the length of a list at once',
      list(size, 'a list', { most: 1, expected: 'one' }),
      ['x', 2],
      ['0: from 1 to 9', ': one'],
    ],
    ['what is no list', list(size, 'a list'), { length: 0 }, [': a list']],
    ['a map of names', mapOf(size, 'a map'), { a: 1, b: 0 }, ['b: from 1 to 9']],
    ['a list where a map is expected', mapOf(size, 'a map'), [], [': a map']],
    ['a name that objects have', mapOf(size, 'a map'), { constructor: 1 }, { constructor: 1 }],
  ])('tells %s', (_, shape, value, expected) => {
    expect(told(shape, value)).toEqual(expected);
  });

  describe('of maps with keys of their own', () => {
    const range = mapWith(
      { from: optional(size, 1), to: optional(size, 9), unit: optional(name) },
      'a range',
      { holds: ({ from, to }) => from <= to, key: 'to', expected: 'no less than from' },
    );

    it('take what is written, and defaults for the rest', () => {
      expect(checked(range, { to: 2, unit: undefined })).toEqual({
        ok: true,
        value: { from: 1, to: 2 },
      });
    });

    it('tell every key that is not as expected, and those that they do not have', () => {
      const known = ['from', 'to', 'unit'];
      const result = checked(range, {
        from: 0,
        to: null,
        unit: 'MB',
        too: 2,
        toString: 1,
        constructor: 1,
      });
      expect(result.ok ? [] : result.issues).toEqual([
        { path: ['from'], expected: 'from 1 to 9' },
        { path: ['to'], expected: 'from 1 to 9' },
        { path: ['unit'], expected: 'small letters' },
        { path: [], expected: 'a range', key: { unknown: 'too', known } },
        { path: [], expected: 'a range', key: { unknown: 'toString', known } },
        { path: [], expected: 'a range', key: { unknown: 'constructor', known } },
      ]);
    });

    it('look at rules once everything else is as expected', () => {
      expect(told(range, { from: 3, to: 2 })).toEqual(['to: no less than from']);
      expect(told(range, { from: 3, to: 2, unit: 'MB' })).toEqual(['unit: small letters']);
    });

    it('do not take what all objects have for a key', () => {
      expect(told(mapWith({ constructor: optional(name) }, 'a map'), {})).toEqual({});
    });
  });

  describe('of one kind or another', () => {
    const both = union(
      [name, mapWith({ of: optional(size, 1) }, 'a map')],
      'a name, or a map with of',
    );

    it('take the one that fits', () => {
      expect(told(both, 'abc')).toBe('abc');
      expect(told(both, { of: 2 })).toEqual({ of: 2 });
    });

    it('say of one that was meant what is wrong with it, and of none what there is', () => {
      expect(told(both, 'ABC')).toEqual([': small letters']);
      expect(told(both, { of: 10 })).toEqual(['of: from 1 to 9']);
      expect(told(both, { of: 'x', off: 1 })).toEqual(['of: from 1 to 9', ': a map']);
      expect(told(both, 5)).toEqual([': a name, or a map with of']);
      const outer = mapWith({ either: optional(both) }, 'a map');
      expect(told(outer, { either: { of: 'x' } })).toEqual(['either.of: from 1 to 9']);
    });
  });
});
