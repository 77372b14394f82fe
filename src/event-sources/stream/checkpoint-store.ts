/**
 * How far the streams of mappings have been read, on disk: what was done is not done again after a
 * kill -9, and what was not is (at least once; nothing is passed over). In a file of its own.
 */

import { unusable, type Schema } from '../../state/database.js';
import { SqliteFile } from '../../state/sqlite-file.js';
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
  readonly #file: SqliteFile;

  /** Raises `state-unusable`. */
  constructor(path: string) {
    this.#file = new SqliteFile(path, SCHEMA).open();
  }

  /** What is known of a mapping's stream; undefined when it was never read, or is another one now. */
  known(uuid: string, life: string): Checkpoints | undefined {
    return this.#guarded(() => {
      const [row] = this.#file.all('SELECT life FROM streams WHERE uuid = ?', uuid) as {
        life: string;
      }[];
      return row?.life === life ? this.#read(uuid) : undefined;
    });
  }

  /** Where the reading of a stream begins, whole or not at all. */
  begin(uuid: string, life: string, checkpoints: Checkpoints): void {
    this.#file.transaction(() => {
      this.#file.run('DELETE FROM shards WHERE uuid = ?', uuid);
      this.#file.run('INSERT OR REPLACE INTO streams VALUES (?, ?)', uuid, life);
      for (const [shardId, checkpoint] of checkpoints) this.#write(uuid, shardId, checkpoint);
    });
  }

  save(uuid: string, shardId: string, checkpoint: Checkpoint): void {
    // What was being done when everything ended is done again by the next start.
    if (this.#file.ended) return;
    this.#guarded(() => this.#write(uuid, shardId, checkpoint));
  }

  /** The mapping is no more. */
  forget(uuid: string): void {
    if (this.#file.ended) return;
    this.#guarded(() => {
      this.#file.run('DELETE FROM shards WHERE uuid = ?', uuid);
      this.#file.run('DELETE FROM streams WHERE uuid = ?', uuid);
    });
  }

  /** Safe to call twice. */
  close(): void {
    if (this.#file.end()) this.#file.close();
  }

  #write(uuid: string, shardId: string, checkpoint: Checkpoint): void {
    const document = JSON.stringify(checkpoint);
    this.#file.run('INSERT OR REPLACE INTO shards VALUES (?, ?, ?)', uuid, shardId, document);
  }

  #read(uuid: string): Checkpoints {
    const rows = this.#file.all('SELECT shard, document FROM shards WHERE uuid = ?', uuid) as {
      shard: string;
      document: string;
    }[];
    return new Map(rows.map(({ shard, document }) => [shard, JSON.parse(document) as Checkpoint]));
  }

  #guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw unusable(this.#file.path, error, SCHEMA.content);
    }
  }
}
