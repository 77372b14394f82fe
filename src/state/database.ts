/**
 * The SQLite file of a state folder, through libsql. WAL, so that a kill -9 loses nothing that was
 * committed; migrations by `user_version`.
 */

import { chmodSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'libsql';
import { messageOf, OrchestratorError } from '../errors.js';

export type SqliteDatabase = InstanceType<typeof Database>;

/** Each entry takes the file from its index to the next version. Never edit one; add one. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE invocations (
     request_id TEXT PRIMARY KEY,
     function_name TEXT NOT NULL,
     started_at_ms REAL NOT NULL,
     record TEXT NOT NULL
   ) WITHOUT ROWID;
   CREATE INDEX invocations_by_time ON invocations (started_at_ms);
   CREATE TABLE logs (
     id INTEGER PRIMARY KEY,
     function_name TEXT NOT NULL,
     request_id TEXT,
     bytes INTEGER NOT NULL,
     lines TEXT NOT NULL
   );
   CREATE INDEX logs_by_request ON logs (request_id) WHERE request_id IS NOT NULL;
   CREATE INDEX logs_by_function ON logs (function_name, id);`,
];

/** Opens or makes the file. Raises `state-unusable`. */
export function openDatabase(path: string): SqliteDatabase {
  try {
    mkdirSync(dirname(path), { recursive: true });
    const database = new Database(path);
    chmodSync(path, 0o600);
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = NORMAL');
    migrate(database);
    return database;
  } catch (error) {
    const message = `the record of invocations at ${path} cannot be used: ${messageOf(error)}`;
    throw new OrchestratorError('state-unusable', message, {
      remedy: 'Make the folder writable or choose another with --state; delete a damaged file.',
      cause: error,
    });
  }
}

function migrate(database: SqliteDatabase): void {
  const rows = database.prepare('PRAGMA user_version').all() as { user_version: number }[];
  const present = rows[0]?.user_version ?? 0;
  if (present > MIGRATIONS.length) {
    throw new Error(`it was written by a newer version (schema ${present})`);
  }
  for (let version = present; version < MIGRATIONS.length; version += 1) {
    database.exec(`BEGIN; ${MIGRATIONS[version] ?? ''}; PRAGMA user_version = ${version + 1}; COMMIT`);
  }
}
