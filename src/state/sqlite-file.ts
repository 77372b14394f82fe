/**
 * A SQLite file of a store's own, opened or made when something of it is used: statements prepared
 * once, transactions whole or not at all.
 */

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
  readonly #schema: Schema;
  readonly #onOpen: (database: SqliteDatabase) => void;
  #database: SqliteDatabase | undefined;
  readonly #statements = new Map<string, Statement>();
  #ended = false;

  /** `onOpen` is called with it before anything else is done. */
  constructor(
    path: string,
    schema: Schema,
    onOpen: (database: SqliteDatabase) => void = () => undefined,
  ) {
    this.path = path;
    this.#schema = schema;
    this.#onOpen = onOpen;
  }

  /** Opens or makes the file. Raises `state-unusable`. */
  get database(): SqliteDatabase {
    return this.#database ?? this.#open();
  }

  get isOpen(): boolean {
    return this.#database !== undefined;
  }

  /** What cannot be opened is told now. Raises `state-unusable`. */
  open(): this {
    if (this.#database === undefined) this.#open();
    return this;
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
      throw unusable(this.path, error, this.#schema.content);
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
    if (this.#database !== undefined) closeDatabase(this.#database);
  }

  #open(): SqliteDatabase {
    const database = openDatabase(this.path, this.#schema);
    try {
      this.#onOpen(database);
    } catch (error) {
      database.close();
      throw unusable(this.path, error, this.#schema.content);
    }
    this.#database = database;
    return database;
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
    if (this.#ended) throw new Error(`${this.#schema.content} is closed`);
  }
}
