import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { linesOf, recordsOf, type BatchRow } from '../../../src/state/batch-row.js';
import { openDatabase, type SqliteDatabase } from '../../../src/state/database.js';
import { InvocationStore, type StoreLimits } from '../../../src/state/invocation-store.js';
import { ManualClock } from '../../support/manual-clock.js';
import { lineOf, recordOf } from '../../support/store-entries.js';

const WRITER = fileURLToPath(new URL('../../support/store-writer.js', import.meta.url));

let directory: string;
let path: string;
let clock: ManualClock;
let database: SqliteDatabase;
let warnings: string[];
let open: InvocationStore[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'store-'));
  path = join(directory, 'state.db');
  warnings = [];
  open = [];
});
afterEach(() => {
  for (const store of open) store.close();
  rmSync(directory, { recursive: true, force: true });
});

function openStore(limits: Partial<StoreLimits> = {}): InvocationStore {
  clock = new ManualClock();
  database = openDatabase(path);
  const warn = (message: string): void => void warnings.push(message);
  const store = new InvocationStore({ open: () => database, clock, warn, limits });
  open.push(store);
  return store;
}

/** How many there are in the file. */
function written(): { records: number; lines: number } {
  const rows = database.prepare('SELECT lines, records FROM batches').all() as BatchRow[];
  return {
    records: rows.flatMap(recordsOf).length,
    lines: rows.flatMap(linesOf).length,
  };
}

