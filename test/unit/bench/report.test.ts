import { describe, expect, it } from '@jest/globals';
import type { Outcome } from '../../bench/tools/measure.js';
import { compare } from '../../bench/tools/regression.js';
import { block, short, summary } from '../../bench/tools/report.js';
import { judged } from './figures.js';

const worse = compare(judged([0.9, 1, 1.1], { atMost: 2 }), { ratio: 0.2, noise: 0, holds: true });
const lost = compare(
  judged([2.5], {
    name: 'a figure with a name that no column of a hundred can hold whole',
    atMost: 2,
  }),
  { ratio: 1.9, noise: 0, holds: true },
);
const base = { section: 'warm', rounds: 3, tookMs: 12_400, gone: ['warm p99 / floor'] };
const outcome: Outcome = { ...base, compared: [worse, lost] };

describe('The report of a bench', () => {
  it('shows each figure under what it is against, within a hundred columns', () => {
    const lines = block(outcome).split('\n');
    expect(lines[0]).toMatch(/^warm: 3 rounds, 12 s +ours +ratio +rounds +bar +before$/);
    expect(lines[1]).toBe('  against floor');
    expect(lines[2]).toMatch(
      /^ {4}warm p50, node +1 ms +1 +0\.9–1\.1 +≤ 2 +holds +0\.2 +WORSE, ±50 %$/,
    );
    expect(lines.filter((line) => line.length > 100)).toEqual([]);
    expect(lines.join(' ').replace(/\s+/g, ' ')).toContain('can hold whole');
    expect(lines).toContain('  gone: warm p99 / floor');
  });

  it('shows why a section failed or was skipped', () => {
    expect(block({ ...base, compared: [], failure: 'Error: away\n  at x' })).toBe(
      'warm: FAILED after 12 s\n    Error: away\n      at x\n',
    );
    expect(block({ ...base, compared: [], skipped: 'no peer' })).toBe(
      'warm: skipped\n    no peer\n',
    );
  });

  it('ends with the counts and each regression as old → new', () => {
    expect(summary([outcome, { ...base, compared: [], failure: 'Error: away\n  at x' }])).toBe(
      `2 figures, 1 bars hold, 1 missed, 2 worse than before
  warm p50, node, against floor: 0.2 → 1: worse
  a figure with a name that no column of a hundred can hold whole, against floor: 1.9 → 2.5: ≤ 2 held before
  warm failed: Error: away
`,
    );
  });

  it('writes three digits of a number', () => {
    expect([0.00123, 0.5, 1.2345, 12.345, 123.45, 12345.6, 0, -0.5].map(short)).toEqual([
      '0.0012',
      '0.5',
      '1.23',
      '12.3',
      '123',
      '12346',
      '0',
      '-0.5',
    ]);
    expect(short(Number.NaN)).toBe('-');
  });
});
