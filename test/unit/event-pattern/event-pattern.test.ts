import { describe, expect, test } from '@jest/globals';
import { compilePattern } from '../../../src/event-pattern/event-pattern.js';
import { InvalidPattern } from '../../../src/event-pattern/invalid-pattern.js';
import { parseLiterally } from '../../../src/event-pattern/literal-json.js';

function matches(pattern: unknown, event: unknown): boolean {
  return compilePattern(JSON.stringify(pattern)).matches(event);
}

function refusal(pattern: unknown): string {
  return refusalOf(JSON.stringify(pattern));
}

function refusalOf(text: string): string {
  try {
    compilePattern(text);
  } catch (error) {
    if (error instanceof InvalidPattern) return error.message;
    throw error;
  }
  return 'none';
}

const EVENT = {
  version: '0',
  id: '6a7e8feb-b491-4cf7-a9f1-bf3703467718',
  'detail-type': 'EC2 Instance State-change Notification',
  source: 'aws.ec2',
  account: '111122223333',
  time: '2017-12-22T18:43:48Z',
  region: 'us-west-1',
  resources: ['arn:aws:ec2:us-west-1:123456789012:instance/i-1234567890abcdef0'],
  detail: {
    'instance-id': 'i-1234567890abcdef0',
    state: 'terminated',
    'c-count': 4,
    'd-count': 7.5,
    'source-ip': '10.0.0.33',
    ok: true,
    nothing: null,
    empty: '',
    none: [],
    tags: ['red', 'Blue'],
  },
};

