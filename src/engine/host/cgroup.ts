/**
 * Where a process's control groups are. Read from the kernel, never guessed: the same for cgroupfs
 * and systemd drivers, nested engines and rootless ones.
 */

import { existsSync, readFileSync } from 'node:fs';

export interface CgroupPaths {
  /** v1 controller → path below its hierarchy. */
  readonly v1: ReadonlyMap<string, string>;
  /** Path below the v2 hierarchy; undefined where there is none. */
  readonly v2: string | undefined;
}

const ROOT = '/sys/fs/cgroup';

/**
 * Parses `/proc/<pid>/cgroup`. The root is left out: a process that has ended but was not reaped is
 * shown there, and what is done to the root is done to the whole machine.
 */
export function parseCgroup(text: string): CgroupPaths {
  const v1 = new Map<string, string>();
  let v2: string | undefined;
  for (const line of text.trim().split('\n')) {
    const [id, controllers, ...rest] = line.split(':');
    const path = rest.join(':');
    if (path === '/' || path === '') continue;
    if (id === '0' && controllers === '') v2 = path;
    else for (const controller of (controllers ?? '').split(',')) v1.set(controller, path);
  }
  return { v1, v2 };
}

/** Raises ESRCH or ENOENT when the process has ended. */
export function cgroupOf(pid: number): CgroupPaths {
  const paths = parseCgroup(readFileSync(`/proc/${pid}/cgroup`, 'utf8'));
  if (paths.v1.size === 0 && paths.v2 === undefined) {
    throw Object.assign(new Error(`process ${pid} has ended`), { code: 'ESRCH' });
  }
  return paths;
}

/** The file of a v1 controller; undefined where it is not. */
export function v1File(paths: CgroupPaths, controller: string, file: string): string | undefined {
  const path = paths.v1.get(controller);
  if (path === undefined) return undefined;
  const full = `${ROOT}/${controller}${path}/${file}`;
  return existsSync(full) ? full : undefined;
}

/** The file in the v2 hierarchy, wherever it is mounted; undefined where it is not. */
export function v2File(paths: CgroupPaths, file: string): string | undefined {
  if (paths.v2 === undefined) return undefined;
  return [ROOT, `${ROOT}/unified`]
    .map((root) => `${root}${paths.v2}/${file}`)
    .find((full) => existsSync(full));
}

export function cgroupMode(): 'v1' | 'v2' | 'hybrid' {
  if (existsSync(`${ROOT}/cgroup.controllers`)) return 'v2';
  return existsSync(`${ROOT}/unified/cgroup.procs`) ? 'hybrid' : 'v1';
}
