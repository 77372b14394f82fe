/**
 * The SQLite file of a state folder, through libsql. WAL, so that a kill -9 loses nothing that was
 * committed; migrations by `user_version`; readable by its owner only, from the first byte on.
 */

import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf, OrchestratorError } from '../errors.js';
import { Database, type SqliteDatabase } from './libsql.js';

export type { SqliteDatabase } from './libsql.js';

/** What a file holds. */
export interface Schema {
  /** As messages call it. */
  readonly content: string;
  /** Each entry takes the file from its index to the next version. Never edit one; add one. */
  readonly migrations: readonly string[];
  /** Reads a page that matters: damage there must not wait for the first use. */
  readonly probe: string;
}

const MIGRATIONS: readonly string[] = [
  // Versions 1 and 2 were only ever on developers' machines; version 3 starts anew.
  '',
  '',
  `DROP TABLE IF EXISTS lines;
   DROP TABLE IF EXISTS logs;
   DROP TABLE IF EXISTS invocations;
   CREATE TABLE batches (
     id INTEGER PRIMARY KEY,
     bytes INTEGER NOT NULL,
     functions TEXT NOT NULL,
     lines TEXT NOT NULL,
     records TEXT NOT NULL
   );`,
  `CREATE TABLE IF NOT EXISTS registry (
     kind TEXT NOT NULL,
     name TEXT NOT NULL,
     document TEXT NOT NULL,
     PRIMARY KEY (kind, name)
   ) WITHOUT ROWID;`,
  // Rows hold plain invocations, which versions before cannot read.
  '',
];

const RECORDS: Schema = {
  content: 'the record of invocations',
  migrations: MIGRATIONS,
  probe: 'SELECT MAX(id) FROM batches',
};

/** Somebody else's look into the file holds us up no longer than this. */
const BUSY_TIMEOUT_MS = 250;
/** The log file of SQLite shrinks back to this after a burst. */
const WAL_BYTES = 8 * 1024 * 1024;

/** Opens or makes the file. Raises `state-unusable`. */
export function openDatabase(path: string, schema: Schema = RECORDS): SqliteDatabase {
  let database: SqliteDatabase | undefined;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    // SQLite gives its side files the mode of the main one.
    closeSync(openSync(path, 'a', 0o600));
    database = new Database(path);
    database.exec(
      `PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}; PRAGMA journal_mode = WAL;
       PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = ${WAL_BYTES}`,
    );
    migrate(database, schema.migrations);
    database.prepare(schema.probe).all();
    return database;
  } catch (error) {
    database?.close();
    throw unusable(path, error, schema.content);
  }
}

/** libsql lets go of the file only when its statements are collected, so the log is merged here. */
export function closeDatabase(database: SqliteDatabase): void {
  try {
    database.pragma('wal_checkpoint(TRUNCATE)');
  } catch {
    // A full disk, or a file damaged meanwhile: what was committed is in the log all the same.
  }
  database.close();
}

/** The `state-unusable` error for what SQLite said about the file. */
export function unusable(
  path: string,
  error: unknown,
  content = RECORDS.content,
): OrchestratorError {
  const reason = messageOf(error);
  const damaged = /not a database|malformed|corrupt|SQLITE_(NOTADB|CORRUPT)/i.test(reason);
  return new OrchestratorError(
    'state-unusable',
    `${content} at ${path} cannot be used: ${reason}`,
    {
      remedy: damaged
        ? `Delete ${path} and the files beside it that begin with its name: it is damaged. A new one is made at the next start.`
        : 'Make the folder writable, or name another one with --state.',
      cause: error,
    },
  );
}

/** Absolute path of the file that `database` is in. */
export function fileOf(database: SqliteDatabase): string {
  const [main] = database.prepare('PRAGMA database_list').all() as { file: string }[];
  return main?.file ?? '';
}

function migrate(database: SqliteDatabase, migrations: readonly string[]): void {
  const rows = database.prepare('PRAGMA user_version').all() as { user_version: number }[];
  const present = rows[0]?.user_version ?? 0;
  if (present > migrations.length) {
    throw new Error(`it was written by a newer version of the orchestrator (schema ${present})`);
  }
  if (present === migrations.length) return;
  // One transaction: a start that is killed half way leaves the old version.
  const steps = migrations.slice(present).join('\n');
  database.exec(`BEGIN IMMEDIATE; ${steps} PRAGMA user_version = ${migrations.length}; COMMIT`);
}
