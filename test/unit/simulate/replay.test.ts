import { describe, expect, it } from '@jest/globals';
import { FixedKeepAlive } from '../../../src/keep-alive/fixed.js';
import { GreedyDual } from '../../../src/keep-alive/greedy-dual.js';
import type { KeepAlive, Windows } from '../../../src/keep-alive/keep-alive.js';
import { Clairvoyant } from '../../../src/simulate/clairvoyant.js';
import { coldStartBound, foresee } from '../../../src/simulate/foresight.js';
import { replay, type ReplayOptions } from '../../../src/simulate/replay.js';
import type { Score } from '../../../src/simulate/score.js';
import { TraceBuilder, type Trace, type TraceFunction } from '../../../src/simulate/trace.js';

const GB = 1024;
const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** [seconds, function, milliseconds it runs] */
type Call = readonly [at: number, fn: number, durationMs: number];

function traceOf(calls: readonly Call[], functions?: readonly TraceFunction[]): Trace {
  const builder = new TraceBuilder();
  for (const [at, fn, durationMs] of calls) builder.add(at * SECOND, fn, durationMs);
  const named = ['a', 'b', 'c'].map((name) => ({ name, memoryMb: GB }));
  return builder.build(functions ?? named);
}

function played(trace: Trace, options: Partial<ReplayOptions> = {}): Score & { waits: number[] } {
  const waits: number[] = [];
  const score = replay(trace, {
    policy: new FixedKeepAlive(MINUTE),
    initMs: 500,
    served: (invocation, waitMs) => (waits[invocation] = waitMs),
    ...options,
  });
  return { ...score, waits };
}

describe('a replay', () => {
  it('finds an environment ready within the time it is kept, and none afterwards', () => {
    const calls: Call[] = [
      [0, 0, 1000],
      [30, 0, 1000],
      [91.1, 0, 1000],
      [100, 0, 1000],
    ];
    const score = played(traceOf(calls));
    expect(score.waits).toEqual([500, 0, 500, 0]);
    expect([score.invocations, score.cold, score.coldRatio]).toEqual([4, 2, 0.5]);
    expect([score.starts, score.peakEnvironments]).toEqual([2, 1]);
    // Starting 0.5 s, idle 1.5 to 30 and 31 to 91; then 0.5 s, and idle from 92.6 to the end at 100.
    expect(score.wastedGbSeconds).toBeCloseTo(0.5 + 28.5 + 60 + 0.5 + 7.4, 3);
  });

  it('gives what waits to whichever is ready first, the new one or one that is done', () => {
    const calls: Call[] = [
      [0, 0, 1000],
      [1.4, 0, 1000],
    ];
    const score = played(traceOf(calls));
    // The first one is done at 1.5 s, the second environment would be ready at 1.9 s.
    expect(score.waits[1]).toBeCloseTo(100);
    expect([score.cold, score.starts]).toEqual([2, 2]);
  });

  it('gives each its own environment at the same time, most recently used first', () => {
    const calls: Call[] = [
      [0, 0, 1000],
      [0, 0, 5000],
      [20, 0, 1000],
      // The one that was done at 5.5 s has served since; the other is kept until 61.5 s.
      [61, 0, 40_000],
      [61.2, 0, 1000],
      [61.6, 0, 1000],
    ];
    const score = played(traceOf(calls));
    expect(score.waits.map((wait) => wait === 0)).toEqual([false, false, true, true, true, false]);
    expect(score.peakEnvironments).toBe(3);
  });

  it('tells functions apart, and how long each takes to start', () => {
    const functions = [
      { name: 'a', memoryMb: 128, initMs: 100 },
      { name: 'b', memoryMb: 256 },
    ];
    const calls: Call[] = [
      [0, 0, 100],
      [0, 1, 100],
    ];
    const score = played(traceOf(calls, functions));
    expect(score.waits).toEqual([100, 500]);
    expect(score.peakMemoryMb).toBe(384);
  });

  it('counts slowdowns: how much longer than alone it took', () => {
    const calls = Array.from({ length: 100 }, (_, index): Call => [index, 0, 100]);
    const { slowdown } = played(traceOf(calls));
    expect(slowdown.p50).toBe(1);
    expect(slowdown.p99).toBe(1);
    const apart = Array.from({ length: 100 }, (_, index): Call => [index * 100, 0, 100]);
    // Half a second more than a tenth, in steps of a hundredth.
    expect(played(traceOf(apart)).slowdown.p50).toBeCloseTo(6, 1);
  });

  it('is over with its last call, however long that runs', () => {
    const score = played(traceOf([[0, 0, 600_000]]));
    expect(score.wastedGbSeconds).toBe(0);
    expect(score.waits).toEqual([500]);
  });

  it('is nothing where there is nothing', () => {
    expect(played(traceOf([]))).toMatchObject({ invocations: 0, cold: 0, coldRatio: 0, starts: 0 });
  });
});

