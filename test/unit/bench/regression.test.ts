import { describe, expect, it } from '@jest/globals';
import {
  compare,
  farOutOfLine,
  goneFrom,
  idOf,
  isRegression,
  type Reference,
} from '../../bench/tools/regression.js';
import { LOOSE, type Figure } from '../../bench/tools/statistics.js';
import { figure, judged } from './figures.js';

const quiet = (ratio: number, more: Partial<Reference> = {}): Reference => ({
  ratio,
  noise: 0,
  ...more,
});

function change(ratios: readonly number[], before?: Reference, more: Partial<Figure> = {}): string {
  return compare(judged(ratios, more), before).change;
}

describe('The comparison with a run before', () => {
  it('lets a steady figure move by a quarter and no further', () => {
    expect(change([1.24, 1.24, 1.24], quiet(1))).toBe('same');
    expect(change([1.26, 1.26, 1.26], quiet(1))).toBe('worse');
    expect(change([0.79, 0.79, 0.79], quiet(1))).toBe('better');
    expect(change([0.81, 0.81, 0.81], quiet(1))).toBe('same');
  });

  it('turns round where more is better', () => {
    expect(change([0.79], quiet(1), { unit: '/s' })).toBe('worse');
    expect(change([0.81], quiet(1), { unit: '/s' })).toBe('same');
    expect(change([1.26], quiet(1), { unit: '/s' })).toBe('better');
  });

  it('lets a figure move as far as it states', () => {
    expect(change([1.4], quiet(1), { tolerance: LOOSE })).toBe('same');
    expect(change([1.6], quiet(1), { tolerance: LOOSE })).toBe('worse');
  });

  it('lets a figure move further whose rounds lay apart, in either run', () => {
    expect(change([1.25, 1.35, 1.45], quiet(1))).toBe('same');
    expect(change([1.35, 1.35, 1.35], quiet(1, { noise: 0.1 }))).toBe('same');
    expect(change([1.35, 1.35, 1.35], quiet(1, { noise: 0.01 }))).toBe('worse');
  });

  it('calls twice as bad worse, whatever the noise', () => {
    expect(change([2.1], quiet(1, { noise: 5 }))).toBe('worse');
    expect(change([1.9], quiet(1, { noise: 5 }))).toBe('same');
  });

  it('lets a ratio far below its bar move by a share of the bar', () => {
    expect(change([0.004], quiet(0.001), { atMost: 0.1 })).toBe('same');
    expect(change([0.004], quiet(0.001))).toBe('worse');
    expect(change([0.02], quiet(0.001), { atMost: 0.1 })).toBe('worse');
  });

  it('lets a ratio far above its bar move as freely, as speeds do that follow the machine', () => {
    const bar = { unit: '/s', atLeast: 1000 };
    expect(change([5000], quiet(14_000), bar)).toBe('same');
    expect(change([5000], quiet(14_000), { unit: '/s' })).toBe('worse');
    expect(change([3000], quiet(14_000), bar)).toBe('worse');
    expect(change([1100], quiet(1500), bar)).toBe('worse');
  });

  it('bears figures around nought, as differences are', () => {
    expect(change([0.01], quiet(-0.01), { atMost: 1 })).toBe('same');
    expect(change([0.5], quiet(-0.01), { atMost: 1 })).toBe('worse');
  });

  it('calls a bar lost that held before and is missed in each round, however little', () => {
    const bar = { atMost: 1 };
    const held = quiet(0.99, { holds: true });
    expect(change([1.01, 1.02, 1.02], held, bar)).toBe('lost');
    expect(change([0.98, 1.02, 1.02], held, bar)).toBe('same');
    expect(change([1.01], quiet(1.02, { holds: false }), bar)).toBe('same');
    const least = { unit: '/s', atLeast: 1 };
    expect(change([0.98, 0.99], quiet(1.01, { holds: true }), least)).toBe('lost');
    expect(change([0.98, 1.01], quiet(1.01, { holds: true }), least)).toBe('same');
  });

  it('calls a figure lost that is no number, and new where nothing was kept', () => {
    expect(change([Number.NaN], quiet(1))).toBe('lost');
    expect(change([Number.NaN])).toBe('lost');
    expect(change([1])).toBe('new');
  });

  it('leaves alone what is no figure of ours', () => {
    expect(change([9], quiet(1, { holds: true }), { told: true })).toBe('told');
  });

  it('counts what is worse or lost as a regression, and nothing else', () => {
    const all = [compare(judged([9]), quiet(1)), compare(judged([Number.NaN]), undefined)];
    expect(all.map(isRegression)).toEqual([true, true]);
    const none = [
      compare(judged([9]), undefined),
      compare(judged([1]), quiet(9)),
      compare(judged([1]), quiet(1)),
    ];
    expect(none.map(isRegression)).toEqual([false, false, false]);
  });

  it('names what is no longer measured, and knows a figure by what it is against as well', () => {
    const now = judged([1]);
    const other = figure([1], { against: 'own warm' });
    expect(goneFrom({ [idOf(now)]: quiet(1), [idOf(other)]: quiet(1) }, [now])).toEqual([
      'warm p50, node / own warm',
    ]);
  });
});

describe('Far out of line', () => {
  const kept = { [idOf(figure([]))]: quiet(0.5) };
  const odd = (ratios: readonly number[], more: Partial<Figure> = {}): number =>
    farOutOfLine([judged(ratios, more)], { kept, times: 3 }).length;

  it('is more than so many times what is kept', () => {
    expect(odd([1.49])).toBe(0);
    expect(odd([1.51])).toBe(1);
  });

  it('is less than such a part of it where more is better', () => {
    expect(odd([0.17], { unit: '/s' })).toBe(0);
    expect(odd([0.16], { unit: '/s' })).toBe(1);
    expect(odd([0.16], { unit: '/s', atLeast: 0.1 })).toBe(0);
    expect(odd([0.13], { unit: '/s', atLeast: 0.1 })).toBe(1);
  });

  it('is measured by the bar where nothing is kept, and never without either', () => {
    const unknown = { name: 'never measured' };
    expect(odd([5], { ...unknown, atMost: 2 })).toBe(0);
    expect(odd([7], { ...unknown, atMost: 2 })).toBe(1);
    expect(odd([0.2], { ...unknown, atLeast: 0.75 })).toBe(1);
    expect(odd([700], unknown)).toBe(0);
  });

  it('is whatever is no number', () => {
    expect(odd([Number.NaN])).toBe(1);
  });
});
