#!/usr/bin/env node
/**
 * What `orchestrator` on the command line runs: the whole program as a few files, compiled before,
 * each loaded when something of it is needed. Without them (`npm run build` makes them), or once the
 * modules have been compiled anew, those.
 *
 * The first run of a command keeps what V8 made of them, in the user's cache folder, by the content
 * of the program and the version of Node.js. V8 refuses what does not fit; then the program is
 * compiled as ever, and kept anew.
 */

import type * as FileSystem from 'node:fs';
import type * as V8 from 'node:v8';
import type * as VirtualMachine from 'node:vm';

// Nothing that is not needed: this is in the way of everything.
const fs = require('node:fs') as typeof FileSystem;
const vm = require('node:vm') as typeof VirtualMachine;

type Module = () => unknown;

/** What the code of a pack is given to reach the others, see `scripts/packs.mjs`. */
interface Packs {
  /** Of the pack that calls it, what others may ask for. */
  expose(modules: Readonly<Record<string, Module>>): void;
  /** A module of a pack, which is loaded for the first one. */
  get(pack: string, path: string): unknown;
  /** The first lines of the others. */
  expect(digests: Readonly<Record<string, string>>): void;
}

type Code = (
  require: NodeJS.Require,
  module: NodeJS.Module,
  fileName: string,
  folder: string,
  packs: Packs,
) => void;

const folder = `${__dirname}/../bundle`;
const MAIN = 'program';
const OTHERS_MAY_WRITE = 0o022;
/** Some megabytes for each command of each. */
const MOST_PROGRAMS = 4;

const exposed = new Map<string, Readonly<Record<string, Module>>>();
let digests: Readonly<Record<string, string>> = {};
/** Where this program's are kept; undefined where nobody has a home. */
let compiled: string | undefined;
/** What V8 makes of these is kept at the end: by then it knows all that the command needs. */
const unkept: { readonly path: string; readonly script: VirtualMachine.Script }[] = [];

function launch(): void {
  const source = sourceOf(MAIN);
  if (source === undefined || isStale()) {
    void import('./main.js');
    return;
  }
  compiled = compiledAt(digestOf(source));
  run(MAIN, source);
}

function run(pack: string, source: string): void {
  const fileName = `${folder}/${pack}.cjs`;
  const kept = compiled === undefined ? undefined : `${compiled}.${pack}`;
  const cachedData = kept === undefined ? undefined : readOwn(kept);
  const script = new vm.Script(source, {
    filename: fileName,
    ...(cachedData === undefined ? {} : { cachedData }),
  });
  const code = script.runInThisContext() as Code;
  if (kept !== undefined && (cachedData === undefined || script.cachedDataRejected === true)) {
    keepAtTheEnd(kept, script);
  }
  code(require, module, fileName, folder, {
    expose: (modules) => void exposed.set(pack, modules),
    get,
    expect: (others) => void (digests = others),
  });
}

function get(pack: string, path: string): unknown {
  if (!exposed.has(pack)) load(pack);
  return exposed.get(pack)?.[path]?.();
}

function load(pack: string): void {
  const source = sourceOf(pack);
  if (source === undefined || digestOf(source) !== digests[pack]) {
    throw new Error('the program has been replaced since it was started: start it again');
  }
  run(pack, source);
}

/** In a checkout: the compiler has made something of the sources since. */
function isStale(): boolean {
  const built = fs.statSync(`${__dirname}/../.tsbuildinfo`, { throwIfNoEntry: false });
  return built !== undefined && built.mtimeMs > fs.statSync(`${folder}/${MAIN}.cjs`).mtimeMs;
}

/** ASCII only, so that each byte is a character. */
function sourceOf(pack: string): string | undefined {
  try {
    return fs.readFileSync(`${folder}/${pack}.cjs`, 'latin1');
  } catch {
    return undefined;
  }
}

/** In the first line. */
function digestOf(source: string): string | undefined {
  return /^\/\/ ([0-9a-f]{16})\n/.exec(source.slice(0, 20))?.[1];
}

/** Undefined where nobody has a home. What is no absolute path is none: it would lead anywhere. */
function compiledAt(digest: string | undefined): string | undefined {
  const { HOME: home = '', XDG_CACHE_HOME: caches = '' } = process.env;
  const cacheFolder = [caches, home === '' ? '' : `${home}/.cache`].find((one) =>
    one.startsWith('/'),
  );
  if (cacheFolder === undefined || digest === undefined) return undefined;
  const [, , word = '', ...others] = process.argv;
  const command = /^[a-z-]{1,20}$/.exec(word)?.[0] ?? 'none';
  // What only waits for another is nothing to learn from.
  const waits = others.some((one) => one === '--detach' || one === '-d') ? '-waits' : '';
  return `${cacheFolder}/orchestrator/compiled/${digest}-${process.version}-${process.arch}/${command}${waits}`;
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

/** A long run would otherwise have dropped what only its start needed. */
const FORGETS = '--flush-bytecode';
const FORGETS_NOTHING = '--no-flush-bytecode';

function keepAtTheEnd(path: string, script: VirtualMachine.Script): void {
  unkept.push({ path, script });
  if (unkept.length > 1) return;
  const v8 = require('node:v8') as typeof V8;
  v8.setFlagsFromString(FORGETS_NOTHING);
  process.once('exit', (code) => {
    // One that failed has not come to all that the next one needs.
    if (code !== 0) return;
    // Kept under the flags that the next run has: V8 refuses others.
    v8.setFlagsFromString(FORGETS);
    for (const one of unkept) keep(one.path, one.script);
  });
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
