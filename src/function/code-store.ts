/**
 * Our own copies of users' code and layers, addressed by content. A copy never changes once it has
 * its name, so it can be mounted read-only and outlive an edit of the original.
 *
 * Copies are made beside their final place and renamed, so that a crash leaves no half of one and
 * two processes may make the same one. Files get 0644 or 0755, folders 0755, whatever the
 * original's modes: the function's user must be able to read them.
 */

import { createHash } from 'node:crypto';
import { constants, type BigIntStats } from 'node:fs';
import {
  chmod,
  copyFile,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  utimes,
} from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { messageOf, OrchestratorError } from '../errors.js';
import { unpackZip } from './zip.js';

export interface CodeSnapshot {
  /** Hex SHA-256 over names, modes and contents. */
  readonly hash: string;
  /** The same, base64, as AWS writes it. */
  readonly sha256: string;
  readonly size: number;
  /** Absolute path of our copy. */
  readonly directory: string;
}

interface Entry {
  /** Relative, with forward slashes. */
  readonly name: string;
  readonly path: string;
  readonly kind: 'file' | 'folder' | 'link';
  readonly executable: boolean;
  readonly size: number;
  readonly digest: string;
}

/** Never part of a function: ours, version control's, SAM's. */
const LEFT_OUT = new Set(['.git', '.orchestrator', '.aws-sam', '.DS_Store']);
/** Contract 3.4: unzipped package, layers included. */
const MOST_BYTES = 262_144_000;
const COPIES_AT_ONCE = 16;

export class CodeStore {
  readonly #directory: string;
  readonly #excluded: ReadonlySet<string>;
  /** Digest of a file that has not changed since: same inode, size and times. */
  readonly #digests = new Map<string, { readonly stamp: string; readonly digest: string }>();
  #drafts = 0;

  /** `directory` holds the copies; `excluded` absolute paths are never copied. */
  constructor(directory: string, excluded: readonly string[] = []) {
    this.#directory = directory;
    this.#excluded = new Set([directory, ...excluded].map((path) => resolve(path)));
  }

  /** Raises `code-missing`. */
  async snapshot(codePath: string): Promise<CodeSnapshot> {
    return isZip(codePath) ? this.#fromZip(codePath) : this.#fromFolder(codePath);
  }

  /** Layers laid over each other in order: a later one's files win (contract 3.5). */
  async mergeLayers(layerPaths: readonly string[]): Promise<CodeSnapshot> {
    const layers = await Promise.all(layerPaths.map((path) => this.snapshot(path)));
    const merged = new Map<string, Entry>();
    for (const layer of layers) {
      for (const entry of await this.#scan(layer.directory)) merged.set(entry.name, entry);
    }
    return this.#keep([...merged.values()].sort(byName));
  }

  async #fromFolder(folder: string): Promise<CodeSnapshot> {
    try {
      return await this.#keep(await this.#scan(folder));
    } catch (error) {
      if (error instanceof OrchestratorError) throw error;
      throw unreadable(folder, error);
    }
  }

  async #fromZip(file: string): Promise<CodeSnapshot> {
    const draft = await this.#draft();
    try {
      await unpackZip(file, draft, MOST_BYTES);
      const snapshot = await this.#keep(await this.#scan(draft));
      const sha256 = createHash('sha256')
        .update(await readFile(file))
        .digest('base64');
      return { ...snapshot, sha256 };
    } catch (error) {
      if (error instanceof OrchestratorError) throw error;
      throw unreadable(file, error);
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  }

  async #keep(entries: readonly Entry[]): Promise<CodeSnapshot> {
    const hash = createHash('sha256');
    let size = 0;
    for (const entry of entries) {
      size += entry.size;
      hash.update(`${entry.kind} ${entry.executable ? 'x' : '-'} ${entry.digest} ${entry.name}\0`);
    }
    if (size > MOST_BYTES) {
      throw new OrchestratorError(
        'code-missing',
        `the code is ${size} bytes; Lambda takes at most ${MOST_BYTES}`,
        { remedy: 'Leave out what the function does not need, or move it to a layer.' },
      );
    }
    const digest = hash.digest();
    const directory = join(this.#directory, digest.toString('hex'));
    if (!(await exists(directory))) await this.#copy(entries, directory);
    return { hash: digest.toString('hex'), sha256: digest.toString('base64'), size, directory };
  }

