/** What is on the engine of one orchestrator, usually of the one that runs in this process. */

import Docker from 'dockerode';
import { readyPerKind } from '../../src/engine/docker/blanks.js';
import { LABEL } from '../../src/engine/labels.js';

const docker = new Docker();

/** The id of this process's run. */
export function ownRun(): Promise<string> {
  return runOf(process.pid);
}

/** The id of a process's run, told by the label that names the process. */
export async function runOf(processId: number | undefined): Promise<string> {
  const networks = await docker.listNetworks({ filters: { label: [LABEL.run] } });
  const own = networks.find(({ Labels: labels }) => {
    const { pid } = JSON.parse(labels?.[LABEL.process] ?? '{}') as { pid?: number };
    return pid !== undefined && pid === processId;
  });
  const run = own?.Labels?.[LABEL.run];
  if (run === undefined) throw new Error('nothing is running');
  return run;
}

/** Containers of a run that run and have these labels. */
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
