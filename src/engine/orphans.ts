/**
 * What dead runs left behind: found by label, judged by whether the process whose run it was still
 * lives. Never touches a live run's objects, nor those of another machine using the same engine.
 */

import { readdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { identify, isAlive, type ProcessIdentity } from '../state/process-identity.js';
import { removeScratch } from './host/scratch.js';
import { LABEL, OWNER, runFilter } from './labels.js';

/** Labels of everything this process makes for `runId`. */
export function runLabels(runId: string): Record<string, string> {
  return {
    [LABEL.owner]: OWNER,
    [LABEL.run]: runId,
    [LABEL.host]: hostname(),
    [LABEL.process]: JSON.stringify(identify(process.pid)),
  };
}

/** Removes every container, network and disk of one run. Failures are left to the next caller. */
export async function removeRun(docker: Docker, runId: string, scratchRoot: string): Promise<void> {
  const filters = { label: runFilter(runId) };
  const containers = await docker.listContainers({ all: true, filters });
  await Promise.allSettled(
    containers.map(({ Id }) => docker.getContainer(Id).remove({ force: true, v: true })),
  );
  const networks = await docker.listNetworks({ filters });
  await Promise.allSettled(networks.map(({ Id }) => docker.getNetwork(Id).remove()));
  await removeScratch(join(scratchRoot, runId));
}

/** Removes what dead runs of this machine left. Returns how many runs that were. */
export async function removeOrphans(docker: Docker, scratchRoot: string): Promise<number> {
  const filters = { label: [LABEL.run, `${LABEL.host}=${hostname()}`] };
  const [containers, networks, folders] = await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.listNetworks({ filters }),
    readdir(scratchRoot).catch(() => []),
  ]);
  const dead = new Set<string>();
  const live = new Set<string>();
  for (const { Labels: labels } of [...containers, ...networks] as {
    Labels?: Record<string, string>;
  }[]) {
    const runId = labels?.[LABEL.run];
    if (runId === undefined) continue;
    (isDead(labels?.[LABEL.process]) ? dead : live).add(runId);
  }
  // A run whose containers are gone may still have left disks; a network says that it lives.
  for (const folder of folders)
    if (!live.has(folder) && (await isAbandoned(scratchRoot, folder))) dead.add(folder);
  for (const runId of dead) await removeRun(docker, runId, scratchRoot);
  return dead.size;
}

function isDead(label: string | undefined): boolean {
  try {
    return !isAlive(JSON.parse(label ?? '') as ProcessIdentity);
  } catch {
    // Not written by us in this form: not ours to judge.
    return false;
  }
}

/** A folder names the process of its run, as its first entry. */
async function isAbandoned(scratchRoot: string, folder: string): Promise<boolean> {
  const names = await readdir(join(scratchRoot, folder)).catch(() => []);
  const owner = names.find((name) => name.startsWith('owner-'));
  return (
    owner !== undefined && isDead(Buffer.from(owner.slice('owner-'.length), 'base64url').toString())
  );
}
