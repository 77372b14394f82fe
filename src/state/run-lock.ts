/**
 * One holder per state folder, decided by the file system, also when many processes try at once
 * and when earlier holders were killed.
 *
 * Lock files are generations: `run.lock.7`. The highest generation is the lock; it is never
 * deleted, only followed by a higher one, so no generation is ever taken twice.
 *  1. A claim lists the generations. If the highest names a living process, the claim fails.
 *  2. Otherwise it creates the next one with `link`, which exactly one claimant can do, complete
 *     with its content.
 *  3. It lists again. A higher generation means that the first list was old: it steps back.
 *  4. A holder deletes lower generations, once it has the time, and marks its own `released` when
 *     it ends.
 */

import { linkSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { randomHex } from '../async/random.js';
import { identify, isAlive, type ProcessIdentity } from '../process-identity.js';
import { removeFile } from './remove-file.js';

const NAME = /^run\.lock\.(\d{1,15})$/;

/** Claims that keep meeting others' stop here; each round somebody else made progress. */
const MAX_ROUNDS = 1000;

interface LockContent extends ProcessIdentity {
  readonly released?: true;
}

export type LockResult =
  | { readonly kind: 'held'; readonly lock: RunLock }
  | { readonly kind: 'taken'; readonly holder: ProcessIdentity };

export interface RunLock {
  /** Deletes what earlier holders left. */
  tidy(): void;
  /** Safe to call twice. */
  release(): void;
}

/** Throws the file system's errors. */
export function acquireRunLock(directory: string, pid: number = process.pid): LockResult {
  const self = identify(pid);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const last = Math.max(0, ...generations(directory));
    const holder = last === 0 ? undefined : living(pathOf(directory, last));
    if (holder !== undefined) return { kind: 'taken', holder };

    const mine = last + 1;
    if (!create(directory, mine, self)) continue;
    const all = generations(directory);
    if (all.some((generation) => generation > mine)) {
      removeFile(pathOf(directory, mine));
      continue;
    }
    const lower = all.filter((generation) => generation < mine);
    return { kind: 'held', lock: holdingOf(directory, { self, mine, lower }) };
  }
  throw new Error(`no turn at the lock in ${directory} after ${MAX_ROUNDS} tries`);
}

/** The living holder, if there is one that we can see: not in a folder we may not read. */
export function runLockHolder(directory: string): ProcessIdentity | undefined {
  let last: number;
  try {
    last = Math.max(0, ...generations(directory));
  } catch {
    return undefined;
  }
  return last === 0 ? undefined : living(pathOf(directory, last));
}

function holdingOf(
  directory: string,
  held: { self: ProcessIdentity; mine: number; lower: readonly number[] },
): RunLock {
  let isHeld = true;
  let { lower } = held;
  const tidy = (): void => {
    for (const generation of lower) removeFile(pathOf(directory, generation));
    lower = [];
  };
  return {
    tidy,
    release() {
      if (!isHeld) return;
      isHeld = false;
      tidy();
      const draft = writeDraft(directory, { ...held.self, released: true });
      renameSync(draft, pathOf(directory, held.mine));
    },
  };
}

function pathOf(directory: string, generation: number): string {
  return join(directory, `run.lock.${generation}`);
}

function generations(directory: string): number[] {
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return names.flatMap((name) => {
    const match = NAME.exec(name);
    return match === null ? [] : [Number(match[1])];
  });
}

function living(path: string): ProcessIdentity | undefined {
  let content: LockContent;
  try {
    content = JSON.parse(readFileSync(path, 'utf8')) as LockContent;
  } catch {
    // Deleted since it was listed, or torn by a power loss: nobody holds it.
    return undefined;
  }
  return content.released === true || !isAlive(content) ? undefined : content;
}

function create(directory: string, generation: number, self: ProcessIdentity): boolean {
  const draft = writeDraft(directory, self);
  try {
    linkSync(draft, pathOf(directory, generation));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    removeFile(draft);
  }
}

function writeDraft(directory: string, content: LockContent): string {
  const path = join(directory, `.run.lock.${randomHex(8)}`);
  writeFileSync(path, JSON.stringify(content), { flag: 'wx', mode: 0o600 });
  return path;
}
