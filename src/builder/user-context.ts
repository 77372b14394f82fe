/**
 * The build context of somebody's own Dockerfile, as Docker's client sends it: everything below the
 * folder but what `.dockerignore` excludes.
 */

import { readFile, readdir } from 'node:fs/promises';
import { join, posix } from 'node:path';
import type { Readable } from 'node:stream';
import dockerIgnore from '@balena/dockerignore';
import tar from 'tar-fs';
import { isWithin } from '../path.js';

export interface UserContext {
  /** Absolute path of the folder. */
  readonly folder: string;
  /** Path inside it, with forward slashes. */
  readonly dockerfile: string;
  /** Absolute paths that are never sent: what we write ourselves would change each context. */
  readonly excluded: readonly string[];
}

/** Relative paths of all that is sent, sorted, folders before what they hold. */
export async function contextEntries(context: UserContext): Promise<string[]> {
  const { text, name } = await ignoreFile(context);
  const ignore = dockerIgnore.default({ ignorecase: false }).add(text);
  // The builder itself needs these, whatever the rules say; it leaves them out of COPY.
  const always = new Set([context.dockerfile, name]);
  // An exception may name something below a folder that is excluded.
  const hasExceptions = /^\s*!/m.test(text);
  const found: string[] = [];
  const visit = async (folder: string): Promise<boolean> => {
    const entries = await readdir(join(context.folder, folder), { withFileTypes: true });
    entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    let any = false;
    for (const entry of entries) {
      const path = posix.join(folder, entry.name);
      if (isExcluded(context, path)) continue;
      const kept = always.has(path) || !ignore.ignores(path);
      if (entry.isDirectory()) {
        const at = found.push(path) - 1;
        const leadsOn =
          hasExceptions || [...always].some((needed) => needed.startsWith(`${path}/`));
        const holds = kept || leadsOn ? await visit(path) : false;
        if (!kept && !holds) found.splice(at, 1);
        any ||= kept || holds;
      } else if (kept && (entry.isFile() || entry.isSymbolicLink())) {
        found.push(path);
        any = true;
      }
    }
    return any;
  };
  await visit('');
  return found;
}

/** The context as a tar stream. Owners are root's, as Docker's client makes them. */
export async function packUserContext(context: UserContext): Promise<Readable> {
  const options: tar.PackOptions & { umask: number } = {
    entries: await contextEntries(context),
    // The entries are complete: folders among them are not walked again.
    ignore: () => true,
    // Modes are people's own here.
    umask: 0,
    map: (header) => ({ ...header, uid: 0, gid: 0 }),
  };
  const pack = tar.pack(context.folder, options);
  // The stream is a streamx one: it pipes like Node's, which is all that is asked of it.
  return pack as unknown as Readable;
}

/** The state folder of a project, wherever the context begins. */
const STATE_FOLDER = '.orchestrator';

function isExcluded({ folder, excluded }: UserContext, path: string): boolean {
  if (posix.basename(path) === STATE_FOLDER) return true;
  const absolute = join(folder, ...path.split('/'));
  return excluded.some((mine) => isWithin(absolute, mine));
}

/** A Dockerfile may have rules of its own beside it. */
async function ignoreFile(context: UserContext): Promise<{ text: string; name: string }> {
  for (const name of [`${context.dockerfile}.dockerignore`, '.dockerignore']) {
    try {
      const text = await readFile(join(context.folder, ...name.split('/')), 'utf8');
      return { text: text.replace(/^\uFEFF/, ''), name };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return { text: '', name: '.dockerignore' };
}
