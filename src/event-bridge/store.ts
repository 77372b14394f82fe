/**
 * What EventBridge keeps, in a file of its own: deliveries until their target has them or will not
 * take them, and what was made through the API. As in the queue of asynchronous events, a commit
 * survives a kill -9, and whoever waits for `synced` a power loss.
 */

import type { QueueTime } from '../event-queue/event-store.js';
import { GroupSync } from '../event-queue/group-sync.js';
import type { Schema } from '../state/database.js';
import { SqliteFile } from '../state/sqlite-file.js';
import type { Delivery, DeliveryAbout } from './delivery.js';

const SCHEMA: Schema = {
  content: 'what EventBridge keeps',
  migrations: [
    `CREATE TABLE deliveries (
       id INTEGER PRIMARY KEY AUTOINCREMENT,
       arn TEXT NOT NULL,
       first_at INTEGER NOT NULL,
       due_at INTEGER NOT NULL,
       attempts INTEGER NOT NULL,
       ahead INTEGER NOT NULL,
       about TEXT NOT NULL,
       body BLOB NOT NULL
     );
     CREATE INDEX deliveries_due ON deliveries (due_at, id);
     CREATE TABLE records (
       kind TEXT NOT NULL,
       name TEXT NOT NULL,
       document TEXT NOT NULL,
       PRIMARY KEY (kind, name)
     ) WITHOUT ROWID;`,
  ],
  probe: 'SELECT COUNT(*) FROM deliveries',
};

export interface StoredDelivery extends Delivery {
  readonly id: number;
  readonly firstAtMs: number;
  /** So far. */
  readonly attempts: number;
}

export type RecordKind = 'bus' | 'rule' | 'schedule' | 'group' | 'seen' | 'tags';

interface Row {
  readonly id: number;
  readonly arn: string;
  readonly first_at: number;
  readonly attempts: number;
  readonly about: string;
  readonly body: Buffer | ArrayBuffer;
}

const INSERT = `INSERT INTO deliveries (arn, first_at, due_at, attempts, ahead, about, body)
  VALUES (?, ?, ?, 0, ?, ?, ?)`;

export class EventBridgeStore {
  readonly path: string;
  readonly #file: SqliteFile;
  readonly #sync: GroupSync;

  /** Raises `state-unusable`. */
  constructor(path: string) {
    this.path = path;
    this.#file = new SqliteFile(path, SCHEMA).open();
    this.#sync = new GroupSync(`${path}-wal`);
    // Times of a run in virtual time are turned back.
    this.#file.run(
      `UPDATE deliveries SET first_at = first_at - ahead, due_at = due_at - ahead, ahead = 0
       WHERE ahead <> 0`,
    );
  }

  /** All of them, or none. Safe from a kill; not yet from a power loss. */
  add(deliveries: readonly Delivery[], time: QueueTime): void {
    this.#file.transaction(() => {
      for (const delivery of deliveries) this.#insert(delivery, time);
    });
  }

  /** Resolves when what was written so far is on the disk. */
  synced(): Promise<void> {
    return this.#sync.synced();
  }

  /** What is due, the oldest first, except for these targets. */
  due(nowMs: number, limit: number, exceptArns: readonly string[]): StoredDelivery[] {
    const except = exceptArns.map(() => '?').join(', ');
    const rows = this.#file.all(
      `SELECT id, arn, first_at, attempts, about, body FROM deliveries
       WHERE due_at <= ? AND arn NOT IN (${except}) ORDER BY due_at, id LIMIT ?`,
      nowMs,
      ...exceptArns,
      limit,
    ) as Row[];
    return rows.map((row) => ({
      id: row.id,
      arn: row.arn,
      firstAtMs: row.first_at,
      attempts: row.attempts,
      about: JSON.parse(row.about) as DeliveryAbout,
      body: Buffer.isBuffer(row.body) ? row.body : Buffer.from(row.body),
    }));
  }

  /** The first moment after this one at which something is due. */
  nextDueAt(afterMs: number): number | undefined {
    const [row] = this.#file.all(
      'SELECT MIN(due_at) AS at FROM deliveries WHERE due_at > ?',
      afterMs,
    );
    return (row as { at: number | null }).at ?? undefined;
  }

  get count(): number {
    if (this.#file.ended) return 0;
    return (this.#file.all('SELECT COUNT(*) AS count FROM deliveries')[0] as { count: number })
      .count;
  }

  /** An attempt failed, and there will be another. */
  again(id: number, attempts: number, dueAtMs: number, aheadMs: number): void {
    this.#file.run(
      'UPDATE deliveries SET attempts = ?, due_at = ?, ahead = ? WHERE id = ?',
      attempts,
      Math.round(dueAtMs),
      Math.round(aheadMs),
      id,
    );
  }

  /** It has arrived, or never will; what it leads to begins in the same moment. */
  finish(id: number, next: Delivery | undefined, time: QueueTime): void {
    this.#file.transaction(() => {
      this.#file.run('DELETE FROM deliveries WHERE id = ?', id);
      if (next !== undefined) this.#insert(next, time);
    });
  }

  /** Those of one kind, by name. */
  records(kind: RecordKind): [name: string, document: unknown][] {
    const rows = this.#file.all(
      'SELECT name, document FROM records WHERE kind = ? ORDER BY name',
      kind,
    );
    return (rows as { name: string; document: string }[]).map(({ name, document }) => [
      name,
      JSON.parse(document) as unknown,
    ]);
  }

  put(kind: RecordKind, name: string, document: unknown): void {
    const text = JSON.stringify(document);
    this.#file.run('INSERT OR REPLACE INTO records VALUES (?, ?, ?)', kind, name, text);
  }

  remove(kind: RecordKind, name: string): void {
    this.#file.run('DELETE FROM records WHERE kind = ? AND name = ?', kind, name);
  }

  /** Safe to call twice. */
  async close(): Promise<void> {
    if (!this.#file.end()) return;
    await this.#sync.close();
    this.#file.close();
  }

  #insert({ arn, body, about }: Delivery, { nowMs, aheadMs }: QueueTime): void {
    const now = Math.round(nowMs);
    this.#file.run(INSERT, arn, now, now, Math.round(aheadMs), JSON.stringify(about), body);
  }
}
