/**
 * The queue on disk, in a file of its own: payloads must not push out the records of invocations,
 * and what makes these commits durable is not waited for by anybody else.
 *
 *  1. A commit is in the log of SQLite at once, so that a kill -9 loses nothing; `synced` waits
 *     until the disk has it, so that a power loss loses nothing either. Only acceptance waits.
 *  2. What ends an event is one transaction with the event it leads to: nothing that is finished
 *     runs again after a kill.
 *  3. Times of a run in virtual time are turned back when the file is opened again.
 */

import type { NewEvent, Progress, QueuedEvent } from './queued-event.js';
import type { Schema, SqliteDatabase } from '../state/database.js';
import { SqliteFile } from '../state/sqlite-file.js';
import { messageOfRow, storedMessage, type Delivery } from './delivery.js';
import { GroupSync } from './group-sync.js';

const SCHEMA: Schema = {
  content: 'the queue of asynchronous events',
  migrations: [
    `CREATE TABLE events (
       id INTEGER PRIMARY KEY AUTOINCREMENT,
       request_id TEXT NOT NULL,
       function_name TEXT NOT NULL,
       qualifier TEXT,
       invoked_arn TEXT NOT NULL,
       trace_id TEXT NOT NULL,
       accepted_at INTEGER NOT NULL,
       due_at INTEGER NOT NULL,
       attempts INTEGER NOT NULL,
       setbacks INTEGER NOT NULL,
       last_status INTEGER,
       last_error TEXT,
       last_version TEXT,
       ahead INTEGER NOT NULL,
       payload_bytes INTEGER NOT NULL
     );
     CREATE INDEX events_due ON events (function_name, due_at, id);
     CREATE INDEX events_request ON events (request_id);
     CREATE TABLE payloads (id INTEGER PRIMARY KEY, payload BLOB NOT NULL);`,
    `CREATE TABLE deliveries (
       id INTEGER PRIMARY KEY AUTOINCREMENT,
       request_id TEXT NOT NULL,
       function_name TEXT NOT NULL,
       arn TEXT NOT NULL,
       about TEXT NOT NULL,
       body BLOB NOT NULL
     );`,
    'ALTER TABLE events ADD COLUMN tenant_id TEXT;',
  ],
  probe: 'SELECT COUNT(*) FROM events',
};

const INSERT_EVENT = `INSERT INTO events (request_id, function_name, qualifier, invoked_arn,
  trace_id, tenant_id, accepted_at, due_at, attempts, setbacks, ahead, payload_bytes)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?, ?)`;
const UPDATE_EVENT = `UPDATE events SET due_at = ?, attempts = ?, setbacks = ?, last_status = ?,
  last_error = ?, last_version = ?, ahead = ? WHERE id = ?`;

const INSERT_DELIVERY = `INSERT INTO deliveries (request_id, function_name, arn, about, body)
  VALUES (?, ?, ?, ?, ?)`;

/** Room that is not used any more; as much as this is given back when the store closes. */
const SHRINK_BYTES = 64 * 1024 * 1024;

export interface QueueTime {
  /** Queue time, Unix ms. */
  readonly nowMs: number;
  /** How far it is ahead of real time. */
  readonly aheadMs: number;
}

export interface QueuedFunction {
  readonly functionName: string;
  readonly events: number;
  readonly nextDueAtMs: number;
}

interface Row {
  readonly id: number;
  readonly request_id: string;
  readonly function_name: string;
  readonly qualifier: string | null;
  readonly invoked_arn: string;
  readonly trace_id: string;
  readonly tenant_id: string | null;
  readonly accepted_at: number;
  readonly due_at: number;
  readonly attempts: number;
  readonly setbacks: number;
  readonly last_status: number | null;
  readonly last_error: string | null;
  readonly last_version: string | null;
  readonly payload_bytes: number;
}

interface DeliveryRow {
  readonly id: number;
  readonly request_id: string;
  readonly function_name: string;
  readonly arn: string;
  readonly about: string;
  readonly body: Blob;
}

