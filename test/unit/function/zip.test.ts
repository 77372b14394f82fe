import { mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { unpackZip } from '../../../src/function/zip.js';
import { zipArchive, type ZipEntry } from '../../support/zip-archive.js';

const MOST_BYTES = 1000;
const LINK = 0o120777;

let root: string;
let folder: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'orchestrator-zip-'));
  folder = join(root, 'out');
  await mkdir(folder);
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function unpack(entries: readonly ZipEntry[]): Promise<void> {
  return unpackBytes(zipArchive(entries));
}

async function unpackBytes(bytes: Buffer): Promise<void> {
  await writeFile(join(root, 'code.zip'), bytes);
  await unpackZip(join(root, 'code.zip'), folder, MOST_BYTES);
}

function file(name: string, text = 'x', mode?: number): ZipEntry {
  return { name, data: Buffer.from(text), ...(mode === undefined ? {} : { mode }) };
}

it('writes files, folders and executables', async () => {
  await unpack([
    file('lib/', '', 0o040755),
    file('lib/a.js', 'a'),
    file('deep/er/b.js', 'b'),
    file('run', '#!', 0o100700),
    file('windows.txt', 'w', 0),
  ]);
  expect(await readFile(join(folder, 'deep/er/b.js'), 'utf8')).toBe('b');
  expect((await stat(join(folder, 'run'))).mode & 0o777).toBe(0o755);
  expect((await stat(join(folder, 'windows.txt'))).mode & 0o777).toBe(0o644);
});

it('keeps links that stay in the folder, wherever in the archive they come', async () => {
  await unpack([
    file('node_modules/.bin/tool', '../tool/cli.js', LINK),
    file('node_modules/tool/cli.js', 'cli'),
  ]);
  expect(await readlink(join(folder, 'node_modules/.bin/tool'))).toBe('../tool/cli.js');
  expect(await readFile(join(folder, 'node_modules/.bin/tool'), 'utf8')).toBe('cli');
});

it.each<[string, ZipEntry[]]>([
  ['an entry above the folder', [file('../../evil')]],
  ['an entry above the folder by a detour', [file('a/../../evil')]],
  ['an entry at an absolute path', [file('/tmp/evil')]],
  ['an entry with backslashes', [file('..\\..\\evil')]],
  ['an entry on a drive', [file('C:/evil')]],
  ['a link to an absolute path', [file('link', '/etc/passwd', LINK)]],
  ['a link above the folder', [file('a/link', '../../outside', LINK)]],
  ['a link to the folder beside it', [file('link', '../out-beside', LINK)]],
  ['a link that leaves through another', [file('y', '.', LINK), file('x', 'y/../z', LINK)]],
  [
    'a file below a link',
    [file('link', 'somewhere', LINK), file('link/evil'), file('somewhere/a')],
  ],
  ['a link below a link', [file('a', '.', LINK), file('a/b', 'c', LINK)]],
  ['a link too long to be one', [file('link', 'a/'.repeat(300) + 'b', LINK)].map(longer)],
  ['a device', [file('null', '', 0o020666)]],
  ['a named pipe', [file('pipe', '', 0o010666)]],
  ['more bytes than allowed', [{ ...file('bomb'), announced: MOST_BYTES + 1 }]],
  [
    'more bytes than allowed over all entries',
    [file('a', 'x'.repeat(600)), file('b', 'x'.repeat(600))],
  ],
])('refuses %s and writes nothing elsewhere', async (_what, entries) => {
  await mkdir(join(root, 'z'));
  await expect(unpack(entries)).rejects.toMatchObject({
    code: 'code-missing',
    remedy: expect.stringContaining('archive'),
  });
  expect((await readdir(root)).sort()).toEqual(['code.zip', 'out', 'z']);
  expect(await readdir(join(root, 'z'))).toEqual([]);
});

function longer(entry: ZipEntry): ZipEntry {
  return { ...entry, data: Buffer.concat(Array<Buffer>(10).fill(entry.data)) };
}

it('refuses an entry that unpacks to more than it announced', async () => {
  const content = Buffer.alloc(500_000);
  const packed = deflateRawSync(content);
  const archive = zipArchive([{ name: 'bomb', data: packed, announced: 10 }]);
  // Method 8, deflated, in the local header and in the central record.
  archive.writeUInt16LE(8, 8);
  archive.writeUInt16LE(8, archive.indexOf(Buffer.from([0x50, 0x4b, 0x01, 0x02])) + 10);
  await expect(unpackBytes(archive)).rejects.toMatchObject({ code: 'code-missing' });
});

it.each([
  ['is empty', Buffer.alloc(0)],
  ['is text', Buffer.from('not a zip at all, but long enough to look for a record in it')],
  ['was cut off', zipArchive([file('a.js', 'a'.repeat(100))]).subarray(0, 120)],
])('says so when the file %s', async (_what, bytes) => {
  await expect(unpackBytes(bytes)).rejects.toMatchObject({ code: 'code-missing' });
});

it('does not blame the archive for a disk that takes no more', async () => {
  await writeFile(join(root, 'code.zip'), zipArchive([file('full', 'a')]));
  // `/dev/full` takes nothing.
  await expect(unpackZip(join(root, 'code.zip'), '/dev', MOST_BYTES)).rejects.toMatchObject({
    code: expect.stringMatching(/^(ENOSPC|EACCES)$/),
  });
});
