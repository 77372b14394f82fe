import { describe, expect, it } from '@jest/globals';
import { chartOf } from '../../../src/simulate/chart.js';
import { compare, settingText } from '../../../src/simulate/compare.js';
import { loadFigures } from '../../../src/simulate/figures.js';
import { generate } from '../../../src/simulate/generate.js';

const SETTINGS = { idleTimeoutMs: 600_000, initMs: 250 };
const ALL = [
  { name: 'fixed' },
  { name: 'greedy-dual' },
  { name: 'hybrid' },
  { name: 'learned' },
] as const;

const { trace } = generate(loadFigures(), { functions: 300, events: 60_000, days: 1, seed: 5 });

describe('a comparison', () => {
  const comparison = compare(trace, { ...SETTINGS, policies: ALL, curves: true });
  const { rows, bound, curves } = comparison;
  const first = rows[0]!;

  it('has each policy as it is, and with the memory of the first in both measures', () => {
    expect(rows.map(({ policy, measure }) => `${policy.split(':')[0]} ${measure}`)).toEqual([
      'fixed as-given',
      'greedy-dual as-given',
      'hybrid as-given',
      'learned as-given',
      'learned same-waste',
      'greedy-dual same-room',
      'hybrid same-room',
      'learned same-room',
      'clairvoyant same-room',
    ]);
  });

  it('holds them to it', () => {
    for (const { measure, score } of rows) {
      if (measure === 'same-room') {
        expect(score.peakMemoryMb).toBeLessThanOrEqual(first.score.peakMemoryMb);
      }
      if (measure !== 'same-waste') continue;
      expect(score.wastedGbSeconds).toBeLessThanOrEqual(first.score.wastedGbSeconds);
      expect(score.wastedGbSeconds).toBeGreaterThan(0.9 * first.score.wastedGbSeconds);
    }
  });

  it('shows that what is learnt saves more than a third of the cold starts at the same waste', () => {
    const learned = rows.find(({ measure }) => measure === 'same-waste')!;
    expect(learned.score.coldRatio / first.score.coldRatio).toBeLessThan(0.66);
  });

  it('has a bound that nothing beats which only keeps', () => {
    expect(bound.coldRatio).toBeLessThan(first.score.coldRatio);
    const fixed = curves.get('fixed')!;
    const bounds = curves.get('clairvoyant')!;
    for (const { wastedGbSeconds, coldRatio } of fixed) {
      for (const there of bounds) {
        if (wastedGbSeconds <= there.wastedGbSeconds) {
          expect(coldRatio).toBeGreaterThanOrEqual(there.coldRatio);
        }
      }
    }
  });

  it('falls along each curve: more memory, fewer cold starts', () => {
    for (const curve of curves.values()) {
      const ratios = curve.map(({ coldRatio }) => coldRatio);
      expect(ratios).toEqual([...ratios].sort((one, other) => other - one));
    }
  });

  it('becomes a picture that names every policy and fits', () => {
    const picture = chartOf(comparison, 'A <made> day');
    expect(picture).toContain('A &lt;made&gt; day');
    for (const { policy } of rows) expect(picture).toContain(`>${policy}<`);
    expect(picture).not.toMatch(/NaN|undefined|Infinity/);
    for (const [, x] of picture.matchAll(/ c?x1?="(-?[\d.]+)"/g)) {
      expect(Number(x)).toBeGreaterThanOrEqual(0);
      expect(Number(x)).toBeLessThanOrEqual(960);
    }
  });

  it('looks at nothing else where the room is given', () => {
    const bounded = compare(trace, { ...SETTINGS, policies: ALL, memoryMb: 2000 });
    expect(bounded.rows.map(({ measure, memoryMb }) => `${measure} ${memoryMb}`)).toEqual(
      Array<string>(5).fill('as-given 2000'),
    );
  });
});

describe('a setting', () => {
  it('is written as short as it can be', () => {
    const text = (idleMs: number): string => settingText({ name: 'fixed', idleMs }, 1);
    expect([text(3_600_000), text(5_400_000), text(90_000), text(1500)]).toEqual([
      'fixed:1h',
      'fixed:90m',
      'fixed:90s',
      'fixed:1500ms',
    ]);
    expect(settingText({ name: 'greedy-dual' }, 1)).toBe('greedy-dual');
    expect(settingText({ name: 'hybrid' }, 60_000)).toBe('hybrid:1m');
  });
});
