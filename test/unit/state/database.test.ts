import { mkdirSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { OrchestratorError } from '../../../src/errors.js';
import { closeDatabase, openDatabase } from '../../../src/state/database.js';

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'database-'));
  path = join(directory, 'state.db');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function failure(): OrchestratorError {
  try {
    closeDatabase(openDatabase(path));
  } catch (error) {
    if (error instanceof OrchestratorError) return error;
    throw error;
  }
  throw new Error('it opened');
}

describe('the state database', () => {
  it('is made with its folder, and its files are the owner’s alone', () => {
    path = join(directory, 'deeper', 'state.db');
    const database = openDatabase(path);
    database.exec("INSERT INTO batches (bytes, functions, lines, records) VALUES (1, 'a', '', '')");
    for (const file of [path, `${path}-wal`, `${path}-shm`]) {
      expect(statSync(file).mode & 0o777).toBe(0o600);
    }
    closeDatabase(database);
  });

  it('keeps its content over a new start and writes ahead', () => {
    const first = openDatabase(path);
    first.exec("INSERT INTO batches (bytes, functions, lines, records) VALUES (1, 'a', '', '')");
    closeDatabase(first);
    const second = openDatabase(path);
    expect(second.prepare('SELECT functions FROM batches').all()).toEqual([
      expect.objectContaining({ functions: 'a' }),
    ]);
    expect(second.prepare('PRAGMA journal_mode').all()).toEqual([
      expect.objectContaining({ journal_mode: 'wal' }),
    ]);
    closeDatabase(second);
  });

  it('takes an older file to the present schema', () => {
    const old = openDatabase(path);
    old.exec('DROP TABLE batches; CREATE TABLE lines (id INTEGER); PRAGMA user_version = 1');
    closeDatabase(old);
    const database = openDatabase(path);
    expect(database.prepare('SELECT COUNT(*) AS count FROM batches').all()).toEqual([
      expect.objectContaining({ count: 0 }),
    ]);
    closeDatabase(database);
  });

  it('refuses a file of a newer version and leaves it as it is', () => {
    const database = openDatabase(path);
    database.exec('PRAGMA user_version = 999');
    closeDatabase(database);
    expect(failure().message).toContain('newer version');
    expect(failure().code).toBe('state-unusable');
  });

  it('says that a damaged file has to be deleted', () => {
    writeFileSync(path, 'this is no database\n'.repeat(1000));
    expect(failure().code).toBe('state-unusable');
    expect(failure().message).toContain(path);
    expect(failure().remedy).toContain(`Delete ${path}`);
  });

  it('says so too when the file ends in its first pages', () => {
    const database = openDatabase(path);
    const add = database.prepare(
      "INSERT INTO batches (bytes, functions, lines, records) VALUES (1, 'a', ?, '')",
    );
    for (let count = 0; count < 10; count += 1) add.run('x'.repeat(3000));
    closeDatabase(database);
    truncateSync(path, 5000);
    expect(failure().code).toBe('state-unusable');
    expect(failure().remedy).toContain(`Delete ${path}`);
  });

  it('says what to do when the file cannot be made', () => {
    mkdirSync(path);
    expect(failure().code).toBe('state-unusable');
    expect(failure().remedy).toContain('--state');
  });
});
