import { describe, expect, it } from '@jest/globals';
import { PoolBench } from '../../support/pool-bench.js';

const MB = 2 ** 20;

describe('a pool whose engine fails', () => {
  it('does not let waiting invocations wait ever longer for an engine that was away long', async () => {
    const bench = new PoolBench();
    bench.fails = (call) => call === 'start';
    for (let minute = 0; minute < 30; minute += 1) {
      bench.submit();
      await bench.clock.advanceAsync(60_000);
    }
    expect(bench.endings).toEqual(Array.from({ length: 30 }, () => 'environment-failed'));
    bench.fails = () => false;
    bench.submit();
    await bench.clock.advanceAsync(10_000);
    expect(bench.endings.at(-1)).toBe('succeeded');
  });

  it('starts the spares when the engine is back, with nobody asking', async () => {
    const bench = new PoolBench({ rules: { spares: 1 } });
    bench.fails = (call) => call === 'start';
    bench.pool.warm();
    await bench.clock.advanceAsync(120_000);
    bench.fails = () => false;
    await bench.clock.advanceAsync(10_000);
    expect(bench.states()).toEqual(['frozen']);
  });

  it('does not start spare after spare that cannot be frozen', async () => {
    const bench = new PoolBench({ rules: { spares: 1 } });
    bench.fails = (call) => call === 'freeze';
    bench.pool.warm();
    await bench.clock.advanceAsync(60_000);
    expect(bench.count('create')).toBeGreaterThan(1);
    expect(bench.count('create')).toBeLessThan(10);
    bench.submit();
    await bench.clock.advanceAsync(100);
    expect(bench.endings).toEqual(['succeeded']);
  });

  it('loses no invocation to a kill that fails after the processes have ended', async () => {
    const bench = new PoolBench({ timeoutSeconds: 1 });
    bench.early = (call) => call === 'kill';
    bench.delayMs = (call) => (call === 'kill' ? 5_000 : 0);
    bench.fails = (call) => call === 'kill';
    bench.handleMs = ({ requestId }) => (requestId === 'r1' ? 60_000 : 900);
    for (let event = 0; event < 9; event += 1) {
      bench.submit();
      await bench.clock.advanceAsync(event === 0 ? 1_100 : 950);
    }
    expect(bench.endings).toEqual(['function-failed', ...Array<string>(8).fill('succeeded')]);
    expect(bench.warnings).toEqual([]);
  });

  it('gives a turn back that was taken for an environment which could not even be described', async () => {
    const bench = new PoolBench();
    bench.buildSpec = () => {
      throw new Error('no such variable');
    };
    bench.submit();
    await bench.clock.advanceAsync(60_000);
    expect(bench.endings).toEqual(['environment-failed']);
    expect(bench.gate.running).toBe(0);
    expect(bench.pool.environmentCount).toBe(0);
  });
});

describe('spares', () => {
  it('are started beside a function that is never without an invocation', async () => {
    const bench = new PoolBench({ timeoutSeconds: 900, rules: { spares: 2, freezeAfterMs: 2 } });
    bench.handleMs = ({ requestId }) => (requestId === 'r1' ? 600_000 : 10);
    // One runs all the time; the others make another environment idle, and looked at, again and
    // again.
    for (let event = 0; event < 100; event += 1) {
      bench.submit();
      await bench.clock.advanceAsync(50);
    }
    expect(bench.states().sort()).toEqual(['frozen', 'frozen', 'invoking']);
  });
});

describe('retention', () => {
  it('counts the time since the last use, also where every use ends in a reset', async () => {
    const bench = new PoolBench({ timeoutSeconds: 1, rules: { idleTimeoutMs: 60_000 } });
    bench.handleMs = () => 60_000;
    for (let event = 0; event < 6; event += 1) {
      bench.submit();
      await bench.clock.advanceAsync(25_000);
    }
    expect(bench.count('create')).toBe(1);
  });
});

describe('the memory of environments', () => {
  it('is accounted for as soon as it has been seen, not when they end', async () => {
    const bench = new PoolBench({ memoryMb: 1024 });
    bench.peakMb = () => 700;
    bench.submit();
    await bench.clock.advanceAsync(1_000);
    expect(bench.endings).toEqual(['succeeded']);
    expect(bench.memory.usedBytes).toBe(700 * MB);
  });

  it('goes to and fro between functions that have room for one of them, not before it was used', async () => {
    const bench = new PoolBench({ budgetMb: 128 });
    const other = bench.open();
    for (let event = 0; event < 3; event += 1) {
      bench.submit();
      bench.submit(other);
    }
    await bench.clock.advanceAsync(10_000);
    expect(bench.endings).toEqual(Array.from({ length: 6 }, () => 'succeeded'));
    expect(bench.count('create')).toBeLessThanOrEqual(6);
  });

  it('is found for a large function beside a small one that is never idle', async () => {
    const bench = new PoolBench({ budgetMb: 1024, memoryMb: 1024 });
    const small = bench.open({ memoryMb: 128 });
    bench.peakMb = (memoryMb) => (memoryMb === 1024 ? 900 : 20);
    bench.handleMs = () => 100;
    bench.submit();
    await bench.clock.advanceAsync(1_000);
    expect(bench.endings).toEqual(['succeeded']);
    const load = async (ms: number): Promise<void> => {
      // More than fits into the budget.
      for (let at = 0; at < ms; at += 20) {
        bench.submit(small);
        bench.submit(small);
        await bench.clock.advanceAsync(20);
      }
    };
    await load(1_000);
    expect(bench.states()).toEqual([]);
    bench.submit();
    await load(5_000);
    expect(bench.pool.waiting).toBe(0);
    expect(bench.states(small)).not.toEqual([]);
    await bench.clock.advanceAsync(120_000);
    expect(small.waiting).toBe(0);
    expect(new Set(bench.endings)).toEqual(new Set(['succeeded']));
  });
});

describe('a pool whose environment is being reset', () => {
  function failingInit(spares: number): PoolBench {
    const bench = new PoolBench({ rules: { spares } });
    bench.delayMs = (call) => (call === 'kill' ? 200 : 0);
    bench.program = (process, channel) => {
      if (bench.count('start') > 1) return false;
      process.after(0, () => void channel.initError(Buffer.from('{}'), 'application/json'));
      return true;
    };
    return bench;
  }

  it('counts it among the spares', async () => {
    const bench = failingInit(1);
    bench.pool.warm();
    await bench.clock.advanceAsync(100);
    expect(bench.states()).toEqual(['resetting']);
    await bench.clock.advanceAsync(1_000);
    expect([bench.states(), bench.count('create')]).toEqual([['reset'], 1]);
  });

  it('lets an event wait for it instead of starting another one', async () => {
    const bench = failingInit(0);
    bench.submit();
    await bench.clock.advanceAsync(100);
    expect(bench.states()).toEqual(['resetting']);
    await bench.clock.advanceAsync(1_000);
    expect([bench.endings, bench.count('create')]).toEqual([['succeeded'], 1]);
  });
});