  async #copy(entries: readonly Entry[], directory: string): Promise<void> {
    const draft = await this.#draft();
    try {
      for (const entry of entries.filter(({ kind }) => kind === 'folder')) {
        await mkdir(join(draft, entry.name), { recursive: true, mode: 0o755 });
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

  async #draft(): Promise<string> {
    this.#drafts += 1;
    const draft = join(this.#directory, `.draft-${process.pid}-${this.#drafts}`);
    await rm(draft, { recursive: true, force: true });
    await mkdir(draft, { recursive: true });
    return draft;
  }

  /** Everything below `root`, in the order of names. */
  async #scan(root: string): Promise<Entry[]> {
    const entries: Entry[] = [];
    const visit = async (folder: string): Promise<void> => {
      for (const name of (await readdir(folder)).sort()) {
        const path = join(folder, name);
        if (LEFT_OUT.has(name) || this.#excluded.has(path)) continue;
        const stats = await lstat(path, { bigint: true });
        if (stats.isDirectory()) {
          entries.push(entryOf(root, path, stats, { kind: 'folder', digest: '' }));
          await visit(path);
        } else if (stats.isSymbolicLink()) {
          entries.push(await this.#link(root, path, stats));
        } else if (stats.isFile()) {
          const digest = await this.#digestOf(path, stats);
          entries.push(entryOf(root, path, stats, { kind: 'file', digest }));
        }
      }
    };
    if (!(await stat(root)).isDirectory()) throw new Error('it is not a folder');
    await visit(root);
    return entries.sort(byName);
  }

  /** A link that stays inside the tree is kept; one that leaves it is followed. */
  async #link(root: string, path: string, stats: BigIntStats): Promise<Entry> {
    const target = await readlink(path);
    const inside = resolve(dirname(path), target);
    if (inside === root || inside.startsWith(root + sep)) {
      return entryOf(root, path, stats, { kind: 'link', digest: target });
    }
    const real = await stat(path, { bigint: true });
    if (!real.isFile()) {
      throw new OrchestratorError('code-missing', `the link ${path} leaves the code folder`, {
        remedy: 'Copy what it points to into the folder.',
      });
    }
    return entryOf(root, path, real, { kind: 'file', digest: await this.#digestOf(path, real) });
  }

  async #digestOf(path: string, stats: BigIntStats): Promise<string> {
    const stamp = `${stats.ino} ${stats.size} ${stats.mtimeNs} ${stats.ctimeNs}`;
    const known = this.#digests.get(path);
    if (known?.stamp === stamp) return known.digest;
    const digest = createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
    this.#digests.set(path, { stamp, digest });
    return digest;
  }
}

function entryOf(
  root: string,
  path: string,
  stats: BigIntStats,
  content: Pick<Entry, 'kind' | 'digest'>,
): Entry {
  return {
    name: relative(root, path).split(sep).join('/'),
    path,
    executable: content.kind === 'file' && (stats.mode & 0o111n) !== 0n,
    size: content.kind === 'file' ? Number(stats.size) : 0,
    ...content,
  };
}

async function put(entry: Entry, draft: string): Promise<void> {
  const target = join(draft, entry.name);
  await mkdir(dirname(target), { recursive: true });
  if (entry.kind === 'link') {
    await symlink(entry.digest, target);
    return;
  }
  await copyFile(entry.path, target, constants.COPYFILE_FICLONE);
  await chmod(target, entry.executable ? 0o755 : 0o644);
  // Byte-code beside a source is valid only for the source's own time.
  const { atime, mtime } = await stat(entry.path);
  await utimes(target, atime, mtime);
}

function byName(a: Entry, b: Entry): number {
  return a.name < b.name ? -1 : 1;
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

function unreadable(path: string, error: unknown): OrchestratorError {
  const message = `the code at ${basename(path)} cannot be read: ${messageOf(error)}`;
  return new OrchestratorError('code-missing', message, {
    remedy: `Check that ${path} exists and can be read.`,
    cause: error,
  });
}
