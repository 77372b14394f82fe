import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import type Docker from 'dockerode';
import type { Blank } from '../../../src/engine/docker/blank.js';
import {
  DockerContainer,
  type ContainerParts,
  type ContainerSurroundings,
} from '../../../src/engine/docker/container.js';
import { engineError } from '../../../src/engine/docker/errors.js';
import { DockerEngine } from '../../../src/engine/docker/docker-engine.js';
import { Reclaimer } from '../../../src/engine/host/reclaim.js';
import { contractSpec } from '../../contract/engine.contract.js';
import { ManualClock } from '../../support/manual-clock.js';

/** A container on an engine that does what the test says. */
class Bench {
  /** What the engine takes the container for. */
  noted: 'running' | 'paused' = 'running';

  readonly clock = new ManualClock();
  readonly calls: string[] = [];
  readonly removed: string[] = [];
  readonly exits: number[] = [];
  attach: (signal: AbortSignal | undefined) => Promise<unknown> = () =>
    Promise.resolve(new PassThrough());
  remove: () => Promise<void> = () => Promise.resolve();
  readonly container: DockerContainer;

  constructor(own: Partial<ContainerParts & ContainerSurroundings> = {}) {
    const around = { ...this.#surroundings(), ...own };
    this.container = new DockerContainer('c', around, { ...this.#parts(), ...own });
  }

  #docker(): Docker.Container {
    return {
      id: 'c',
      attach: ({ abortSignal }: { abortSignal?: AbortSignal }) => this.attach(abortSignal),
      start: () => {
        this.calls.push('start');
        return Promise.resolve();
      },
      inspect: () =>
        Promise.resolve({
          State: { StartedAt: new Date(0).toISOString(), Running: true, Pid: 1 },
        }),
      pause: () => this.#note('pause', 'running', 'paused', 409),
      unpause: () => this.#note('unpause', 'paused', 'running', 500),
      remove: () => {
        this.calls.push('remove');
        return this.remove();
      },
    } as unknown as Docker.Container;
  }

  #parts(): ContainerParts {
    return {
      spec: contractSpec({}),
      observer: {
        output: () => undefined,
        exited: ({ exitCode }) => void this.exits.push(exitCode),
      },
      liftCpu: false,
      scratch: undefined,
      logPipe: undefined,
      holder: undefined,
      blank: undefined,
    };
  }

  #surroundings(): ContainerSurroundings {
    const docker = this.#docker();
    return {
      docker: { getContainer: () => docker },
      clock: this.clock,
      freezer: 'engine',
      reclaim: 'none',
      reclaimer: new Reclaimer(() => undefined),
      local: false,
      blankFailed: () => undefined,
      warn: () => undefined,
      failed: engineError,
      refuseWhileAway: () => undefined,
      removed: (id, gone) => void this.removed.push(gone ? id : `${id} is left`),
    };
  }

  #note(call: string, from: string, to: 'running' | 'paused', refusal: number): Promise<void> {
    this.calls.push(call);
    if (this.noted !== from) {
      return Promise.reject(Object.assign(new Error('not so'), { statusCode: refusal }));
    }
    this.noted = to;
    return Promise.resolve();
  }
}

