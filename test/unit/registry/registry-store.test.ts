import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { formerRows } from '../../../src/registry/former-rows.js';
import {
  FileRegistryStore,
  type FileRegistryOptions,
} from '../../../src/registry/registry-store.js';
import { closeDatabase, openDatabase } from '../../../src/state/database.js';

let folder: string;
let path: string;
let store: FileRegistryStore | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'registry-store-'));
  path = join(folder, 'inner', 'registry.jsonl');
});
afterEach(() => {
  store?.close();
  store = undefined;
  rmSync(folder, { recursive: true, force: true });
});

/** As the next start finds it. */
function opened(options: FileRegistryOptions = {}): FileRegistryStore {
  store?.close();
  store = new FileRegistryStore(path, options);
  return store;
}

describe('the file behind the registry', () => {
  it('keeps the last document of each name over a start, in the order of names', () => {
    const first = opened();
    first.write('function', 'b', { n: 1 });
    first.write('function', 'a', { text: 'ü\n"' });
    first.write('function', 'b', { n: 2 });
    first.write('layer', 'a', { other: true });
    first.write('function', 'gone', {});
    first.write('function', 'gone', undefined);
    for (const one of [first, opened(), opened()]) {
      expect(one.read('function')).toEqual([{ text: 'ü\n"' }, { n: 2 }]);
      expect(one.read('layer')).toEqual([{ other: true }]);
      expect(one.read('mapping')).toEqual([]);
    }
  });

  it('is its owner’s alone', () => {
    opened().write('layer', 'a', {});
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'inner')).mode & 0o777).toBe(0o700);
  });

  it('loses a write that did not return, wherever it was cut off, and goes on behind the one before', () => {
    opened().write('function', 'a', { n: 1 });
    const sound = statSync(path).size;
    opened().write('function', 'b', { text: 'äöü' });
    const whole = readFileSync(path);
    for (let end = sound; end < whole.length; end += 1) {
      writeFileSync(path, whole.subarray(0, end));
      const cut = opened();
      expect(cut.read('function')).toEqual([{ n: 1 }]);
      cut.write('function', 'c', {});
      expect(opened().read('function')).toEqual([{ n: 1 }, {}]);
      expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(4);
    }
  });

  it('loses a last line whose bytes had not reached the disk', () => {
    opened().write('function', 'a', { n: 1 });
    appendFileSync(path, '\0'.repeat(40));
    expect(opened().read('function')).toEqual([{ n: 1 }]);
    appendFileSync(path, '{"kind":"function","na\0\0\0\0\0\n');
    const cut = opened();
    expect(cut.read('function')).toEqual([{ n: 1 }]);
    cut.write('function', 'a', { n: 2 });
    expect(opened().read('function')).toEqual([{ n: 2 }]);
  });

  it('is refused when it is damaged elsewhere, or of a newer version', () => {
    const first = opened();
    first.write('function', 'a', {});
    first.write('function', 'b', {});
    const lines = readFileSync(path, 'utf8').split('\n');
    const damaged = /^the registry of functions at .* cannot be used: malformed: line \d$/;
    writeFileSync(path, [lines[0], 'x', ...lines.slice(2)].join('\n'));
    expect(() => opened()).toThrow(damaged);
    writeFileSync(path, ['x', ...lines.slice(1)].join('\n'));
    expect(() => opened()).toThrow(damaged);
    truncateSync(path, 0);
    expect(() => opened()).toThrow(damaged);
    writeFileSync(path, '{"format":"orchestrator-registry","version":2}\n');
    expect(() => opened()).toThrow(/newer version/);
  });

  it('is written anew once most of it has been replaced', () => {
    const text = 'x'.repeat(1000);
    const first = opened({ sparedBytes: 5000 });
    first.write('layer', 'still', { text });
    for (let n = 0; n < 100; n += 1) first.write('function', 'a', { n, text });
    expect(statSync(path).size).toBeLessThan(10_000);
    expect(readdirSync(join(folder, 'inner'))).toEqual(['registry.jsonl']);
    for (const one of [first, opened()]) {
      expect(one.read('function')).toEqual([{ n: 99, text }]);
      expect(one.read('layer')).toEqual([{ text }]);
    }
  });

  it('takes nothing once it is closed', () => {
    const first = opened();
    first.write('function', 'a', { n: 1 });
    first.close();
    expect(() => first.write('function', 'a', { n: 2 })).toThrow(/cannot be used: it is closed/);
    expect(opened().read('function')).toEqual([{ n: 1 }]);
  });

  it('begins with what the database held before there was the file, once', () => {
    const state = join(folder, 'state.db');
    const former = (): ReturnType<typeof formerRows> => formerRows(state);
    expect(former()).toEqual([]);
    const database = openDatabase(state);
    database
      .prepare('INSERT INTO registry (kind, name, document) VALUES (?, ?, ?)')
      .run('function', 'a', '{"n":1}');
    closeDatabase(database);
    opened({ former }).write('function', 'b', { n: 2 });
    expect(opened({ former }).read('function')).toEqual([{ n: 1 }, { n: 2 }]);
    opened({ former }).write('function', 'a', undefined);
    expect(opened({ former }).read('function')).toEqual([{ n: 2 }]);
  });
});
