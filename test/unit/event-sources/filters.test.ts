import { describe, expect, it } from '@jest/globals';
import { Filters } from '../../../src/event-sources/filters.js';

/** Contract 11.12. */
describe('filters', () => {
  const matches = (patterns: readonly object[], text: string, record = {}): boolean =>
    new Filters(
      patterns.map((pattern) => JSON.stringify(pattern)),
      'body',
    ).matches({ record: { eventSource: 'aws:sqs', body: text, ...record }, text });

  it('want everything where there are none', () => {
    expect(matches([], 'anything')).toBe(true);
  });

  it('look into a body that is JSON where the pattern is a map', () => {
    const pattern = { body: { kind: ['order'], price: [{ numeric: ['>', 10] }] } };
    expect(matches([pattern], '{"kind":"order","price":11}')).toBe(true);
    expect(matches([pattern], '{"kind":"order","price":9}')).toBe(false);
    expect(matches([pattern], 'order')).toBe(false);
  });

  it('look at the body itself where the pattern is a list', () => {
    const pattern = { body: [{ prefix: 'ord' }] };
    expect(matches([pattern], 'order')).toBe(true);
    expect(matches([pattern], 'refund')).toBe(false);
    // What is JSON is no plain text.
    expect(matches([{ body: ['{}'] }], '{}')).toBe(false);
  });

  it('look at the rest of the record, whatever the body is', () => {
    const pattern = { attributes: { SenderId: ['me'] } };
    const attributes = { SenderId: 'me' };
    expect(matches([pattern], 'text', { attributes })).toBe(true);
    expect(matches([pattern], '{"a":1}', { attributes })).toBe(true);
    expect(matches([pattern], 'text', { attributes: {} })).toBe(false);
  });

  it('are alternatives', () => {
    const patterns = [{ body: { a: [1] } }, { body: { b: [1] } }];
    expect(matches(patterns, '{"b":1}')).toBe(true);
    expect(matches(patterns, '{"c":1}')).toBe(false);
    expect(matches([{ $or: [{ body: { a: [1] } }, { body: { b: [1] } }] }], '{"b":1}')).toBe(true);
  });

  it('compare numbers as they were written', () => {
    expect(matches([{ body: { n: [300] } }], '{"n":300}')).toBe(true);
    expect(matches([{ body: { n: [300] } }], '{"n":300.0}')).toBe(false);
  });

  it('look at whole records that have no text', () => {
    const filters = new Filters(['{"eventName":["INSERT"]}']);
    expect(filters.matches({ record: { eventName: 'INSERT' } })).toBe(true);
    expect(filters.matches({ record: { eventName: 'MODIFY' } })).toBe(false);
  });
});
