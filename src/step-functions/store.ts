/**
 * State machines and executions on disk, in a file of their own. What a caller was told, and each
 * state an execution has left, survives a kill -9. Times that a run in virtual time is to wait for
 * are turned back when the file is opened again, as the clock is.
 */

import { createHash } from 'node:crypto';
import type { Schema } from '../state/database.js';
import { SqliteFile } from '../state/sqlite-file.js';
import type { Cursor, EventDetails } from './interpreter/cursor.js';
import type { MachineType } from './names.js';
import type {
  Ending,
  ExecutionRecord,
  ExecutionStatus,
  HistoryEvent,
  MachineRecord,
  NewExecution,
} from './records.js';

const SCHEMA: Schema = {
  content: 'the record of state machines',
  migrations: [
    `CREATE TABLE machines (arn TEXT PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID;
     CREATE TABLE activities (arn TEXT PRIMARY KEY, created_at INTEGER NOT NULL) WITHOUT ROWID;
     CREATE TABLE definitions (hash TEXT PRIMARY KEY, definition TEXT NOT NULL) WITHOUT ROWID;
     CREATE TABLE executions (
       id INTEGER PRIMARY KEY AUTOINCREMENT,
       arn TEXT NOT NULL UNIQUE,
       machine_arn TEXT NOT NULL,
       name TEXT NOT NULL,
       type TEXT NOT NULL,
       status TEXT NOT NULL,
       started_at INTEGER NOT NULL,
       stopped_at INTEGER,
       input TEXT NOT NULL,
       output TEXT,
       error TEXT,
       cause TEXT,
       trace_header TEXT,
       role_arn TEXT NOT NULL,
       revision_id TEXT NOT NULL,
       definition TEXT NOT NULL,
       ahead INTEGER NOT NULL,
       once INTEGER NOT NULL
     );
     CREATE INDEX executions_machine ON executions (machine_arn, id);
     CREATE INDEX executions_status ON executions (status);
     CREATE TABLE history (
       execution INTEGER NOT NULL,
       id INTEGER NOT NULL,
       previous INTEGER NOT NULL,
       at INTEGER NOT NULL,
       type TEXT NOT NULL,
       details TEXT NOT NULL,
       PRIMARY KEY (execution, id)
     ) WITHOUT ROWID;
     CREATE TABLE cursors (
       execution INTEGER NOT NULL,
       scope TEXT NOT NULL,
       document TEXT NOT NULL,
       PRIMARY KEY (execution, scope)
     ) WITHOUT ROWID;`,
  ],
  probe: 'SELECT COUNT(*) FROM executions',
};

/** Finished executions that are kept; the oldest go first. AWS keeps them for 90 days. */
const KEPT = 10_000;
const KEPT_MS = 90 * 24 * 3_600_000;

const INSERT = `INSERT INTO executions (arn, machine_arn, name, type, status, started_at, input,
  trace_header, role_arn, revision_id, definition, ahead, once)
  VALUES (?, ?, ?, ?, 'RUNNING', ?, ?, ?, ?, ?, ?, ?, ?)`;

const INSERT_EVENT =
  'INSERT OR REPLACE INTO history (execution, id, previous, at, type, details) VALUES (?, ?, ?, ?, ?, ?)';

interface Row {
  readonly id: number;
  readonly arn: string;
  readonly machine_arn: string;
  readonly name: string;
  readonly type: MachineType;
  readonly status: ExecutionStatus;
  readonly started_at: number;
  readonly stopped_at: number | null;
  readonly input: string;
  readonly output: string | null;
  readonly error: string | null;
  readonly cause: string | null;
  readonly trace_header: string | null;
  readonly role_arn: string;
  readonly revision_id: string;
  readonly once: number;
}

export interface ListQuery {
  readonly machineArn?: string;
  readonly status?: string;
  readonly limit: number;
  /** Id of the last one of the page before; the newest come first. */
  readonly before?: number;
}

export interface HistoryQuery {
  readonly limit: number;
  readonly reverse: boolean;
  /** Id of the last event of the page before. */
  readonly after?: number;
}

/** What changes of an execution at once. */
export interface Change {
  readonly events: readonly HistoryEvent[];
  readonly cursors?: readonly (readonly [scope: string, cursor: Cursor])[];
  /** Cursors below these scopes go. */
  readonly forgotten?: readonly string[];
  readonly ending?: Ending;
  readonly aheadMs: number;
}

export class ExecutionStore {
  readonly path: string;
  readonly #file: SqliteFile;

  /** Raises `state-unusable`. */
  constructor(path: string, nowMs: number) {
    this.path = path;
    this.#file = new SqliteFile(path, SCHEMA).open();
    this.#prune(nowMs);
    this.#turnBack();
  }

  machines(): MachineRecord[] {
    const rows = this.#file.all('SELECT document FROM machines ORDER BY arn');
    return rows.map((row) => JSON.parse((row as { document: string }).document) as MachineRecord);
  }