describe('what a field may be asked', () => {
  test.each([
    ['an exact text', { source: ['aws.ec2'] }, true],
    ['another text', { source: ['aws.s3'] }, false],
    ['one of several', { source: ['aws.s3', 'aws.ec2'] }, true],
    ['two fields, one of them wrong', { source: ['aws.ec2'], region: ['eu-west-1'] }, false],
    ['a nested field', { detail: { state: ['terminated'] } }, true],
    ['a nested field by a name with dots', { 'detail.state': ['terminated'] }, true],
    ['a number', { detail: { 'c-count': [4] } }, true],
    ['a number as text', { detail: { 'c-count': ['4'] } }, false],
    ['true', { detail: { ok: [true] } }, true],
    ['null', { detail: { nothing: [null] } }, true],
    ['null of what is missing', { detail: { missing: [null] } }, false],
    ['empty', { detail: { empty: [''] } }, true],
    ['an element of an array', { detail: { tags: ['red'] } }, true],
    ['no element of an array', { detail: { tags: ['blue'] } }, false],
    ['anything of an empty array', { detail: { none: [''] } }, false],
    ['a prefix', { detail: { state: [{ prefix: 'ter' }] } }, true],
    ['a prefix of a number', { detail: { 'c-count': [{ prefix: '4' }] } }, false],
    [
      'a prefix whatever its case',
      { detail: { state: [{ prefix: { 'equals-ignore-case': 'TER' } }] } },
      true,
    ],
    ['a suffix', { detail: { state: [{ suffix: 'ated' }] } }, true],
    [
      'a suffix whatever its case',
      { detail: { state: [{ suffix: { 'equals-ignore-case': 'ATED' } }] } },
      true,
    ],
    ['a text whatever its case', { detail: { tags: [{ 'equals-ignore-case': 'BLUE' }] } }, true],
    ['anything but a text', { detail: { state: [{ 'anything-but': 'running' }] } }, true],
    ['anything but this text', { detail: { state: [{ 'anything-but': ['terminated'] }] } }, false],
    ['anything but a number', { detail: { 'c-count': [{ 'anything-but': [4, 5] }] } }, false],
    ['anything but a number, of a text', { detail: { state: [{ 'anything-but': 4 }] } }, true],
    ['anything but, of what is missing', { detail: { missing: [{ 'anything-but': 'x' }] } }, false],
    [
      'anything but, of an array with another',
      { detail: { tags: [{ 'anything-but': ['red'] }] } },
      true,
    ],
    [
      'anything but a prefix',
      { detail: { state: [{ 'anything-but': { prefix: 'ter' } }] } },
      false,
    ],
    [
      'anything but prefixes',
      { detail: { state: [{ 'anything-but': { prefix: ['x', 'ter'] } }] } },
      false,
    ],
    ['anything but a suffix', { detail: { state: [{ 'anything-but': { suffix: 'x' } }] } }, true],
    [
      'anything but, whatever its case',
      { detail: { state: [{ 'anything-but': { 'equals-ignore-case': ['TERMINATED'] } }] } },
      false,
    ],
    [
      'anything but a wildcard',
      { detail: { state: [{ 'anything-but': { wildcard: '*min*' } }] } },
      false,
    ],
    ['a number in a range', { detail: { 'c-count': [{ numeric: ['>', 0, '<=', 5] }] } }, true],
    ['a number at an open end', { detail: { 'c-count': [{ numeric: ['>', 4] }] } }, false],
    ['a number at a closed end', { detail: { 'd-count': [{ numeric: ['>=', 7.5] }] } }, true],
    ['an equal number', { detail: { 'd-count': [{ numeric: ['=', 7.5] }] } }, true],
    ['a range of a text', { detail: { state: [{ numeric: ['<', 5] }] } }, false],
    ['what is there', { detail: { state: [{ exists: true }] } }, true],
    ['what is there, of null', { detail: { nothing: [{ exists: true }] } }, true],
    ['what is not there', { detail: { missing: [{ exists: false }] } }, true],
    ['what is not there, of a value', { detail: { state: [{ exists: false }] } }, false],
    ['what is not there, of an object', { detail: [{ exists: false }] }, true],
    ['what is not there, or a text', { detail: { missing: [{ exists: false }, 'x'] } }, true],
    ['an address in a network', { detail: { 'source-ip': [{ cidr: '10.0.0.0/24' }] } }, true],
    [
      'an address in another network',
      { detail: { 'source-ip': [{ cidr: '10.0.1.0/24' }] } },
      false,
    ],
    ['a network of what is no address', { detail: { state: [{ cidr: '0.0.0.0/0' }] } }, false],
    ['a wildcard', { resources: [{ wildcard: 'arn:aws:ec2:*:instance/i-*' }] }, true],
    ['a wildcard that ends otherwise', { resources: [{ wildcard: '*:instance/j*' }] }, false],
    ['one choice', { $or: [{ source: ['x'] }, { detail: { state: ['terminated'] } }] }, true],
    ['no choice', { $or: [{ source: ['x'] }, { source: ['y'] }] }, false],
    [
      'a choice and more',
      { region: ['eu-west-1'], $or: [{ source: ['aws.ec2'] }, { source: ['y'] }] },
      false,
    ],
    [
      'a nested choice',
      {
        detail: {
          $or: [{ 'c-count': [{ numeric: ['>', 5] }] }, { 'd-count': [{ numeric: ['<', 10] }] }],
        },
      },
      true,
    ],
    [
      'two choices',
      {
        $or: [{ source: ['aws.ec2'] }, { source: ['x'] }],
        detail: { $or: [{ state: ['y'] }, { ok: [true] }] },
      },
      true,
    ],
  ])('%s', (_what, pattern, expected) => {
    expect(matches(pattern, EVENT)).toBe(expected);
  });

  test('numbers are compared as they are written', () => {
    const event = parseLiterally('{"a":300.0,"b":3.0e2,"c":300,"d":"\\"300.0"}');
    const asks = (pattern: string): boolean => compilePattern(pattern).matches(event);
    expect(asks('{"a":[300]}')).toBe(false);
    expect(asks('{"a":[300.0]}')).toBe(true);
    expect(asks('{"b":[300]}')).toBe(false);
    expect(asks('{"c":[300]}')).toBe(true);
    expect(asks('{"c":[3e2]}')).toBe(false);
    expect(asks('{"b":[{"numeric":["=",300.00]}]}')).toBe(true);
    expect(asks('{"d":["\\"300.0"]}')).toBe(true);
  });

  test('numbers out of bounds are in no range', () => {
    const high = { n: [{ numeric: ['>', 1] }] };
    expect(matches(high, { n: 5_000_000_000 })).toBe(true);
    expect(matches(high, { n: 5_000_000_001 })).toBe(false);
    expect(matches(high, { n: 1.1234567 })).toBe(false);
    expect(matches({ n: [{ numeric: ['>', 0.299999, '<', 0.300001] }] }, { n: 0.3 })).toBe(true);
  });

  test('addresses match in any spelling', () => {
    expect(matches({ ip: ['2001:db8::1'] }, { ip: '2001:0db8:0:0:0:0:0:1' })).toBe(true);
    expect(matches({ ip: [{ cidr: '2001:db8::/32' }] }, { ip: '2001:db8:ffff::' })).toBe(true);
    expect(matches({ ip: [{ cidr: '2001:db8::/32' }] }, { ip: '10.0.0.1' })).toBe(false);
  });

  test('wildcards take asterisks and backslashes as such after a backslash', () => {
    expect(matches({ a: [{ wildcard: 'x\\*y' }] }, { a: 'x*y' })).toBe(true);
    expect(matches({ a: [{ wildcard: 'x\\*y' }] }, { a: 'xzy' })).toBe(false);
    expect(matches({ a: [{ wildcard: 'x\\\\*' }] }, { a: 'x\\abc' })).toBe(true);
    expect(matches({ a: [{ wildcard: 'ab*ba' }] }, { a: 'aba' })).toBe(false);
    expect(matches({ a: [{ wildcard: 'ab*ba' }] }, { a: 'abba' })).toBe(true);
  });

  test.each([null, 'text', 7, [], [EVENT]])('only objects match: %j', (event) => {
    expect(matches({ source: [{ exists: false }, { exists: true }] }, event)).toBe(false);
  });

  test('names of the language itself are names of fields', () => {
    expect(matches({ constructor: ['x'] }, { a: 1 })).toBe(false);
    const pattern = compilePattern('{"__proto__":["x"]}');
    expect(pattern.matches(JSON.parse('{"__proto__":"x"}'))).toBe(true);
    expect(pattern.matches({})).toBe(false);
  });
});