describe('starting ahead', () => {
  const windows: Windows = { prewarmAfterMs: 50 * SECOND, keepUntilMs: 70 * SECOND };
  const policy: KeepAlive = { name: 'hybrid', windows: () => windows, priority: () => 0 };

  it('lets go at once and has one there again until the time is over', () => {
    const calls: Call[] = [
      [0, 0, 500],
      [61, 0, 1000],
      [200, 0, 1000],
    ];
    const score = played(traceOf(calls), { policy });
    expect(score.waits).toEqual([500, 0, 500]);
    expect([score.prewarmed, score.cold]).toEqual([2, 2]);
    // Starting; from 51 s to 61 s; from 112 s to 132 s; starting.
    expect(score.wastedGbSeconds).toBeCloseTo(0.5 + 10 + 20, 3);
  });

  it('has one more ready beside what is in progress, for as long as the policy says', () => {
    const ready: KeepAlive = {
      name: 'learned',
      windows: () => ({ prewarmAfterMs: 0, keepUntilMs: 5 * SECOND }),
      readyForMs: ({ running }) => (running === 1 ? 20 * SECOND : 0),
      priority: () => 0,
    };
    const calls: Call[] = [
      [0, 0, 60_000],
      [15, 0, 1000],
      [40, 0, 1000],
    ];
    const score = played(traceOf(calls), { policy: ready });
    expect(score.waits).toEqual([500, 0, 500]);
    expect([score.prewarmed, score.starts]).toEqual([1, 3]);
  });

  it('does not happen when an event came before, but after that one', () => {
    const calls: Call[] = [
      [0, 0, 500],
      [30, 0, 500],
      [85, 0, 500],
    ];
    const score = played(traceOf(calls), { policy });
    expect(score.waits).toEqual([500, 500, 0]);
    expect(score.prewarmed).toBe(1);
  });
});

describe('a budget of memory', () => {
  it('lets the least recently used go for what needs a start', () => {
    const calls: Call[] = [
      [0, 0, 1000],
      [5, 1, 1000],
      [10, 2, 1000],
      [15, 1, 1000],
      [20, 0, 1000],
    ];
    const score = played(traceOf(calls), { memoryMb: 2 * GB });
    expect(score.waits).toEqual([500, 500, 500, 0, 500]);
    expect([score.peakEnvironments, score.peakMemoryMb]).toEqual([2, 2 * GB]);
  });

  it('lets go by greedy-dual what is used least for its memory', () => {
    const calls: Call[] = [
      [0, 0, 100],
      [2, 0, 100],
      [4, 0, 100],
      [6, 1, 100],
      [8, 2, 100],
      [10, 0, 100],
      [12, 1, 100],
    ];
    const score = played(traceOf(calls), { memoryMb: 2 * GB, policy: new GreedyDual() });
    expect(score.waits.map((wait) => wait === 0)).toEqual([
      false,
      true,
      true,
      false,
      false,
      true,
      false,
    ]);
  });

  it('makes an event wait while everything is in use, and lets one in that is too large', () => {
    const calls: Call[] = [
      [0, 0, 2000],
      [1, 1, 1000],
    ];
    const score = played(traceOf(calls), { memoryMb: GB / 2 });
    // The first one is done at 2.5 s; then the other may start.
    expect(score.waits).toEqual([500, 2000]);
    expect(score.peakEnvironments).toBe(1);
  });

  it('serves everybody in the end, also what waits when the last call has come', () => {
    const calls = Array.from({ length: 200 }, (_, index): Call => [index / 100, index % 3, 700]);
    const score = played(traceOf(calls), { memoryMb: 2 * GB });
    expect(score.waits.filter((wait) => wait >= 0)).toHaveLength(200);
    expect(score.peakEnvironments).toBe(2);
  });
});

describe('foresight', () => {
  const calls: Call[] = [
    [0, 0, 1000],
    [0, 0, 3500],
    [2, 0, 1000],
    [10, 0, 1000],
    [11.5, 0, 1000],
    [100, 1, 1000],
  ];

  it('knows when each environment is needed again', () => {
    const { neededAt } = foresee(traceOf(calls));
    // Of the first two the one that ends later is needed first afterwards.
    expect([...neededAt]).toEqual([2000, 10_000, Infinity, 11_500, Infinity, Infinity]);
  });

  it('bounds the cold starts: what saves one for the least memory is kept first', () => {
    const trace = traceOf(calls);
    const fewest = coldStartBound(trace, foresee(trace));
    // Waits of 0.5, 1 and 6.5 s, and three that no keeping saves.
    expect(fewest(0)).toBe(6);
    expect(fewest(0.5)).toBe(5);
    expect(fewest(1.5)).toBe(4);
    expect(fewest(4.75)).toBe(3.5);
    expect(fewest(1000)).toBe(3);
  });

  it('lets go what is needed last when memory is short', () => {
    const ordered: Call[] = [
      [0, 0, 100],
      [10, 1, 100],
      [20, 2, 100],
      [30, 1, 100],
      [40, 0, 100],
      [50, 2, 100],
    ];
    const trace = traceOf(ordered);
    const policy = new Clairvoyant(foresee(trace));
    const clairvoyant = played(trace, { policy, memoryMb: 2 * GB });
    expect(clairvoyant.waits.map((wait) => wait === 0)).toEqual([
      false,
      false,
      false,
      true,
      false,
      true,
    ]);
    expect(played(trace, { memoryMb: 2 * GB }).cold).toBeGreaterThan(clairvoyant.cold);
  });
});
