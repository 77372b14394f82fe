/** What environments cost while nothing is asked of them: no timer each, and little memory. */

import { describe, expect, it } from '@jest/globals';
import { EnvironmentJournal } from '../../../src/environment/journal.js';
import { systemClock } from '../../../src/async/clock.js';
import { openSink } from '../../../src/telemetry/sinks.js';
import { PoolBench } from '../../support/pool-bench.js';
import { collectGarbage } from '../../support/collect-garbage.js';
import { UNHEARD } from '../../support/unheard.js';

async function frozen(count: number, bench = new PoolBench({ rules: { reclaimAfterMs: 60_000 } })) {
  bench.pool.provision(count);
  await bench.clock.advanceAsync(20_000);
  expect(bench.states()).toEqual(Array.from({ length: count }, () => 'frozen'));
  return bench;
}

describe('frozen environments', () => {
  it('share one timer of their pool, however many they are', async () => {
    const few = await frozen(2);
    const many = await frozen(100);
    expect([few.clock.pending, many.clock.pending]).toEqual([1, 1]);
  });

  it('wake nobody between the moment their memory is given back and the end of the day', async () => {
    const bench = await frozen(20);
    await bench.clock.advanceAsync(60_000);
    expect(await bench.clock.advanceAsync(60_000)).toBe(0);
  });

  it('take as much memory each when there are twice as many', async () => {
    const bench = new PoolBench({ budgetMb: 1_000_000 });
    const journal = { clock: systemClock, marks: true, openSink };
    const facts = { runtime: 'nodejs22.x', imageReference: 'orchestrator/nodejs22.x:1' };
    bench.openJournal = (version, id) =>
      new EnvironmentJournal({ ...version, ...facts }, id, {
        ...journal,
        lines: UNHEARD,
        records: UNHEARD,
      });
    const held = async (count: number): Promise<number> => {
      await frozen(count, bench);
      collectGarbage();
      return process.memoryUsage().heapUsed;
    };
    // What the first ones bring is made once.
    await held(100);
    // Others in this process make garbage, and lose it, at any time: two looks at each.
    const each: number[] = [];
    let before = await held(200);
    for (let count = 400; count <= 1200; count += 200) {
      const now = await held(count);
      each.push((now - before) / 200);
      before = now;
    }
    const many = Math.min(...each.slice(3));
    expect(many).toBeLessThan(2 * Math.max(...each.slice(0, 2)));
    // Of the bar of 64 kB, sockets and the engine's client need their share.
    expect(many).toBeLessThan(32 * 1024);
  }, 60_000);
});