describe('arrays', () => {
  const employees = {
    employees: [
      { firstName: 'Anna', ids: [1, 2], contact: { phones: [{ kind: 'home', number: '1' }] } },
      { firstName: 'Bert', ids: [3, 4], contact: { phones: [{ kind: 'work', number: '2' }] } },
    ],
  };

  test.each([
    [{ firstName: ['Anna'], ids: [2] }, true],
    [{ firstName: ['Anna'], ids: [3] }, false],
    [{ firstName: ['Anna', 'Bert'], ids: [3] }, true],
    [{ contact: { phones: { kind: ['work'], number: ['2'] } } }, true],
    [{ contact: { phones: { kind: ['work'], number: ['1'] } } }, false],
    [{ firstName: ['Anna'], contact: { phones: { kind: ['work'] } } }, false],
    [{ firstName: ['Bert'], contact: { phones: { kind: ['work'] } } }, true],
  ])('%j holds in one element: %s', (pattern, expected) => {
    expect(matches({ employees: pattern }, employees)).toBe(expected);
  });

  test('values of different arrays go with each other', () => {
    const event = { a: [{ x: 1 }, { x: 2 }], b: [{ y: 1 }, { y: 2 }], c: [1, 2, 3] };
    expect(matches({ a: { x: [1] }, b: { y: [2] }, c: [3] }, event)).toBe(true);
  });

  test('arrays of arrays', () => {
    expect(matches({ a: [3] }, { a: [[1], [2, [3]]] })).toBe(true);
    let deep: unknown = 'x';
    for (let level = 0; level < 20_000; level += 1) deep = [deep];
    expect(matches({ a: ['x'] }, { a: deep })).toBe(false);
  });

  test('many independent arrays are no many possibilities', () => {
    const elements = Array.from({ length: 300 }, (_none, index) => ({ v: index, w: index }));
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const event = Object.fromEntries(names.map((name) => [name, elements]));
    const pattern = Object.fromEntries(
      names.map((name) => [name, { v: [{ exists: true }], w: [{ exists: true }] }]),
    );
    expect(matches(pattern, event)).toBe(true);
  });
});

