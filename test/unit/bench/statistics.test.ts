import { describe, expect, it } from '@jest/globals';
import {
  judge,
  median,
  medianDeviation,
  moreIsBetter,
  percentile,
  pooled,
} from '../../bench/tools/statistics.js';
import { figure, judged } from './figures.js';

describe('The statistics of a bench', () => {
  it('take the middle of an odd number of values, and between the middle two of an even one', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([1, 2, 4, 100])).toBe(3);
    expect(median([])).toBeNaN();
  });

  it('take a percentile that is one of the values', () => {
    const values = Array.from({ length: 100 }, (_, index) => index);
    expect(percentile(values, 0.99)).toBe(99);
    expect(percentile(values, 1)).toBe(99);
    expect(percentile([3], 0.5)).toBe(3);
  });

  it('have a deviation that one odd round does not move', () => {
    expect(medianDeviation([10, 11, 12, 13, 1000])).toBe(1);
  });

  it('take the median of the ratios of each round, not the ratio of the medians', () => {
    const { ratio, lowest, highest } = judge({
      ...figure([]),
      ours: [1, 20, 3],
      theirs: [10, 10, 1],
    });
    expect([ratio, lowest, highest]).toEqual([2, 0.1, 3]);
  });

  it('hold a bar that is reached exactly, and none beyond it', () => {
    expect(judged([0.5], { atMost: 0.5 }).holds).toBe(true);
    expect(judged([0.501], { atMost: 0.5 }).holds).toBe(false);
    expect(judged([1.3], { atLeast: 1.3 }).holds).toBe(true);
    expect(judged([1.29], { atLeast: 1.3 }).holds).toBe(false);
    expect(judged([1]).holds).toBeUndefined();
  });

  it('hold no bar by a round without a number, or one that has no floor', () => {
    expect(judged([0.1, Number.NaN, 0.1], { atMost: 1 }).holds).toBe(false);
    expect(judged([0.1], { theirs: [0], atMost: 1 }).holds).toBe(false);
    expect(judged([0.1, 0.1], { theirs: [1], atMost: 1 }).holds).toBe(false);
    expect(judged([], { atMost: 1 }).holds).toBe(false);
    expect(judged([0.1], { theirs: [1, 1], atMost: 1 }).ratio).toBeNaN();
  });

  it('say for which figures more is better', () => {
    expect(moreIsBetter(figure([1]))).toBe(false);
    expect(moreIsBetter(figure([1], { unit: '/s' }))).toBe(true);
    expect(moreIsBetter(figure([1], { unit: 'lines/s' }))).toBe(true);
    expect(moreIsBetter(figure([1], { atLeast: 0.95 }))).toBe(true);
    expect(moreIsBetter(figure([1], { unit: '/s', atMost: 1 }))).toBe(false);
  });

  it('put the rounds of two measurements together', () => {
    const all = pooled(figure([1, 2]), figure([3], { theirs: [4] }));
    expect([all.ours, all.theirs]).toEqual([
      [1, 2, 3],
      [1, 1, 4],
    ]);
  });
});
