import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type Docker from 'dockerode';
import { Blanks, readyPerKind } from '../../../src/engine/docker/blanks.js';
import type { ContainerSpec } from '../../../src/engine/engine.js';
import type { PipeStock } from '../../../src/engine/host/log-pipe.js';
import type { ScratchDisks } from '../../../src/engine/host/scratch.js';
import { contractSpec } from '../../contract/engine.contract.js';

const MOST_KINDS = 4;
const CPUS = 1;
const READY = readyPerKind(CPUS, 1);

describe('containers started before it is known for whom', () => {
  let root: string;
  /** Names of containers the engine has. */
  let there: Set<string>;
  let outputs: PassThrough[];
  /** Ids of containers the engine may still have. */
  let left: string[];
  let onStart: () => void;
  let blanks: Blanks;

  const kind = (image: string): ContainerSpec =>
    contractSpec({
      image,
      ahead: { program: ['/bin/true'], slots: [] },
      logPipeTarget: '/run/log',
    });
  /** Gates and log pipes that lie in the folder of the run. */
  const pipes = (): readonly string[] => readdirSync(root);

  const remove = (id: string): Promise<void> => Promise.resolve(void there.delete(id));
  const docker = {
    createContainer: ({ name }: Docker.ContainerCreateOptions) => {
      const id = String(name);
      there.add(id);
      const output = new PassThrough();
      outputs.push(output);
      return Promise.resolve({
        id,
        attach: () => Promise.resolve(output),
        start: () => Promise.resolve(onStart()),
        inspect: () =>
          Promise.resolve({ HostsPath: '', State: { Running: true, Pid: 1 }, NetworkSettings: {} }),
        remove: () => remove(id),
      });
    },
    getContainer: (id: string) => ({ remove: () => remove(id) }),
  } as unknown as Docker;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'orchestrator-test-'));
    there = new Set();
    outputs = [];
    left = [];
    onStart = () => undefined;
    let made = 0;
    const takePipe = (): Promise<string> => {
      const path = join(root, `log-${(made += 1)}`);
      writeFileSync(path, '');
      return Promise.resolve(path);
    };
    const disk = { directory: '/nowhere', remove: () => Promise.resolve() };
    blanks = new Blanks({
      docker,
      network: 'net',
      hostAddress: '10.0.0.1',
      labels: {},
      mostOpenFiles: 1024,
      cpus: CPUS,
      runtime: undefined,
      writesMemory: true,
      root,
      disks: { take: () => Promise.resolve(disk) } as unknown as ScratchDisks,
      pipes: { take: takePipe } as unknown as PipeStock,
      busy: () => false,
      left: (id) => void left.push(id),
      warn: () => undefined,
    });
  });
  afterEach(async () => {
    await blanks.close();
    rmSync(root, { recursive: true, force: true });
  });

  /** What is thrown away goes behind the scenes. */
  async function settled(): Promise<void> {
    for (let turn = 0; turn < 1_000 && pipes().length > there.size * 2; turn += 1) {
      await new Promise(setImmediate);
    }
  }

  it('are as many as processors can start soon, fewer of each kind where there are many', () => {
    expect([1, 2, 4, 8].map((cpus) => readyPerKind(cpus, 1))).toEqual([3, 6, 12, 16]);
    expect([1, 2, 3, MOST_KINDS].map((kinds) => readyPerKind(8, kinds))).toEqual([16, 8, 5, 4]);
  });

  it('are not kept when others have been asked for while they were made', async () => {
    blanks.expect(kind('first'));
    let others = 0;
    onStart = () => {
      for (; others < MOST_KINDS; others += 1) blanks.expect(kind(`other-${others}`));
    };
    await blanks.makeAhead();
    expect(there.size).toBe(MOST_KINDS * readyPerKind(CPUS, MOST_KINDS));
    expect(await blanks.take(kind('first'))).toBeUndefined();
  });

  it('leave nothing behind when the engine that had them has gone away', async () => {
    blanks.expect(kind('one'));
    await blanks.makeAhead();
    const ids = [...there];
    expect([ids.length, pipes().length]).toEqual([READY, 2 * READY]);
    expect(blanks.forget()).toEqual(ids);
    expect(await blanks.take(kind('one'))).toBeUndefined();
    await settled();
    expect(pipes()).toEqual([]);
    expect(outputs.every(({ destroyed }) => destroyed)).toBe(true);
  });

  it('are not used when the engine went away while they were made', async () => {
    blanks.expect(kind('one'));
    onStart = () => {
      onStart = () => undefined;
      blanks.forget();
    };
    const making = blanks.makeAhead();
    expect(await blanks.take(kind('one'))).toBeUndefined();
    await making;
    expect(left.map((id) => id.slice(-'-blank-1'.length))).toEqual(['-blank-1']);
    expect([...there]).not.toEqual(expect.arrayContaining(left));
    await blanks.makeAhead();
    await settled();
    expect([there.size, pipes().length]).toEqual([READY, 2 * READY]);
  });

  it('leave nothing behind when they cannot be started', async () => {
    blanks.expect(kind('one'));
    onStart = () => {
      throw new Error('no');
    };
    await blanks.makeAhead();
    expect([blanks.failed, there.size, pipes()]).toEqual([true, 0, []]);
  });

  it('are made again once an engine is back that was away while some were made', async () => {
    blanks.expect(kind('one'));
    onStart = () => {
      throw new Error('nobody is there');
    };
    await blanks.makeAhead();
    onStart = () => undefined;
    expect(blanks.expect(kind('one'))).toBe(false);
    blanks.engineBack();
    await blanks.makeAhead();
    expect(await blanks.take(kind('one'))).toBeDefined();
  });

  it('hold nothing open once all is closed; whoever clears the run removes them', async () => {
    blanks.expect(kind('one'));
    await blanks.makeAhead();
    await blanks.close();
    expect(there.size).toBe(READY);
    expect(outputs.every(({ destroyed }) => destroyed)).toBe(true);
    expect(pipes().filter((name) => name.startsWith('gate-'))).toEqual([]);
  });
});
