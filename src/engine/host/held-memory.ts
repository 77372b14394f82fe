/**
 * What a container holds of the machine's memory: its processes and the engine's own one that
 * watches it, by the kernel's proportional count, in which what several share is divided among them.
 * Only who is root on the engine's host may read it.
 */

import { readFile, readdir } from 'node:fs/promises';
import { cgroupOf, v1File, v2File } from './cgroup.js';

/** Bytes of a process, pages it shares divided by those who share them. */
async function proportionalBytes(pid: number): Promise<number> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0) * 1024;
}

/** Every process in the control group of one. */
export async function processesBeside(pid: number): Promise<number[]> {
  const paths = cgroupOf(pid);
  const file = v1File(paths, 'memory', 'cgroup.procs') ?? v2File(paths, 'cgroup.procs');
  if (file === undefined) throw new Error(`process ${pid} has no control group that can be read`);
  return (await readFile(file, 'utf8')).trim().split('\n').map(Number);
}

/** Of a container: the engine's process that watches it, and the first one inside. */
export interface WatchedProcesses {
  readonly shim: number;
  readonly first: number;
}

/** Container id → its processes, for those that run. */
export async function watchedProcesses(): Promise<Map<string, WatchedProcesses>> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const shims = new Map<number, string>();
  const parents = new Map<number, number>();
  await Promise.all(
    names.map(async (name) => {
      const words = (await textOf(`/proc/${name}/cmdline`)).split('\0');
      const id = words[words.indexOf('-id') + 1];
      if (id !== undefined && words[0]?.includes('containerd-shim')) shims.set(Number(name), id);
      const parent = /^PPid:\s+(\d+)/m.exec(await textOf(`/proc/${name}/status`))?.[1];
      parents.set(Number(name), Number(parent));
    }),
  );
  const found = new Map<string, WatchedProcesses>();
  for (const [first, shim] of parents) {
    const id = shims.get(shim);
    if (id !== undefined) found.set(id, { shim, first });
  }
  return found;
}

/** Bytes of one container; undefined where it has ended meanwhile, or may not be read. */
export async function heldBytes({ shim, first }: WatchedProcesses): Promise<number | undefined> {
  try {
    const pids = [shim, ...(await processesBeside(first))];
    const bytes = await Promise.all(pids.map(proportionalBytes));
    return bytes.reduce((sum, each) => sum + each, 0);
  } catch {
    return undefined;
  }
}

/** Nothing of a process that has ended. */
function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}
