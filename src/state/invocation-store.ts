/**
 * Finished invocations and log lines, kept for `logs` and `why`.
 *
 *  1. Writing only appends to a buffer. A few times a second the buffer goes to the database in
 *     batches of a few milliseconds, and the event loop gets at least as much time in between.
 *  2. Nothing here fails the caller. When the disk is full or too slow, entries are dropped and
 *     counted, and somebody is told once for each time it begins.
 *  3. Invocations and logs are kept while the file has less than 256 MB; what is older goes in
 *     small steps, a little with each batch.
 *  4. Reading sees everything written before it. It looks through the batches from the newest one
 *     on, a few in each turn of the event loop.
 */

import type { InvocationRecord, LogLine, LogQuery } from '../view.js';
import type { Clock, Timer } from '../async/clock.js';
import { nextTurn } from '../async/next-turn.js';
import { messageOf } from '../errors.js';
import { endOf, recordOf, type PlainEnd, type PlainStart } from '../invocation/plain-invocation.js';
import type { LogSink } from '../log/log-sink.js';
import { linesOf, recordsOf, type BatchRow } from './batch-row.js';
import { Batch } from './batch.js';
import { closeDatabase, fileOf, unusable, type SqliteDatabase } from './database.js';

export interface InvocationStoreOptions {
  /** Opens or makes the file, once, when something is written or read. Raises `state-unusable`. */
  readonly open: () => SqliteDatabase;
  readonly clock: Clock;
  readonly warn: (message: string) => void;
  readonly limits?: Partial<StoreLimits>;
}

export interface StoreLimits {
  /** Of the whole file, without free pages. */
  readonly fileBytes: number;
  /** What may wait in memory while the disk does not keep up. */
  readonly waitingBytes: number;
}

interface Statement {
  run(...values: unknown[]): unknown;
  all(...values: unknown[]): unknown[];
}

const LIMITS: StoreLimits = {
  fileBytes: 256 * 1024 * 1024,
  waitingBytes: 32 * 1024 * 1024,
};
const FLUSH_AFTER_MS = 300;
/** Full batches that are not left to wait for that. */
const FLUSH_AT_BATCHES = 2;
/** Batches looked at to find what goes with one batch. */
const TRIM_BATCHES = 100;
/** Batches read in one turn. */
const READ_BATCHES = 16;
const DEFAULT_LINES = 1000;

export class InvocationStore implements LogSink {
  readonly #open: () => SqliteDatabase;
  #database: SqliteDatabase | undefined;
  readonly #clock: Clock;
  readonly #warn: (message: string) => void;
  readonly #limits: StoreLimits;
  readonly #statements = new Map<string, Statement>();
  /** What is written comes here. */
  #batch = new Batch();
  /** Full ones, the oldest first. */
  readonly #full: Batch[] = [];
  #dropped = 0;
  #timer: Timer | undefined;
  #hurried = false;
  #trouble: 'none' | 'slow' | 'failing' = 'none';
  #closed = false;

  constructor(options: InvocationStoreOptions) {
    this.#open = options.open;
    this.#clock = options.clock;
    this.#warn = options.warn;
    this.#limits = { ...LIMITS, ...options.limits };
  }

  /** What cannot be opened is told now, not when something is lost. Raises `state-unusable`. */
  open(): void {
    this.#opened();
  }

