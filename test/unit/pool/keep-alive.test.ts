import { describe, expect, it } from '@jest/globals';
import { tellStart } from '../../../src/environment/cause.js';
import { GreedyDual } from '../../../src/keep-alive/greedy-dual.js';
import { HybridKeepAlive } from '../../../src/keep-alive/hybrid.js';
import type { KeepAlive } from '../../../src/keep-alive/keep-alive.js';
import { LearnedKeepAlive } from '../../../src/keep-alive/learned.js';
import { PoolBench } from '../../support/pool-bench.js';

const MINUTE = 60_000;

describe('a pool that learns when events come', () => {
  const hybrid = (timeScale = 1, spares = 0): PoolBench =>
    new PoolBench({ rules: { keepAlive: new HybridKeepAlive(10 * MINUTE), timeScale, spares } });

  /** An event every 30 minutes, as the function sees it. */
  const learn = async (bench: PoolBench, events: number, minuteMs = MINUTE): Promise<void> => {
    for (let event = 0; event < events; event += 1) {
      bench.submit();
      await bench.clock.advanceAsync(30 * minuteMs);
    }
  };

  it('ends the environment after the response and has one ready before the next event', async () => {
    const bench = hybrid();
    await learn(bench, 5);
    bench.submit();
    await bench.clock.advanceAsync(1_000);
    expect(bench.states()).toEqual([]);
    const created = bench.count('create');
    // The least that was seen is 30 minutes; a tenth before that one has to be there.
    await bench.clock.advanceAsync(26 * MINUTE);
    expect(bench.count('create')).toBe(created);
    await bench.clock.advanceAsync(2 * MINUTE);
    expect(bench.states()).toEqual(['frozen']);
    await bench.clock.advanceAsync(2 * MINUTE);
    bench.submit();
    await bench.clock.advanceAsync(1_000);
    expect([bench.count('create'), bench.endings.at(-1)]).toEqual([created + 1, 'succeeded']);
  });

  it('has one more ready beside an event where a second one soon came so far', async () => {
    const keepAlive = new LearnedKeepAlive(MINUTE);
    const bench = new PoolBench({ rules: { keepAlive }, timeoutSeconds: 60, budgetMb: 1024 });
    bench.handleMs = () => 40_000;
    for (let burst = 0; burst < 5; burst += 1) {
      bench.submit();
      await bench.clock.advanceAsync(20_000);
      bench.submit();
      await bench.clock.advanceAsync(1000 * MINUTE);
    }
    expect(bench.states()).toEqual([]);
    bench.submit();
    await bench.clock.advanceAsync(5_000);
    expect(bench.states()).toEqual(['invoking', 'frozen']);
    const created = bench.count('create');
    bench.submit();
    await bench.clock.advanceAsync(1_000);
    expect([bench.states(), bench.count('create')]).toEqual([['invoking', 'invoking'], created]);
  });

  it.each([4, 6])('lets the one more go once none is needed, after %p minutes', async (minutes) => {
    const keepAlive: KeepAlive = {
      name: 'learned',
      windows: (_history, slot) => ({
        prewarmAfterMs: 0,
        keepUntilMs: (slot === 1 ? 30 : 5) * MINUTE,
      }),
      readyForMs: () => 20 * MINUTE,
      priority: () => 0,
    };
    const bench = new PoolBench({ rules: { keepAlive }, timeoutSeconds: 900 });
    bench.handleMs = () => minutes * MINUTE;
    bench.submit();
    await bench.clock.advanceAsync(minutes * MINUTE - 1000);
    expect(bench.states()).toEqual(['invoking', 'frozen']);
    await bench.clock.advanceAsync(Math.max(0, 5 - minutes) * MINUTE + 5000);
    expect(bench.states()).toEqual(['frozen']);
  });

  it('stops waiting for an event that does not come', async () => {
    const bench = hybrid();
    await learn(bench, 5);
    await bench.clock.advanceAsync(MINUTE);
    expect(bench.states()).toEqual(['frozen']);
    await bench.clock.advanceAsync(60 * MINUTE);
    expect([bench.states(), bench.clock.pending]).toEqual([[], 0]);
  });

  it('keeps no spare for a time in which no event is expected', async () => {
    const bench = hybrid(1, 2);
    await learn(bench, 5);
    bench.submit();
    await bench.clock.advanceAsync(5_000);
    expect(bench.states()).toEqual([]);
    await bench.clock.advanceAsync(28 * MINUTE);
    expect(bench.states()).toEqual(['frozen', 'frozen']);
  });

  it('behaves as the idle timeout says while it knows nothing', async () => {
    const bench = hybrid();
    bench.submit();
    await bench.clock.advanceAsync(9 * MINUTE);
    expect(bench.states()).toEqual(['frozen']);
    await bench.clock.advanceAsync(2 * MINUTE);
    expect(bench.states()).toEqual([]);
  });

  it('learns in the time of the function where that passes faster', async () => {
    const scaled = MINUTE / 100;
    const bench = hybrid(100);
    await learn(bench, 5, scaled);
    bench.submit();
    await bench.clock.advanceAsync(scaled);
    expect(bench.states()).toEqual([]);
    await bench.clock.advanceAsync(27 * scaled);
    expect(bench.states()).toEqual(['frozen']);
  });

  it('says why an event came too early, and why an environment is there', async () => {
    const bench = hybrid();
    await learn(bench, 5);
    bench.submit();
    await bench.clock.advanceAsync(MINUTE);
    bench.submit();
    await bench.clock.advanceAsync(1_000);
    const causes = bench.causes.slice(-2);
    expect(causes.map(({ kind }) => kind)).toEqual(['expected', 'replaced']);
    const [expected, early] = causes.map((cause) => tellStart({ kind: 'cold', cause, served: 0 }));
    expect(expected).toMatch('kept ready ahead of demand');
    expect(early).toMatch('retired at once, as earlier events came further apart');
  });
});

