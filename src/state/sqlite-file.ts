/** A SQLite file of a store's own: statements prepared once, transactions whole or not at all. */

import {
  closeDatabase,
  openDatabase,
  unusable,
  type Schema,
  type SqliteDatabase,
} from './database.js';

export interface Changes {
  readonly changes: number;
  readonly lastInsertRowid: number | bigint;
}

interface Statement {
  run(...values: unknown[]): Changes;
  all(...values: unknown[]): unknown[];
}

export class SqliteFile {
  readonly path: string;
  readonly database: SqliteDatabase;
  readonly #content: string;
  readonly #statements = new Map<string, Statement>();
  #ended = false;

  /** Raises `state-unusable`. */
  constructor(path: string, schema: Schema) {
    this.path = path;
    this.#content = schema.content;
    this.database = openDatabase(path, schema);
  }

  get ended(): boolean {
    return this.#ended;
  }

  run(sql: string, ...values: unknown[]): Changes {
    return this.#prepared(sql).run(...values);
  }

  all(sql: string, ...values: unknown[]): unknown[] {
    return this.#prepared(sql).all(...values);
  }

  /** Raises `state-unusable`; nothing has changed then. */
  transaction<T>(work: () => T): T {
    this.#requireOpen();
    this.database.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.database.exec('COMMIT');
      return result;
    } catch (error) {
      try {
        this.database.exec('ROLLBACK');
      } catch {
        // A full disk has rolled it back already.
      }
      throw unusable(this.path, error, this.#content);
    }
  }

  /** Nothing is read or written from now on; false: it had ended before. `close` follows. */
  end(): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    return true;
  }

  close(): void {
    this.#ended = true;
    this.#statements.clear();
    closeDatabase(this.database);
  }

  #prepared(sql: string): Statement {
    this.#requireOpen();
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.database.prepare(sql) as unknown as Statement;
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  /** What somebody was waiting for may come when everything has ended. */
  #requireOpen(): void {
    if (this.#ended) throw new Error(`${this.#content} is closed`);
  }
}
