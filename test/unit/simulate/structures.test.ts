import { describe, expect, it } from '@jest/globals';
import { Deadlines } from '../../../src/simulate/deadlines.js';
import { EventHeap } from '../../../src/simulate/event-heap.js';
import { Random } from '../../../src/simulate/random.js';
import { TraceBuilder } from '../../../src/simulate/trace.js';

describe('the heap of events', () => {
  it('gives back what was put in by rising moment, whatever the order', () => {
    const random = new Random(1, 0);
    const heap = new EventHeap();
    const keys: number[] = [];
    for (let turn = 0; turn < 20_000; turn += 1) {
      if (random.next() < 0.6) {
        const key = random.below(1000);
        heap.push(key, key * 2);
        keys.push(key);
      } else if (keys.length > 0) {
        keys.sort((a, b) => a - b);
        expect([heap.firstKey, heap.firstValue]).toEqual([keys[0], keys[0]! * 2]);
        heap.removeFirst();
        keys.shift();
      }
    }
    expect(heap.size).toBe(keys.length);
  });

  it('has nothing first when it is empty', () => {
    expect(new EventHeap().firstKey).toBe(Infinity);
  });
});

describe('deadlines', () => {
  it('have the lowest of those that hold now, as a plain search would', () => {
    const random = new Random(2, 0);
    const deadlines = new Deadlines();
    const held = new Map<number, number>();
    for (let turn = 0; turn < 20_000; turn += 1) {
      const id = random.below(3000);
      if (random.next() < 0.3) {
        deadlines.clear(id);
        held.delete(id);
      } else {
        const value = random.next() < 0.1 ? Infinity : random.below(1_000_000);
        deadlines.set(id, value);
        held.set(id, value);
      }
      if (turn % 10 > 0) continue;
      const lowest = Math.min(...held.values());
      expect(deadlines.first).toBe(lowest);
      if (lowest < Infinity) expect(held.get(deadlines.firstId)).toBe(lowest);
    }
  });
});

describe('a trace', () => {
  it('is in the order of time, equal moments in the order they were added', () => {
    const random = new Random(3, 0);
    const builder = new TraceBuilder();
    const added: { at: number; fn: number }[] = [];
    for (let fn = 0; fn < 100_000; fn += 1) {
      const at = random.below(50_000) * 80_000;
      builder.add(at, fn, fn / 2);
      added.push({ at, fn });
    }
    added.sort((one, other) => one.at - other.at);
    const trace = builder.build([]);
    expect(trace.length).toBe(added.length);
    expect([...trace.at]).toEqual(added.map(({ at }) => at));
    expect([...trace.fn]).toEqual(added.map(({ fn }) => fn));
    expect(trace.durationMs[7]).toBe(added[7]!.fn / 2);
  });
});

describe('seeded numbers', () => {
  it('are the same for the same seed and stream, and others for others', () => {
    const three = (seed: number, stream: number): number[] => {
      const random = new Random(seed, stream);
      return [random.next(), random.next(), random.next()];
    };
    expect(three(5, 1)).toEqual(three(5, 1));
    const all = [...three(5, 1), ...three(5, 2), ...three(6, 1), ...three(2 ** 33 + 5, 1)];
    expect(new Set(all).size).toBe(all.length);
  });

  it.each([1, 2.5, 100])(
    'of a gamma distribution of shape %p have its mean and variance',
    (shape) => {
      const random = new Random(7, 0);
      const drawn = Array.from({ length: 50_000 }, () => random.gamma(shape));
      const mean = drawn.reduce((sum, value) => sum + value, 0) / drawn.length;
      const variance = drawn.reduce((sum, value) => sum + (value - mean) ** 2, 0) / drawn.length;
      expect(mean / shape).toBeCloseTo(1, 1);
      expect(variance / shape).toBeCloseTo(1, 1);
    },
  );
});