describe('a pool whose policy keeps everything until memory is needed', () => {
  it('gives up what is quick to start again, however recently it was used', async () => {
    const keepAlive = new GreedyDual();
    const bench = new PoolBench({ budgetMb: 300, rules: { keepAlive } });
    const slow = bench.pool;
    const quick = bench.open({ rules: { keepAlive } });
    const other = bench.open({ rules: { keepAlive } });
    bench.delayMs = (call) => (call === 'start' && bench.count('create') === 1 ? 5_000 : 0);
    bench.submit(slow);
    await bench.clock.advanceAsync(6_000);
    bench.submit(quick);
    await bench.clock.advanceAsync(24 * 60 * MINUTE);
    expect([bench.states(slow), bench.states(quick)]).toEqual([['frozen'], ['frozen']]);
    bench.submit(other);
    await bench.clock.advanceAsync(1_000);
    expect(bench.states(slow)).toEqual(['frozen']);
    expect([bench.states(quick), bench.states(other)]).toEqual([[], ['frozen']]);
  });
});

describe('spares of a function with few places', () => {
  it('are never more than it could use', async () => {
    let concurrency = 1;
    const bench = new PoolBench({
      timeoutSeconds: 900,
      rules: { spares: 2 },
      concurrency: () => concurrency,
    });
    bench.pool.warm();
    await bench.clock.advanceAsync(10_000);
    expect(bench.states()).toEqual(['frozen']);
    bench.handleMs = () => 20_000;
    bench.submit();
    await bench.clock.advanceAsync(10_000);
    expect(bench.states()).toEqual(['invoking']);
    concurrency = 2;
    bench.pool.warm();
    await bench.clock.advanceAsync(2_000);
    expect(bench.states()).toEqual(['invoking', 'frozen']);
  });
});

describe('spares of many functions', () => {
  it('give everybody a first one before anybody gets a second', async () => {
    const bench = new PoolBench({ rules: { spares: 3 } });
    bench.delayMs = (call) => (call === 'start' ? 100 : 0);
    const pools = [
      bench.pool,
      ...Array.from({ length: 39 }, () => bench.open({ rules: { spares: 3 } })),
    ];
    for (const pool of pools) pool.warm();
    // The first was alone when it asked, and got two.
    const counts = (): number[] => pools.slice(1).map((pool) => pool.environmentCount);
    for (let waitedMs = 0; counts().some((count) => count < 3); waitedMs += 50) {
      expect(Math.max(...counts()) - Math.min(...counts())).toBeLessThanOrEqual(1);
      expect(waitedMs).toBeLessThan(60_000);
      await bench.clock.advanceAsync(50);
    }
    await bench.clock.advanceAsync(10_000);
    expect(pools.flatMap((pool) => bench.states(pool))).toEqual(Array<string>(120).fill('frozen'));
  });
});
