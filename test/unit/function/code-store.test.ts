import {
  chmod,
  mkdir,
  mkdtemp,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { CodeStore } from '../../../src/function/code-store.js';

let root: string;
let store: CodeStore;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'orchestrator-code-'));
  await mkdir(join(root, 'store'));
  store = new CodeStore(join(root, 'store'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function put(file: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, file)), { recursive: true });
  await writeFile(join(root, file), text);
}

it('copies code once per content and gives readable modes', async () => {
  await put('a/index.mjs', 'one');
  await put('a/bin/tool', '#!');
  await chmod(join(root, 'a/index.mjs'), 0o600);
  await chmod(join(root, 'a/bin/tool'), 0o700);
  await put('b/index.mjs', 'one');
  await put('b/bin/tool', '#!');
  await chmod(join(root, 'b/bin/tool'), 0o755);
  const [first, second] = [
    await store.snapshot(join(root, 'a')),
    await store.snapshot(join(root, 'b')),
  ];
  expect(second.directory).toBe(first.directory);
  expect((await stat(join(first.directory, 'index.mjs'))).mode & 0o777).toBe(0o644);
  expect((await stat(join(first.directory, 'bin/tool'))).mode & 0o777).toBe(0o755);
  expect(first.size).toBe(5);
});

it('makes another copy when a file changes, and leaves the old one as it was', async () => {
  await put('a/index.mjs', 'one');
  const before = await store.snapshot(join(root, 'a'));
  await put('a/index.mjs', 'two');
  const after = await store.snapshot(join(root, 'a'));
  expect(after.hash).not.toBe(before.hash);
  expect(await readFile(join(before.directory, 'index.mjs'), 'utf8')).toBe('one');
  expect(await readFile(join(after.directory, 'index.mjs'), 'utf8')).toBe('two');
});

it('leaves out what is never part of a function', async () => {
  await put('a/index.mjs', 'one');
  await put('a/.git/HEAD', 'x');
  await put('a/.orchestrator/state.db', 'x');
  await put('a/.aws-sam/build', 'x');
  const { directory } = await store.snapshot(join(root, 'a'));
  await expect(stat(join(directory, '.git'))).rejects.toThrow();
  await expect(stat(join(directory, '.orchestrator'))).rejects.toThrow();
});

it('keeps links that stay inside and follows those to files outside', async () => {
  await put('a/lib/real.js', 'real');
  await put('outside.js', 'outside');
  await symlink('lib/real.js', join(root, 'a/inside'));
  await symlink('../outside.js', join(root, 'a/outer'));
  const { directory } = await store.snapshot(join(root, 'a'));
  expect(await readlink(join(directory, 'inside'))).toBe('lib/real.js');
  expect(await readFile(join(directory, 'outer'), 'utf8')).toBe('outside');
});

it('lays later layers over earlier ones', async () => {
  await put('one/nodejs/a.js', 'one');
  await put('one/nodejs/b.js', 'one');
  await put('two/nodejs/b.js', 'two');
  const { directory } = await store.mergeLayers([join(root, 'one'), join(root, 'two')]);
  expect(await readFile(join(directory, 'nodejs/a.js'), 'utf8')).toBe('one');
  expect(await readFile(join(directory, 'nodejs/b.js'), 'utf8')).toBe('two');
});

it('makes the same copy safely when asked at the same time', async () => {
  await put('a/index.mjs', 'one');
  const other = new CodeStore(join(root, 'store'));
  const copies = await Promise.all(
    [store, other, store, other].map((each) => each.snapshot(join(root, 'a'))),
  );
  expect(new Set(copies.map(({ directory }) => directory)).size).toBe(1);
});

it('says which code cannot be read', async () => {
  await expect(store.snapshot(join(root, 'gone'))).rejects.toMatchObject({ code: 'code-missing' });
});

/** A zip of stored entries, as small as the format allows. */
function zip(
  entries: readonly { name: string; data: Buffer; mode?: number; announced?: number }[],
): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const { name, data, mode = 0o100644, announced = data.length } of entries) {
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(20, 4);
    local.writeUInt32LE(crc32(data), 14);
    local.writeUInt32LE(data.length, 18);
    local.writeUInt32LE(announced, 22);
    local.writeUInt16LE(Buffer.byteLength(name), 26);
    const record = Buffer.alloc(46);
    record.writeUInt32LE(0x02014b50, 0);
    record.writeUInt16LE(0x031e, 4);
    record.writeUInt16LE(20, 6);
    record.writeUInt32LE(crc32(data), 16);
    record.writeUInt32LE(data.length, 20);
    record.writeUInt32LE(announced, 24);
    record.writeUInt16LE(Buffer.byteLength(name), 28);
    record.writeUInt32LE((mode << 16) >>> 0, 38);
    record.writeUInt32LE(offset, 42);
    locals.push(local, Buffer.from(name), data);
    central.push(record, Buffer.from(name));
    offset += 30 + Buffer.byteLength(name) + data.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}

function crc32(data: Buffer): number {
  let crc = ~0;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
  }
  return ~crc >>> 0;
}

it('unpacks a zip', async () => {
  const file = join(root, 'code.zip');
  await writeFile(
    file,
    zip([
      { name: 'lib/a.js', data: Buffer.from('a') },
      { name: 'run', data: Buffer.from('x'), mode: 0o100755 },
    ]),
  );
  const { directory } = await store.snapshot(file);
  expect(await readFile(join(directory, 'lib/a.js'), 'utf8')).toBe('a');
  expect((await stat(join(directory, 'run'))).mode & 0o111).not.toBe(0);
});

it.each([
  ['above the folder', [{ name: '../../evil', data: Buffer.from('x') }]],
  ['at an absolute path', [{ name: '/tmp/evil', data: Buffer.from('x') }]],
  ['that is a link', [{ name: 'link', data: Buffer.from('/etc/passwd'), mode: 0o120777 }]],
  ['larger than allowed', [{ name: 'bomb', data: Buffer.from('x'), announced: 300_000_000 }]],
])('refuses a zip with an entry %s', async (_what, entries) => {
  const file = join(root, 'code.zip');
  await writeFile(file, zip(entries));
  await expect(store.snapshot(file)).rejects.toMatchObject({ code: 'code-missing' });
});
