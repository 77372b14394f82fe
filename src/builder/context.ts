/**
 * Build contexts that are the same bytes for the same files: sorted, with times, owners and modes
 * set by rule. What people's checkouts do to modes and times never reaches an image.
 */
import { createHash } from 'node:crypto';
import { readFile, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, posix } from 'node:path';
import type { Readable } from 'node:stream';
import tar from 'tar-fs';

/** A folder of the host as a folder of the context. An absent `source` is an empty folder. */
export interface ContextFolder {
  readonly name: string;
  readonly source?: string;
  /** Stands for what it holds, all of which then belongs to the image. */
  readonly digest?: string;
}

export interface BuildContext {
  /** Path of the file that becomes `Dockerfile`. */
  readonly dockerfile: string;
  readonly folders: readonly ContextFolder[];
}

const EPOCH = new Date(0);

/** What lies beside a bootstrap without being part of it. */
const NOTHING = /^$/;
const NOT_FOR_IMAGES = /^(__pycache__|node_modules|tests?|\..*|.*\.md|.*\.pyc)$/;

/** Digest over everything in the context: names, contents, executable bits. */
export async function contextDigest(context: BuildContext): Promise<string> {
  const hash = createHash('sha256');
  hash.update(await readFile(context.dockerfile));
  for (const { name, source, digest } of context.folders) {
    hash.update(`\0folder\0${name}`);
    if (digest !== undefined) hash.update(`\0digest\0${digest}`);
    if (source === undefined || digest !== undefined) continue;
    for (const path of await entriesUnder(source)) {
      const absolute = join(source, path);
      const { mode } = await stat(absolute);
      hash.update(`\0entry\0${path}\0${modeOf(path, mode)}\0`);
      if (!isFolder(mode)) hash.update(await readFile(absolute));
    }
  }
  return hash.digest('hex');
}

/** The context as a tar stream. */
export async function packContext(context: BuildContext): Promise<Readable> {
  const parts = await Promise.all([
    Promise.resolve({
      name: '',
      source: dirname(context.dockerfile),
      entries: [basename(context.dockerfile)],
    }),
    ...context.folders.map(async ({ name, source, digest }) => ({
      name,
      source,
      entries:
        source === undefined
          ? []
          : ['.', ...(await entriesUnder(source, digest === undefined ? NOT_FOR_IMAGES : NOTHING))],
    })),
  ]);
  const [first, ...rest] = parts;
  const dockerfileEntry = first?.entries[0];
  const pack = tar.pack(first?.source ?? '.', {
    entries: first?.entries ?? [],
    finalize: false,
    finish: addNext,
    map: (header) =>
      normalized(header, header.name === dockerfileEntry ? 'Dockerfile' : header.name),
  });
  function addNext(): void {
    const part = rest.shift();
    if (part === undefined) {
      pack.finalize();
    } else if (part.source === undefined) {
      const folder = {
        name: part.name,
        type: 'directory',
        mode: 0o755,
        mtime: EPOCH,
        uid: 0,
        gid: 0,
      } as const;
      pack.entry(folder, addNext);
    } else {
      tar.pack(part.source, {
        pack,
        entries: part.entries,
        // The entries are complete: folders among them are not walked again.
        ignore: () => true,
        dereference: true,
        finalize: false,
        finish: addNext,
        map: (header) => normalized(header, posix.join(part.name, header.name)),
      });
    }
  }
  // The stream is a streamx one: it pipes like Node's, which is all that is asked of it.
  return pack as unknown as Readable;
}

function normalized(header: tar.Headers, name: string): tar.Headers {
  const mode = header.type === 'directory' ? 0o755 : modeOf(name, header.mode);
  return { ...header, name, mode, mtime: EPOCH, uid: 0, gid: 0 };
}

/** Paths of all files and folders under `root`, sorted, folders before what they hold. */
async function entriesUnder(root: string, left = NOT_FOR_IMAGES): Promise<string[]> {
  const found: string[] = [];
  const visit = async (folder: string): Promise<void> => {
    const names = (await readdir(join(root, folder))).filter((name) => !left.test(name));
    for (const name of names.sort()) {
      const path = posix.join(folder, name);
      found.push(path);
      if (isFolder((await stat(join(root, path))).mode)) await visit(path);
    }
  };
  await visit('.');
  return found;
}

function modeOf(path: string, mode: number): number {
  return isFolder(mode) || (mode & 0o111) !== 0 || posix.basename(path) === 'bootstrap'
    ? 0o755
    : 0o644;
}

function isFolder(mode: number): boolean {
  return (mode & 0o170000) === 0o040000;
}
