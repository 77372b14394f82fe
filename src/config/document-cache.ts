/**
 * Documents that were read before, beside their text. Loading what reads YAML and reading a file with it
 * takes as long as all else that an unchanged project needs until it is answered for. Kept in the
 * user's cache folder; only files of the user's own that nobody else may write are taken.
 */

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
import { randomHex } from '../async/random.js';
import { packageVersion } from '../version.js';
import type { Problems } from './problems.js';

type Environment = Readonly<Record<string, string | undefined>>;

const OTHERS_MAY_WRITE = 0o022;
const MOST_DOCUMENTS = 32;
const MOST_SAMPLED = 2048;
/** An anchor: what is written once and stands in several places would be as many things. */
const ANCHOR = /(^|[\s[{,:-])&[^\s&]/;

/** As `readDocument` reads it. */
export async function readKnownDocument(
  text: string,
  problems: Problems,
  environment: Environment,
): Promise<unknown> {
  const place = placeOf(text, environment);
  const known = place === undefined ? undefined : readOwn(place.path);
  if (known?.program === place?.program && known?.text === text) return known.value;
  const { readDocument } = await import('./document.js');
  const value = readDocument(text, problems);
  if (place !== undefined && value !== undefined && !ANCHOR.test(text)) {
    await keep(place.path, { program: place.program, text, value });
  }
  return value;
}

/** What a file holds. */
interface Known {
  /** What has read the text. */
  readonly program: string;
  readonly text: string;
  readonly value: unknown;
}

/**
 * Undefined where nobody has a home, and in a checkout that has not been packed: nothing would tell
 * what reads documents now from what has read them before.
 */
function placeOf(
  text: string,
  environment: Environment,
): { readonly path: string; readonly program: string } | undefined {
  const { HOME: home = '', XDG_CACHE_HOME: caches = '' } = environment;
  const folder = [caches, home === '' ? '' : join(home, '.cache')].find((one) =>
    one.startsWith('/'),
  );
  const file = import.meta.filename;
  if (folder === undefined || !file.endsWith('.cjs')) return undefined;
  const { mtimeMs, size } = statSync(file);
  const name = `${shortNameOf(text)}.json`;
  return {
    path: join(folder, 'orchestrator', 'documents', name),
    program: `${packageVersion()} ${mtimeMs} ${size}`,
  };
}

/**
 * A few texts may have the same, then the later one is kept: what is read is held against the whole
 * text. FNV-1a over at most so many of its characters; `node:crypto` takes longer to load.
 */
function shortNameOf(text: string): string {
  const step = Math.ceil(text.length / MOST_SAMPLED) || 1;
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += step) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return `${text.length.toString(16)}-${(hash >>> 0).toString(16)}`;
}

/** Undefined when it is not there, is not ours, or is damaged. */
function readOwn(path: string): Known | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const { uid, mode } = fstatSync(file);
    const isOwn = process.getuid === undefined || process.getuid() === uid;
    if (!isOwn || (mode & OTHERS_MAY_WRITE) !== 0) return undefined;
    return JSON.parse(readFileSync(file, 'utf8')) as Known;
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Whole or not at all, and only what comes back as it is; one that cannot be written is read anew. */
async function keep(path: string, known: Known): Promise<void> {
  const { isDeepStrictEqual } = await import('node:util');
  const text = JSON.stringify(known);
  if (!isDeepStrictEqual(JSON.parse(text), known)) return;
  const draft = `${path}.${randomHex(8)}`;
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

/** All but the newest, and room for one more. */
function forgetOld(folder: string): void {
  const names = readdirSync(folder);
  if (names.length < MOST_DOCUMENTS) return;
  const newestFirst = names
    .map((name) => join(folder, name))
    .map((path) => ({ path, keptAtMs: statSync(path).mtimeMs }))
    .sort((one, other) => other.keptAtMs - one.keptAtMs);
  for (const { path } of newestFirst.slice(MOST_DOCUMENTS - 1)) rmSync(path, { force: true });
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Nothing was made there.
  }
}
