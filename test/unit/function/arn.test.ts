import { describe, expect, it } from '@jest/globals';
import {
  functionArn,
  isFunctionName,
  parseFunctionReference,
  readFunctionReference,
} from '../../../src/function/arn.js';

const PARTS = { region: 'eu-west-1', accountId: '123456789012', name: 'orders' };
const ARN = 'arn:aws:lambda:eu-west-1:123456789012:function:orders';

describe('parsing the name of a function', () => {
  it.each([
    ['orders', { name: 'orders' }],
    ['orders:7', { name: 'orders', qualifier: '7' }],
    ['orders:$LATEST', { name: 'orders', qualifier: '$LATEST' }],
    ['orders:$LATEST.PUBLISHED', { name: 'orders', qualifier: '$LATEST.PUBLISHED' }],
    ['123456789012:function:orders', { name: 'orders', accountId: '123456789012' }],
    [
      '123456789012:function:orders:prod',
      { name: 'orders', accountId: '123456789012', qualifier: 'prod' },
    ],
    [ARN, PARTS],
    [`${ARN}:prod`, { ...PARTS, qualifier: 'prod' }],
    [
      'arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:orders',
      { ...PARTS, region: 'us-gov-west-1' },
    ],
    ['function:orders', { name: 'orders' }],
  ])('reads %s', (text, expected) => {
    expect(parseFunctionReference(text)).toEqual(expected);
  });

  it.each([
    '',
    'orders!',
    'orders:',
    'orders:a:b',
    'or ders',
    'arn:aws:lambda:orders',
    'arn:aws:lambda:eu-west-1:123456789012:orders',
    'arn:aws:s3:eu-west-1:123456789012:function:orders',
    `${ARN}:$OLDEST`,
    'orders\n',
    '../orders',
    `${ARN}${'x'.repeat(256)}`,
  ])('refuses %j', (text) => {
    expect(parseFunctionReference(text)).toBeUndefined();
  });

  it('keeps dots and published versions for Invoke', () => {
    expect(parseFunctionReference('a.b', 'invoke')).toEqual({ name: 'a.b' });
    expect(parseFunctionReference('a.b', 'control')).toBeUndefined();
    expect(parseFunctionReference('a:$LATEST.PUBLISHED', 'control')).toBeUndefined();
  });

  it('knows the names that functions may have', () => {
    expect(isFunctionName('a-B_9')).toBe(true);
    expect(isFunctionName('a'.repeat(64))).toBe(true);
    expect(isFunctionName('a'.repeat(65))).toBe(false);
    expect(isFunctionName('a.b')).toBe(false);
    expect(isFunctionName('')).toBe(false);
  });

  it('builds ARNs that it can read', () => {
    expect(functionArn(PARTS)).toBe(ARN);
    expect(functionArn({ ...PARTS, qualifier: '7' })).toBe(`${ARN}:7`);
    expect(parseFunctionReference(functionArn({ ...PARTS, qualifier: '7' }))).toEqual({
      ...PARTS,
      qualifier: '7',
    });
  });
});

describe('reading a name from a path with the qualifier of the query', () => {
  it('decodes the path', () => {
    expect(
      readFunctionReference(encodeURIComponent(`${ARN}:$LATEST`), undefined, 'invoke'),
    ).toEqual({ ...PARTS, qualifier: '$LATEST' });
  });

  it('takes the qualifier of the query, and an empty one as none', () => {
    expect(readFunctionReference('orders', '7', 'invoke')).toEqual({
      name: 'orders',
      qualifier: '7',
    });
    expect(readFunctionReference('orders', '', 'invoke')).toEqual({ name: 'orders' });
  });

  it('accepts the same qualifier twice and refuses two different ones', () => {
    expect(readFunctionReference('orders:7', '7', 'invoke')).toMatchObject({ qualifier: '7' });
    expect(readFunctionReference('orders:7', '8', 'invoke')).toEqual({
      kind: 'qualifier-mismatch',
    });
  });

  it('tells a name over 64 characters from a form over the limit of the operation', () => {
    const name = 'n'.repeat(65);
    expect(readFunctionReference(name, undefined, 'control')).toEqual({
      kind: 'name-too-long',
      violation: {
        value: name,
        field: 'functionName',
        rule: 'Member must have length less than or equal to 64',
      },
    });
    const form = `${ARN}:${'q'.repeat(100)}`;
    expect(readFunctionReference(form, undefined, 'invoke')).toMatchObject({ name: 'orders' });
    expect(readFunctionReference(form, undefined, 'control')).toMatchObject({
      kind: 'constraints',
      violations: [{ rule: 'Member must have length less than or equal to 140' }],
    });
  });

  it('reports a bad name and a bad qualifier together', () => {
    const problem = readFunctionReference('a%20b', 'x y', 'control');
    expect(problem).toEqual({
      kind: 'constraints',
      violations: [
        {
          value: 'a b',
          field: 'functionName',
          rule: 'Member must satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?',
        },
        {
          value: 'x y',
          field: 'qualifier',
          rule: 'Member must satisfy regular expression pattern: (|[a-zA-Z0-9$_-]+)',
        },
      ],
    });
    expect(readFunctionReference('orders', 'q'.repeat(129), 'invoke')).toMatchObject({
      violations: [{ rule: 'Member must have length less than or equal to 128' }],
    });
  });

  it('refuses what is not URL-encoded text', () => {
    expect(readFunctionReference('a%zz', undefined, 'invoke')).toMatchObject({
      kind: 'constraints',
      violations: [{ value: 'a%zz' }],
    });
  });
});
