/**
 * How far the streams of mappings have been read, on disk: what was done is not done again after a
 * kill -9, and what was not is (at least once; nothing is passed over). In a file of its own.
 */

import {
  closeDatabase,
  openDatabase,
  unusable,
  type Schema,
  type SqliteDatabase,
} from '../../state/database.js';
import type { Position } from './stream-reader.js';
import type { WindowState } from './windows.js';

const SCHEMA: Schema = {
  content: 'the checkpoints of event source mappings',
  migrations: [
    `CREATE TABLE streams (uuid TEXT PRIMARY KEY, life TEXT NOT NULL) WITHOUT ROWID;
     CREATE TABLE shards (
       uuid TEXT NOT NULL,
       shard TEXT NOT NULL,
       document TEXT NOT NULL,
       PRIMARY KEY (uuid, shard)
     ) WITHOUT ROWID;`,
  ],
  probe: 'SELECT COUNT(*) FROM shards',
};

export interface Checkpoint {
  readonly position: Position;
  /** The shard has ended and all of it is done. */
  readonly finished?: true;
  /** The tumbling window that is open. */
  readonly window?: WindowState;
}

export type Checkpoints = ReadonlyMap<string, Checkpoint>;

export class CheckpointStore {
  readonly #path: string;
  readonly #database: SqliteDatabase;
  #closed = false;

  /** Raises `state-unusable`. */
  constructor(path: string) {
    this.#path = path;
    this.#database = openDatabase(path, SCHEMA);
  }

  /** What is known of a mapping's stream; undefined when it was never read, or is another one now. */
  known(uuid: string, life: string): Checkpoints | undefined {
    return this.#guarded(() => {
      const [row] = this.#database.prepare('SELECT life FROM streams WHERE uuid = ?').all(uuid) as {
        life: string;
      }[];
      return row?.life === life ? this.#read(uuid) : undefined;
    });
  }

  /** Where the reading of a stream begins, whole or not at all. */
  begin(uuid: string, life: string, checkpoints: Checkpoints): void {
    this.#guarded(() => {
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        this.#database.prepare('DELETE FROM shards WHERE uuid = ?').run(uuid);
        this.#database.prepare('INSERT OR REPLACE INTO streams VALUES (?, ?)').run(uuid, life);
        for (const [shardId, checkpoint] of checkpoints) this.#write(uuid, shardId, checkpoint);
        this.#database.exec('COMMIT');
      } catch (error) {
        this.#database.exec('ROLLBACK');
        throw error;
      }
    });
  }

  save(uuid: string, shardId: string, checkpoint: Checkpoint): void {
    // What was being done when everything ended is done again by the next start.
    if (this.#closed) return;
    this.#guarded(() => this.#write(uuid, shardId, checkpoint));
  }

  /** The mapping is no more. */
  forget(uuid: string): void {
    if (this.#closed) return;
    this.#guarded(() => {
      this.#database.prepare('DELETE FROM shards WHERE uuid = ?').run(uuid);
      this.#database.prepare('DELETE FROM streams WHERE uuid = ?').run(uuid);
    });
  }

  /** Safe to call twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeDatabase(this.#database);
  }

  #write(uuid: string, shardId: string, checkpoint: Checkpoint): void {
    this.#database
      .prepare('INSERT OR REPLACE INTO shards VALUES (?, ?, ?)')
      .run(uuid, shardId, JSON.stringify(checkpoint));
  }

  #read(uuid: string): Checkpoints {
    const rows = this.#database
      .prepare('SELECT shard, document FROM shards WHERE uuid = ?')
      .all(uuid) as { shard: string; document: string }[];
    return new Map(rows.map(({ shard, document }) => [shard, JSON.parse(document) as Checkpoint]));
  }

  #guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw unusable(this.#path, error, SCHEMA.content);
    }
  }
}
