import { describe, expect, it } from '@jest/globals';
import type { Pool } from '../../../src/pool/pool.js';
import { PoolBench } from '../../support/pool-bench.js';

function typed(pool: Pool, type: string): string[] {
  return [...pool.environments]
    .filter(({ initializationType }) => initializationType === type)
    .map(({ state }) => state);
}
const provisioned = (pool: Pool): string[] => typed(pool, 'provisioned-concurrency');
const onDemand = (pool: Pool): string[] => typed(pool, 'on-demand');

describe('provisioned concurrency', () => {
  it('is nothing until it is asked for', () => {
    expect(new PoolBench().pool.provisioned).toBeUndefined();
  });

  it('initialises environments ahead of any event and freezes them', async () => {
    const bench = new PoolBench();
    bench.pool.provision(3);
    expect(bench.pool.provisioned).toEqual({
      requested: 3,
      allocated: 0,
      available: 0,
      status: 'IN_PROGRESS',
    });
    await bench.clock.advanceAsync(1_000);
    expect(provisioned(bench.pool)).toEqual(['frozen', 'frozen', 'frozen']);
    expect(bench.pool.provisioned).toEqual({
      requested: 3,
      allocated: 3,
      available: 3,
      status: 'READY',
    });
  });

  it('is preferred, and spills over to environments on demand', async () => {
    const bench = new PoolBench();
    bench.submit();
    await bench.clock.advanceAsync(1_000);
    bench.pool.provision(1);
    await bench.clock.advanceAsync(1_000);
    bench.handleMs = () => 500;
    bench.submit();
    expect([provisioned(bench.pool), onDemand(bench.pool)]).toEqual([['invoking'], ['frozen']]);
    bench.submit();
    bench.submit();
    await bench.clock.advanceAsync(100);
    expect(onDemand(bench.pool)).toEqual(['invoking', 'invoking']);
    await bench.clock.advanceAsync(5_000);
    expect(bench.endings).toEqual(['succeeded', 'succeeded', 'succeeded', 'succeeded']);
  });

  it('outlives idleness, while what was started on demand goes', async () => {
    const bench = new PoolBench({ rules: { idleTimeoutMs: 60_000 } });
    bench.pool.provision(2);
    await bench.clock.advanceAsync(1_000);
    bench.submit();
    bench.submit();
    bench.submit();
    await bench.clock.advanceAsync(24 * 3_600_000);
    expect([provisioned(bench.pool), onDemand(bench.pool)]).toEqual([['frozen', 'frozen'], []]);
  });

  it('keeps its memory when others need some', async () => {
    const bench = new PoolBench({ budgetMb: 384 });
    const other = bench.open();
    bench.pool.provision(2);
    await bench.clock.advanceAsync(1_000);
    bench.handleMs = () => 100;
    for (let event = 0; event < 5; event += 1) bench.submit(other);
    await bench.clock.advanceAsync(10_000);
    expect(bench.endings).toEqual(Array<string>(5).fill('succeeded'));
    expect([provisioned(bench.pool), onDemand(other).length]).toEqual([['frozen', 'frozen'], 1]);
  });

  it('takes the memory of what is idle', async () => {
    const bench = new PoolBench({ budgetMb: 256 });
    const other = bench.open();
    bench.handleMs = () => 100;
    bench.submit(other);
    bench.submit(other);
    await bench.clock.advanceAsync(1_000);
    bench.pool.provision(1);
    await bench.clock.advanceAsync(5_000);
    expect([provisioned(bench.pool), onDemand(other)]).toEqual([['frozen'], ['frozen']]);
  });

  it('fails at once when the memory budget could never hold it', () => {
    const bench = new PoolBench({ budgetMb: 512 });
    const other = bench.open();
    other.provision(2);
    bench.pool.provision(2);
    expect(bench.pool.provisioned).toMatchObject({
      status: 'FAILED',
      reason: expect.stringContaining('room for 1 of this version'),
    });
    expect(bench.pool.environmentCount).toBe(0);
  });

  it('replaces what the engine loses', async () => {
    const bench = new PoolBench();
    bench.pool.provision(1);
    bench.fails = (call) => call === 'freeze' && bench.count('freeze') === 1;
    await bench.clock.advanceAsync(60_000);
    expect([bench.count('create'), provisioned(bench.pool)]).toEqual([2, ['frozen']]);
    expect(bench.pool.provisioned?.status).toBe('READY');
  });

  it('fails with the reason of a failed init, and starts nothing more until asked again', async () => {
    const bench = new PoolBench();
    let broken = true;
    bench.program = (process, channel) => {
      if (!broken) return false;
      process.after(5, () => void channel.initError(Buffer.from('{}'), 'application/json'));
      return true;
    };
    bench.pool.provision(2);
    await bench.clock.advanceAsync(600_000);
    expect(bench.pool.provisioned).toEqual({
      requested: 2,
      allocated: 0,
      available: 0,
      status: 'FAILED',
      reason: 'FUNCTION_ERROR_INIT_FAILURE',
    });
    expect(bench.count('create')).toBeLessThanOrEqual(2);
    expect(bench.pool.environmentCount).toBe(0);
    broken = false;
    bench.pool.provision(2);
    await bench.clock.advanceAsync(1_000);
    expect(bench.pool.provisioned?.status).toBe('READY');
  });

  it('leaves an event that waited for a failed one to an environment on demand', async () => {
    const bench = new PoolBench();
    bench.program = (process, channel) => {
      if (bench.count('start') > 1) return false;
      process.after(50, () => void channel.initError(Buffer.from('{}'), 'application/json'));
      return true;
    };
    bench.pool.provision(1);
    await bench.clock.advanceAsync(10);
    bench.submit();
    await bench.clock.advanceAsync(1_000);
    expect(bench.endings).toEqual(['succeeded']);
    expect(onDemand(bench.pool)).toEqual(['frozen']);
  });

  it.each([
    [3, 130_000],
    [600, 600_000],
  ])('lets the init of a function with %i s take %i ms', async (timeoutSeconds, limitMs) => {
    const bench = new PoolBench({ timeoutSeconds });
    bench.program = () => true;
    bench.pool.provision(1);
    await bench.clock.advanceAsync(limitMs - 1);
    expect(bench.pool.provisioned?.status).toBe('IN_PROGRESS');
    await bench.clock.advanceAsync(1);
    expect(bench.pool.provisioned?.reason).toBe('FUNCTION_ERROR_INIT_FAILURE');
  });

  it('stays allocated through a reset, and its next event starts it again', async () => {
    const bench = new PoolBench({ timeoutSeconds: 1 });
    bench.pool.provision(1);
    await bench.clock.advanceAsync(1_000);
    bench.handleMs = ({ requestId }) => (requestId === 'r1' ? 60_000 : 1);
    bench.submit();
    await bench.clock.advanceAsync(2_000);
    expect(provisioned(bench.pool)).toEqual(['reset']);
    expect(bench.pool.provisioned).toMatchObject({ allocated: 1, available: 0, status: 'READY' });
    bench.submit();
    await bench.clock.advanceAsync(1_000);
    expect(bench.endings).toEqual(['function-failed', 'succeeded']);
    expect([bench.count('create'), provisioned(bench.pool)]).toEqual([1, ['frozen']]);
  });

  it('lets go of what is too many, a busy one when it is done', async () => {
    const bench = new PoolBench();
    bench.pool.provision(3);
    await bench.clock.advanceAsync(1_000);
    bench.handleMs = () => 1_000;
    bench.submit();
    bench.submit();
    bench.pool.provision(1);
    await bench.clock.advanceAsync(100);
    expect(provisioned(bench.pool)).toEqual(['invoking', 'invoking']);
    await bench.clock.advanceAsync(10_000);
    expect([provisioned(bench.pool), bench.endings]).toEqual([
      ['frozen'],
      ['succeeded', 'succeeded'],
    ]);
    bench.pool.provision(0);
    await bench.clock.advanceAsync(1_000);
    expect([bench.pool.environmentCount, bench.pool.provisioned]).toEqual([0, undefined]);
  });
});
