/**
 * Memory of processes that have not run for a while, given back to the machine: what is theirs goes
 * to swap, what is a file's is read again when it is needed. The kernel does that by itself when it
 * runs short; asked for it early, the room is there for other environments.
 *
 * One container at a time, beside the event loop: it takes milliseconds for each megabyte. Where the
 * kernel takes pieces it is stopped as soon as the processes are to run again.
 */

import { existsSync, readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { release } from 'node:os';
import type { ReclaimChoice, ReclaimKind } from '../engine.js';
import { cgroupMode, v1File, v2File, type CgroupPaths } from './cgroup.js';

/** Reads and writes the kernel's files; rejects with the system's errors. */
export interface KernelFiles {
  read(path: string): Promise<string>;
  write(path: string, text: string): Promise<void>;
}

/** What is done before and after, so that what processes have used is not told as less, or more. */
export interface MemoryMark {
  read(): number;
  startAnew(): void;
}

export interface ReclaimFiles {
  readonly kind: Exclude<ReclaimKind, 'none'>;
  readonly control: string;
  /** Of v2: what of it may be swapped; undefined where nothing limits that. */
  readonly swapLimit: string | undefined;
}

/** Where the kernel puts what does not stay in memory. */
export type Swap = 'none' | 'compressed' | 'disk';

export interface ReclaimHost {
  readonly local: boolean;
  readonly root: boolean;
  /** The hierarchy that has the memory controller. */
  readonly controller: 'v1' | 'v2' | undefined;
  /** Such as `5.10.0-8-amd64`. */
  readonly kernel: string;
  readonly swap: Swap;
}

const CONTROLLERS = '/sys/fs/cgroup/cgroup.controllers';
const V1_CONTROL = '/sys/fs/cgroup/memory/memory.force_empty';
const ZSWAP = '/sys/module/zswap/parameters/enabled';
/** The first kernel with `memory.reclaim`. */
const RECLAIM_KERNEL = [5, 19] as const;
/** What a step of v2 takes at most: some tens of milliseconds. */
const STEP_BYTES = 16 * 2 ** 20;
const MOST_STEPS = 10_240 / 16;

/** `/proc/swaps`, and whether the kernel compresses what it would write to a disk. */
export function swapOf(swaps: string, zswap: boolean): Swap {
  const areas = swaps.trim().split('\n').slice(1);
  if (areas.length === 0) return 'none';
  return zswap || areas.every((area) => area.startsWith('/dev/zram')) ? 'compressed' : 'disk';
}

/** Pure. */
export function chooseReclaim({
  local,
  root,
  controller,
  kernel,
  swap,
}: ReclaimHost): ReclaimChoice {
  const none = (reason: string): ReclaimChoice => ({ kind: 'none', pays: false, reason });
  if (!local) return none('the engine is not reached by a local socket');
  if (!root) return none('only root may write the memory files');
  if (controller === undefined) return none('this host has no memory controller');
  if (controller === 'v2' && isOlder(kernel, RECLAIM_KERNEL)) {
    return none(`kernel ${kernel} does not offer it (5.19 does)`);
  }
  const kind = controller === 'v2' ? 'cgroup-v2' : 'cgroup-v1';
  switch (swap) {
    case 'compressed':
      return { kind, pays: true, reason: 'the machine swaps to compressed memory' };
    case 'disk':
      return { kind, pays: false, reason: 'the machine swaps to a disk, which is slow to read' };
    case 'none':
      return { kind, pays: false, reason: 'the machine has no swap to move memory to' };
  }
}

export function lookAtReclaim(local: boolean): ReclaimChoice {
  return chooseReclaim({
    local,
    root: process.getuid?.() === 0,
    controller: memoryController(),
    kernel: release(),
    swap: swapOf(text('/proc/swaps'), text(ZSWAP).startsWith('Y')),
  });
}

/** The files of a container; undefined where it has none of the kind. */
export function reclaimFiles(kind: ReclaimKind, paths: CgroupPaths): ReclaimFiles | undefined {
  if (kind === 'none') return undefined;
  const v1 = kind === 'cgroup-v1';
  const control = v1
    ? v1File(paths, 'memory', 'memory.force_empty')
    : v2File(paths, 'memory.reclaim');
  if (control === undefined) return undefined;
  return { kind, control, swapLimit: v1 ? undefined : v2File(paths, 'memory.swap.max') };
}

export class Reclaimer {
  readonly #warn: (message: string) => void;
  readonly #files: KernelFiles;
  #last: Promise<void> = Promise.resolve();
  #givenUp = false;

  constructor(warn: (message: string) => void, files: KernelFiles = kernelFiles) {
    this.#warn = warn;
    this.#files = files;
  }

  /** Never rejects: what cannot be given back stays. `isCold`: the processes are not to run yet. */
  reclaim(files: ReclaimFiles, mark: MemoryMark, isCold: () => boolean): Promise<void> {
    this.#last = this.#last.then(() => this.#reclaim(files, mark, isCold));
    return this.#last;
  }

  async #reclaim(files: ReclaimFiles, mark: MemoryMark, isCold: () => boolean): Promise<void> {
    if (this.#givenUp || !isCold()) return;
    try {
      mark.read();
      await (files.kind === 'cgroup-v1' ? this.#empty(files) : this.#inSteps(files, isCold));
      mark.startAnew();
    } catch (error) {
      // It has ended, and that is told a little later.
      if (!isCold() || isGone(error)) return;
      this.#givenUp = true;
      this.#warn(`memory of frozen environments is not given back any more: ${String(error)}`);
    }
  }

  async #empty({ control }: ReclaimFiles): Promise<void> {
    await this.#asFarAsPossible(control, '0');
  }

  /** The engine forbids the container to swap: lifted meanwhile, when nothing can grow. */
  async #inSteps({ control, swapLimit }: ReclaimFiles, isCold: () => boolean): Promise<void> {
    const limit = swapLimit === undefined ? undefined : (await this.#files.read(swapLimit)).trim();
    if (swapLimit !== undefined && limit !== 'max') await this.#files.write(swapLimit, 'max');
    try {
      for (let step = 0; step < MOST_STEPS && isCold(); step += 1) {
        if (!(await this.#asFarAsPossible(control, String(STEP_BYTES)))) return;
      }
    } finally {
      if (swapLimit !== undefined && limit !== undefined) await this.#files.write(swapLimit, limit);
    }
  }

  /** False when there was less to give back. */
  async #asFarAsPossible(path: string, amount: string): Promise<boolean> {
    try {
      await this.#files.write(path, amount);
      return true;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EAGAIN' || code === 'EBUSY') return false;
      throw error;
    }
  }
}

/** The control group is no more. */
function isGone(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENODEV';
}

const kernelFiles: KernelFiles = {
  async read(path) {
    const file = await open(path, 'r');
    try {
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  },
  async write(path, content) {
    const file = await open(path, 'r+');
    try {
      // One call, and not again what it did not take: a file of the kernel takes all or nothing.
      await file.write(content);
    } finally {
      await file.close();
    }
  },
};

function memoryController(): 'v1' | 'v2' | undefined {
  if (cgroupMode() === 'v2') {
    return text(CONTROLLERS).split(/\s+/).includes('memory') ? 'v2' : undefined;
  }
  return existsSync(V1_CONTROL) ? 'v1' : undefined;
}

function isOlder(kernel: string, [major, minor]: readonly [number, number]): boolean {
  const [hasMajor = 0, hasMinor = 0] = kernel.split('.').map((part) => Number.parseInt(part, 10));
  return hasMajor < major || (hasMajor === major && hasMinor < minor);
}

function text(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
