/**
 * Folders of benches, whose names say whose they are; and what a bench that was killed outright has
 * left in them: the next one ends the orchestrators and removes the folders.
 */

import { execFile } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../../src/package-root.js';

const NAME = /^orchestrator-bench-(\d+)-(\d+)-/;

/** A new one, in the system's temporary folder. */
export function benchFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), `orchestrator-bench-${namespace()}-${process.pid}-`));
}

/** Whoever shares the folder may count processes apart from us. */
function namespace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
  } catch {
    return '0';
  }
}

/** Gives the folders that were left. */
export async function endLeftOver(): Promise<string[]> {
  const ours = namespace();
  const left = (await readdir(tmpdir())).filter((name) => {
    const [, where, pid] = NAME.exec(name) ?? [];
    return where === ours && pid !== undefined && !isRunning(Number(pid));
  });
  for (const name of left) {
    const folder = join(tmpdir(), name);
    await down(folder);
    await rm(folder, { recursive: true, force: true });
  }
  return left;
}

/** Fails where nothing runs, which is as good. */
function down(folder: string): Promise<void> {
  const main = join(packageRoot(), 'dist/src/main.js');
  const args = [main, 'down', '--now', '--state', join(folder, '.orchestrator')];
  return new Promise((resolve) => {
    execFile(process.execPath, args, () => resolve());
  });
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
