/**
 * Where a process's control groups are. Read from the kernel, never guessed: the same for cgroupfs
 * and systemd drivers, nested engines and rootless ones.
 */

import { existsSync, readFileSync } from 'node:fs';

export interface CgroupPaths {
  /** Of the v1 controllers we use → path below its hierarchy. */
  readonly v1: ReadonlyMap<Controller, string>;
  /** Path below the v2 hierarchy; undefined where there is none. */
  readonly v2: string | undefined;
}

const CONTROLLERS = ['cpu', 'freezer', 'memory'] as const;
export type Controller = (typeof CONTROLLERS)[number];

const ROOT = '/sys/fs/cgroup';

/**
 * Parses `/proc/<pid>/cgroup`. The root is left out: a process that has ended but was not reaped is
 * shown there, and what is done to the root is done to the whole machine.
 */
export function parseCgroup(text: string): CgroupPaths {
  const v1 = new Map<Controller, string>();
  let v2: string | undefined;
  // Nearly always the same for all, and kept for as long as the container runs.
  let last = '';
  for (const line of text.trim().split('\n')) {
    const [id, controllers = '', ...rest] = line.split(':');
    const path = rest.join(':');
    if (path === '/' || path === '') continue;
    if (path !== last) last = apart(path);
    if (id === '0' && controllers === '') v2 = last;
    const named = controllers.split(',');
    for (const controller of CONTROLLERS) if (named.includes(controller)) v1.set(controller, last);
  }
  return { v1, v2 };
}

/** A part of a text keeps the whole of it; this one does not. */
function apart(text: string): string {
  return Buffer.from(text).toString();
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
export function v1File(
  paths: CgroupPaths,
  controller: Controller,
  file: string,
): string | undefined {
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
