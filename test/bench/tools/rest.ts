/** When a target of ours has done all that it does ahead of events. */

import { LABEL } from '../../../src/engine/labels.js';
import { docker } from './engine.js';
import type { RunningOurs } from './targets.js';

const LOOK_MS = 500;
/** Longer than making one container takes, and than the pauses between. */
const LOOKS_ALIKE = 3;

/** Resolves once no container has come or gone for a while. */
export async function atRest({ pid }: RunningOurs): Promise<void> {
  let before = '';
  for (let alike = 0; alike < LOOKS_ALIKE;) {
    const now = (await containersOf(pid)).join(' ');
    alike = now === before ? alike + 1 : 0;
    before = now;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** Ids of those of a run, told by the label that names its process. */
async function containersOf(pid: number): Promise<readonly string[]> {
  const containers = await docker.listContainers({ filters: { label: [LABEL.process] } });
  return containers
    .filter(({ Labels: labels }) => {
      const process = JSON.parse(labels[LABEL.process] ?? '{}') as { pid?: number };
      return process.pid === pid;
    })
    .map(({ Id }) => Id)
    .sort();
}
