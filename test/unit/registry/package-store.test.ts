import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PackageStore } from '../../../src/registry/package-store.js';

let root: string;
let store: PackageStore;
const folder = (): string => join(root, 'functions');
const nothing = () => new Set<string>();

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'packages-'));
  store = new PackageStore(folder());
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('packages in our keeping', () => {
  it('are named by their content and stay as they are', async () => {
    const one = await store.keepZip(Buffer.from('zip'));
    const again = await store.keepZip(Buffer.from('zip'));
    expect(again.kept).toEqual(one.kept);
    expect(one.kept).toMatchObject({ size: 3, file: expect.stringMatching(/^[0-9a-f]{64}\.zip$/) });
    expect(readFileSync(store.pathOf(one.kept.file), 'utf8')).toBe('zip');
  });

  it('are kept until nobody takes them in and no record names them', async () => {
    const { kept, done } = await store.keepZip(Buffer.from('zip'));
    await store.collect(nothing);
    expect(readdirSync(folder())).toEqual([kept.file]);
    done();
    await store.collect(() => new Set([kept.file]));
    expect(readdirSync(folder())).toEqual([kept.file]);
    await store.collect(nothing);
    expect(readdirSync(folder())).toEqual([]);
  });

  it('are there for who keeps one while it is being removed', async () => {
    (await store.keepZip(Buffer.from('zip'))).done();
    const removal = store.collect(nothing);
    const { kept } = await store.keepZip(Buffer.from('zip'));
    await removal;
    expect(readFileSync(store.pathOf(kept.file), 'utf8')).toBe('zip');
  });

  it('may be folders, copied whole', async () => {
    const source = join(root, 'a1b2');
    mkdirSync(join(source, 'inner'), { recursive: true });
    writeFileSync(join(source, 'inner', 'file'), 'text');
    const { file } = await store.keepFolder(source);
    rmSync(source, { recursive: true });
    expect(readFileSync(join(store.pathOf(file), 'inner', 'file'), 'utf8')).toBe('text');
  });

  it('leave nothing of what a dead process had begun', async () => {
    mkdirSync(folder());
    writeFileSync(join(folder(), '.draft-abc.zip-0123456789ab'), 'half');
    await store.collect(nothing);
    expect(readdirSync(folder())).toEqual([]);
  });
});
