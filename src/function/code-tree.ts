/**
 * What a folder of code consists of: names, kinds and the digest of every file. A second look at a
 * tree that did not change only asks the file system for times and sizes.
 *
 * Links inside the tree stay links, relative ones; what a link outside points to becomes part of
 * the tree, as it does when such a folder is zipped for deployment.
 */

import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { lstat, readdir, readFile, readlink, realpath, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import type { Clock } from '../async/clock.js';
import { OrchestratorError } from '../errors.js';
import { isWithin } from '../path.js';

export interface TreeEntry {
  /** Relative, with forward slashes. */
  readonly name: string;
  /** Where its content is read from. */
  readonly path: string;
  readonly kind: 'file' | 'folder' | 'link';
  readonly executable: boolean;
  readonly size: number;
  /** Of a file: hex SHA-256 of its content. Of a link: its target. */
  readonly digest: string;
  /** Changes whenever the file does, once it is `settled`. */
  readonly stamp: string;
  /** Whether the last change lies far enough back for a further one to change the stamp. */
  readonly settled: boolean;
}

/** Contract 3.4: unzipped package, layers included. */
export const MOST_CODE_BYTES = 262_144_000;
const MOST_ENTRIES = 200_000;
/** Never part of a function: ours, version control's, SAM's. */
const LEFT_OUT = new Set(['.git', '.orchestrator', '.aws-sam', '.DS_Store']);
/** Far above the tick in which file systems keep times (4 to 10 ms; 2 s only on FAT). */
const SETTLED_AFTER_MS = 50;

interface KnownDigest {
  readonly stamp: string;
  readonly digest: string;
}

/** One folder being walked, with what links have led through to get there. */
interface Place {
  readonly folder: string;
  /** Of names, ending in a slash; empty at the top. */
  readonly prefix: string;
  /** What links may not leave without being followed. */
  readonly base: string;
  readonly followed: readonly string[];
}

interface Walk {
  readonly excluded: ReadonlySet<string>;
  readonly known: ReadonlyMap<string, KnownDigest>;
  readonly seen: Map<string, KnownDigest>;
  readonly entries: TreeEntry[];
  bytes: number;
}

export class CodeTree {
  readonly #excluded: readonly string[];
  readonly #clock: Clock;
  readonly #known = new Map<string, ReadonlyMap<string, KnownDigest>>();

  /** `excluded` absolute paths are never part of a tree. */
  constructor(excluded: readonly string[], clock: Clock) {
    this.#excluded = excluded;
    this.#clock = clock;
  }

  /** Everything below `root`, in the order of names. Raises `code-missing` and system errors. */
  async read(root: string): Promise<TreeEntry[]> {
    const excluded = await Promise.all(
      this.#excluded.map((path) => realpath(path).catch(() => path)),
    );
    const walk: Walk = {
      excluded: new Set(excluded),
      known: this.#known.get(root) ?? new Map<string, KnownDigest>(),
      seen: new Map(),
      entries: [],
      bytes: 0,
    };
    if (!(await stat(root)).isDirectory()) throw new Error('it is not a folder');
    const base = await realpath(root);
    await this.#visit({ folder: base, prefix: '', base, followed: [base] }, walk);
    this.#known.set(root, walk.seen);
    return walk.entries.sort(byName);
  }

  /** A tree that will not be read again. */
  forget(root: string): void {
    this.#known.delete(root);
  }

  async #visit(place: Place, walk: Walk): Promise<void> {
    const names = (await readdir(place.folder)).filter(
      (name) => !LEFT_OUT.has(name) && !walk.excluded.has(join(place.folder, name)),
    );
    const stats = await Promise.all(
      names.map((name) => lstat(join(place.folder, name), { bigint: true })),
    );
    for (const [index, name] of names.entries()) {
      const of = stats[index];
      if (of !== undefined) await this.#add(name, of, place, walk);
    }
  }

  async #add(file: string, stats: BigIntStats, place: Place, walk: Walk): Promise<void> {
    const path = join(place.folder, file);
    const name = place.prefix + file;
    if (walk.entries.length >= MOST_ENTRIES) throw tooLarge(`more than ${MOST_ENTRIES} files`);
    if (stats.isDirectory()) {
      walk.entries.push({ ...NOT_A_FILE, name, path, kind: 'folder', digest: '' });
      await this.#visit({ ...place, folder: path, prefix: `${name}/` }, walk);
    } else if (stats.isSymbolicLink()) {
      await this.#addLink(file, place, walk);
    } else if (stats.isFile()) {
      walk.bytes += Number(stats.size);
      if (walk.bytes > MOST_CODE_BYTES) throw tooLarge(`${walk.bytes} bytes at least`);
      walk.entries.push(await this.#file(name, path, stats, walk));
    }
  }

  async #addLink(file: string, place: Place, walk: Walk): Promise<void> {
    const path = join(place.folder, file);
    const name = place.prefix + file;
    const target = await readlink(path);
    const inside = resolve(dirname(path), target);
    const real = await realpath(path).catch(() => undefined);
    if (isWithin(inside, place.base) && (real === undefined || isWithin(real, place.base))) {
      // An absolute target is another place in the environment than here.
      const digest = target.startsWith('/') ? relative(dirname(path), inside) || '.' : target;
      walk.entries.push({ ...NOT_A_FILE, name, path, kind: 'link', digest });
      return;
    }
    // A link to nothing breaks no function that runs without it; one that leads back never ends.
    if (real === undefined || place.followed.some((folder) => isWithin(folder, real))) return;
    const stats = await stat(real, { bigint: true });
    if (!stats.isDirectory()) {
      await this.#add(file, stats, place, walk);
      return;
    }
    walk.entries.push({ ...NOT_A_FILE, name, path: real, kind: 'folder', digest: '' });
    const followed = [...place.followed, real];
    await this.#visit({ folder: real, prefix: `${name}/`, base: real, followed }, walk);
  }

  async #file(name: string, path: string, stats: BigIntStats, walk: Walk): Promise<TreeEntry> {
    const stamp = stampOf(stats);
    const settled = Number(stats.ctimeMs) < this.#clock.now() - SETTLED_AFTER_MS;
    const known = walk.known.get(path);
    const digest = known?.stamp === stamp ? known.digest : await digestOf(path);
    if (settled) walk.seen.set(path, { stamp, digest });
    const executable = (stats.mode & 0o111n) !== 0n;
    return {
      name,
      path,
      kind: 'file',
      executable,
      size: Number(stats.size),
      digest,
      stamp,
      settled,
    };
  }
}

const NOT_A_FILE = { executable: false, size: 0, stamp: '', settled: true } as const;

export function stampOf(stats: BigIntStats): string {
  return `${stats.ino} ${stats.size} ${stats.mtimeNs} ${stats.ctimeNs}`;
}

export async function digestOf(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

export function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  if (a.name === b.name) return 0;
  return a.name < b.name ? -1 : 1;
}

export function tooLarge(found: string): OrchestratorError {
  return new OrchestratorError(
    'code-missing',
    `the code is ${found}; Lambda takes at most ${MOST_CODE_BYTES} bytes`,
    {
      remedy: 'Leave out what the function does not need, or move it to a layer.',
      details: { reason: 'too-large' },
    },
  );
}
