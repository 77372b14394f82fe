/** What an environment tells its journal and its extensions when its processes fail. */

import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Channel } from '../../../src/environment/channel.js';
import type { ExtensionEvent } from '../../../src/environment/extensions.js';
import type { FakeProcess } from '../../support/fake-engine.js';
import { PoolBench, SILENT_JOURNAL, type PoolBenchOptions } from '../../support/pool-bench.js';

const JSON_TYPE = 'application/json';
const ERROR = Buffer.from('{"errorType":"Runtime.ImportModuleError"}');

describe('an init phase that fails', () => {
  let told: string[];

  function bench(options: PoolBenchOptions = {}): PoolBench {
    const made = new PoolBench(options);
    made.journal = {
      ...SILENT_JOURNAL,
      processesStarted: (phase) => void told.push(`started ${phase}`),
      initEnded: () => void told.push('initialised'),
      initFailed: (reason, elapsedMs, problem) =>
        void told.push(`${problem?.errorType ?? reason} after ${elapsedMs} ms`),
      end: (_settlement, { status }) => void told.push(`end ${status}`),
    };
    return made;
  }

  beforeEach(() => {
    told = [];
  });

  it('is told of inside an invocation too, before its end', async () => {
    const pool = bench();
    pool.program = (process, channel) => {
      process.after(20, () => channel.initError(ERROR, JSON_TYPE));
      return true;
    };
    pool.submit();
    await pool.clock.advanceAsync(100);
    expect(pool.endings).toEqual(['function-failed']);
    expect(told).toEqual([
      'started init',
      'Runtime.ImportModuleError after 20 ms',
      'started invoke',
      'Runtime.ImportModuleError after 20 ms',
      'end error',
    ]);
  });

  it('is told of as timed out where the function timeout ends it', async () => {
    const pool = bench();
    let starts = 0;
    pool.program = (process) => {
      starts += 1;
      if (starts === 1) process.after(20, () => process.exit(1));
      return true;
    };
    pool.submit();
    await pool.clock.advanceAsync(4_000);
    expect(told).toEqual([
      'started init',
      'runtime-exited after 20 ms',
      'started invoke',
      'invoke-timed-out after 3000 ms',
      'end timeout',
    ]);
  });

  it('is told of with all of its time where an extension did not become ready', async () => {
    const pool = bench({ extensions: ['slow'] });
    supervise(pool, ({ channel }) => channel.next(POLL));
    pool.submit();
    await pool.clock.advanceAsync(10_001);
    expect(told.slice(0, 2)).toEqual(['started init', 'init-timed-out after 10000 ms']);
  });
});

describe('the shutdown phase of a repeated init', () => {
  it('gives the reason of this end, not of the one before', async () => {
    const pool = new PoolBench({ extensions: ['one'] });
    const reasons: string[] = [];
    let runtimes = 0;
    supervise(
      pool,
      ({ channel, exit }) => {
        runtimes += 1;
        if (runtimes === 1) channel.next(POLL);
        else exit(1);
      },
      (event) => {
        if (event.eventType === 'SHUTDOWN') reasons.push(event.shutdownReason);
      },
    );
    pool.submit();
    await pool.clock.advanceAsync(6_000);
    pool.submit();
    await pool.clock.advanceAsync(1_000);
    expect(pool.endings).toEqual(['function-failed', 'function-failed']);
    expect(reasons).toEqual(['TIMEOUT', 'FAILURE']);
  });
});

const POLL = { lost: false, deliver: () => undefined };

/** One extension that registers; with `onEvent` it also asks for events. */
function supervise(
  pool: PoolBench,
  runtime: (process: { channel: Channel; exit(status: number): void }) => void,
  onEvent?: (event: ExtensionEvent) => void,
): void {
  const { buildSpec } = pool;
  let token = '';
  pool.buildSpec = (version, identity) => {
    token = identity.supervisorToken ?? '';
    return { ...buildSpec(version, identity), input: true };
  };
  pool.program = (process: FakeProcess, channel: Channel) => {
    const say = (text: string): void => process.write(`\x1e${token} ${text}\n`);
    process.onInput = (text) => {
      if (text === 'kill TERM 3\n') process.after(1, () => say('exited runtime 143'));
      if (text !== 'runtime\n') return;
      say('started runtime 3');
      process.after(1, () => runtime({ channel, exit: (code) => say(`exited runtime ${code}`) }));
    };
    say('started 0 2');
    process.after(1, () => {
      const { extensions } = channel;
      const [name = ''] = extensions?.list.map((extension) => extension.name) ?? [];
      const verdict = extensions?.register(name, ['INVOKE', 'SHUTDOWN'], true);
      if (verdict?.kind !== 'registered' || onEvent === undefined) return;
      const next = (): void =>
        void extensions?.next(verdict.identifier, {
          deliver: (event) => {
            onEvent(event);
            if (event.eventType === 'INVOKE') process.after(1, next);
            else process.after(1, () => say('exited 0 0'));
          },
        });
      next();
    });
    return true;
  };
}