/** The driver gives one or the other. */
type Blob = Buffer | ArrayBuffer;

/** What the end of an event leads to. */
export interface Next {
  readonly event?: { readonly event: NewEvent; readonly time: QueueTime };
  readonly delivery?: Omit<Delivery, 'id'>;
}

export class EventStore {
  readonly path: string;
  readonly #file: SqliteFile;
  readonly #sync: GroupSync;
  #leftBefore = 0;

  /** `mostPages` of 4 KB each; by default what the disk has room for. Opened by its first use. */
  constructor(path: string, mostPages?: number) {
    this.path = path;
    this.#file = new SqliteFile(path, SCHEMA, (database) => {
      if (mostPages !== undefined) database.pragma(`max_page_count = ${mostPages}`);
      this.#leftBefore = turnedBack(database);
    });
    this.#sync = new GroupSync(`${path}-wal`);
  }

  /** What cannot be opened is told now. Raises `state-unusable`. */
  open(): void {
    this.#file.open();
  }

  /** Events that were there when it was opened. */
  get leftBefore(): number {
    return this.#leftBefore;
  }

  /** How often the disk was asked; for tests of what is shared. */
  get syncs(): number {
    return this.#sync.syncs;
  }

  /** Written and safe from a kill, not yet from a power loss. Raises what SQLite says. */
  add(event: NewEvent, { nowMs, aheadMs }: QueueTime): QueuedEvent {
    return this.#file.transaction(() => this.#insert(event, nowMs, aheadMs));
  }

  /** Resolves when what was written so far is on the disk. */
  synced(): Promise<void> {
    return this.#sync.synced();
  }

  functions(): QueuedFunction[] {
    const rows = this.#file
      .all(`SELECT function_name AS functionName, COUNT(*) AS events, MIN(due_at) AS nextDueAtMs
       FROM events GROUP BY function_name`);
    return rows.map((row) => {
      const { functionName, events, nextDueAtMs } = row as QueuedFunction;
      return { functionName, events, nextDueAtMs };
    });
  }

  /** Events of a function, the next one first. */
  next(functionName: string, limit: number): QueuedEvent[] {
    const rows = this.#file.all(
      'SELECT * FROM events WHERE function_name = ? ORDER BY due_at, id LIMIT ?',
      functionName,
      limit,
    );
    return (rows as Row[]).map(eventOf);
  }

  /** Events of all functions in the order of acceptance. */
  list(limit: number): QueuedEvent[] {
    const rows = this.#file.all('SELECT * FROM events ORDER BY id LIMIT ?', limit);
    return (rows as Row[]).map(eventOf);
  }

  find(requestId: string): QueuedEvent | undefined {
    const rows = this.#file.all('SELECT * FROM events WHERE request_id = ? LIMIT 1', requestId);
    const [row] = rows as Row[];
    return row === undefined ? undefined : eventOf(row);
  }

  /** None once it is closed. */
  get count(): number {
    if (this.#file.ended) return 0;
    const [row] = this.#file.all('SELECT COUNT(*) AS count FROM events');
    return (row as { count: number }).count;
  }

  /** Undefined when the event is no more. */
  payload(id: number): Buffer | undefined {
    const [row] = this.#file.all('SELECT payload FROM payloads WHERE id = ?', id);
    return row === undefined ? undefined : bytesOf((row as { payload: Blob }).payload);
  }

  /** What came of an attempt that was not the last one. */
  update(id: number, progress: Progress, aheadMs: number): void {
    const { dueAtMs, attempts, setbacks, last } = progress;
    this.#file.run(
      UPDATE_EVENT,
      Math.round(dueAtMs),
      attempts,
      setbacks,
      last?.status ?? null,
      last?.error ?? null,
      last?.executedVersion ?? null,
      Math.round(aheadMs),
      id,
    );
  }

  /** Ends an event and, in the same moment, begins what it leads to. */
  finish(id: number, next: Next = {}): QueuedEvent | undefined {
    const { event, delivery } = next;
    return this.#file.transaction(() => {
      this.#file.run('DELETE FROM payloads WHERE id = ?', id);
      this.#file.run('DELETE FROM events WHERE id = ?', id);
      if (delivery !== undefined) {
        const { requestId, functionName, arn, message } = delivery;
        const { about, body } = storedMessage(message);
        this.#file.run(INSERT_DELIVERY, requestId, functionName, arn, about, body);
      }
      return event === undefined
        ? undefined
        : this.#insert(event.event, event.time.nowMs, event.time.aheadMs);
    });
  }

  /** What is on its way to other services, the oldest first. */
  deliveries(limit: number): Delivery[] {
    const rows = this.#file.all('SELECT * FROM deliveries ORDER BY id LIMIT ?', limit);
    return (rows as DeliveryRow[]).map((row) => ({
      id: row.id,
      requestId: row.request_id,
      functionName: row.function_name,
      arn: row.arn,
      message: messageOfRow(row.about, bytesOf(row.body)),
    }));
  }

  /** It has arrived, or never will. */
  delivered(id: number): void {
    this.#file.run('DELETE FROM deliveries WHERE id = ?', id);
  }

  /** Safe to call twice. */
  async close(): Promise<void> {
    if (!this.#file.end()) return;
    await this.#sync.close();
    if (this.#file.isOpen) this.#shrink();
    this.#file.close();
  }

  #insert(event: NewEvent, now: number, ahead: number): QueuedEvent {
    const { payload, ...known } = event;
    const nowMs = Math.round(now);
    const { lastInsertRowid } = this.#file.run(
      INSERT_EVENT,
      event.requestId,
      event.functionName,
      event.qualifier ?? null,
      event.invokedFunctionArn,
      event.traceId,
      event.tenantId ?? null,
      nowMs,
      nowMs,
      Math.round(ahead),
      payload.length,
    );
    const id = Number(lastInsertRowid);
    this.#file.run('INSERT INTO payloads (id, payload) VALUES (?, ?)', id, payload);
    return {
      ...known,
      id,
      acceptedAtMs: nowMs,
      dueAtMs: nowMs,
      attempts: 0,
      setbacks: 0,
      payloadBytes: payload.length,
    };
  }

  /** After a flood the file would keep its size for ever. */
  #shrink(): void {
    try {
      const [row] = this.#file.database
        .prepare(
          'SELECT freelist_count * page_size AS free FROM pragma_freelist_count, pragma_page_size',
        )
        .all() as { free: number }[];
      if ((row?.free ?? 0) > SHRINK_BYTES) this.#file.database.exec('VACUUM');
    } catch {
      // No room to rewrite it: it stays as large as it is.
    }
  }
}

