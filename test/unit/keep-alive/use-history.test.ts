import { describe, expect, it } from '@jest/globals';
import { BIN_MS, BINS, IdleHistogram } from '../../../src/keep-alive/idle-histogram.js';
import { EDGES, SPAN_BINS, SpanHistogram } from '../../../src/keep-alive/span-histogram.js';
import { UseHistory } from '../../../src/keep-alive/use-history.js';
import { Random } from '../../simulation/random.js';

function histogramOf(minutes: readonly number[]): IdleHistogram {
  const histogram = new IdleHistogram();
  for (const minute of minutes) histogram.observe(minute * BIN_MS);
  return histogram;
}

describe('the histogram of idle times', () => {
  it('has the head and tail that sorting would give, whatever comes', () => {
    const random = new Random(1);
    for (let round = 0; round < 50; round += 1) {
      const spread = 1 + random.below(BINS);
      const seen: number[] = [];
      const histogram = new IdleHistogram();
      for (let count = 1; count <= 200; count += 1) {
        const minute = random.below(spread);
        seen.push(minute);
        histogram.observe((minute + random.next()) * BIN_MS);
        const sorted = [...seen].sort((a, b) => a - b);
        expect(histogram.headMs).toBe(sorted[Math.ceil(0.05 * count) - 1]! * BIN_MS);
        expect(histogram.tailMs).toBe((sorted[Math.ceil(0.99 * count) - 1]! + 1) * BIN_MS);
      }
    }
  });

  it('counts what is longer than its range', () => {
    const histogram = histogramOf([1, 2, 240, 1000]);
    expect(histogram.observations).toBe(4);
    expect(histogram.beyondShare).toBe(0.5);
    expect(histogram.tailMs).toBe(3 * BIN_MS);
  });

  it('tells how unevenly the minutes are filled', () => {
    expect(histogramOf([]).variation).toBe(0);
    expect(histogramOf(Array.from({ length: BINS }, (_, minute) => minute)).variation).toBe(0);
    expect(histogramOf([7]).variation).toBeCloseTo(Math.sqrt(BINS - 1));
    expect(histogramOf([7, 9]).variation).toBeCloseTo(Math.sqrt(BINS / 2 - 1));
  });

  it('forgets half of everything when a count is full', () => {
    const histogram = new IdleHistogram();
    for (let count = 0; count < 20_000; count += 1) histogram.observe(90 * BIN_MS);
    for (let count = 0; count < 65_536; count += 1) histogram.observe(0);
    expect(histogram.observations).toBe(10_000 + 32_767 + 1);
    expect(histogram.headMs).toBe(0);
    expect(histogram.tailMs).toBe(91 * BIN_MS);
  });
});

describe('the use of a function', () => {
  const minutes = (history: UseHistory, slot: number): number | undefined => {
    const times = history.idleTimes(slot);
    return times && times.headMs / BIN_MS;
  };

  it('tells how long it was without work from an end to the next beginning', () => {
    const history = new UseHistory(0);
    expect(history.idleTimes(1)?.observations).toBe(0);
    history.began(0);
    history.ended(5 * BIN_MS);
    history.began(8 * BIN_MS);
    expect(minutes(history, 1)).toBe(3);
    expect(history.running).toBe(1);
  });

  it('tells of the second at a time how long one was enough', () => {
    const history = new UseHistory(0);
    expect(history.idleTimes(2)).toBeUndefined();
    history.began(0);
    history.began(0);
    history.ended(2 * BIN_MS);
    history.ended(3 * BIN_MS);
    history.began(4 * BIN_MS);
    history.began(9 * BIN_MS);
    expect(minutes(history, 1)).toBe(1);
    expect(minutes(history, 2)).toBe(7);
  });

  it('keeps apart slots where that is asked for, further ones in groups that grow', () => {
    const history = new UseHistory(0);
    history.idleSpans(1);
    for (let slot = 1; slot <= 16; slot += 1) history.began(0);
    for (let slot = 16; slot >= 1; slot -= 1) history.ended(0);
    for (let slot = 1; slot <= 16; slot += 1) history.began(slot * 10_000);
    const seen = (slot: number): number | undefined => history.idleSpans(slot)?.observations;
    expect([1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 16].map(seen)).toEqual([
      1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4,
    ]);
    expect(seen(17)).toBeUndefined();
  });

  it('counts short spans finely and long ones coarsely, each in the bin it belongs to', () => {
    for (let bin = 0; bin < SPAN_BINS; bin += 1) {
      const spans = new SpanHistogram();
      spans.observe(EDGES[bin]!);
      spans.observe(EDGES[bin + 1]! - 1);
      expect(spans.count(bin)).toBe(2);
    }
    const spans = new SpanHistogram();
    spans.observe(1e12);
    expect(spans.count(SPAN_BINS - 1)).toBe(1);
  });

  it('forgets half of everything when a count of spans is full', () => {
    const spans = new SpanHistogram();
    for (let count = 0; count < 65_536; count += 1) spans.observe(5);
    expect(spans.observations).toBe(32_768);
  });
});
