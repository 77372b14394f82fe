import { describe, expect, it } from '@jest/globals';
import { HttpPrelude, type PreludeStep } from '../../../src/invocation/http-prelude.js';

const NULS = '\0'.repeat(8);

/** What comes of `text` in pieces of so many bytes, and how many of them were needed. */
function read(text: string, size = 1_000_000): { step: PreludeStep; pieces: number } {
  const prelude = new HttpPrelude();
  const bytes = Buffer.from(text);
  let pieces = 0;
  for (let at = 0; at < bytes.length; at += size) {
    pieces += 1;
    const step = prelude.feed(bytes.subarray(at, at + size));
    if (step.kind !== 'incomplete') return { step, pieces };
  }
  return { step: prelude.end(), pieces };
}

describe('the prelude of an HTTP-shaped stream', () => {
  it('is metadata, eight NUL bytes, and then the body', () => {
    const metadata = { statusCode: 201, headers: { 'x-a': 'ü' }, cookies: ['a=1', 'b=2'] };
    expect(read(`${JSON.stringify(metadata)}${NULS}body`).step).toEqual({
      kind: 'complete',
      metadata,
      body: Buffer.from('body'),
    });
  });

  it('may come in any pieces, also cut within the delimiter', () => {
    for (let size = 1; size < 12; size += 1) {
      const { step } = read(`{"statusCode":404}${NULS}`, size);
      expect(step).toMatchObject({ kind: 'complete', metadata: { statusCode: 404 } });
    }
  });

  it('leaves NUL bytes of the body where they are', () => {
    const { step } = read(`{}${NULS}\0\0body`);
    expect(step).toMatchObject({ kind: 'complete', body: Buffer.from('\0\0body') });
  });

  it('has 200 and no headers when it says nothing else', () => {
    expect(read(`{}${NULS}`).step).toMatchObject({
      metadata: { statusCode: 200, headers: {}, cookies: [] },
    });
  });

  it('takes numbers and flags as header values, and lists where they belong', () => {
    const text = `{"headers":{"n":1,"b":true},"multiValueHeaders":{"m":["1",2],"s":"x"}}${NULS}`;
    expect(read(text).step).toMatchObject({
      metadata: {
        headers: { n: '1', b: 'true' },
        multiValueHeaders: { m: ['1', '2'], s: ['x'] },
      },
    });
  });

  it.each([
    ['no delimiter', '{}', 'the response ended before the delimiter of eight NUL bytes'],
    ['no JSON', `nonsense${NULS}`, 'the metadata is not JSON'],
    ['no object', `[1]${NULS}`, 'the metadata is not a JSON object'],
    [
      'no status',
      `{"statusCode":"soon"}${NULS}`,
      'statusCode is "soon", not a whole number from 200 to 599',
    ],
    ['no headers', `{"headers":[]}${NULS}`, 'headers is not an object'],
    ['no cookies', `{"cookies":"a=1"}${NULS}`, 'cookies is not a list'],
    ['no lists', `{"multiValueHeaders":1}${NULS}`, 'multiValueHeaders is not an object'],
    [
      'an end that is far away',
      'x'.repeat(20_000),
      'no delimiter of eight NUL bytes in the first 16384 bytes',
    ],
  ])('is malformed when there is %s', (_what, text, reason) => {
    expect(read(text).step).toEqual({ kind: 'malformed', reason });
  });

  it('may have a delimiter just within the first 16 KB', () => {
    const fits = JSON.stringify({ headers: { a: 'x'.repeat(16_384 - 20) } }).padEnd(16_384);
    expect(read(`${fits}${NULS}`, 1000).step.kind).toBe('complete');
    expect(read(`${fits} ${NULS}`, 1000).step.kind).toBe('malformed');
  });
});
