import { describe, expect, it } from '@jest/globals';
import { RhythmBelief } from '../../../src/keep-alive/rhythm-belief.js';
import { DAILY_CALLS, leftAfter, shareBelow, VARIATIONS } from '../../../src/keep-alive/rhythms.js';
import { EDGES, SPAN_BINS } from '../../../src/keep-alive/span-histogram.js';
import { loadFigures } from '../../../src/simulate/figures.js';
import { quantile, type Curve } from '../../../src/simulate/quantiles.js';

const MINUTE = 60_000;

/** The share of the curve below the value. */
function below(curve: Curve, value: number): number {
  let [least, most] = [0, 1];
  for (let step = 0; step < 40; step += 1) {
    const middle = (least + most) / 2;
    if (quantile(curve, middle) < value) least = middle;
    else most = middle;
  }
  return least;
}

describe('what is believed beforehand', () => {
  const { dailyInvocations, triggers, variationOfGaps } = loadFigures();

  it('has the published variations, each where it is nearest', () => {
    const timers = triggers.functions.timer;
    const share = (value: number): number =>
      timers * below(variationOfGaps.timers, value) +
      (1 - timers) * below(variationOfGaps.others, value);
    VARIATIONS.forEach(([variation, believed], index) => {
      const [before] = VARIATIONS[index - 1] ?? [0];
      const [after] = VARIATIONS[index + 1] ?? [Infinity];
      const from = index === 0 ? 0 : share(Math.sqrt(before * variation));
      const to = after === Infinity ? 1 : share(Math.sqrt(variation * after));
      expect(Math.abs(to - from - believed)).toBeLessThan(0.05);
    });
    expect(VARIATIONS.reduce((sum, [, believed]) => sum + believed, 0)).toBeCloseTo(1);
  });

  it('has the published calls a day', () => {
    for (const [calls, share] of DAILY_CALLS) {
      if (share === 0 || share === 1) continue;
      expect(Math.abs(below(dailyInvocations.perFunction, calls) - share)).toBeLessThan(0.01);
      expect(shareBelow(calls)).toBeCloseTo(share);
    }
    expect([shareBelow(0), shareBelow(1e12)]).toEqual([0, 1]);
  });

  it.each(VARIATIONS)('has times of mean one that vary by %p', (variation) => {
    const step = 0.002;
    let [mean, square] = [0, 0];
    for (let time = step / 2; time < 2000; time += step) {
      const left = leftAfter(variation, time);
      if (left < 1e-9) break;
      mean += left * step;
      square += 2 * time * left * step;
    }
    expect(mean).toBeCloseTo(1, 2);
    expect(Math.sqrt(square - mean * mean) / Math.max(0.03, variation)).toBeCloseTo(1, 1);
  });
});

describe('what is believed of a function', () => {
  const expected = (belief: RhythmBelief): Float64Array => {
    const chances = new Float64Array(SPAN_BINS);
    belief.expect(chances, 1);
    return chances;
  };
  const within = (chances: Float64Array, fromMs: number, toMs: number): number =>
    chances.reduce(
      (sum, chance, bin) => (EDGES[bin]! >= fromMs && EDGES[bin + 1]! <= toMs ? sum + chance : sum),
      0,
    );

  it('are chances: at most one in all, none of them negative', () => {
    const belief = new RhythmBelief(MINUTE);
    for (const span of [0, 5, 1e5, 1e9, 3e6, 2000]) {
      const chances = expected(belief);
      expect(Math.min(...chances)).toBeGreaterThanOrEqual(0);
      expect(chances.reduce((sum, chance) => sum + chance, 0)).toBeLessThan(1 + 1e-9);
      belief.observe(span);
    }
  });

  it('is surer of a clock with each time', () => {
    const belief = new RhythmBelief(10 * MINUTE);
    let before = 0;
    for (let count = 0; count < 4; count += 1) {
      belief.observe(30 * MINUTE);
      const sure = within(expected(belief), 23 * MINUTE, 39 * MINUTE);
      expect(sure).toBeGreaterThan(before);
      before = sure;
    }
    expect(before).toBeGreaterThan(0.8);
  });

  it('learns that it was wrong', () => {
    const belief = new RhythmBelief(MINUTE);
    for (let count = 0; count < 50; count += 1) belief.observe(5 * MINUTE);
    for (let count = 0; count < 50; count += 1) belief.observe(80 * MINUTE);
    expect(within(expected(belief), 60 * MINUTE, 120 * MINUTE)).toBeGreaterThan(0.5);
  });
});