/** Nothing that is in the file has been ahead in this run. Gives how many events there are. */
function turnedBack(database: SqliteDatabase): number {
  database
    .prepare(
      `UPDATE events SET accepted_at = accepted_at - ahead, due_at = due_at - ahead, ahead = 0
       WHERE ahead <> 0`,
    )
    .run();
  const [row] = database.prepare('SELECT COUNT(*) AS count FROM events').all();
  return (row as { count: number }).count;
}

function bytesOf(blob: Blob): Buffer {
  return Buffer.isBuffer(blob) ? blob : Buffer.from(blob);
}

function eventOf(row: Row): QueuedEvent {
  return {
    id: row.id,
    requestId: row.request_id,
    functionName: row.function_name,
    ...(row.qualifier === null ? {} : { qualifier: row.qualifier }),
    invokedFunctionArn: row.invoked_arn,
    traceId: row.trace_id,
    ...(row.tenant_id === null ? {} : { tenantId: row.tenant_id }),
    acceptedAtMs: row.accepted_at,
    dueAtMs: row.due_at,
    attempts: row.attempts,
    setbacks: row.setbacks,
    ...(row.last_status === null
      ? {}
      : {
          last: {
            status: row.last_status,
            error: row.last_error ?? '',
            ...(row.last_version === null ? {} : { executedVersion: row.last_version }),
          },
        }),
    payloadBytes: row.payload_bytes,
  };
}
