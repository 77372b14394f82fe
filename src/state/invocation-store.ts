/**
 * Finished invocations and log lines, kept for `logs` and `why`. Writing only appends to a buffer;
 * batches go to the database a few times a second. Nothing here may fail the caller: when the disk
 * is full or slow, entries are dropped and counted, and somebody is told once.
 */

import type { InvocationRecord, LogLine, LogQuery } from '../admin-api/view.js';
import type { Clock, Timer } from '../async/clock.js';
import { messageOf } from '../errors.js';
import type { LineStore } from '../log/log-hub.js';
import type { SqliteDatabase } from './database.js';

export interface InvocationStoreOptions {
  readonly database: SqliteDatabase;
  readonly clock: Clock;
  readonly warn: (message: string) => void;
}

const FLUSH_AFTER_MS = 300;
const FLUSH_AT_ENTRIES = 4_000;
/** What may wait in memory while the disk does not keep up. */
const MOST_WAITING_BYTES = 32 * 1024 * 1024;
const MOST_INVOCATIONS = 50_000;
const MOST_LOG_BYTES = 256 * 1024 * 1024;
const TRIM_EVERY_FLUSHES = 64;
const DEFAULT_LINES = 1000;

export class InvocationStore implements LineStore {
  readonly #options: InvocationStoreOptions;
  #records: InvocationRecord[] = [];
  #lines: LogLine[] = [];
  #waitingBytes = 0;
  #dropped = 0;
  #timer: Timer | undefined;
  #flushes = 0;
  #broken = false;
  #closed = false;

  constructor(options: InvocationStoreOptions) {
    this.#options = options;
  }

  /** Entries that could not be kept. */
  get dropped(): number {
    return this.#dropped;
  }

  record(record: InvocationRecord): void {
    this.#records.push(record);
    this.#due(512);
  }

  keep(line: LogLine): void {
    if (this.#waitingBytes > MOST_WAITING_BYTES) {
      this.#dropped += 1;
      return;
    }
    this.#lines.push(line);
    this.#due(line.text.length + 100);
  }

  invocation(requestId: string): InvocationRecord | undefined {
    this.flush();
    const rows = this.#options.database
      .prepare('SELECT record FROM invocations WHERE request_id = ?')
      .all(requestId) as { record: string }[];
    return rows[0] === undefined ? undefined : (JSON.parse(rows[0].record) as InvocationRecord);
  }

  /** The newest lines that match, oldest first. */
  query(query: LogQuery): LogLine[] {
    this.flush();
    const conditions: string[] = [];
    const values: (string | number)[] = [];
    if (query.functionName !== undefined) {
      conditions.push('function_name = ?');
      values.push(query.functionName);
    }
    if (query.requestId !== undefined) {
      conditions.push('request_id = ?');
      values.push(query.requestId);
    }
    const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
    const limit = query.limit ?? DEFAULT_LINES;
    const rows = this.#options.database
      .prepare(`SELECT function_name, request_id, lines FROM logs ${where} ORDER BY id DESC LIMIT ?`)
      .all(...values, limit) as LogRow[];
    return limit === 0 ? [] : rows.reverse().flatMap(linesOf).slice(-limit);
  }

  /** Writes what waits. */
  flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const [records, lines] = [this.#records, this.#lines];
    if (this.#closed || (records.length === 0 && lines.length === 0)) return;
    this.#records = [];
    this.#lines = [];
    this.#waitingBytes = 0;
    try {
      this.#write(records, lines);
      this.#broken = false;
      this.#flushes += 1;
      if (this.#flushes % TRIM_EVERY_FLUSHES === 0) this.#trim();
    } catch (error) {
      this.#dropped += records.length + lines.length;
      if (this.#broken) return;
      this.#broken = true;
      this.#options.warn(`logs and records are not being kept: ${messageOf(error)}`);
    }
  }

  /** Writes what waits and closes the file. Safe to call twice. */
  close(): void {
    if (this.#closed) return;
    this.flush();
    this.#closed = true;
    this.#options.database.close();
  }

  #due(bytes: number): void {
    this.#waitingBytes += bytes;
    if (this.#records.length + this.#lines.length >= FLUSH_AT_ENTRIES && this.#timer !== undefined) {
      this.#timer.cancel();
      this.#timer = this.#options.clock.setTimer(0, () => this.flush());
      return;
    }
    this.#timer ??= this.#options.clock.setTimer(FLUSH_AFTER_MS, () => this.flush());
  }

  #write(records: readonly InvocationRecord[], lines: readonly LogLine[]): void {
    const { database } = this.#options;
    const addRecord = database.prepare(
      'INSERT OR REPLACE INTO invocations (request_id, function_name, started_at_ms, record) VALUES (?, ?, ?, ?)',
    );
    const addLog = database.prepare(
      'INSERT INTO logs (function_name, request_id, bytes, lines) VALUES (?, ?, ?, ?)',
    );
    database.exec('BEGIN IMMEDIATE');
    try {
      for (const record of records) {
        const { requestId, functionName, startedAtMs } = record;
        addRecord.run(requestId, functionName, startedAtMs, JSON.stringify(record));
      }
      for (const group of grouped(lines)) {
        const [first] = group;
        if (first === undefined) continue;
        const text = JSON.stringify(group.map(storedLine));
        addLog.run(first.functionName, first.requestId ?? null, text.length, text);
      }
      database.exec('COMMIT');
    } catch (error) {
      database.exec('ROLLBACK');
      throw error;
    }
  }

  #trim(): void {
    const { database } = this.#options;
    database
      .prepare(
        'DELETE FROM invocations WHERE started_at_ms < (SELECT started_at_ms FROM invocations ORDER BY started_at_ms DESC LIMIT 1 OFFSET ?)',
      )
      .run(MOST_INVOCATIONS);
    const [row] = database.prepare('SELECT SUM(bytes) AS bytes, COUNT(*) AS rows FROM logs').all() as {
      bytes: number | null;
      rows: number;
    }[];
    if ((row?.bytes ?? 0) <= MOST_LOG_BYTES) return;
    // The oldest eighth goes: rarely, and in one step.
    database
      .prepare('DELETE FROM logs WHERE id IN (SELECT id FROM logs ORDER BY id LIMIT ?)')
      .run(Math.ceil((row?.rows ?? 0) / 8));
  }
}

interface LogRow {
  readonly function_name: string;
  readonly request_id: string | null;
  readonly lines: string;
}

/** Time, environment, 1 for the platform's, text. */
type StoredLine = readonly [number, string, 0 | 1, string];

function storedLine(line: LogLine): StoredLine {
  return [line.timestampMs, line.environmentId, line.source === 'platform' ? 1 : 0, line.text];
}

function linesOf(row: LogRow): LogLine[] {
  return (JSON.parse(row.lines) as StoredLine[]).map(
    ([timestampMs, environmentId, platform, text]) => ({
      timestampMs,
      functionName: row.function_name,
      environmentId,
      ...(row.request_id === null ? {} : { requestId: row.request_id }),
      source: platform === 1 ? 'platform' : 'function',
      text,
    }),
  );
}

/** Lines of one invocation, or of one function between invocations, become one row. */
function grouped(lines: readonly LogLine[]): Iterable<LogLine[]> {
  const groups = new Map<string, LogLine[]>();
  for (const line of lines) {
    const key = line.requestId ?? line.functionName;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [line]);
    else group.push(line);
  }
  return groups.values();
}