  /** Entries that could not be kept. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Roughly the memory that entries take which wait for the disk. */
  get waitingBytes(): number {
    let { bytes } = this.#batch;
    for (const full of this.#full) bytes += full.bytes;
    return bytes;
  }

  record(record: InvocationRecord): void {
    if (!this.#hasRoom()) return;
    this.#batch.record(record);
    this.#due();
  }

  line(line: LogLine): void {
    if (!this.#hasRoom()) return;
    this.#batch.line(line);
    this.#due();
  }

  began(start: PlainStart): void {
    if (!this.#hasRoom()) return;
    this.#batch.began(start);
    this.#due();
  }

  ended(start: PlainStart, end: PlainEnd): void {
    if (!this.#hasRoom()) return;
    if (!this.#batch.ended(start, end)) {
      for (const line of endOf(start, end)) this.#batch.line(line);
      this.#batch.record(recordOf(start, end));
    }
    this.#due();
  }

  /** Raises `state-unusable` when the file cannot be read. */
  async invocation(requestId: string): Promise<InvocationRecord | undefined> {
    const wanted = { column: 'records', text: requestId } as const;
    for await (const batch of this.#newestFirst([wanted])) {
      const record = recordsOf(batch).find((one) => one.requestId === requestId);
      if (record !== undefined) return record;
    }
    return undefined;
  }

  /** The newest lines that match, oldest first. Raises `state-unusable`. */
  async query(query: LogQuery): Promise<LogLine[]> {
    const { functionName, requestId, limit = DEFAULT_LINES } = query;
    if (limit <= 0) return [];
    const wanted: Wanted[] = [];
    if (functionName !== undefined) {
      wanted.push({ column: 'functions', text: `\n${functionName}\n` });
    }
    if (requestId !== undefined) wanted.push({ column: 'lines || records', text: requestId });
    const found: LogLine[][] = [];
    let count = 0;
    for await (const batch of this.#newestFirst(wanted)) {
      const lines = linesOf(batch).filter(
        (line) =>
          (functionName === undefined || line.functionName === functionName) &&
          (requestId === undefined || line.requestId === requestId),
      );
      found.push(lines);
      count += lines.length;
      if (count >= limit || (requestId !== undefined && lines.some(isStart))) break;
    }
    return found.reverse().flat().slice(-limit);
  }

  /** Writes what waits, all of it. */
  flush(): void {
    while (this.#waits) this.#writeBatch();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Writes what waits and closes the file. Safe to call twice. */
  close(): void {
    if (this.#closed) return;
    this.flush();
    this.#closed = true;
    this.#statements.clear();
    if (this.#database !== undefined) closeDatabase(this.#database);
  }

  #opened(): SqliteDatabase {
    this.#database ??= this.#open();
    return this.#database;
  }

  /** Whether there is anything to be written. */
  get #waits(): boolean {
    return this.#full.length > 0 || this.#batch.entries > 0;
  }

  #hasRoom(): boolean {
    if (!this.#closed && this.waitingBytes < this.#limits.waitingBytes) return true;
    this.#dropped += 1;
    if (this.#trouble === 'none' && !this.#closed) {
      this.#trouble = 'slow';
      this.#warn('the disk does not keep up: part of the logs and records is not being kept');
    }
    return false;
  }

  #due(): void {
    if (this.#timer === undefined) this.#flushIn(FLUSH_AFTER_MS);
    if (!this.#batch.isFull) return;
    this.#full.push(this.#batch);
    this.#batch = new Batch();
    if (this.#full.length < FLUSH_AT_BATCHES || this.#hurried) return;
    this.#hurried = true;
    this.#timer?.cancel();
    this.#flushIn(0);
  }

  #flushIn(delayMs: number): void {
    this.#timer = this.#clock.setTimer(delayMs, () => {
      const startedAt = this.#clock.monotonic();
      this.#writeBatch();
      this.#timer = undefined;
      if (this.#waits) {
        this.#flushIn(this.#clock.monotonic() - startedAt);
      } else {
        this.#hurried = false;
      }
    });
  }

  #writeBatch(): void {
    const batch = this.#nextBatch();
    const { entries } = batch;
    try {
      this.#write(batch);
      const recovered =
        this.#trouble === 'failing' || this.waitingBytes < this.#limits.waitingBytes / 2;
      if (recovered) this.#trouble = 'none';
    } catch (error) {
      this.#dropped += entries;
      if (this.#trouble === 'failing') return;
      this.#trouble = 'failing';
      this.#warn(`logs and records are not being kept: ${messageOf(error)}`);
    }
  }

  #nextBatch(): Batch {
    const next = this.#full.shift();
    if (next !== undefined) return next;
    const last = this.#batch;
    this.#batch = new Batch();
    return last;
  }

  #write(batch: Batch): void {
    const { functions, lines, records } = batch.row();
    const bytes = Buffer.byteLength(lines) + Buffer.byteLength(records);
    this.#prepared(
      'INSERT INTO batches (bytes, functions, lines, records) VALUES (?, ?, ?, ?)',
    ).run(bytes, functions, lines, records);
    this.#trim(bytes);
  }

  /** Takes away about twice what a batch brought, while there is too much. */
  #trim(addedBytes: number): void {
    if (this.#fileBytes() <= this.#limits.fileBytes) return;
    const oldest = this.#prepared('SELECT id, bytes FROM batches ORDER BY id LIMIT ?').all(
      TRIM_BATCHES,
    );
    let freed = 0;
    let last = 0;
    for (const { id, bytes } of oldest as { id: number; bytes: number }[]) {
      if (freed > 2 * addedBytes) break;
      freed += bytes;
      last = id;
    }
    this.#prepared('DELETE FROM batches WHERE id <= ?').run(last);
  }

  #fileBytes(): number {
    const [row] = this.#prepared(
      'SELECT (page_count - freelist_count) * page_size AS bytes FROM pragma_page_count, pragma_freelist_count, pragma_page_size',
    ).all() as { bytes: number }[];
    return row?.bytes ?? 0;
  }

  /** Batches that hold every text, the newest first. */
  async *#newestFirst(wanted: readonly Wanted[]): AsyncGenerator<BatchRow> {
    if (this.#closed) return;
    this.flush();
    const conditions = wanted.map(({ column }) => ` AND instr(${column}, ?) > 0`).join('');
    const sql = `SELECT lines, records FROM batches WHERE id <= ? AND id > ?${conditions} ORDER BY id DESC`;
    const texts = wanted.map(({ text }) => text);
    const [bounds] = this.#read('SELECT MIN(id) AS low, MAX(id) AS high FROM batches', []);
    const { low, high } = bounds as { low: number | null; high: number | null };
    for (let at = high ?? 0; at >= (low ?? 1) && !this.#closed; at -= READ_BATCHES) {
      const rows = this.#read(sql, [at, at - READ_BATCHES, ...texts]);
      yield* rows as BatchRow[];
      await nextTurn();
    }
  }

  #read(sql: string, values: readonly (string | number)[]): unknown[] {
    try {
      return this.#prepared(sql).all(...values);
    } catch (error) {
      throw unusable(fileOf(this.#opened()), error);
    }
  }

  /** Statements are made when first used: opening stays quick. */
  #prepared(sql: string): Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#opened().prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

interface Wanted {
  /** Of what a plain invocation has written there is nothing in `lines` that names it. */
  readonly column: 'functions' | 'lines || records' | 'records';
  readonly text: string;
}

/** Nothing of an invocation comes before it. */
function isStart({ source, text }: LogLine): boolean {
  return source === 'platform' && text.startsWith('START ');
}
