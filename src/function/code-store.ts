/**
 * Our own copies of users' code and layers, addressed by content. A copy never changes once it has
 * its name, so it can be mounted read-only and outlive an edit of the original.
 *
 * Copies are made beside their final place and renamed, so that a crash leaves no half of one and
 * two processes may make the same one. Files get 0644 or 0755, folders 0755, whatever the
 * original's modes: the function's user must be able to read them.
 *
 * Every snapshot handed out holds its copy until it is released as often; a copy nobody holds goes.
 */

import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import {
  chmod,
  copyFile,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  utimes,
} from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { systemClock, type Clock } from '../async/clock.js';
import { messageOf, OrchestratorError } from '../errors.js';
import { isAlive } from '../process-identity.js';
import {
  byName,
  CodeTree,
  digestOf,
  MOST_CODE_BYTES,
  stampOf,
  tooLarge,
  type TreeEntry,
} from './code-tree.js';
import { isOfMachine, unpackZip } from './zip.js';

export interface CodeSnapshot {
  /** Hex SHA-256 over names, modes and contents. */
  readonly hash: string;
  /** The same, base64, as AWS writes it; of a zip, that of the file. */
  readonly sha256: string;
  readonly size: number;
  /** Absolute path of our copy. */
  readonly directory: string;
}

const COPIES_AT_ONCE = 16;
/** A tree that changes under our hands is read anew this often. */
const MOST_ATTEMPTS = 5;
const DRAFT = /^\.draft-(\d+)-/;

/** A file was saved between our reading and our copying it. */
class ChangedMeanwhile extends Error {}

export class CodeStore {
  readonly #directory: string;
  readonly #tree: CodeTree;
  /** What a zip that has not changed since was unpacked to. */
  readonly #zips = new Map<string, { readonly stamp: string; readonly snapshot: CodeSnapshot }>();
  /** How many snapshots of each hash are out. */
  readonly #held = new Map<string, number>();
  readonly #removals = new Map<string, Promise<void>>();

  /** `directory` holds the copies; `excluded` absolute paths are never copied. */
  constructor(directory: string, excluded: readonly string[] = [], clock: Clock = systemClock) {
    this.#directory = directory;
    this.#tree = new CodeTree(
      [directory, ...excluded].map((path) => resolve(path)),
      clock,
    );
  }

  /** Raises `code-missing`. */
  async snapshot(codePath: string): Promise<CodeSnapshot> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await (isZip(codePath) ? this.#fromZip(codePath) : this.#fromFolder(codePath));
      } catch (error) {
        if (error instanceof OrchestratorError) throw error;
        if (attempt === MOST_ATTEMPTS || !(await mayHaveChanged(codePath, error))) {
          throw unreadable(codePath, error);
        }
      }
    }
  }

  /** Layers laid over each other in order: a later one's files win (contract 3.5). */
  async mergeLayers(layerPaths: readonly string[]): Promise<CodeSnapshot> {
    const layers = await Promise.all(layerPaths.map((path) => this.snapshot(path)));
    try {
      let merged: readonly TreeEntry[] = [];
      for (const { directory } of layers) {
        merged = laidOver(merged, await this.#tree.read(directory));
      }
      return await this.#keep(merged);
    } finally {
      for (const layer of layers) this.release(layer.hash);
    }
  }

  /** Takes a snapshot back: once nobody holds its copy any more, the copy is removed. */
  release(hash: string): void {
    const left = (this.#held.get(hash) ?? 0) - 1;
    if (left > 0) this.#held.set(hash, left);
    else {
      this.#held.delete(hash);
      // A copy that cannot be removed now is found by the next `collect`.
      void this.#remove(hash).catch(() => undefined);
    }
  }

  /** Removes what earlier runs left and nobody holds: copies, and the drafts of dead processes. */
  async collect(): Promise<void> {
    const names = await readdir(this.#directory).catch(() => [] as string[]);
    for (const name of names) {
      if (!isDraftOfLiving(name)) await this.#remove(name);
    }
    await Promise.allSettled(this.#removals.values());
  }

  #remove(name: string): Promise<void> {
    const removal = this.#removeUnlessHeld(name).finally(() => {
      if (this.#removals.get(name) === removal) this.#removals.delete(name);
    });
    this.#removals.set(name, removal);
    return removal;
  }

  async #removeUnlessHeld(name: string): Promise<void> {
    await this.#removals.get(name)?.catch(() => undefined);
    if (this.#held.has(name)) return;
    const path = join(this.#directory, name);
    // Renamed first: a crash in the middle must not leave part of a copy under its name.
    const doomed = this.#draftPath();
    try {
      await rename(path, doomed);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      throw error;
    }
    this.#tree.forget(path);
    await rm(doomed, { recursive: true, force: true });
  }

  async #fromFolder(folder: string): Promise<CodeSnapshot> {
    return this.#keep(await this.#tree.read(folder));
  }

  async #fromZip(file: string): Promise<CodeSnapshot> {
    const stamp = stampOf(await stat(file, { bigint: true }));
    const known = this.#zips.get(file);
    if (known?.stamp === stamp) {
      await this.#hold(known.snapshot.hash);
      if (await exists(known.snapshot.directory)) return known.snapshot;
      this.release(known.snapshot.hash);
    }
    const draft = await this.#draft();
    try {
      await unpackZip(file, draft, MOST_CODE_BYTES);
      const sha256 = createHash('sha256')
        .update(await readFile(file))
        .digest('base64');
      if (stampOf(await stat(file, { bigint: true })) !== stamp) throw new ChangedMeanwhile(file);
      const snapshot = { ...(await this.#keep(await this.#tree.read(draft))), sha256 };
      this.#zips.set(file, { stamp, snapshot });
      return snapshot;
    } finally {
      this.#tree.forget(draft);
      await rm(draft, { recursive: true, force: true });
    }
  }

  async #keep(entries: readonly TreeEntry[]): Promise<CodeSnapshot> {
    const hash = createHash('sha256');
    let size = 0;
    for (const entry of entries) {
      size += entry.size;
      const { kind, executable, digest, name } = entry;
      hash.update(`${kind}\0${executable ? 'x' : '-'}\0${digest}\0${name}\0`);
    }
    if (size > MOST_CODE_BYTES) throw tooLarge(`${size} bytes`);
    const digest = hash.digest();
    const name = digest.toString('hex');
    const directory = join(this.#directory, name);
    await this.#hold(name);
    try {
      if (!(await exists(directory))) await this.#copy(entries, directory);
    } catch (error) {
      this.release(name);
      throw error;
    }
    return { hash: name, sha256: digest.toString('base64'), size, directory };
  }

  /** From now on nothing removes the copy; a removal that has begun is waited for. */
  async #hold(hash: string): Promise<void> {
    this.#held.set(hash, (this.#held.get(hash) ?? 0) + 1);
    await this.#removals.get(hash)?.catch(() => undefined);
  }

  async #copy(entries: readonly TreeEntry[], directory: string): Promise<void> {
    const draft = await this.#draft();
    try {
      // In the order of names a folder comes before what it holds.
      for (const entry of entries.filter(({ kind }) => kind === 'folder')) {
        await makeFolder(join(draft, entry.name));
      }
      const files = entries.filter(({ kind }) => kind !== 'folder');
      for (let at = 0; at < files.length; at += COPIES_AT_ONCE) {
        await Promise.all(files.slice(at, at + COPIES_AT_ONCE).map((entry) => put(entry, draft)));
      }
      await chmod(draft, 0o755);
      await rename(draft, directory);
    } catch (error) {
      await rm(draft, { recursive: true, force: true });
      // Somebody else made the same copy meanwhile.
      if (!(await exists(directory))) throw error;
    }
  }

  #draftPath(): string {
    return join(this.#directory, `.draft-${process.pid}-${randomBytes(8).toString('hex')}`);
  }

  async #draft(): Promise<string> {
    const draft = this.#draftPath();
    await mkdir(draft, { recursive: true });
    return draft;
  }
}

