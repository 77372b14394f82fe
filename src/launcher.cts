#!/usr/bin/env node
/**
 * What `orchestrator` on the command line runs: the whole program as one file, compiled before.
 * Without that file (`npm run build` makes it), or once the modules have been compiled anew, those.
 *
 * The first run of a command keeps what V8 made of it, in the user's cache folder, by the content
 * of the program and the version of Node.js. V8 refuses what does not fit; then the program is
 * compiled as ever, and kept anew.
 */

import type * as FileSystem from 'node:fs';
import type * as VirtualMachine from 'node:vm';

// Nothing that is not needed: this is in the way of everything.
const fs = require('node:fs') as typeof FileSystem;
const vm = require('node:vm') as typeof VirtualMachine;

type Program = (
  require: NodeJS.Require,
  module: NodeJS.Module,
  fileName: string,
  folder: string,
) => void;

const folder = `${__dirname}/../bundle`;
const fileName = `${folder}/program.cjs`;
const OTHERS_MAY_WRITE = 0o022;
/** Some megabytes for each command of each. */
const MOST_PROGRAMS = 4;

function launch(): void {
  const source = sourceOf(fileName);
  if (source === undefined || isStale()) {
    void import('./main.js');
    return;
  }
  const kept = keptAt(source);
  const cachedData = kept === undefined ? undefined : readOwn(kept);
  const script = new vm.Script(source, {
    filename: fileName,
    ...(cachedData === undefined ? {} : { cachedData }),
  });
  const program = script.runInThisContext() as Program;
  if (kept !== undefined && (cachedData === undefined || script.cachedDataRejected === true)) {
    // At the end: by then V8 knows all that the command needs.
    process.once('exit', () => keep(kept, script));
  }
  program(require, module, fileName, folder);
}

/** In a checkout: the compiler has made something of the sources since. */
function isStale(): boolean {
  const compiled = fs.statSync(`${__dirname}/../.tsbuildinfo`, { throwIfNoEntry: false });
  return compiled !== undefined && compiled.mtimeMs > fs.statSync(fileName).mtimeMs;
}

/** ASCII only, so that each byte is a character. */
function sourceOf(path: string): string | undefined {
  try {
    return fs.readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}

/** Undefined where nobody has a home. What is no absolute path is none: it would lead anywhere. */
function keptAt(source: string): string | undefined {
  const { HOME: home = '', XDG_CACHE_HOME: caches = '' } = process.env;
  const cacheFolder = [caches, home === '' ? '' : `${home}/.cache`].find((one) =>
    one.startsWith('/'),
  );
  const digest = /^\/\/ ([0-9a-f]{16})\n/.exec(source.slice(0, 20))?.[1];
  if (cacheFolder === undefined || digest === undefined) return undefined;
  const command = /^[a-z-]{1,20}$/.exec(process.argv[2] ?? '')?.[0] ?? 'none';
  return `${cacheFolder}/orchestrator/compiled/${digest}-${process.version}-${process.arch}/${command}`;
}

/** What is not ours, or others may write, is not run. */
function readOwn(path: string): Buffer | undefined {
  let file: number | undefined;
  try {
    file = fs.openSync(path, 'r');
    const { uid, mode } = fs.fstatSync(file);
    const isOwn = process.getuid === undefined || process.getuid() === uid;
    return isOwn && (mode & OTHERS_MAY_WRITE) === 0 ? fs.readFileSync(file) : undefined;
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) fs.closeSync(file);
  }
}

/** Whole or not at all; a cache that cannot be written is none. */
function keep(path: string, script: VirtualMachine.Script): void {
  const draft = `${path}.${process.pid}`;
  try {
    const ours = folderOf(path);
    makeFolders(ours, 4);
    forgetOld(folderOf(ours));
    fs.writeFileSync(draft, script.createCachedData(), { flag: 'wx', mode: 0o600 });
    fs.renameSync(draft, path);
  } catch {
    remove(draft);
  }
}

/**
 * The folder and as many above it as are ours to make, the cache folder being the uppermost. Not
 * Node's own way, which never comes back from where nobody can make one (/proc, by Node.js 20).
 */
function makeFolders(path: string, depth: number): void {
  if (depth > 1) makeFolders(folderOf(path), depth - 1);
  if (!fs.existsSync(path)) fs.mkdirSync(path, { mode: 0o700 });
}

/** A folder that is no folder, or not ours to look into, has nothing to remove. */
function remove(path: string): void {
  try {
    fs.rmSync(path, { force: true });
  } catch {
    return;
  }
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

/** Of programs that have been replaced since. */
function forgetOld(programs: string): void {
  const newestFirst = fs
    .readdirSync(programs)
    .map((name) => `${programs}/${name}`)
    .sort((one, other) => fs.statSync(other).mtimeMs - fs.statSync(one).mtimeMs);
  for (const old of newestFirst.slice(MOST_PROGRAMS)) fs.rmSync(old, { recursive: true });
}

launch();
