/**
 * Makes what was written to a file durable, without holding up the event loop: one `fdatasync` is
 * under way at a time, and whoever comes meanwhile shares the next one.
 */

import { open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

export class GroupSync {
  readonly #path: string;
  #file: Promise<FileHandle> | undefined;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  /** How often the disk was asked. */
  syncs = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** Resolves when everything written before this call is on the disk; rejects when it may not be. */
  synced(): Promise<void> {
    if (this.#running === undefined) return this.#begin();
    this.#next ??= this.#running
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined;
        return this.#begin();
      });
    return this.#next;
  }

  async close(): Promise<void> {
    await this.#next?.catch(() => undefined);
    await this.#running?.catch(() => undefined);
    const file = await this.#file?.catch(() => undefined);
    this.#file = undefined;
    await file?.close();
  }

  #begin(): Promise<void> {
    this.#file ??= this.#open();
    this.syncs += 1;
    const running = this.#file
      .then(
        (file) => file.datasync(),
        (error: unknown) => {
          // The next one tries to open it again.
          this.#file = undefined;
          throw error;
        },
      )
      .finally(() => {
        this.#running = undefined;
      });
    this.#running = running;
    return running;
  }

  /** The file's name is in its folder: that has to be on the disk as well. */
  async #open(): Promise<FileHandle> {
    const folder = await open(dirname(this.#path), 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
    return open(this.#path, 'r');
  }
}
