/**
 * What dead runs left behind: found by label, judged by whether the process whose run it was still
 * lives. Never touches a live run's objects, nor those of another machine using the same engine.
 */

import { readlinkSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { identify, isAlive, type ProcessIdentity } from '../process-identity.js';
import { DEADLINE_MS, within } from './docker/deadline.js';
import { removeContainer, removeNetwork } from './docker/removal.js';
import { removeScratch } from './host/scratch.js';
import { LABEL, OWNER, runFilter } from './labels.js';

/** The first process namespace of every Linux machine. */
const FIRST_NAMESPACE = 'pid:[4026531836]';

/**
 * Where process ids mean what they mean to us: this machine, or this container on it, which may
 * well have the machine's name. Elsewhere a live process would seem dead.
 */
export function hostOfProcesses(): string {
  let namespace = FIRST_NAMESPACE;
  try {
    namespace = readlinkSync('/proc/self/ns/pid');
  } catch {
    // Not Linux: there is one only.
  }
  return namespace === FIRST_NAMESPACE ? hostname() : `${hostname()} ${namespace}`;
}

/** Labels of everything this process makes for `runId`. */
export function runLabels(runId: string): Record<string, string> {
  return {
    [LABEL.owner]: OWNER,
    [LABEL.run]: runId,
    [LABEL.host]: hostOfProcesses(),
    [LABEL.process]: JSON.stringify(identify(process.pid)),
  };
}

/** Removes every container, network and disk of one run. Raises engine errors. */
export async function removeRun(docker: Docker, runId: string, scratchRoot: string): Promise<void> {
  await removeLabelled(docker, runId);
  await removeScratch(join(scratchRoot, runId));
}

/** Removes every container and network of one run. Raises engine errors. */
export async function removeLabelled(docker: Docker, runId: string): Promise<void> {
  const label = runFilter(runId);
  const containers = await containersWith(docker, label);
  await settleAll(containers.map(({ Id }) => removeContainer(docker.getContainer(Id))));
  const networks = await networksWith(docker, label);
  await settleAll(networks.map(({ Id }) => removeNetwork(docker.getNetwork(Id))));
}

function containersWith(docker: Docker, label: string[]): Promise<Docker.ContainerInfo[]> {
  return within(DEADLINE_MS.look, (abortSignal) =>
    docker.listContainers({ all: true, filters: { label }, abortSignal }),
  );
}

function networksWith(docker: Docker, label: string[]): Promise<Docker.NetworkInspectInfo[]> {
  return within(DEADLINE_MS.look, (abortSignal) =>
    docker.listNetworks({ filters: { label }, abortSignal }),
  );
}

/** Lets all of them end, then raises what the first of them raised. */
async function settleAll(removals: Promise<void>[]): Promise<void> {
  await Promise.allSettled(removals);
  await Promise.all(removals);
}

/** Removes what dead runs of this machine left. Returns how many runs that were. */
export async function removeOrphans(docker: Docker, scratchRoot: string): Promise<number> {
  const label = [LABEL.run, `${LABEL.host}=${hostOfProcesses()}`];
  const [containers, networks, folders] = await Promise.all([
    containersWith(docker, label),
    networksWith(docker, label),
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
  // What cannot be cleared of one must not keep the others.
  const failures: unknown[] = [];
  for (const runId of dead) {
    await removeRun(docker, runId, scratchRoot).catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw failures[0];
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