async function put(entry: TreeEntry, draft: string): Promise<void> {
  const target = join(draft, entry.name);
  if (entry.kind === 'link') {
    await symlink(entry.digest, target);
    return;
  }
  await copyFile(entry.path, target, constants.COPYFILE_FICLONE);
  const after = await stat(entry.path, { bigint: true });
  // A save in the same tick as the one before leaves the stamp as it was.
  const isTrue = entry.settled
    ? stampOf(after) === entry.stamp
    : (await digestOf(target)) === entry.digest;
  if (!isTrue) throw new ChangedMeanwhile(entry.path);
  await chmod(target, entry.executable ? 0o755 : 0o644);
  // Byte-code beside a source is valid only for the source's own time.
  await utimes(target, after.atime, after.mtime);
}

/** The mode given to `mkdir` is cut by the umask. */
async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true });
  await chmod(path, 0o755);
}

/** `over` on top of `under`: where one has a file and the other a folder, the later one stands. */
function laidOver(under: readonly TreeEntry[], over: readonly TreeEntry[]): TreeEntry[] {
  const merged = new Map(under.map((entry) => [entry.name, entry]));
  for (const entry of over) {
    const before = merged.get(entry.name);
    if (before?.kind === 'folder' && entry.kind !== 'folder') {
      for (const name of merged.keys()) if (name.startsWith(`${entry.name}/`)) merged.delete(name);
    }
    merged.set(entry.name, entry);
  }
  return [...merged.values()].sort(byName);
}

function isZip(path: string): boolean {
  return path.endsWith('.zip') || path.endsWith('.jar');
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** A file that went while we read its folder is as good as one that was saved. */
async function mayHaveChanged(codePath: string, error: unknown): Promise<boolean> {
  if (error instanceof ChangedMeanwhile) return true;
  return (error as NodeJS.ErrnoException).code === 'ENOENT' && (await exists(codePath));
}

function isDraftOfLiving(name: string): boolean {
  const pid = Number(DRAFT.exec(name)?.[1]);
  return Number.isInteger(pid) && isAlive({ pid });
}

function unreadable(path: string, error: unknown): OrchestratorError {
  if (error instanceof ChangedMeanwhile) {
    const message = `the code at ${basename(path)} changes while it is copied (${error.message})`;
    return new OrchestratorError('code-missing', message, {
      remedy: 'Wait until whatever writes there is done, then save a file once more.',
      cause: error,
    });
  }
  const message = `the code at ${basename(path)} cannot be read: ${messageOf(error)}`;
  return new OrchestratorError('code-missing', message, {
    remedy: isOfMachine(error)
      ? 'Look at the disk of the state folder: it may be full, or not ours to write.'
      : `Check that ${path} exists and can be read.`,
    ...(isOfMachine(error) ? { details: { reason: 'machine' } } : {}),
    cause: error,
  });
}
