import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Reload, type ReloadParts } from '../../../src/composition/reload.js';
import type { Config } from '../../../src/config/config.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'orchestrator-reload-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** Handles by which files are watched. */
function watching(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind.startsWith('FSEvent')).length;
}

it('watches nothing any more once it is closed, however often what it watches has changed', async () => {
  const before = watching();
  const folders = [{ name: 'fn0', paths: [root] }];
  const parts = {
    router: { deployment: () => undefined },
    registry: { folders: () => folders, codeChanged: () => undefined },
    readConfig: undefined,
    onBuild: () => undefined,
    onStack: () => Promise.resolve(),
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  } as unknown as ReloadParts;
  const config = {
    files: [],
    settings: { stateDirectory: join(root, 'state') },
  } as unknown as Config;
  const reload = new Reload(config, parts);
  for (let turn = 1; turn < 5; turn += 1) {
    const path = join(root, String(turn));
    await mkdir(path);
    folders.push({ name: `fn${turn}`, paths: [path] });
    reload.functionsChanged();
  }
  expect(watching()).toBeGreaterThan(before);
  await reload.close();
  // The system closes handles in a later turn. One that is left open holds the test up for ever.
  while (watching() > before) await new Promise((resolve) => setImmediate(resolve));
});
