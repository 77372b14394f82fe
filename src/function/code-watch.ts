/**
 * Says which functions' files changed, at the earliest moment the system tells. It only marks; what
 * to do about it is decided where versions are made.
 */

import { join, sep } from 'node:path';
import { watch, type FSWatcher } from 'chokidar';

export interface WatchedFunction {
  readonly name: string;
  /** Folders and files whose content the function is made of. */
  readonly paths: readonly string[];
}

export interface CodeWatchOptions {
  readonly functions: readonly WatchedFunction[];
  /** Absolute paths whose changes mean nothing. */
  readonly ignored: readonly string[];
  onDirty(functionName: string): void;
  onError(error: unknown): void;
}

const IGNORED_NAMES =
  /(^|[\\/])(\.git|\.aws-sam|\.orchestrator|\.DS_Store|4913|[^\\/]*~|[^\\/]*\.sw[px])([\\/]|$)/;

export class CodeWatch {
  readonly #watcher: FSWatcher;
  /** Resolves when every later change will be seen. */
  readonly ready: Promise<void>;

  constructor(options: CodeWatchOptions) {
    const roots = options.functions.flatMap(({ name, paths }) =>
      paths.map((path) => ({ name, path })),
    );
    this.#watcher = watch([...new Set(roots.map(({ path }) => path))], {
      ignoreInitial: true,
      ignored: (path) =>
        IGNORED_NAMES.test(path) || options.ignored.some((root) => isBelow(path, root)),
    });
    this.ready = new Promise((resolve) => this.#watcher.once('ready', () => resolve()));
    const changed = (path: string): void => {
      if (IGNORED_NAMES.test(path)) return;
      for (const root of roots) if (isBelow(path, root.path)) options.onDirty(root.name);
    };
    // The raw event comes in the turn in which the system tells us; the other only after a look at
    // the file, but also when the system has told nothing in particular.
    this.#watcher.on('raw', (_event, name, details) => {
      const { watchedPath } = details as { watchedPath?: string };
      if (watchedPath !== undefined) changed(join(watchedPath, name ?? ''));
    });
    this.#watcher.on('all', (_event, path) => changed(path));
    this.#watcher.on('error', (error) => options.onError(error));
  }

  close(): Promise<void> {
    return this.#watcher.close();
  }
}

function isBelow(path: string, root: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}