describe('what is no pattern', () => {
  test.each([
    [[], 'Filter is not an object'],
    ['x', 'Filter is not an object'],
    [{}, 'Empty objects are not allowed'],
    [{ a: {} }, 'Empty objects are not allowed (at a)'],
    [{ a: [] }, 'Empty arrays are not allowed (at a)'],
    [{ a: 'x' }, '"a" must be an object or an array'],
    [{ a: { b: 1 } }, '"b" must be an object or an array (at a)'],
    [{ a: [['x']] }, 'Match value must be String, number, true, false, or null (at a)'],
    [{ a: [{}] }, 'Match expression name not found (at a)'],
    [{ a: [{ prefix: 'x', suffix: 'y' }] }, 'Only one key allowed in match expression (at a)'],
    [{ a: [{ like: 'x' }] }, 'Unrecognized match type like (at a)'],
    [{ a: [{ constructor: 'x' }] }, 'Unrecognized match type constructor (at a)'],
    [{ a: [{ prefix: 1 }] }, 'prefix match pattern must be a string (at a)'],
    [{ a: [{ prefix: { suffix: 'x' } }] }, 'Unsupported prefix pattern: suffix (at a)'],
    [{ a: [{ exists: 'x' }] }, 'exists match pattern must be either true or false. (at a)'],
    [{ a: [{ numeric: 5 }] }, 'Value of numeric must be an array. (at a)'],
    [{ a: [{ numeric: [] }] }, 'Invalid member in numeric match: nothing (at a)'],
    [{ a: [{ numeric: ['!', 5] }] }, 'Unrecognized numeric range operator: ! (at a)'],
    [{ a: [{ numeric: ['=', '5'] }] }, 'Value of equals must be numeric (at a)'],
    [{ a: [{ numeric: ['<', 5, '>', 1] }] }, 'Too many elements in numeric expression (at a)'],
    [{ a: [{ numeric: ['>', 5, '=', 6] }] }, 'Bad numeric range operator: = (at a)'],
    [{ a: [{ numeric: ['>', 5, '<', 5] }] }, 'Bottom must be less than top (at a)'],
    [
      { a: [{ numeric: ['>', 5, '<', 6, 7] }] },
      'Too many terms in numeric range expression (at a)',
    ],
    [
      { a: [{ numeric: ['>', 6e9] }] },
      'Value must be between -5.0E9 and 5.0E9, inclusive, with at most 6 decimals (at a)',
    ],
    [{ a: [{ 'anything-but': [] }] }, 'Empty arrays are not allowed (at a)'],
    [
      { a: [{ 'anything-but': ['x', 1] }] },
      'Inside anything but list, either all values are number or string, mixed type is not supported (at a)',
    ],
    [
      { a: [{ 'anything-but': [null] }] },
      'Inside anything but list, start|null|boolean is not supported. (at a)',
    ],
    [
      { a: [{ 'anything-but': { numeric: ['=', 1] } }] },
      'Unsupported anything-but pattern: numeric (at a)',
    ],
    [{ a: [{ 'anything-but': { prefix: '' } }] }, 'Null prefix/suffix not allowed (at a)'],
    [{ a: [{ wildcard: 'x**' }] }, 'Consecutive wildcard characters at pos 1 (at a)'],
    [{ a: [{ wildcard: 'x\\y' }] }, 'Invalid escape character at pos 1 (at a)'],
    [{ a: [{ cidr: '10.0.0.0' }] }, "Malformed CIDR, one '/' required (at a)"],
    [{ a: [{ cidr: '10.0.0.0/x' }] }, 'Malformed CIDR, mask bits must be an integer (at a)'],
    [{ a: [{ cidr: '10.0.0.0/33' }] }, 'IPv4 mask bits must be < 33 (at a)'],
    [{ a: [{ cidr: 'host/24' }] }, 'Nonstandard IP address: host (at a)'],
    [{ $or: { a: ['x'] } }, 'It must be an Array followed with $or. (at $or)'],
    [{ $or: [{ a: ['x'] }] }, 'There must have at least 2 Objects in $or relationship. (at $or)'],
    [
      { $or: [{ a: ['x'] }, 'y'] },
      'Only JSON object is allowed in array of $or relationship. (at $or)',
    ],
    [
      { $or: [{ a: ['x'] }, { prefix: ['x'] }] },
      'prefix is Ruler reserved fieldName which cannot be used inside $or.',
    ],
  ])('%j', (pattern, reason) => {
    expect(refusal(pattern)).toBe(reason);
  });

  test('no JSON', () => {
    expect(refusalOf('{"a":[')).toMatch(/^Filter is not JSON: /);
  });

  test('too many combinations', () => {
    const choices = Array.from({ length: 11 }, (_none, index) => ({ [`f${index}`]: ['x'] }));
    const nested = { a: { $or: choices }, b: { $or: choices }, c: { $or: choices } };
    expect(refusal(nested)).toBe('$or leads to more than 1000 combinations (at c.$or)');
  });
});
