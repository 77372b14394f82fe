import { expect, it } from '@jest/globals';
import { PoolBench } from '../../support/pool-bench.js';

const SLOW_MS = 600_000;

it('lets a function have so many environments in ten seconds, then throttles', async () => {
  const bench = new PoolBench({ scalingRate: 3, timeoutSeconds: 900 });
  bench.handleMs = () => SLOW_MS;
  for (let event = 0; event < 5; event += 1) bench.submit();
  await bench.clock.advanceAsync(1_000);
  expect(bench.outcomes).toMatchObject(
    Array.from({ length: 2 }, () => ({
      kind: 'refused',
      error: { code: 'throttled', details: { reason: 'ConcurrentInvocationLimitExceeded' } },
    })),
  );
  expect(bench.states()).toEqual(['invoking', 'invoking', 'invoking']);
  await bench.clock.advanceAsync(9_000);
  for (let event = 0; event < 4; event += 1) bench.submit();
  await bench.clock.advanceAsync(1_000);
  expect([bench.states().length, bench.endings.length]).toEqual([6, 3]);
});

it('counts no event for which there is an environment', async () => {
  const bench = new PoolBench({ scalingRate: 1 });
  for (let event = 0; event < 20; event += 1) {
    bench.submit();
    await bench.clock.advanceAsync(100);
  }
  expect(new Set(bench.endings)).toEqual(new Set(['succeeded']));
});

it('does not add up what was not used', async () => {
  const bench = new PoolBench({ scalingRate: 2, timeoutSeconds: 900 });
  await bench.clock.advanceAsync(3_600_000);
  bench.handleMs = () => SLOW_MS;
  for (let event = 0; event < 5; event += 1) bench.submit();
  await bench.clock.advanceAsync(1_000);
  expect(bench.states()).toEqual(['invoking', 'invoking']);
});

it('counts nothing that is started ahead of demand', async () => {
  const bench = new PoolBench({ scalingRate: 1, rules: { spares: 3 } });
  bench.pool.warm();
  bench.pool.provision(2);
  await bench.clock.advanceAsync(60_000);
  bench.handleMs = () => 1_000;
  for (let event = 0; event < 4; event += 1) bench.submit();
  await bench.clock.advanceAsync(500);
  expect(bench.endings).toEqual([]);
});

it('counts environments, not events that others serve while those start', async () => {
  const bench = new PoolBench({ scalingRate: 4 });
  let starts = 0;
  bench.delayMs = (call) => (call === 'start' && (starts += 1) > 1 ? 5_000 : 0);
  // Four at a time, served one after the other by the first environment while others start.
  for (let round = 0; round < 100; round += 1) {
    for (let event = 0; event < 4; event += 1) bench.submit();
    await bench.clock.advanceAsync(20);
  }
  expect(new Set(bench.endings)).toEqual(new Set(['succeeded']));
});
