import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Docker from 'dockerode';
import { heldBytes, watchedProcesses } from '../../src/engine/host/held-memory.js';
import { LABEL } from '../../src/engine/labels.js';
import { NETWORK_PROBE } from '../support/network-probe.js';
import { PYTHON_EXTENSION } from '../support/extension-programs.js';
import { containersOf, ownRun } from '../support/own-run.js';
import { startProject, until, type Project } from '../support/project.js';

const LIMIT_MS = 60_000;
const docker = new Docker();

interface Seen {
  readonly name: string;
  readonly address: string;
  readonly self: string;
  readonly host: string;
  readonly reached?: boolean;
}

describe('networks made ahead', () => {
  let project: Project;
  let run: string;
  const holders = (): Promise<Docker.ContainerInfo[]> => containersOf(run, LABEL.holder);
  beforeAll(async () => {
    // With an extension they cannot be served by containers that were started ahead.
    const files = { 'app.py': NETWORK_PROBE, '../layer/extensions/agent': PYTHON_EXTENSION };
    const settings = { files, layers: ['layer'], timeout: 10 };
    project = await startProject({ one: settings, two: settings }, { spares: 0, watch: false });
    run = await ownRun();
    await until(async () => (await holders()).length === 2);
  }, LIMIT_MS);
  afterAll(() => project.stop(), LIMIT_MS);

  /** By the environment there is: after a response its extension may be at work still. */
  const call = async (name: string, event: object = {}): Promise<Seen> => {
    await project.free(name);
    return (await project.invoke(name, event)).json as Seen;
  };

  it(
    'serve environments as networks of their own do, and keep them apart',
    async () => {
      const one = await call('one', { listen: true });
      expect(one).toMatchObject({ name: 'sandbox.localdomain', self: one.address });
      const two = await call('two', { reach: one.address });
      expect(two).toMatchObject({ name: 'sandbox.localdomain', self: two.address, reached: false });
      expect(two.address).not.toBe(one.address);
      expect(await call('one', { reach: one.address })).toMatchObject({ reached: true });
      for (const { containerId } of project.orchestrator.environments()) {
        const { HostConfig: config } = await docker.getContainer(containerId).inspect();
        expect(config.NetworkMode).toMatch(/^container:/);
      }
    },
    LIMIT_MS,
  );

  it(
    'count to what an environment is said to hold of the memory',
    async () => {
      await call('one');
      const shown = await project.orchestrator.environmentsWithMemory();
      const [environment] = shown.filter(({ functionName }) => functionName === 'one');
      const { HostConfig: config } = await docker
        .getContainer(environment?.containerId ?? '')
        .inspect();
      const ids = [environment?.containerId, config.NetworkMode?.replace('container:', '')];
      const watched = await watchedProcesses();
      const bytes = await Promise.all(
        ids.map((id) => heldBytes(watched.get(id ?? '') ?? { shim: 0, first: 0 })),
      );
      const [own = 0, holder = 0] = bytes.map((each) => (each ?? NaN) / 2 ** 20);
      expect(holder).toBeGreaterThan(0);
      // What is shared is divided among those there are at the moment.
      expect(environment?.memoryHeldMb).toBeGreaterThan((own + holder) * 0.8);
      expect(environment?.memoryHeldMb).toBeLessThan((own + holder) * 1.2);
    },
    LIMIT_MS,
  );

  it(
    'stay with their environments when those start again',
    async () => {
      const { address } = await call('one');
      expect(await call('one', { exit: true })).toMatchObject({ errorType: 'Runtime.ExitError' });
      expect(await call('one')).toMatchObject({ address });
    },
    LIMIT_MS,
  );

  it(
    'are made again for the next ones, and go with the run',
    async () => {
      // Two in use, two that are ready.
      await until(async () => (await holders()).length === 4);
      await project.orchestrator.destroy();
      const left = await docker.listContainers({
        all: true,
        filters: { label: [`${LABEL.run}=${run}`] },
      });
      expect(left).toEqual([]);
    },
    LIMIT_MS,
  );
});