  keepMachine(machine: MachineRecord): void {
    const document = JSON.stringify(machine);
    this.#file.run(
      'INSERT OR REPLACE INTO machines (arn, document) VALUES (?, ?)',
      machine.arn,
      document,
    );
  }

  forgetMachine(arn: string): void {
    this.#file.run('DELETE FROM machines WHERE arn = ?', arn);
  }

  activities(): { readonly arn: string; readonly createdAtMs: number }[] {
    const rows = this.#file.all(
      'SELECT arn, created_at AS createdAtMs FROM activities ORDER BY arn',
    );
    return rows.map((row) => ({ ...(row as { arn: string; createdAtMs: number }) }));
  }

  keepActivity(arn: string, createdAtMs: number): void {
    this.#file.run(
      'INSERT OR IGNORE INTO activities (arn, created_at) VALUES (?, ?)',
      arn,
      createdAtMs,
    );
  }

  forgetActivity(arn: string): void {
    this.#file.run('DELETE FROM activities WHERE arn = ?', arn);
  }

  add(execution: NewExecution, definition: string, aheadMs: number): ExecutionRecord {
    const hash = createHash('sha256').update(definition).digest('hex');
    const id = this.#file.transaction(() => {
      this.#file.run(
        'INSERT OR IGNORE INTO definitions (hash, definition) VALUES (?, ?)',
        hash,
        definition,
      );
      const { lastInsertRowid } = this.#file.run(
        INSERT,
        execution.arn,
        execution.machineArn,
        execution.name,
        execution.type,
        Math.round(execution.startedAtMs),
        execution.input,
        execution.traceHeader ?? null,
        execution.roleArn,
        execution.revisionId,
        hash,
        Math.round(aheadMs),
        execution.once === true ? 1 : 0,
      );
      return Number(lastInsertRowid);
    });
    return { ...execution, id, status: 'RUNNING' };
  }

  find(arn: string): ExecutionRecord | undefined {
    const [row] = this.#file.all('SELECT * FROM executions WHERE arn = ?', arn);
    return row === undefined ? undefined : recordOf(row as Row);
  }

  /** By the end of its ARN: a name, or an id behind it; the newest first. */
  findByName(name: string): ExecutionRecord | undefined {
    const [row] = this.#file.all(
      'SELECT * FROM executions WHERE name = ? OR arn LIKE ? ORDER BY id DESC LIMIT 1',
      name,
      `%:${name.replace(/[%_]/g, '')}`,
    );
    return row === undefined ? undefined : recordOf(row as Row);
  }

  list({ machineArn, status, limit, before }: ListQuery): ExecutionRecord[] {
    const rows = this.#file.all(
      `SELECT * FROM executions WHERE (?1 IS NULL OR machine_arn = ?1)
       AND (?2 IS NULL OR status = ?2) AND (?3 IS NULL OR id < ?3) ORDER BY id DESC LIMIT ?4`,
      machineArn ?? null,
      status ?? null,
      before ?? null,
      limit,
    );
    return (rows as Row[]).map(recordOf);
  }

  /** Those that are not over, the oldest first. */
  running(): ExecutionRecord[] {
    const rows = this.#file.all("SELECT * FROM executions WHERE status = 'RUNNING' ORDER BY id");
    return (rows as Row[]).map(recordOf);
  }

  definition(id: number): string {
    const [row] = this.#file.all(
      `SELECT d.definition FROM definitions d JOIN executions e ON e.definition = d.hash
       WHERE e.id = ?`,
      id,
    );
    return (row as { definition: string } | undefined)?.definition ?? '{}';
  }

  history(id: number, { limit, reverse, after }: HistoryQuery): HistoryEvent[] {
    const rows = this.#file.all(
      `SELECT id, previous, at, type, details FROM history
       WHERE execution = ?1 AND (?2 IS NULL OR ${reverse ? 'id < ?2' : 'id > ?2'})
       ORDER BY id ${reverse ? 'DESC' : 'ASC'} LIMIT ?3`,
      id,
      after ?? null,
      limit,
    );
    return rows.map((row) => {
      const event = row as {
        id: number;
        previous: number;
        at: number;
        type: string;
        details: string;
      };
      return {
        id: event.id,
        previousEventId: event.previous,
        atMs: event.at,
        type: event.type,
        details: JSON.parse(event.details) as EventDetails,
      };
    });
  }

  lastEventId(id: number): number {
    const [row] = this.#file.all('SELECT MAX(id) AS last FROM history WHERE execution = ?', id);
    return (row as { last: number | null }).last ?? 0;
  }

  cursors(id: number): Map<string, Cursor> {
    const rows = this.#file.all('SELECT scope, document FROM cursors WHERE execution = ?', id);
    return new Map(
      rows.map((row) => {
        const { scope, document } = row as { scope: string; document: string };
        return [scope, JSON.parse(document) as Cursor] as const;
      }),
    );
  }

  /** Queue time was moved on: what is under way is that much older. */
  moved(aheadMs: number): void {
    this.#file.run("UPDATE executions SET ahead = ? WHERE status = 'RUNNING'", Math.round(aheadMs));
  }

  /** One transaction. */
  change(id: number, { events, cursors = [], forgotten = [], ending, aheadMs }: Change): void {
    this.#file.transaction(() => {
      for (const { id: eventId, previousEventId, atMs, type, details } of events) {
        const document = JSON.stringify(details);
        const at = Math.round(atMs);
        this.#file.run(INSERT_EVENT, id, eventId, previousEventId, at, type, document);
      }
      for (const scope of forgotten) {
        const below = scope === '' ? '_%' : `${scope}/%`;
        this.#file.run('DELETE FROM cursors WHERE execution = ? AND scope LIKE ?', id, below);
      }
      for (const [scope, cursor] of cursors) {
        this.#file.run(
          'INSERT OR REPLACE INTO cursors (execution, scope, document) VALUES (?, ?, ?)',
          id,
          scope,
          JSON.stringify(cursor),
        );
      }
      if (ending === undefined) {
        this.#file.run('UPDATE executions SET ahead = ? WHERE id = ?', Math.round(aheadMs), id);
        return;
      }
      this.#file.run(
        `UPDATE executions SET status = ?, stopped_at = ?, output = ?, error = ?, cause = ?
         WHERE id = ?`,
        ending.status,
        Math.round(ending.stoppedAtMs),
        ending.output ?? null,
        ending.error ?? null,
        ending.cause ?? null,
        id,
      );
      this.#file.run('DELETE FROM cursors WHERE execution = ?', id);
    });
  }

  /** Safe to call twice. */
  close(): void {
    if (this.#file.end()) this.#file.close();
  }

  #prune(nowMs: number): void {
    this.#file.transaction(() => {
      this.#file.run(
        `DELETE FROM executions WHERE status <> 'RUNNING' AND (stopped_at < ? OR id <= (
           SELECT COALESCE(MAX(id), 0) FROM (SELECT id FROM executions ORDER BY id DESC LIMIT -1 OFFSET ?)))`,
        nowMs - KEPT_MS,
        KEPT,
      );
      this.#file.run('DELETE FROM history WHERE execution NOT IN (SELECT id FROM executions)');
      this.#file.run(
        'DELETE FROM definitions WHERE hash NOT IN (SELECT definition FROM executions)',
      );
    });
  }

  /** A new run begins in real time: what was under way keeps its age and the rest of its waits. */
  #turnBack(): void {
    const rows = this.#file.all(
      "SELECT id, ahead FROM executions WHERE status = 'RUNNING' AND ahead <> 0",
    ) as { id: number; ahead: number }[];
    if (rows.length === 0) return;
    this.#file.transaction(() => {
      for (const { id, ahead } of rows) {
        for (const [scope, cursor] of this.cursors(id)) {
          const document = JSON.stringify(turnedBack(cursor, ahead));
          const change = 'UPDATE cursors SET document = ? WHERE execution = ? AND scope = ?';
          this.#file.run(change, document, id, scope);
        }
        this.#file.run('UPDATE history SET at = at - ? WHERE execution = ?', ahead, id);
        const sql = 'UPDATE executions SET started_at = started_at - ahead, ahead = 0 WHERE id = ?';
        this.#file.run(sql, id);
      }
    });
  }
}