describe('the invocation store', () => {
  it('gives back what it was given, also after a new start', async () => {
    const store = openStore();
    const cold = recordOf('a', { initMs: 110.1, memoryPeakMb: 36, start: 'cold' });
    const lines = [
      lineOf('START', { requestId: 'a', source: 'platform' }),
      lineOf('one\rtwo “three” \u0000', { requestId: 'a', timestampMs: 2 }),
      lineOf('between', { timestampMs: 3 }),
    ];
    store.record(cold);
    for (const line of lines) store.line(line);
    expect(await store.invocation('a')).toEqual(cold);
    expect(await store.invocation('b')).toBeUndefined();
    expect(await store.query({})).toEqual(lines);
    store.close();
    const again = openStore();
    expect(await again.invocation('a')).toEqual(cold);
    expect(await again.query({})).toEqual(lines);
  });

  it('finds lines by function and by request, the newest ones, oldest first', async () => {
    const store = openStore();
    for (let count = 0; count < 10; count += 1) {
      const more = { timestampMs: count, requestId: `id-${count % 2}` };
      store.line(lineOf(`${count}`, more));
      store.line(lineOf(`other ${count}`, { ...more, functionName: 'other' }));
      if (count === 4) store.flush();
    }
    const texts = async (query: Parameters<InvocationStore['query']>[0]): Promise<string[]> =>
      (await store.query(query)).map(({ text }) => text);
    expect(await texts({ functionName: 'hello', limit: 3 })).toEqual(['7', '8', '9']);
    expect(await texts({ functionName: 'hello', requestId: 'id-1' })).toEqual([
      '1',
      '3',
      '5',
      '7',
      '9',
    ]);
    expect(await texts({ limit: 2 })).toEqual(['9', 'other 9']);
    expect(await texts({ requestId: 'nobody' })).toEqual([]);
    expect(await texts({ limit: 0 })).toEqual([]);
  });

  it('writes nothing in the caller’s turn, and everything a moment later', () => {
    const store = openStore();
    for (let count = 0; count < 600; count += 1) store.record(recordOf(`id-${count}`));
    expect(written().records).toBe(0);
    clock.runUntilIdle();
    expect(written().records).toBe(600);
    expect(store.waitingBytes).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it('writes a large batch in slices, each in a turn of its own', () => {
    const store = openStore();
    for (let count = 0; count < 40_000; count += 1) {
      store.line(lineOf(`${count}`, { requestId: `id-${count}` }));
    }
    const seen: number[] = [];
    while (clock.step()) seen.push(written().lines);
    expect(seen.length).toBeGreaterThan(10);
    expect(seen.at(-1)).toBe(40_000);
  });

  it('finds all lines of an invocation that began many batches ago', async () => {
    const store = openStore();
    const other = lineOf('other', { functionName: 'other', requestId: 'id-2' });
    store.line(lineOf('START RequestId: id-1', { requestId: 'id-1', source: 'platform' }));
    for (let count = 0; count < 40; count += 1) {
      store.line(other);
      store.flush();
    }
    store.line(lineOf('END RequestId: id-1', { requestId: 'id-1', source: 'platform' }));
    const found = await store.query({ functionName: 'hello', requestId: 'id-1' });
    expect(found.map(({ text }) => text)).toEqual(['START RequestId: id-1', 'END RequestId: id-1']);
    expect(await store.query({ functionName: 'hell' })).toEqual([]);
    // Part of another id is not it.
    expect(await store.query({ requestId: 'id-' })).toEqual([]);
    expect(await store.invocation('id-')).toBeUndefined();
  });

  it('keeps the newest logs within the size of the file', async () => {
    const limit = 2 * 2 ** 20;
    const store = openStore({ fileBytes: limit });
    for (let count = 0; count < 1000; count += 1) {
      store.line(lineOf(`${count} ${'x'.repeat(10_000)}`, { requestId: `id-${count}` }));
      if (count % 20 === 0) store.flush();
    }
    store.close();
    expect(statSync(path).size).toBeLessThan(2 * limit);
    const again = openStore();
    expect(await again.query({ requestId: 'id-999' })).toHaveLength(1);
    expect(await again.query({ requestId: 'id-1' })).toHaveLength(0);
    expect((await again.query({})).length).toBeGreaterThan(50);
  });

  it('drops and counts what the disk is too slow for, and says so once', async () => {
    const store = openStore({ waitingBytes: 100_000 });
    for (let count = 0; count < 1000; count += 1) {
      store.line(lineOf('x'.repeat(900)));
      store.record(recordOf(`id-${count}`));
    }
    expect(store.waitingBytes).toBeLessThan(102_000);
    expect(store.dropped).toBeGreaterThan(1500);
    expect(warnings).toEqual([expect.stringContaining('does not keep up')]);
    clock.runUntilIdle();
    store.line(lineOf('room again'));
    expect((await store.query({ limit: 1 }))[0]?.text).toBe('room again');
  });

  it('says once that the disk is full, fails nobody, and goes on when there is room', async () => {
    const store = openStore();
    database.exec('PRAGMA max_page_count = 40');
    for (let count = 0; count < 20; count += 1) {
      store.record(recordOf(`id-${count}`));
      store.line(lineOf('x'.repeat(50_000), { requestId: `id-${count}` }));
      clock.runUntilIdle();
    }
    expect(warnings).toEqual([expect.stringMatching(/not being kept: .*full/)]);
    expect(store.dropped).toBeGreaterThan(0);
    expect(store.dropped % 2).toBe(0);
    database.exec('PRAGMA max_page_count = 100000');
    store.record(recordOf('after'));
    expect(await store.invocation('after')).toBeDefined();
  });

  it('says that a file damaged while it was in use has to be deleted', async () => {
    const store = openStore();
    for (let count = 0; count < 2000; count += 1) store.record(recordOf(`id-${count}`));
    store.close();
    const again = openStore();
    const file = openSync(path, 'r+');
    for (let at = 4096 * 2; at < statSync(path).size; at += 4096) {
      writeSync(file, Buffer.alloc(4096, 0xff), 0, 4096, at);
    }
    closeSync(file);
    await expect(again.invocation('id-7')).rejects.toMatchObject({
      code: 'state-unusable',
      remedy: expect.stringContaining(path),
    });
  });

  it('takes nothing and finds nothing once it is closed', async () => {
    const store = openStore();
    store.record(recordOf('a'));
    store.close();
    store.close();
    store.record(recordOf('b'));
    expect(store.dropped).toBe(1);
    expect(await store.invocation('a')).toBeUndefined();
    expect(warnings).toEqual([]);
  });

  it('has lost nothing it had written when the process is killed in the middle', async () => {
    for (const stopAfter of [1, 7, 30]) {
      const child = spawn(process.execPath, [WRITER, path], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const exited = once(child, 'exit');
      let kept = 0;
      let flushes = 0;
      for await (const text of createInterface({ input: child.stdout })) {
        kept = Number(text.split(' ')[1]);
        flushes += 1;
        if (flushes === stopAfter) child.kill('SIGKILL');
      }
      await exited;
      const store = openStore();
      expect(written().records).toBeGreaterThanOrEqual(kept);
      for (const index of [0, kept - 1]) {
        expect(await store.invocation(`id-${index}`)).toEqual(recordOf(`id-${index}`));
        expect((await store.query({ requestId: `id-${index}` })).at(-1)?.text).toBe(
          `line of ${index}`,
        );
      }
      expect(database.prepare('PRAGMA integrity_check').all()).toEqual([
        expect.objectContaining({ integrity_check: 'ok' }),
      ]);
      store.close();
    }
  }, 60_000);
});
