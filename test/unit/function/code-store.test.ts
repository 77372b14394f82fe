import { createHash } from 'node:crypto';
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { zipArchive } from '../../support/zip-archive.js';
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

it('makes links inside the tree relative, because the tree lies elsewhere in the environment', async () => {
  await put('a/lib/real.js', 'real');
  await symlink(join(root, 'a/lib/real.js'), join(root, 'a/absolute'));
  const { directory } = await store.snapshot(join(root, 'a'));
  expect(await readlink(join(directory, 'absolute'))).toBe('lib/real.js');
});

it('takes the packages of a workspace that links lead to', async () => {
  await put('packages/shared/index.js', 'shared');
  await put('packages/app/index.js', 'app');
  await mkdir(join(root, 'packages/app/node_modules'));
  await symlink('../../shared', join(root, 'packages/app/node_modules/shared'));
  const { directory } = await store.snapshot(join(root, 'packages/app'));
  expect(await readFile(join(directory, 'node_modules/shared/index.js'), 'utf8')).toBe('shared');
});

it('ends where links lead in a circle, and lives with links to nothing', async () => {
  await put('packages/app/index.js', 'app');
  await put('packages/shared/index.js', 'shared');
  await symlink('../shared', join(root, 'packages/app/shared'));
  await symlink('../app', join(root, 'packages/shared/app'));
  await symlink('gone', join(root, 'packages/app/inside'));
  await symlink('../../gone', join(root, 'packages/app/outside'));
  const { directory } = await store.snapshot(join(root, 'packages/app'));
  expect(await readFile(join(directory, 'shared/index.js'), 'utf8')).toBe('shared');
  expect(await readlink(join(directory, 'inside'))).toBe('gone');
  await expect(stat(join(directory, 'shared/app'))).rejects.toThrow();
});

it('gives readable modes whatever the umask is', async () => {
  await put('a/deep/er/index.js', '1');
  const before = process.umask(0o077);
  try {
    const { directory } = await store.snapshot(join(root, 'a'));
    for (const folder of ['.', 'deep', 'deep/er']) {
      expect((await stat(join(directory, folder))).mode & 0o777).toBe(0o755);
    }
  } finally {
    process.umask(before);
  }
});

it('keeps the times of files, by which Python judges its byte-code', async () => {
  await put('a/app.py', '1');
  const time = new Date('2020-02-02T02:02:02Z');
  await utimes(join(root, 'a/app.py'), time, time);
  const { directory } = await store.snapshot(join(root, 'a'));
  expect((await stat(join(directory, 'app.py'))).mtime).toEqual(time);
});

it('sees a save that leaves size and times as they were a moment ago', async () => {
  const time = new Date('2020-02-02T02:02:02Z');
  const save = async (text: string): Promise<string> => {
    await put('a/index.js', text);
    await utimes(join(root, 'a/index.js'), time, time);
    return (await store.snapshot(join(root, 'a'))).hash;
  };
  expect(await save('one')).not.toBe(await save('two'));
});

it('leaves out the folders it was told to, reached by whatever path', async () => {
  await put('a/index.js', '1');
  await put('a/state/db', 'x');
  await symlink('a', join(root, 'same'));
  const strict = new CodeStore(join(root, 'store'), [join(root, 'same/state')]);
  const { directory } = await strict.snapshot(join(root, 'a'));
  await expect(stat(join(directory, 'state'))).rejects.toThrow();
});

it('does not mix the copies of two stores in one process', async () => {
  const names = Array.from({ length: 20 }, (_, index) => `${index}.js`);
  for (const name of names) {
    await put(`a/${name}`, `a ${name}`);
    await put(`b/${name}`, `b ${name}`);
  }
  const other = new CodeStore(join(root, 'store'));
  const [a, b] = await Promise.all([
    store.snapshot(join(root, 'a')),
    other.snapshot(join(root, 'b')),
  ]);
  for (const name of names) {
    expect(await readFile(join(a.directory, name), 'utf8')).toBe(`a ${name}`);
    expect(await readFile(join(b.directory, name), 'utf8')).toBe(`b ${name}`);
  }
});

it('never gives a copy the hash of something else while files are being saved', async () => {
  let version = 0;
  const save = async (): Promise<void> => {
    version += 1;
    await put('a/index.js', `version ${String(version % 100).padStart(2, '0')}`);
  };
  await save();
  const copies = new Map<string, string>();
  const copy = async (): Promise<void> => {
    const { hash, directory } = await store.snapshot(join(root, 'a'));
    copies.set(hash, directory);
  };
  for (let round = 0; round < 20; round += 1) {
    // Whether a copy comes of it does not matter, as long as none is wrong.
    const saves = (async () => {
      for (let more = 0; more < 10; more += 1) await save();
    })();
    await Promise.all([copy().catch(() => undefined), saves]);
    await copy();
  }
  const contents = await Promise.all(
    [...copies.values()].map((directory) => readFile(join(directory, 'index.js'), 'utf8')),
  );
  expect(contents.length).toBeGreaterThan(0);
  expect(new Set(contents).size).toBe(contents.length);
});

