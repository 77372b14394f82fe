/**
 * Folders of benches, whose names say whose they are; and what a bench that was killed outright has
 * left in them and on the engine: the next one ends the orchestrators and removes the rest.
 */

import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../../src/package-root.js';
import { removeRuns } from './engine.js';
import { isLeftOver, ownMark } from './owner.js';

/** A new one, in the system's temporary folder. */
export function benchFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), `orchestrator-${ownMark()}`));
}

/** Gives what was left: folders, and what is named in the engine. */
export async function endLeftOver(): Promise<string[]> {
  const left = (await readdir(tmpdir())).filter(isLeftOver);
  for (const name of left) {
    const folder = join(tmpdir(), name);
    await down(folder);
    await rm(folder, { recursive: true, force: true });
  }
  return [...left, ...(await removeRuns(isLeftOver))];
}

/** Fails where nothing runs, which is as good. */
function down(folder: string): Promise<void> {
  const main = join(packageRoot(), 'dist/src/main.js');
  const args = [main, 'down', '--now', '--state', join(folder, '.orchestrator')];
  return new Promise((resolve) => {
    execFile(process.execPath, args, () => resolve());
  });
}
