import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DISABLING_FILE, extensionsIn } from '../../../src/function/extension-files.js';

describe('the extensions in a layer', () => {
  let opt: string;
  beforeEach(async () => {
    opt = await mkdtemp(join(tmpdir(), 'orchestrator-test-'));
  });
  afterEach(() => rm(opt, { recursive: true, force: true }));

  it('are the regular files directly in its folder', async () => {
    await mkdir(join(opt, 'extensions/lib'), { recursive: true });
    await writeFile(join(opt, 'extensions/second one'), '');
    await writeFile(join(opt, 'extensions/first'), '');
    await writeFile(join(opt, 'extensions/lib/helper'), '');
    expect(await extensionsIn(opt)).toEqual(['first', 'second one']);
  });

  it('are none without the folder, and with the file that disables them', async () => {
    expect(await extensionsIn(opt)).toEqual([]);
    await mkdir(join(opt, 'extensions'));
    await writeFile(join(opt, 'extensions/first'), '');
    await writeFile(join(opt, DISABLING_FILE), '');
    expect(await extensionsIn(opt)).toEqual([]);
  });
});
