/**
 * The rows behind the registry: one document for each function, layer and mapping. What `write` has returned
 * from is on the disk, whatever happens to the process or the machine.
 */

import { closeDatabase, openDatabase, unusable, type SqliteDatabase } from '../state/database.js';

export type RowKind = 'function' | 'layer' | 'mapping';

export interface RegistryStore {
  read(kind: RowKind): readonly unknown[];
  /** `document` undefined: the row goes. Raises `state-unusable`; nothing has changed then. */
  write(kind: RowKind, name: string, document: unknown): void;
  close(): void;
}

export class SqliteRegistryStore implements RegistryStore {
  readonly #path: string;
  readonly #database: SqliteDatabase;
  #closed = false;

  /** Raises `state-unusable`. */
  constructor(path: string) {
    this.#path = path;
    // A connection of its own: records of invocations need not wait for the disk as these do.
    this.#database = openDatabase(path);
    this.#database.pragma('synchronous = FULL');
  }

  read(kind: RowKind): readonly unknown[] {
    try {
      const rows = this.#database
        .prepare('SELECT document FROM registry WHERE kind = ? ORDER BY name')
        .all(kind) as { document: string }[];
      return rows.map(({ document }) => JSON.parse(document) as unknown);
    } catch (error) {
      throw unusable(this.#path, error);
    }
  }

  write(kind: RowKind, name: string, document: unknown): void {
    try {
      if (document === undefined) {
        this.#database.prepare('DELETE FROM registry WHERE kind = ? AND name = ?').run(kind, name);
        return;
      }
      this.#database
        .prepare('INSERT OR REPLACE INTO registry (kind, name, document) VALUES (?, ?, ?)')
        .run(kind, name, JSON.stringify(document));
    } catch (error) {
      throw unusable(this.#path, error);
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeDatabase(this.#database);
  }
}
