/**
 * Says which functions' files changed, at the earliest moment the system tells. It only marks; what
 * to do about it is decided where versions are made.
 */

import { statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { watch, type FSWatcher } from 'chokidar';
import { systemClock } from '../async/clock.js';
import { isWithin } from '../path.js';

export interface WatchedFunction {
  readonly name: string;
  /** Folders and files whose content the function is made of. */
  readonly paths: readonly string[];
}

export interface CodeWatchOptions {
  readonly functions: readonly WatchedFunction[];
  /** Absolute paths whose changes mean nothing. */
  readonly ignored: readonly string[];
  /** Files that say what the functions are. */
  readonly configFiles?: readonly string[];
  onDirty(functionName: string): void;
  onConfigChanged?(): void;
  onError(error: unknown): void;
}

/** Below a watched folder: what is never part of a function, and what editors leave beside a file. */
const IGNORED_NAMES =
  /(^|[\\/])(\.git|\.aws-sam|\.orchestrator|\.DS_Store|4913|\.?#[^\\/]*|[^\\/]*~|\.[^\\/]*\.sw[a-z])([\\/]|$)/;

/** A closing watcher is given so long to know all there is. */
const LOOK_AROUND_MS = 5000;

interface Root {
  readonly path: string;
  changed(): void;
}

export class CodeWatch {
  readonly #watcher: FSWatcher;
  readonly #roots: readonly Root[];
  readonly #ignored: readonly string[];
  /** Resolves when every later change will be seen, or none any more. */
  readonly ready: Promise<void>;
  #settleReady = (): void => undefined;

  constructor(options: CodeWatchOptions) {
    this.#ignored = options.ignored.map((path) => resolve(path));
    this.#roots = [
      ...options.functions.flatMap(({ name, paths }) =>
        paths.map((path) => ({ path: resolve(path), changed: () => options.onDirty(name) })),
      ),
      ...(options.configFiles ?? []).map((path) => ({
        path: resolve(path),
        changed: () => options.onConfigChanged?.(),
      })),
    ];
    const watched = new Set(this.#roots.map(({ path }) => watchPoint(path)));
    this.#watcher = watch([...watched], {
      ignoreInitial: true,
      ignored: (path) => !watched.has(path) && this.#rootsOf(path).length === 0,
    });
    this.ready = new Promise((done) => {
      this.#settleReady = done;
      this.#watcher.once('ready', () => done());
    });
    // The raw event comes in the turn in which the system tells us; the other only after a look at
    // the file, but also when the system has told nothing in particular.
    this.#watcher.on('raw', (_event, name, details) => {
      const { watchedPath } = details as { watchedPath?: string };
      if (watchedPath !== undefined) this.#changed(join(watchedPath, name ?? ''));
    });
    this.#watcher.on('all', (_event, path) => this.#changed(path));
    this.#watcher.on('error', (error) => options.onError(error));
  }

  async close(): Promise<void> {
    // What the watcher is about to open while it looks around for the first time, it would not close.
    await new Promise<void>((resolve) => {
      const timer = systemClock.setTimer(LOOK_AROUND_MS, resolve);
      void this.ready.then(() => {
        timer.cancel();
        resolve();
      });
    });
    await this.#watcher.close();
    this.#settleReady();
  }

  #changed(path: string): void {
    for (const root of this.#rootsOf(path)) root.changed();
  }

  /** The roots for which a change of `path` means something. */
  #rootsOf(path: string): readonly Root[] {
    const ignored = this.#ignored.filter((folder) => isWithin(path, folder));
    return this.#roots.filter(
      (root) =>
        isWithin(path, root.path) &&
        // Only what lies below the root counts: code made by SAM or kept by us, such as inline
        // code, is itself in a folder whose changes mean nothing to others.
        !IGNORED_NAMES.test(relative(root.path, path)) &&
        ignored.every((folder) => isWithin(root.path, folder)),
    );
  }
}

/**
 * A file is seen through its folder: editors and build tools put a new one in its place. So is what
 * is not there yet.
 */
function watchPoint(path: string): string {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  return isFolder ? path : dirname(path);
}
