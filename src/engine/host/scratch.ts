/**
 * Disks for /tmp: sparse ext4 images on loop devices, so that what a function writes neither
 * counts against its memory nor outgrows its size, and survives a restart of its processes.
 * Making one takes tens of milliseconds, so a few are kept ready per size.
 */

import { execFile } from 'node:child_process';
import { chmod, mkdir, open, readdir, readFile, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf, OrchestratorError } from '../../errors.js';
import { LATE_FOLDER, STAGE_PREFIX } from './late-mounts.js';

const run = promisify(execFile);

export interface ScratchDisk {
  /** Absolute path of the mounted folder, mode 1777. */
  readonly directory: string;
  remove(): Promise<void>;
}

const READY_PER_SIZE = 2;
const DISK_PREFIX = 'tmp-';
const IMAGE_SUFFIX = '.img';

export class ScratchDisks {
  readonly #root: string;
  readonly #ready = new Map<number, Promise<ScratchDisk>[]>();
  readonly #warn: (message: string) => void;
  #made = 0;
  #closed = false;

  /** `root` is a folder of the run's own. */
  constructor(root: string, warn: (message: string) => void) {
    this.#root = root;
    this.#warn = warn;
  }

  /** Whether disks can be made here: a reason when not. */
  async probe(): Promise<string | undefined> {
    if (process.getuid?.() !== 0) return 'only root may mount disks';
    try {
      await (await this.#make(1)).remove();
      return undefined;
    } catch (error) {
      return messageOf(error);
    }
  }

  /** A disk of that size, and another one in the making. */
  async take(sizeMb: number): Promise<ScratchDisk> {
    const ready = this.#ready.get(sizeMb) ?? [];
    this.#ready.set(sizeMb, ready);
    const first = ready.shift();
    if (first === undefined) return this.#make(sizeMb);
    try {
      return await first;
    } catch {
      return this.#make(sizeMb);
    }
  }

  /** Sees to it that a few disks of that size are ready; resolves when they are, or never will. */
  async prepare(sizeMb: number): Promise<void> {
    const ready = this.#ready.get(sizeMb) ?? [];
    this.#ready.set(sizeMb, ready);
    while (!this.#closed && ready.length < READY_PER_SIZE) {
      const disk = this.#make(sizeMb);
      disk.catch((error: unknown) =>
        this.#warn(`a /tmp disk could not be made: ${messageOf(error)}`),
      );
      ready.push(disk);
    }
    await Promise.allSettled(ready);
  }

  /** Removes the disks nobody took, and the folder. */
  async close(): Promise<void> {
    this.#closed = true;
    const waiting = [...this.#ready.values()].flat();
    this.#ready.clear();
    const disks = await Promise.allSettled(waiting);
    await Promise.all(
      disks.flatMap((disk) => (disk.status === 'fulfilled' ? [disk.value.remove()] : [])),
    );
    await removeScratch(this.#root);
  }

  async #make(sizeMb: number): Promise<ScratchDisk> {
    this.#made += 1;
    const directory = join(this.#root, `${DISK_PREFIX}${this.#made}`);
    const image = `${directory}${IMAGE_SUFFIX}`;
    try {
      await mkdir(directory, { recursive: true });
      const file = await open(image, 'w', 0o600);
      await file.truncate(sizeMb * 2 ** 20);
      await file.close();
      await run('mkfs.ext4', [
        '-q',
        '-F',
        '-m',
        '0',
        '-O',
        '^has_journal',
        '-E',
        'nodiscard,lazy_itable_init=1',
        image,
      ]);
      await run('mount', ['-o', 'loop,nosuid,nodev', image, directory]);
      await rmdir(join(directory, 'lost+found')).catch(() => undefined);
      await chmod(directory, 0o1777);
    } catch (error) {
      await removeDisk(directory);
      throw new OrchestratorError('engine-refused', `making a /tmp disk: ${messageOf(error)}`, {
        cause: error,
      });
    }
    return { directory, remove: () => removeDisk(directory) };
  }
}

/** Unmounts and removes whatever disks are below a run's folder, and the folder. */
export async function removeScratch(root: string): Promise<void> {
  const names = await readdir(root).catch(() => []);
  const disks = new Set(
    names
      .filter((name) => name.startsWith(DISK_PREFIX))
      .map((name) => name.replace(IMAGE_SUFFIX, '')),
  );
  for (const name of disks) await removeDisk(join(root, name));
  for (const name of names) {
    if (name === LATE_FOLDER || name.startsWith(STAGE_PREFIX)) await removeMounts(join(root, name));
  }
  await refuseMounted(root);
  await rm(root, { recursive: true, force: true });
}

/** With what is mounted below it. */
async function removeMounts(folder: string): Promise<void> {
  await run('umount', ['-R', '-l', folder]).catch(() => undefined);
}

/** Never is anything deleted that lies behind a mount. */
async function refuseMounted(root: string): Promise<void> {
  const table = await readFile('/proc/self/mountinfo', 'latin1').catch(() => '');
  const left = table
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .find((target) => target.startsWith(`${root}/`));
  if (left !== undefined) throw new Error(`${left} is still mounted`);
}

/** `umount` frees the loop device with it. */
async function removeDisk(directory: string): Promise<void> {
  // A disk in use comes off once its last user is gone; one that is not mounted is what we want.
  await run('umount', [directory]).catch(() =>
    run('umount', ['-l', directory]).catch(() => undefined),
  );
  await rm(`${directory}${IMAGE_SUFFIX}`, { force: true });
  await rmdir(directory).catch(() => undefined);
}
