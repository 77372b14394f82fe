import { expect, it } from '@jest/globals';
import { giveUp, hold, writtenOut } from '../../../src/http-framing/used-up.js';

const LARGE_BYTES = 2 ** 20;
const large = (): Buffer => Buffer.alloc(LARGE_BYTES, 'x');

it('large bytes that nobody needs are freed at once', () => {
  const before = process.memoryUsage().arrayBuffers;
  for (let count = 0; count < 200; count += 1) {
    const bytes = large();
    giveUp(bytes);
    expect(bytes).toHaveLength(0);
  }
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10 * LARGE_BYTES);
});

it.each([
  ['small ones', Buffer.from('x')],
  ['a part of others', large().subarray(0, LARGE_BYTES / 2)],
  ['an end of others', large().subarray(1)],
])('%s are left alone', (_which, bytes) => {
  const { length } = bytes;
  giveUp(bytes);
  expect(bytes).toHaveLength(length);
});

it('what is still to be written is freed when it is out, and given up', () => {
  const bytes = large();
  hold(bytes);
  hold(bytes);
  giveUp(bytes);
  writtenOut(bytes);
  expect(bytes).toHaveLength(LARGE_BYTES);
  writtenOut(bytes);
  expect(bytes).toHaveLength(0);
});

it('what is out is kept until it is given up', () => {
  const bytes = large();
  hold(bytes);
  writtenOut(bytes);
  expect(bytes).toHaveLength(LARGE_BYTES);
  giveUp(bytes);
  expect(bytes).toHaveLength(0);
});

it('a part of what is still to be written holds all of it', () => {
  const bytes = large();
  const part = bytes.subarray(LARGE_BYTES / 2);
  hold(part);
  giveUp(bytes);
  expect(part).toHaveLength(LARGE_BYTES / 2);
  writtenOut(part);
  expect(bytes).toHaveLength(0);
});
