import { describe, expect, it } from '@jest/globals';
import type { Channel } from '../../../src/environment/channel.js';
import { PoolBench, type PoolBenchOptions } from '../../support/pool-bench.js';
import type { FakeProcess } from '../../support/fake-engine.js';

const ERROR = Buffer.from('{"errorMessage":"no","errorType":"HookError"}');

interface Hooks {
  /** Before it asks to be snapshotted; undefined: for ever. */
  readonly beforeMs?: number | undefined;
  /** Between its restore and its first poll; undefined: for ever. */
  readonly afterMs?: number | undefined;
  readonly fails?: boolean;
  readonly exits?: boolean;
}

/** A pool of a published version with SnapStart, whose runtimes have hooks. */
function snapStart(hooks: Hooks = { beforeMs: 10, afterMs: 10 }, options: PoolBenchOptions = {}) {
  const bench = new PoolBench({ ...options, snapStart: true });
  const told = { snapshots: 0, restores: 0 };
  bench.program = (process: FakeProcess, channel: Channel) => {
    const goOn = (): void => {
      if (hooks.fails === true) channel.restoreError(ERROR, 'application/json');
      else if (hooks.exits === true) process.exit(64);
      else bench.serve(process, channel);
    };
    const wait = (): void => {
      told.snapshots += 1;
      channel.restoreNext({
        lost: false,
        restored: () =>
          process.whenRunning(() => {
            told.restores += 1;
            if (hooks.afterMs !== undefined) process.after(hooks.afterMs, goOn);
          }),
      });
    };
    if (hooks.beforeMs !== undefined) process.after(hooks.beforeMs, wait);
    return true;
  };
  return { bench, told };
}

describe('a published version with SnapStart', () => {
  it('is kept ready as a frozen snapshot, as spares are', async () => {
    const { bench, told } = snapStart(undefined, { rules: { spares: 2 } });
    bench.pool.warm();
    await bench.clock.advanceAsync(10_000);
    expect(bench.states()).toEqual(['snapshotted', 'snapshotted']);
    expect([...bench.engine.containers].map(({ process }) => process?.frozen)).toEqual([
      true,
      true,
    ]);
    expect(told).toEqual({ snapshots: 2, restores: 0 });
    expect([...bench.pool.environments].map((one) => one.initializationType)).toEqual([
      'snap-start',
      'snap-start',
    ]);
  });

  it('is restored by its first event, and serves the next as any other does', async () => {
    const { bench, told } = snapStart();
    bench.submit();
    await bench.clock.advanceAsync(1_000);
    bench.submit();
    await bench.clock.advanceAsync(1_000);
    expect(bench.endings).toEqual(['succeeded', 'succeeded']);
    expect([told, bench.states()]).toEqual([{ snapshots: 1, restores: 1 }, ['frozen']]);
  });

  it('is restored only when what is restored already is busy', async () => {
    const { bench, told } = snapStart(undefined, { rules: { spares: 2 } });
    bench.submit();
    await bench.clock.advanceAsync(10_000);
    expect(new Set(bench.states())).toEqual(new Set(['frozen', 'snapshotted']));
    bench.submit();
    await bench.clock.advanceAsync(1_000);
    expect(told.restores).toBe(1);
  });

  it('gives the handler its whole timeout, whatever the restore took', async () => {
    const { bench } = snapStart({ beforeMs: 10, afterMs: 9_000 }, { timeoutSeconds: 1 });
    bench.handleMs = () => 900;
    bench.submit();
    await bench.clock.advanceAsync(60_000);
    expect(bench.endings).toEqual(['succeeded']);
  });

  it('is given up when the restore takes longer than ten seconds', async () => {
    const { bench } = snapStart({ beforeMs: 10 });
    bench.submit();
    await bench.clock.advanceAsync(10_009);
    expect(bench.endings).toEqual([]);
    await bench.clock.advanceAsync(1);
    expect(bench.endings).toEqual(['restore-timed-out']);
    expect(bench.states()).toEqual(['reset']);
  });

  it.each([
    ['reports a failed hook', { fails: true }],
    ['exits', { exits: true }],
  ])('fails the event when its runtime %s', async (_how, how) => {
    const { bench } = snapStart({ beforeMs: 10, afterMs: 10, ...how });
    bench.submit();
    await bench.clock.advanceAsync(1_000);
    expect(bench.endings).toEqual(['restore-failed']);
    expect(bench.states()).toEqual(['reset']);
  });

  it('may take 130 s for its init', async () => {
    const { bench } = snapStart({ beforeMs: 129_000, afterMs: 10 });
    bench.submit();
    await bench.clock.advanceAsync(130_000);
    expect(bench.endings).toEqual(['succeeded']);
  });

  it('goes on to another environment when it cannot be woken', async () => {
    const { bench } = snapStart(undefined, { rules: { spares: 1 } });
    bench.pool.warm();
    await bench.clock.advanceAsync(1_000);
    bench.fails = (call) => call === 'thaw' && bench.count('thaw') === 1;
    bench.submit();
    await bench.clock.advanceAsync(60_000);
    expect([bench.endings, bench.count('create')]).toEqual([['succeeded'], 2]);
  });

  it('starts again inside the next event after a timeout, without keeping a snapshot', async () => {
    const { bench, told } = snapStart(undefined, { timeoutSeconds: 1 });
    bench.handleMs = ({ requestId }) => (requestId === 'r1' ? 60_000 : 1);
    bench.submit();
    await bench.clock.advanceAsync(5_000);
    bench.submit();
    await bench.clock.advanceAsync(5_000);
    expect(bench.endings).toEqual(['function-failed', 'succeeded']);
    expect([told, bench.count('create')]).toEqual([{ snapshots: 2, restores: 2 }, 1]);
  });

  it('serves as any other when its runtime knows nothing of snapshots', async () => {
    const bench = new PoolBench({ snapStart: true });
    bench.submit();
    await bench.clock.advanceAsync(1_000);
    expect([bench.endings, bench.states()]).toEqual([['succeeded'], ['frozen']]);
  });

  it('is initialised on demand while it is $LATEST', async () => {
    const bench = new PoolBench();
    bench.submit();
    await bench.clock.advanceAsync(1_000);
    expect([...bench.pool.environments].map((one) => one.initializationType)).toEqual([
      'on-demand',
    ]);
  });
});
