/**
 * Folders that appear in a container after its start. A container binds an empty folder of ours, its
 * slot, as a slave of one shared mount; what is mounted on the slot later is seen inside. A mount
 * that is made read-only where it lands would be writable inside, since only the mount itself is
 * passed on and not what is changed about it afterwards. Everything is therefore bound from a place
 * of our own that is read-only already, and the copies are as it is.
 */

import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { mkdir, rmdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What `removeScratch` finds them by. */
export const LATE_FOLDER = 'late';
export const STAGE_PREFIX = 'stage-';

export class LateMounts {
  readonly #root: string;
  readonly #shared: string;
  /** By the folder that is shown read-only at the path it resolves to. */
  readonly #stages = new Map<string, Promise<string>>();
  #opened: Promise<void> | undefined;
  #slots = 0;
  #stagesMade = 0;

  /** `root` is a folder of the run's own. */
  constructor(root: string) {
    this.#root = root;
    this.#shared = join(root, LATE_FOLDER);
  }

  /** A folder for a container to bind as a slave. Raises the system's errors. */
  async slot(): Promise<string> {
    this.#opened ??= this.#open().catch((error: unknown) => {
      // The next one who asks tries again.
      this.#opened = undefined;
      throw error;
    });
    await this.#opened;
    this.#slots += 1;
    const slot = join(this.#shared, String(this.#slots));
    await mkdir(slot, { mode: 0o755 });
    return slot;
  }

  /** Readies what `fill` needs for `folder` and its neighbours. Raises the system's errors. */
  stage(folder: string): Promise<string> {
    const parent = dirname(folder);
    let stage = this.#stages.get(parent);
    if (stage === undefined) {
      this.#stagesMade += 1;
      stage = this.#stage(parent, join(this.#root, `${STAGE_PREFIX}${this.#stagesMade}`));
      this.#stages.set(parent, stage);
      stage.catch(() => this.#stages.delete(parent));
    }
    return stage;
  }

  /** Shows `folder`, read-only, in the slot. Raises the system's errors. */
  async fill(slot: string, folder: string): Promise<void> {
    const stage = await this.stage(folder);
    await run('mount', ['--bind', join(stage, basename(folder)), slot]);
  }

  /** Raises the system's errors. */
  async empty(slot: string): Promise<void> {
    await run('umount', [slot]);
  }

  /** Never rejects: what stays goes with the run's folder. */
  async give(slot: string): Promise<void> {
    await this.empty(slot).catch(() => undefined);
    await rmdir(slot).catch(() => undefined);
  }

  async #open(): Promise<void> {
    await mkdir(this.#shared, { recursive: true, mode: 0o755 });
    await run('mount', ['--bind', this.#shared, this.#shared]);
    await run('mount', ['--make-shared', this.#shared]);
  }

  async #stage(folder: string, stage: string): Promise<string> {
    await mkdir(stage, { recursive: true });
    await run('mount', ['-o', 'bind,ro', folder, stage]);
    await run('mount', ['--make-private', stage]);
    return stage;
  }
}

/** Whether a process sees `folder` at `target`. */
export function sees(pid: number, target: string, folder: string): boolean {
  try {
    const inside = statSync(`/proc/${pid}/root${target}`, { bigint: true });
    const outside = statSync(folder, { bigint: true });
    return inside.dev === outside.dev && inside.ino === outside.ino;
  } catch {
    return false;
  }
}

/** Whether a process has a file system: one that has ended, or is about to, has none. */
export function seesAnything(pid: number): boolean {
  try {
    statSync(`/proc/${pid}/root/`);
    return true;
  } catch {
    return false;
  }
}
