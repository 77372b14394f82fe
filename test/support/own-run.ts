/** What is on the engine of the orchestrator that runs in this process. */

import Docker from 'dockerode';
import { readyPerKind } from '../../src/engine/docker/blanks.js';
import { LABEL } from '../../src/engine/labels.js';

const docker = new Docker();

/** The id of its run, told by the label that names its process. */
export async function ownRun(): Promise<string> {
  const networks = await docker.listNetworks({ filters: { label: [LABEL.run] } });
  const own = networks.find(({ Labels: labels }) => {
    const { pid } = JSON.parse(labels?.[LABEL.process] ?? '{}') as { pid?: number };
    return pid === process.pid;
  });
  const run = own?.Labels?.[LABEL.run];
  if (run === undefined) throw new Error('nothing is running');
  return run;
}

/** Its containers that run and have these labels. */
export function containersOf(
  run: string,
  ...labels: readonly string[]
): Promise<Docker.ContainerInfo[]> {
  const label = [`${LABEL.run}=${run}`, ...labels];
  return docker.listContainers({ filters: { label } });
}

/** So many containers wait when all have been started ahead, for functions of one kind. */
export async function mostBlanks(): Promise<number> {
  const { NCPU: cpus } = (await docker.info()) as { NCPU: number };
  return readyPerKind(cpus, 1);
}
