/**
 * Packages in our keeping: zips that were uploaded and code that was published, addressed by
 * content in a folder of the state. One that has its name never changes.
 */

import { createHash, randomBytes } from 'node:crypto';
import { cp, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { StoredPackage } from './records.js';

const DRAFT = '.draft-';

export class PackageStore {
  readonly #directory: string;
  /** Taken in, and named by no record yet. */
  readonly #incoming = new Map<string, number>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(directory: string) {
    this.#directory = directory;
  }

  pathOf(file: string): string {
    return join(this.#directory, file);
  }

  /** Keeps a zip; `done` must be called once a record names it, or none will. */
  async keepZip(bytes: Buffer): Promise<{ kept: StoredPackage; done: () => void }> {
    const digest = createHash('sha256').update(bytes).digest();
    const file = `${digest.toString('hex')}.zip`;
    const done = this.hold(file);
    try {
      await this.#place(file, async (draft) => {
        const handle = await open(draft, 'wx', 0o600);
        try {
          await handle.writeFile(bytes);
          await handle.sync();
        } finally {
          await handle.close();
        }
      });
    } catch (error) {
      done();
      throw error;
    }
    return { kept: { file, sha256: digest.toString('base64'), size: bytes.length }, done };
  }

  /** Keeps a copy of one of the code store's folders, which are named by their content. */
  async keepFolder(folder: string): Promise<{ file: string; done: () => void }> {
    const file = basename(folder);
    const done = this.hold(file);
    try {
      await this.#place(file, (draft) =>
        cp(folder, draft, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true }),
      );
    } catch (error) {
      done();
      throw error;
    }
    return { file, done };
  }

  /** Nothing removes it until the returned function is called. */
  hold(file: string): () => void {
    this.#incoming.set(file, (this.#incoming.get(file) ?? 0) + 1);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const left = (this.#incoming.get(file) ?? 1) - 1;
      if (left > 0) this.#incoming.set(file, left);
      else this.#incoming.delete(file);
    };
  }

  /**
   * Removes what `named` does not hold when it is looked at. Never rejects: what cannot go now goes
   * another time.
   */
  collect(named: () => ReadonlySet<string>): Promise<void> {
    return this.#alone(async () => {
      const names = await readdir(this.#directory).catch(() => [] as string[]);
      const present = named();
      const unnamed = names.filter((name) => {
        return !present.has(name) && !this.#incoming.has(plain(name));
      });
      await Promise.allSettled(
        unnamed.map((name) => rm(this.pathOf(name), { recursive: true, force: true })),
      );
    });
  }

  /** What is being removed must not be found there by who wants to keep the same. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#last.then(work);
    this.#last = run.catch(() => undefined);
    return run;
  }

  #place(file: string, write: (draft: string) => Promise<void>): Promise<void> {
    return this.#alone(() => this.#write(file, write));
  }

  /** Written beside its place and renamed: a crash leaves no half of one. */
  async #write(file: string, write: (draft: string) => Promise<void>): Promise<void> {
    const path = this.pathOf(file);
    if (await exists(path)) return;
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const draft = this.pathOf(`${DRAFT}${file}-${randomBytes(6).toString('hex')}`);
    try {
      await write(draft);
      await rename(draft, path);
      const folder = await open(this.#directory, 'r');
      await folder.sync().finally(() => folder.close());
    } catch (error) {
      await rm(draft, { recursive: true, force: true });
      // Somebody else kept the same one meanwhile.
      if (!(await exists(path))) throw error;
    }
  }
}

/** The name a draft is to have. */
function plain(name: string): string {
  return name.startsWith(DRAFT) ? name.slice(DRAFT.length, name.lastIndexOf('-')) : name;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
