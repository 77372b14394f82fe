import { isUtf8 } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LogTail } from '../../../src/log/log-tail.js';

describe('the log tail', () => {
  it('is the last 4096 bytes of everything added', () => {
    const text = fc.oneof(
      fc.string({ maxLength: 300 }),
      fc.string({ unit: 'binary', maxLength: 200 }),
    );
    fc.assert(
      fc.property(fc.array(text, { maxLength: 60 }), (lines) => {
        const tail = new LogTail();
        for (const line of lines) tail.line(line);
        const all = Buffer.from(lines.map((line) => `${line}\n`).join(''));
        expect(tail.take()).toEqual(all.subarray(Math.max(0, all.length - 4096)));
        expect(tail.take()).toHaveLength(0);
      }),
    );
  });

  it('puts characters together again that were cut between two stretches of bytes', () => {
    const all = Buffer.from('€😀é'.repeat(3000));
    const tail = new LogTail();
    for (let at = 0; at < all.length; at += 1001) tail.bytes(all.subarray(at, at + 1001));
    expect(tail.take()).toEqual(all.subarray(all.length - 4096));
  });

  it('replaces what is not UTF-8', () => {
    const tail = new LogTail();
    tail.bytes(Buffer.from([0x61, 0xff, 0x62, 0x0a]));
    expect(tail.take().toString()).toBe('a\ufffdb\n');
    tail.bytes(Buffer.alloc(10_000, 0xff));
    const replaced = tail.take();
    expect(replaced.length).toBeLessThanOrEqual(4096);
    expect(isUtf8(replaced.subarray(4096 % 3))).toBe(true);
  });

  it('holds little, however much is added', () => {
    const tail = new LogTail();
    let most = 0;
    for (let count = 0; count < 20_000; count += 1) {
      if (count % 3 === 0) tail.bytes(Buffer.alloc(100_000, 'x'));
      else tail.line(count % 3 === 1 ? '' : 'y'.repeat(50_000));
      most = Math.max(most, tail.length);
    }
    expect(most).toBeLessThan(16 * 1024);
  });
});