it('lays a later layer’s folder over a file, and its file over a folder', async () => {
  await put('one/lib', 'file');
  await put('one/bin/tool', 'tool');
  await put('two/lib/x.js', 'x');
  await put('two/bin', 'file');
  const { directory } = await store.mergeLayers([join(root, 'one'), join(root, 'two')]);
  expect(await readFile(join(directory, 'lib/x.js'), 'utf8')).toBe('x');
  expect(await readFile(join(directory, 'bin'), 'utf8')).toBe('file');
});

it('gives layers in another order another hash only when it matters', async () => {
  await put('one/a.js', 'a');
  await put('two/b.js', 'b');
  await put('three/b.js', 'other');
  const merge = async (...names: string[]): Promise<string> =>
    (await store.mergeLayers(names.map((name) => join(root, name)))).hash;
  expect(await merge('one', 'two')).toBe(await merge('two', 'one'));
  expect(await merge('two', 'three')).not.toBe(await merge('three', 'two'));
});

it('takes a zip as a layer and as code, and says its own hash as AWS does', async () => {
  const archive = zipArchive([
    { name: 'lib/a.js', data: Buffer.from('a') },
    { name: 'run', data: Buffer.from('x'), mode: 0o100755 },
  ]);
  await writeFile(join(root, 'code.zip'), archive);
  const first = await store.snapshot(join(root, 'code.zip'));
  expect(await readFile(join(first.directory, 'lib/a.js'), 'utf8')).toBe('a');
  expect((await stat(join(first.directory, 'run'))).mode & 0o777).toBe(0o755);
  expect(first.sha256).toBe(createHash('sha256').update(archive).digest('base64'));
  expect(await store.snapshot(join(root, 'code.zip'))).toEqual(first);
  await put('layer/lib/a.js', 'mine');
  const merged = await store.mergeLayers([join(root, 'code.zip'), join(root, 'layer')]);
  expect(await readFile(join(merged.directory, 'lib/a.js'), 'utf8')).toBe('mine');
});

it('unpacks a zip that was replaced', async () => {
  const save = (text: string): Promise<void> =>
    writeFile(join(root, 'code.zip'), zipArchive([{ name: 'a.js', data: Buffer.from(text) }]));
  await save('one');
  const before = await store.snapshot(join(root, 'code.zip'));
  await rm(join(root, 'code.zip'));
  await save('two');
  expect((await store.snapshot(join(root, 'code.zip'))).hash).not.toBe(before.hash);
});

it('refuses code larger than Lambda takes before reading it', async () => {
  await put('a/index.js', '1');
  await truncate(join(root, 'a/index.js'), 262_144_001);
  await expect(store.snapshot(join(root, 'a'))).rejects.toMatchObject({
    code: 'code-missing',
    message: expect.stringContaining('262144000'),
  });
});

it('removes what earlier runs left, and nothing that somebody holds', async () => {
  await put('a/index.js', 'one');
  await new CodeStore(join(root, 'store')).snapshot(join(root, 'a'));
  await put('a/index.js', 'two');
  const current = await store.snapshot(join(root, 'a'));
  // No process has this number: Linux gives none above 2^22.
  await put(`store/.draft-${2 ** 22 + 1}-abc/half`, 'x');
  await put(`store/.draft-${process.pid}-abc/half`, 'x');
  await store.collect();
  expect((await readdir(join(root, 'store'))).sort()).toEqual(
    [`.draft-${process.pid}-abc`, current.hash].sort(),
  );
});

it('keeps a copy until it was released as often as it was handed out', async () => {
  await put('a/index.js', 'one');
  const first = await store.snapshot(join(root, 'a'));
  await store.snapshot(join(root, 'a'));
  store.release(first.hash);
  await store.collect();
  expect(await readdir(join(root, 'store'))).toEqual([first.hash]);
  store.release(first.hash);
  await store.collect();
  expect(await readdir(join(root, 'store'))).toEqual([]);
});

it('makes a copy anew when it is asked for while its removal is under way', async () => {
  await put('a/index.js', 'one');
  const first = await store.snapshot(join(root, 'a'));
  for (let round = 0; round < 20; round += 1) {
    store.release(first.hash);
    const again = await store.snapshot(join(root, 'a'));
    expect(again).toEqual(first);
    expect(await readFile(join(again.directory, 'index.js'), 'utf8')).toBe('one');
  }
});

it('lets the copies of single layers go once they are merged', async () => {
  await put('one/nodejs/a.js', 'one');
  await put('two/nodejs/b.js', 'two');
  const merged = await store.mergeLayers([join(root, 'one'), join(root, 'two')]);
  await store.collect();
  expect(await readdir(join(root, 'store'))).toEqual([merged.hash]);
});