function recordOf(row: Row): ExecutionRecord {
  return {
    id: row.id,
    arn: row.arn,
    machineArn: row.machine_arn,
    name: row.name,
    type: row.type,
    status: row.status,
    startedAtMs: row.started_at,
    input: row.input,
    roleArn: row.role_arn,
    revisionId: row.revision_id,
    ...(row.stopped_at === null ? {} : { stoppedAtMs: row.stopped_at }),
    ...(row.output === null ? {} : { output: row.output }),
    ...(row.error === null ? {} : { error: row.error }),
    ...(row.cause === null ? {} : { cause: row.cause }),
    ...(row.once === 0 ? {} : { once: true as const }),
    ...(row.trace_header === null ? {} : { traceHeader: row.trace_header }),
  };
}

function turnedBack(cursor: Cursor, aheadMs: number): Cursor {
  const { entered } = cursor;
  if (entered === undefined) return cursor;
  const { atMs, untilMs, attempt } = entered;
  return {
    ...cursor,
    entered: {
      ...entered,
      atMs: atMs - aheadMs,
      ...(untilMs === undefined ? {} : { untilMs: untilMs - aheadMs }),
      ...(attempt?.timeoutMs === undefined
        ? {}
        : { attempt: { ...attempt, timeoutMs: attempt.timeoutMs - aheadMs } }),
    },
  };
}
