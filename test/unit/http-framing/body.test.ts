import { describe, expect, it } from '@jest/globals';
import { Backlog } from '../../../src/http-framing/backlog.js';
import { Body } from '../../../src/http-framing/body.js';
import { Random } from '../../simulation/random.js';

const MIB = 2 ** 20;

function noise(random: Random, bytes: number): Buffer {
  return Buffer.from(Uint8Array.from({ length: bytes }, () => random.below(256)));
}

/** Cut at random places, into pieces of up to `most` bytes. */
function cut(random: Random, whole: Buffer, most: number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < whole.length;) {
    const end = Math.min(whole.length, at + 1 + random.below(most));
    pieces.push(whole.subarray(at, end));
    at = end;
  }
  return pieces;
}

function all(backlog: Backlog): Buffer {
  const pieces: Buffer[] = [];
  for (let next = backlog.next(); next.length > 0; next = backlog.next()) pieces.push(next);
  return Buffer.concat(pieces);
}

describe('a body that comes in pieces', () => {
  it('is what was sent, wherever it was cut', () => {
    for (let seed = 1; seed <= 100; seed += 1) {
      const random = new Random(seed);
      const sent = noise(random, 1 + random.below(random.pick([10, 3000, 50_000])));
      const body = new Body(sent.length);
      for (const piece of cut(random, sent, random.pick([1, 50, 20_000]))) body.add(piece);
      if (!body.bytes.equals(sent)) throw new Error(`seed ${seed}: another body`);
    }
  });

  it('is its own, whatever becomes of the memory its pieces came in', () => {
    const room = Buffer.alloc(64 * 1024);
    for (const pieces of [1, 2, 8]) {
      const sent = noise(new Random(pieces), pieces * 40_000);
      const body = new Body(sent.length);
      for (let at = 0; at < sent.length; at += 40_000) {
        const piece = room.subarray(0, sent.copy(room, 0, at, at + 40_000));
        body.add(piece);
        room.fill(0xff);
      }
      expect(body.bytes.equals(sent)).toBe(true);
      expect(room.length).toBe(64 * 1024);
    }
  });

  it('takes memory for what has come, not for what was announced', () => {
    const before = process.memoryUsage().arrayBuffers;
    const bodies = Array.from({ length: 50 }, () => new Body(6 * MIB));
    for (const body of bodies) body.add(Buffer.from('a beginning'));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(MIB);
    expect(bodies).toHaveLength(50);
  });
});

describe('what has come before it can be read', () => {
  it('is given back in order and whole, whatever was taken between', () => {
    for (let seed = 1; seed <= 100; seed += 1) {
      const random = new Random(seed);
      const sent = noise(random, 1 + random.below(random.pick([10, 3000, 50_000])));
      const backlog = new Backlog();
      const taken: Buffer[] = [];
      let bytes = 0;
      for (const piece of cut(random, sent, random.pick([1, 50, 20_000]))) {
        backlog.add(piece);
        if (random.chance(0.01)) taken.push(backlog.next());
        bytes = taken.reduce((sum, { length }) => sum + length, 0) + backlog.bytes;
      }
      expect(bytes).toBe(sent.length);
      const rest = random.chance(0.5) ? all(backlog) : backlog.takeBehind(Buffer.alloc(0));
      if (!Buffer.concat([...taken, rest]).equals(sent))
        throw new Error(`seed ${seed}: other bytes`);
      expect(backlog.bytes).toBe(0);
    }
  });

  it('is kept in few pieces, however many it came in', () => {
    const backlog = new Backlog();
    const byte = Buffer.from('x');
    for (let count = 0; count < MIB; count += 1) backlog.add(byte);
    let pieces = 0;
    while (backlog.next().length > 0) pieces += 1;
    expect(pieces).toBeLessThanOrEqual(MIB / (64 * 1024));
  });
});
