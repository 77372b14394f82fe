/**
 * Byte-code of Python functions, compiled once per code, layers and image. A function's own folder is
 * read-only, so that each of its environments would compile every module anew. It is compiled in a
 * container that runs nothing of the function, has no network, and alone writes to the cache; where
 * compiling warns, nothing is kept, so that the warning shows when the module is imported.
 */

import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type Docker from 'dockerode';
import type { Clock, Timer } from '../../async/clock.js';
import type { FunctionVersion } from '../../function/function-version.js';
import { HARDENED } from './container-options.js';
import { DEADLINE_MS, within } from './deadline.js';
import { removeContainer } from './removal.js';

export interface ByteCodeParts {
  readonly docker: Docker;
  readonly clock: Clock;
  /** Folder of all byte-code; the engine sees it. */
  readonly folder: string;
  /** Folder of the copies of code. */
  readonly codeFolder: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Compiling less takes no longer than putting its byte-code in place. */
const LEAST_SOURCE_BYTES = 64 * 1024;
/** Above what first events after a deployment take. */
const AFTER_MS = 2_000;
const LONGEST_MS = 120_000;
const MEMORY_BYTES = 512 * 2 ** 20;
/** Of 1,024: whatever serves goes first. */
const CPU_SHARES = 32;
const DRAFT = '.draft-';

export class ByteCode {
  readonly #parts: ByteCodeParts;
  readonly #waiting = new Map<string, FunctionVersion>();
  #timer: Timer | undefined;
  #compiling: Promise<void> = Promise.resolve();
  readonly #closing = new AbortController();

  constructor(parts: ByteCodeParts) {
    this.#parts = parts;
  }

  /** Where the byte-code of a version is; undefined while, or where, there is none. */
  folderOf(version: FunctionVersion): string | undefined {
    const key = keyOf(version);
    const folder = key === undefined ? undefined : join(this.#parts.folder, key);
    return folder !== undefined && existsSync(folder) ? folder : undefined;
  }

  /** Sees to it that there will be some, behind the scenes. */
  expect(version: FunctionVersion): void {
    const key = keyOf(version);
    if (this.#isClosed || key === undefined || existsSync(join(this.#parts.folder, key))) return;
    this.#waiting.set(key, version);
    this.#timer?.cancel();
    this.#timer = this.#parts.clock.setTimer(AFTER_MS, () => void this.compile());
  }

  /** Compiles what is expected, now. Never rejects: it is compiled at each import then, as ever. */
  compile(): Promise<void> {
    this.#timer?.cancel();
    this.#compiling = this.#compiling.then(async () => {
      for (const [key, version] of this.#waiting) {
        this.#waiting.delete(key);
        if (!this.#isClosed) await this.#compile(key, version).catch(() => undefined);
      }
    });
    return this.#compiling;
  }

  /** Removes what belongs to code that is gone, once nothing is compiled. Never rejects. */
  collect(): Promise<void> {
    // One after the other: a draft that is being written to cannot be told from one that was left.
    this.#compiling = this.#compiling.then(() => this.#collect()).catch(() => undefined);
    return this.#compiling;
  }

  /** What is being compiled is given up. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the orchestrator is stopping'));
    this.#timer?.cancel();
    await this.#compiling;
  }

  get #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  async #collect(): Promise<void> {
    const { folder, codeFolder } = this.#parts;
    const copies = new Set(await readdir(codeFolder).catch(() => []));
    for (const name of await readdir(folder).catch(() => [])) {
      const isKept = !name.startsWith(DRAFT) && copies.has(name.split('-')[0] ?? '');
      if (!isKept) await rm(join(folder, name), { recursive: true, force: true });
    }
  }

  async #compile(key: string, version: FunctionVersion): Promise<void> {
    const sources = [version.taskDirectory, ...layersOf(version)];
    const sizes = await Promise.all(sources.map(sourceBytes));
    if (sizes.reduce((sum, size) => sum + size, 0) < LEAST_SOURCE_BYTES) return;
    const { folder } = this.#parts;
    const draft = join(folder, `${DRAFT}${randomBytes(6).toString('hex')}`);
    await mkdir(draft, { recursive: true, mode: 0o755 });
    try {
      if (await this.#run(version, draft)) await rename(draft, join(folder, key));
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  }

  /** False when it did not come to its end. */
  async #run(version: FunctionVersion, draft: string): Promise<boolean> {
    const { docker, labels } = this.#parts;
    const layers = layersOf(version);
    const container = await within(DEADLINE_MS.create, (abortSignal) =>
      docker.createContainer({
        Image: version.imageReference,
        Entrypoint: [],
        Cmd: [...COMPILER, '/var/task', ...(layers.length > 0 ? ['/opt/python'] : [])],
        Env: ['PYTHONPYCACHEPREFIX=/cache'],
        WorkingDir: '/',
        // It owns the cache and may do nothing else: it has no capabilities.
        User: '0:0',
        StopSignal: 'SIGKILL',
        Labels: { ...labels },
        HostConfig: {
          ...HARDENED,
          NetworkMode: 'none',
          Binds: [
            `${version.taskDirectory}:/var/task:ro`,
            ...(version.optDirectory === undefined ? [] : [`${version.optDirectory}:/opt:ro`]),
            `${draft}:/cache`,
          ],
          PidsLimit: 16,
          Memory: MEMORY_BYTES,
          MemorySwap: MEMORY_BYTES,
          CpuShares: CPU_SHARES,
        },
        abortSignal,
      }),
    );
    try {
      await within(DEADLINE_MS.start, (abortSignal) => container.start({ abortSignal }));
      const { StatusCode: status } = (await within(
        LONGEST_MS,
        (abortSignal) => container.wait({ abortSignal }),
        { signal: this.#closing.signal },
      )) as { StatusCode: number };
      // 1: some files could not be compiled, or warned.
      return status <= 1;
    } finally {
      await removeContainer(container);
    }
  }
}

/** `-I` and `-B`: nothing of the function's is imported, and nothing written but what is compiled. */
const COMPILER = [
  '/var/lang/bin/python3',
  '-IBW',
  'error',
  '-c',
  // `-I` ignores the variable as well.
  [
    'import sys, compileall, py_compile',
    'sys.pycache_prefix = "/cache"',
    'mode = py_compile.PycInvalidationMode.UNCHECKED_HASH',
    'done = [compileall.compile_dir(d, maxlevels=40, quiet=2, force=True, invalidation_mode=mode) for d in sys.argv[1:]]',
    'sys.exit(0 if all(done) else 1)',
  ].join('\n'),
];

/** Undefined for what is not Python of ours, and where Python is told to compile otherwise. */
function keyOf(version: FunctionVersion): string | undefined {
  const { runtime, resolvedImage, imageReference, taskDirectory, optDirectory } = version;
  if (resolvedImage !== undefined || !runtime.startsWith('python')) return undefined;
  if ((version.environment['PYTHONOPTIMIZE'] ?? '') !== '') return undefined;
  const digest = imageReference.replace(/^.*:/, '');
  const opt = optDirectory === undefined ? 'none' : basename(optDirectory);
  return [basename(taskDirectory), opt, digest].join('-');
}

function layersOf({ optDirectory }: FunctionVersion): readonly string[] {
  const python = optDirectory === undefined ? undefined : join(optDirectory, 'python');
  return python !== undefined && existsSync(python) ? [python] : [];
}

/** Of all Python below a folder, bytes. */
async function sourceBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile() && entry.name.endsWith('.py'))
      .map(async (entry) => (await stat(join(entry.parentPath, entry.name))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
