/**
 * Documents that were read before, by their text. Loading what reads YAML and reading a file with it
 * takes as long as all else that an unchanged project needs until it is answered for. Kept in the
 * user's cache folder; only files of the user's own that nobody else may write are taken.
 */

import { createHash, randomUUID } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageVersion } from '../version.js';
import type { Problems } from './problems.js';

type Environment = Readonly<Record<string, string | undefined>>;

const OTHERS_MAY_WRITE = 0o022;
const MOST_DOCUMENTS = 32;
/** An anchor: what is written once and stands in several places would be as many things. */
const ANCHOR = /(^|[\s[{,:-])&[^\s&]/;

/** As `readDocument` reads it. */
export async function readKnownDocument(
  text: string,
  problems: Problems,
  environment: Environment,
): Promise<unknown> {
  const path = pathOf(text, environment);
  const known = path === undefined ? undefined : readOwn(path);
  if (known !== undefined) return known;
  const { readDocument } = await import('./document.js');
  const value = readDocument(text, problems);
  if (path !== undefined && value !== undefined && !ANCHOR.test(text)) await keep(path, value);
  return value;
}

/**
 * Undefined where nobody has a home, and in a checkout that has not been packed: nothing would tell
 * what reads documents now from what has read them before.
 */
function pathOf(text: string, environment: Environment): string | undefined {
  const { HOME: home = '', XDG_CACHE_HOME: caches = '' } = environment;
  const folder = [caches, home === '' ? '' : join(home, '.cache')].find((one) =>
    one.startsWith('/'),
  );
  const program = fileURLToPath(import.meta.url);
  if (folder === undefined || !program.endsWith('.cjs')) return undefined;
  const { mtimeMs, size } = statSync(program);
  const digest = createHash('sha256')
    .update(`${packageVersion()} ${mtimeMs} ${size}\n${text}`)
    .digest('hex');
  return join(folder, 'orchestrator', 'documents', `${digest.slice(0, 32)}.json`);
}

/** Undefined when it is not there, is not ours, or is damaged. */
function readOwn(path: string): unknown {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const { uid, mode } = fstatSync(file);
    const isOwn = process.getuid === undefined || process.getuid() === uid;
    if (!isOwn || (mode & OTHERS_MAY_WRITE) !== 0) return undefined;
    return JSON.parse(readFileSync(file, 'utf8')) as unknown;
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Whole or not at all, and only what comes back as it is; one that cannot be written is read anew. */
async function keep(path: string, value: unknown): Promise<void> {
  const { isDeepStrictEqual } = await import('node:util');
  const text = JSON.stringify(value);
  if (!isDeepStrictEqual(JSON.parse(text), value)) return;
  const draft = `${path}.${randomUUID()}`;
  try {
    const folder = dirname(path);
    makeFolders(folder, 3);
    forgetOld(folder);
    writeFileSync(draft, text, { flag: 'wx', mode: 0o600 });
    renameSync(draft, path);
  } catch {
    remove(draft);
  }
}

/**
 * The folder and as many above it as are ours to make. Not Node's own way, which never comes back
 * from where nobody can make one (/proc, by Node.js 20).
 */
function makeFolders(path: string, depth: number): void {
  if (depth > 1) makeFolders(dirname(path), depth - 1);
  if (!existsSync(path)) mkdirSync(path, { mode: 0o700 });
}

function forgetOld(folder: string): void {
  const newestFirst = readdirSync(folder)
    .map((name) => join(folder, name))
    .sort((one, other) => statSync(other).mtimeMs - statSync(one).mtimeMs);
  for (const old of newestFirst.slice(MOST_DOCUMENTS - 1)) rmSync(old, { force: true });
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Nothing was made there.
  }
}