describe('a container on Docker', () => {
  it('corrects an engine that has lost track of its pauses', async () => {
    const bench = new Bench();
    await bench.container.start();
    await bench.container.freeze();
    bench.noted = 'running';
    await bench.container.thaw();
    expect(bench.noted).toBe('running');
    bench.noted = 'paused';
    await bench.container.freeze();
    expect(bench.noted).toBe('paused');
    expect(bench.calls).toEqual([
      'start',
      'pause',
      'unpause',
      'pause',
      'unpause',
      'pause',
      'unpause',
      'pause',
    ]);
  });

  it('does not wait for ever for an engine that accepts a call and does not answer', async () => {
    const bench = new Bench();
    bench.attach = (signal) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(new Error('given up')));
      });
    const starting = expect(bench.container.start()).rejects.toMatchObject({
      code: 'engine-unreachable',
    });
    await bench.clock.advanceAsync(60_000);
    await starting;
    expect(bench.calls).toEqual([]);
  });

  it('keeps its output stream when the time for the call has passed', async () => {
    const bench = new Bench();
    let signal: AbortSignal | undefined;
    bench.attach = (given) => {
      signal = given;
      return Promise.resolve(new PassThrough());
    };
    await bench.container.start();
    await bench.clock.advanceAsync(60_000);
    expect(signal?.aborted).not.toBe(true);
    expect(bench.clock.pending).toBe(0);
  });

  it('tells its end once, when the output has ended or soon after, and leaves no timer', async () => {
    for (const ends of [true, false]) {
      const bench = new Bench();
      const stream = new PassThrough();
      bench.attach = () => Promise.resolve(stream);
      await bench.container.start();
      bench.container.sawExit(3);
      if (ends) stream.destroy();
      await bench.clock.advanceAsync(0);
      await bench.clock.advanceAsync(0);
      expect([bench.exits, bench.clock.pending]).toEqual(ends ? [[3], 0] : [[], 1]);
      await bench.clock.advanceAsync(5_000);
      stream.destroy();
      await bench.clock.advanceAsync(0);
      await bench.clock.advanceAsync(0);
      expect(bench.exits).toEqual([3]);
    }
  });

  it.each([true, false])(
    'started ahead says that none can be only if its processes live on: %p',
    async (livesOn) => {
      const waits = spawn('sleep', ['60'], { stdio: 'ignore' });
      const ended = once(waits, 'exit');
      const failures: unknown[] = [];
      const release = async (): Promise<void> => {
        if (!livesOn) {
          waits.kill('SIGKILL');
          await ended;
        }
        throw new Error('its code does not arrive in it');
      };
      const started = { pid: waits.pid, address: undefined };
      const take = () => ({ output: new PassThrough(), started });
      const bench = new Bench({
        blank: { take, release } as unknown as Blank,
        blankFailed: (error) => void failures.push(error),
      });
      await expect(bench.container.start()).rejects.toMatchObject({ code: 'engine-refused' });
      expect(failures.map(String)).toEqual(
        livesOn ? ['Error: its code does not arrive in it'] : [],
      );
      waits.kill('SIGKILL');
      await ended;
    },
  );

  it('is not taken for running before the engine has confirmed its start', async () => {
    const bench = new Bench();
    const starting = bench.container.start();
    expect(bench.container.isRunning).toBe(false);
    await starting;
    expect(bench.container.isRunning).toBe(true);
    bench.container.sawExit(0);
    expect(bench.container.isRunning).toBe(false);
  });

  it('can be removed by the end of the run when the engine refused to remove it before', async () => {
    const bench = new Bench();
    bench.remove = () => Promise.reject(Object.assign(new Error('busy'), { statusCode: 500 }));
    await expect(bench.container.remove()).rejects.toMatchObject({ code: 'engine-refused' });
    expect(bench.removed).toEqual(['c is left']);
    bench.remove = () => Promise.resolve();
    await Promise.all([bench.container.remove(), bench.container.remove()]);
    expect([bench.calls, bench.removed]).toEqual([
      ['remove', 'remove'],
      ['c is left', 'c'],
    ]);
  });
});

describe('the engine at the end of a run', () => {
  it('removes what a create call made after it had been given up', async () => {
    const removed: string[] = [];
    const docker = {
      listNetworks: () => Promise.resolve([]),
      listContainers: ({ all }: { all?: boolean }) => Promise.resolve(all ? [{ Id: 'stray' }] : []),
      getContainer: (id: string) => ({
        remove: () => {
          removed.push(id);
          return Promise.resolve();
        },
      }),
    } as unknown as Docker;
    const scratchRoot = await mkdtemp(join(tmpdir(), 'engine-'));
    const engine = new DockerEngine({
      docker,
      runId: 'run',
      labels: {},
      scratchRoot,
      clock: new ManualClock(),
      warn: () => undefined,
    });
    await engine.close();
    expect(removed).toEqual(['stray']);
  });
});
