import { describe, expect, it } from '@jest/globals';
import { randomHex, randomUuid } from '../../../src/async/random.js';

const MANY = 20_000;

describe('random identifiers', () => {
  it('are UUIDs of the random version, none of them twice', () => {
    const made = Array.from({ length: MANY }, randomUuid);
    expect(new Set(made).size).toBe(MANY);
    const form = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
    expect(made.filter((uuid) => !form.test(uuid))).toEqual([]);
  });

  it('have every digit at every place, whatever stands beside it', () => {
    const made = Array.from({ length: MANY }, () => randomUuid().replaceAll('-', ''));
    for (let at = 0; at < 31; at += 1) {
      const pairs = new Set(made.map((uuid) => uuid.slice(at, at + 2)));
      // The digit of the version is always the same, that of the variant is one of four.
      const beside = at === 12 || at === 11 ? 16 : at === 16 || at === 15 ? 64 : 256;
      expect([at, pairs.size]).toEqual([at, beside]);
    }
  });

  it('are hex of any length, cut from what was drawn without repeating it', () => {
    const made = Array.from({ length: 4000 }, (_none, at) => randomHex(8 + (at % 40)));
    expect(made.map(({ length }) => length)).toEqual(made.map((_hex, at) => 2 * (8 + (at % 40))));
    expect(made.every((hex) => /^[0-9a-f]+$/.test(hex))).toBe(true);
    expect(new Set(made.map((hex) => hex.slice(0, 16))).size).toBe(made.length);
    expect(randomHex(512)).toHaveLength(1024);
  });
});
