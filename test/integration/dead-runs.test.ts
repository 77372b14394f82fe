import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Docker from 'dockerode';
import { LABEL } from '../../src/engine/labels.js';
import { mostBlanks, runOf } from '../support/own-run.js';
import { mountsBelow, processesNaming } from '../support/proc.js';
import { until } from '../support/project.js';
import { projectFolder, removeFolder, up, type RunningUp } from '../support/running-up.js';

const LIMIT_MS = 120_000;
const SCRATCH_ROOT = '/var/tmp/orchestrator';
const docker = new Docker();
const HELLO = 'let count = 0; export const handler = async () => ({ count: (count += 1) });';

/** What is on this machine of one run. */
interface Remains {
  readonly containers: readonly string[];
  readonly networks: readonly string[];
  readonly mounts: readonly string[];
  readonly folder: boolean;
  readonly watchdogs: readonly number[];
}

const NOTHING: Remains = { containers: [], networks: [], mounts: [], folder: false, watchdogs: [] };

async function remainsOf(runId: string): Promise<Remains> {
  const filters = { label: [`${LABEL.run}=${runId}`] };
  const [containers, networks] = await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.listNetworks({ filters }),
  ]);
  return {
    containers: containers.map(({ Id }) => Id).sort(),
    networks: networks.map(({ Id }) => Id),
    mounts: mountsBelow(join(SCRATCH_ROOT, runId)),
    folder: existsSync(join(SCRATCH_ROOT, runId)),
    watchdogs: processesNaming(runId)
      .filter(({ commandLine }) => commandLine.includes('watchdog-process'))
      .map(({ pid }) => pid),
  };
}

/**
 * Without the networks whose ends Docker up to 20.10 has lost count of: nobody is on them, and the
 * engine alone can take them away, when it starts again. One that could be removed is left in: its
 * run should have done so.
 */
async function withoutLost(remains: Remains): Promise<Remains> {
  const lost = await Promise.all(remains.networks.map(isLost));
  return { ...remains, networks: remains.networks.filter((_, index) => !(lost[index] ?? false)) };
}

async function isLost(id: string): Promise<boolean> {
  const network = docker.getNetwork(id);
  const { Containers: ends = {} } = (await network.inspect()) as { Containers?: object };
  if (Object.keys(ends).length > 0) return false;
  return network.remove().then(
    () => false,
    (error: unknown) => /active endpoints/.test(String(error)),
  );
}

/** Containers started ahead that serve nobody yet. */
async function readyBlanks(runId: string, serving: readonly string[]): Promise<number> {
  const label = [`${LABEL.run}=${runId}`, LABEL.blank];
  const containers = await docker.listContainers({ filters: { label } });
  return containers.filter(({ Id }) => !serving.includes(Id)).length;
}

describe('a dead run', () => {
  const directories: string[] = [];
  const started: RunningUp[] = [];
  const live: { orchestrator: RunningUp; runId: string; before: Remains }[] = [];

  async function start(): Promise<{ orchestrator: RunningUp; runId: string }> {
    const directory = await projectFolder({ hello: { files: { 'index.mjs': HELLO } } });
    directories.push(directory);
    const orchestrator = await up(directory);
    started.push(orchestrator);
    expect((await orchestrator.invoke('hello')).status).toBe(200);
    // The one that served, and a spare: nothing more is started from here on.
    let serving: readonly string[] = [];
    await until(async () => {
      const seen = await orchestrator.environments('hello');
      serving = seen.map(({ containerId }) => containerId ?? '');
      return seen.length === 2 && seen.every(({ state }) => state === 'frozen');
    });
    const runId = await runOf(orchestrator.child.pid);
    const most = await mostBlanks();
    await until(async () => (await readyBlanks(runId, serving)) === most);
    return { orchestrator, runId };
  }

  beforeAll(async () => {
    for (let count = 0; count < 2; count += 1) {
      const { orchestrator, runId } = await start();
      live.push({ orchestrator, runId, before: await remainsOf(runId) });
    }
  }, LIMIT_MS);
  afterAll(async () => {
    for (const orchestrator of started) await orchestrator.end('SIGTERM');
    for (const { runId } of live) {
      expect(await withoutLost(await remainsOf(runId))).toEqual(NOTHING);
    }
    await Promise.all(directories.map(removeFolder));
  }, LIMIT_MS);

  /** Two live runs go on with everything they had. */
  async function expectLiveRunsUntouched(): Promise<void> {
    for (const { orchestrator, runId, before } of live) {
      const now = await remainsOf(runId);
      expect([now.containers, now.networks]).toEqual([before.containers, before.networks]);
      expect(now.mounts).toEqual(expect.arrayContaining([...before.mounts]));
      expect((await orchestrator.invoke('hello')).status).toBe(200);
    }
  }

  it(
    'is cleared by its watchdog, and no live run beside it is touched',
    async () => {
      const { orchestrator, runId } = await start();
      const before = await remainsOf(runId);
      expect(before.containers.length).toBeGreaterThanOrEqual(2);
      expect(before.networks).toHaveLength(1);
      expect(before.watchdogs).toHaveLength(1);
      await orchestrator.end('SIGKILL');
      await becomesNothing(runId);
      await expectLiveRunsUntouched();
    },
    LIMIT_MS,
  );

  it(
    'whose watchdog died with it, as in a power loss, is cleared by the next up of any project',
    async () => {
      const { orchestrator, runId } = await start();
      const before = await remainsOf(runId);
      for (const pid of before.watchdogs) process.kill(pid, 'SIGKILL');
      await orchestrator.end('SIGKILL');
      await until(async () => (await remainsOf(runId)).watchdogs.length === 0);
      expect(await remainsOf(runId)).toEqual({ ...before, watchdogs: [] });
      await start();
      await becomesNothing(runId);
      await expectLiveRunsUntouched();
    },
    LIMIT_MS,
  );
});

async function becomesNothing(runId: string): Promise<void> {
  let remains = await remainsOf(runId);
  const isNothing = (seen: Remains): boolean => JSON.stringify(seen) === JSON.stringify(NOTHING);
  try {
    await until(async () => {
      remains = await remainsOf(runId);
      return isNothing(remains);
    });
  } catch {
    // Whoever clears has long given up: what stays is looked at without being in its way.
    expect(await withoutLost(remains)).toEqual(NOTHING);
  }
}
