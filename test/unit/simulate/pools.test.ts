import { describe, expect, it } from '@jest/globals';
import { KEEP_ALIVE_NAMES, type KeepAliveName } from '../../../src/keep-alive/keep-alive.js';
import { keepAliveOf } from '../../../src/keep-alive/named.js';
import { Random } from '../../../src/simulate/random.js';
import { replay } from '../../../src/simulate/replay.js';
import { TraceBuilder, type Trace } from '../../../src/simulate/trace.js';
import { PoolBench } from '../../support/pool-bench.js';

/** What a runtime of the bench takes until it first polls. */
const INIT_MS = 10;
const IDLE_MS = 60_000;
const MINUTE = 60_000;
/** Without common factors, so that no two priorities are equal: the order of equal ones is anybody’s. */
const MEMORY_MB = [61, 127, 97, 37];

/** Two hours of four functions: one like a clock, one seldom, one often, one in bursts. */
function someTrace(seed: number): Trace {
  const random = new Random(seed, 0);
  const builder = new TraceBuilder();
  const call = (at: number, fn: number): void => {
    // Odd durations: what comes at the very same moment has no order that both must share.
    builder.add(at, fn, 1 + random.below(3000) + random.next() * 0.9);
  };
  const length = 120 * MINUTE;
  for (let at = 1000; at < length; at += 5 * MINUTE + random.below(4000)) call(at, 0);
  for (let at = 0; at < length; at += Math.ceil(random.exponential() * 20 * MINUTE)) call(at, 1);
  for (let at = 0; at < length; at += Math.ceil(random.exponential() * 30_000)) call(at, 2);
  for (let at = 0; at < length; at += Math.ceil(random.exponential() * 12 * MINUTE)) {
    for (let count = random.below(5); count >= 0; count -= 1) call(at + count * 777, 3);
  }
  return builder.build(MEMORY_MB.map((memoryMb, fn) => ({ name: `f${fn}`, memoryMb })));
}

/** How long each invocation waits, in the order of the trace, ms. */
function replayed(trace: Trace, policy: KeepAliveName, memoryMb: number): number[] {
  const waits: number[] = [];
  replay(trace, {
    policy: keepAliveOf({ name: policy }, IDLE_MS),
    initMs: INIT_MS,
    memoryMb,
    served: (invocation, waitMs) => (waits[invocation] = waitMs),
  });
  return waits;
}

async function lived(trace: Trace, policy: KeepAliveName, memoryMb: number): Promise<number[]> {
  const bench = new PoolBench({
    starts: 1000,
    budgetMb: memoryMb,
  });
  const rules = { keepAlive: keepAliveOf({ name: policy }, IDLE_MS), freezeAfterMs: 0 };
  const pools = MEMORY_MB.map((mb) => bench.open({ rules, memoryMb: mb, timeoutSeconds: 900 }));
  const waits: number[] = [];
  bench.handleMs = ({ requestId }) => {
    const invocation = Number(requestId.slice(1)) - 1;
    waits[invocation] = bench.clock.monotonic() - trace.at[invocation]!;
    return trace.durationMs[invocation]!;
  };
  for (let invocation = 0; invocation < trace.length; invocation += 1) {
    await bench.clock.advanceAsync(trace.at[invocation]! - bench.clock.monotonic());
    bench.submit(pools[trace.fn[invocation]!]);
  }
  await bench.clock.advanceAsync(MINUTE);
  for (const pool of pools) pool.destroy('shutdown');
  await bench.clock.advanceAsync(MINUTE);
  return waits;
}

/** One that never binds, and one that does. */
const ROOMS = [64 * 1024, 256];

describe.each(ROOMS)('with %p MB, pools do what the replay says', (memoryMb) => {
  it.each(KEEP_ALIVE_NAMES)('under %p', async (policy) => {
    for (const seed of [1, 2, 3]) {
      const trace = someTrace(seed);
      const expected = replayed(trace, policy, memoryMb);
      const seen = await lived(trace, policy, memoryMb);
      const differing = seen.filter((wait, index) => Math.abs(wait - expected[index]!) > 0.001);
      expect(differing).toEqual([]);
      expect(seen).toHaveLength(trace.length);
      expect(expected.some((wait) => wait === 0) && expected.some((wait) => wait > 0)).toBe(true);
    }
  });
});
