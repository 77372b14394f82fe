import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { contextEntries, packUserContext } from '../../../src/builder/user-context.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'context-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function put(...files: string[]): Promise<void> {
  for (const file of files) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), file);
  }
}

function entries(dockerfile = 'Dockerfile', excluded: string[] = []): Promise<string[]> {
  return contextEntries({ folder, dockerfile, excluded });
}

describe('a build context', () => {
  it('is everything below its folder, but nothing of ours', async () => {
    await put('Dockerfile', 'a/b', '.hidden', '.orchestrator/state.db', 'kept/by/us', 'z');
    await symlink('a/b', join(folder, 'link'));
    expect(await entries('Dockerfile', [join(folder, 'kept')])).toEqual([
      '.hidden',
      'Dockerfile',
      'a',
      'a/b',
      'link',
      'z',
    ]);
  });

  it('leaves out what .dockerignore names', async () => {
    await put('Dockerfile', '.dockerignore', 'node_modules/x/y', 'a.md', 'README.md', 'sub/x.tmp');
    await writeFile(join(folder, '.dockerignore'), '# a comment\nnode_modules\n*.md\n**/*.tmp\n');
    expect(await entries()).toEqual(['.dockerignore', 'Dockerfile', 'sub']);
  });

  it('keeps exceptions, also below a folder that is left out', async () => {
    await put('Dockerfile', '.dockerignore', 'data/big', 'data/small', 'other/big');
    await writeFile(join(folder, '.dockerignore'), 'data\nother\n!data/small\n');
    expect(await entries()).toEqual(['.dockerignore', 'Dockerfile', 'data', 'data/small']);
  });

  it('always has the Dockerfile and the rules, even when these leave them out', async () => {
    await put('docker/Function.dockerfile', '.dockerignore', 'app');
    await writeFile(join(folder, '.dockerignore'), '*\n');
    expect(await entries('docker/Function.dockerfile')).toEqual([
      '.dockerignore',
      'docker',
      'docker/Function.dockerfile',
    ]);
  });

  it('follows the rules beside a Dockerfile before those of the folder', async () => {
    await put('One', 'One.dockerignore', '.dockerignore', 'a', 'b');
    await writeFile(join(folder, 'One.dockerignore'), 'a\n');
    await writeFile(join(folder, '.dockerignore'), 'b\n');
    expect(await entries('One')).toEqual(['.dockerignore', 'One', 'One.dockerignore', 'b']);
  });

  it('is packed with the contents of its files', async () => {
    await put('Dockerfile', 'a/b');
    const tar = (
      await buffer(await packUserContext({ folder, dockerfile: 'Dockerfile', excluded: [] }))
    ).toString('latin1');
    for (const name of ['Dockerfile', 'a', 'a/b']) expect(tar).toContain(`${name}\0`);
  });
});
