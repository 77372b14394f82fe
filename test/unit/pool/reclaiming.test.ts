import { describe, expect, it } from '@jest/globals';
import { planReclaim } from '../../../src/pool/reclaiming.js';
import { PoolBench } from '../../support/pool-bench.js';

const MINUTE_MS = 60_000;

describe('which memory is given back', () => {
  const still = (idleSince: number) => ({ idleSince, reclaimable: true });

  it('is that of environments which have been still long enough, and it says when the next will', () => {
    const [cold, cooling, warm] = [still(0), still(400), still(900)];
    expect(planReclaim([cold, cooling, warm], 1000, 1000)).toEqual({
      reclaim: [cold],
      nextAt: 1400,
    });
  });

  it('is none of what runs, is at work or has given it back already', () => {
    expect(planReclaim([{ idleSince: 0, reclaimable: false }], 1000, 5000)).toEqual({
      reclaim: [],
      nextAt: Infinity,
    });
  });

  it('is none at all where the rules say so', () => {
    expect(planReclaim([still(0)], Infinity, 1e9)).toEqual({ reclaim: [], nextAt: Infinity });
  });
});

describe('a pool', () => {
  const reclaims = (bench: PoolBench): number[] =>
    [...bench.engine.containers].map((container) => container.reclaims);
  const rules = { reclaimAfterMs: MINUTE_MS };

  it('gives the memory of frozen environments back once, and again after each use', async () => {
    const bench = new PoolBench({ rules });
    bench.submit();
    await bench.clock.advanceAsync(MINUTE_MS - 1);
    expect([bench.states(), reclaims(bench)]).toEqual([['frozen'], [0]]);
    await bench.clock.advanceAsync(MINUTE_MS);
    expect([bench.states(), reclaims(bench)]).toEqual([['frozen'], [1]]);
    await bench.clock.advanceAsync(3 * MINUTE_MS);
    expect(reclaims(bench)).toEqual([1]);
    bench.submit();
    await bench.clock.advanceAsync(2 * MINUTE_MS);
    expect([reclaims(bench), bench.endings]).toEqual([[2], ['succeeded', 'succeeded']]);
  });

  it('leaves alone what is used more often than that', async () => {
    const bench = new PoolBench({ rules });
    for (let event = 0; event < 10; event += 1) {
      bench.submit();
      await bench.clock.advanceAsync(MINUTE_MS / 2);
    }
    expect(reclaims(bench)).toEqual([0]);
  });

  it('does so for what is provisioned', async () => {
    const provisioned = new PoolBench({ rules });
    provisioned.pool.provision(2);
    await provisioned.clock.advanceAsync(2 * MINUTE_MS);
    expect(reclaims(provisioned)).toEqual([1, 1]);
  });

  it('does not where nothing says after how long', async () => {
    const bench = new PoolBench();
    bench.submit();
    await bench.clock.advanceAsync(5 * MINUTE_MS);
    expect([bench.states(), reclaims(bench)]).toEqual([['frozen'], [0]]);
  });
});
