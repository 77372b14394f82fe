/** Memory and wake-ups of processes, as the kernel counts them. */

import { readFile, readdir } from 'node:fs/promises';
import { cgroupOf, v1File, v2File } from '../../../src/engine/host/cgroup.js';

/** Bytes of a process, pages it shares divided by those who share them. */
export async function proportionalBytes(pid: number): Promise<number> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kilobytes = (field: string): number =>
    Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(rollup)?.[1] ?? 0);
  return kilobytes('Pss') * 1024;
}

/** Every process in the control group of one. */
export async function processesBeside(pid: number): Promise<number[]> {
  const paths = cgroupOf(pid);
  const file = v1File(paths, 'memory', 'cgroup.procs') ?? v2File(paths, 'cgroup.procs');
  if (file === undefined) throw new Error(`process ${pid} has no control group that can be read`);
  return (await readFile(file, 'utf8')).trim().split('\n').map(Number);
}

/** The engine's own process for each container: container id → process id. */
export async function shims(): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const words = (await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')).split('\0');
    const id = words[words.indexOf('-id') + 1];
    if (words[0]?.includes('containerd-shim') && id !== undefined) found.set(id, Number(name));
  }
  return found;
}

/** How often a process has gone to sleep, and so been woken. */
export async function sleeps(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1]);
}
