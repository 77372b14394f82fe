import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contextDigest, packContext, type BuildContext } from '../../../src/builder/context.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'context-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function contextAt(name: string): Promise<BuildContext> {
  const root = join(folder, name);
  await mkdir(join(root, 'code', 'deep'), { recursive: true });
  await writeFile(join(root, 'Dockerfile'), 'FROM base\n');
  await writeFile(join(root, 'code', 'bootstrap'), '#!/bin/sh\n');
  await writeFile(join(root, 'code', 'deep', 'b.py'), 'b');
  await writeFile(join(root, 'code', 'a.py'), 'a');
  return {
    dockerfile: join(root, 'Dockerfile'),
    folders: [{ name: 'code', source: join(root, 'code') }, { name: 'empty' }],
  };
}

async function bytesOf(context: BuildContext): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of await packContext(context)) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Names and modes of a tar archive's entries. */
function entriesOf(archive: Buffer): string[] {
  const entries: string[] = [];
  for (let offset = 0; offset + 512 <= archive.length;) {
    const header = archive.subarray(offset, offset + 512);
    const name = header.toString('utf8', 0, 100).replace(/\0.*$/, '');
    if (name === '') break;
    const size = Number.parseInt(header.toString('utf8', 124, 136), 8);
    entries.push(`${name} ${Number.parseInt(header.toString('utf8', 100, 108), 8).toString(8)}`);
    offset += 512 + Math.ceil(size / 512) * 512;
  }
  return entries;
}

describe('a build context', () => {
  it('is the same bytes wherever the files lie and whatever their times and umask', async () => {
    const one = await contextAt('one');
    const two = await contextAt('two');
    const copy = join(folder, 'two', 'code', 'a.py');
    await utimes(copy, new Date(1e12), new Date(1e12));
    await chmod(copy, 0o600);
    const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
    expect(digest(await bytesOf(two))).toBe(digest(await bytesOf(one)));
    expect(await contextDigest(two)).toBe(await contextDigest(one));
  });

  it('makes everything readable to all and programs executable', async () => {
    expect(entriesOf(await bytesOf(await contextAt('one')))).toEqual([
      'Dockerfile 644',
      'code 755',
      'code/a.py 644',
      'code/bootstrap 755',
      'code/deep 755',
      'code/deep/b.py 644',
      'empty 755',
    ]);
  });

  it('leaves out what is not part of a bootstrap', async () => {
    const context = await contextAt('one');
    const before = await contextDigest(context);
    const code = join(folder, 'one', 'code');
    await mkdir(join(code, '__pycache__'));
    await writeFile(join(code, '__pycache__', 'a.pyc'), 'x');
    await writeFile(join(code, 'README.md'), 'x');
    await writeFile(join(code, '.DS_Store'), 'x');
    expect(await contextDigest(context)).toBe(before);
    expect(entriesOf(await bytesOf(context))).toHaveLength(7);
  });

  it('has another digest when a name, a content, a program bit or the Dockerfile changes', async () => {
    const context = await contextAt('one');
    const root = join(folder, 'one');
    const seen = new Set([await contextDigest(context)]);
    await writeFile(join(root, 'code', 'a.py'), 'A');
    seen.add(await contextDigest(context));
    await writeFile(join(root, 'code', 'c.py'), '');
    seen.add(await contextDigest(context));
    await chmod(join(root, 'code', 'c.py'), 0o755);
    seen.add(await contextDigest(context));
    await writeFile(join(root, 'Dockerfile'), 'FROM other\n');
    seen.add(await contextDigest(context));
    expect(seen.size).toBe(5);
  });
});
