/** Commands of ours in the foreground, as on a terminal that is a pipe. */

import { spawn, type ChildProcess } from 'node:child_process';
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { packageRoot } from '../../../src/package-root.js';
import { benchFolder } from './left-over.js';
import { refuseWhenEnding, started } from './started.js';

export interface Foreground {
  readonly child: ChildProcess;
  readonly stdout: Readable;
  /** Resolves with what `pattern` found in its output so far. Rejects when it ends without. */
  shows(pattern: RegExp): Promise<RegExpExecArray>;
  /** Ctrl-C; resolves when it has ended. */
  stop(): Promise<void>;
}

export function foreground(args: readonly string[], env = process.env): Foreground {
  refuseWhenEnding();
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const looks = new Set<() => void>();
  const hear = (chunk: Buffer): void => {
    if (looks.size === 0 && said.length > 1e6) return;
    said += chunk.toString('latin1');
    for (const look of looks) look();
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = started(async () => {
    child.kill('SIGINT');
    await ended;
  });
  const shows = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = pattern.exec(said);
        if (found === null) return;
        looks.delete(look);
        resolve(found);
      };
      looks.add(look);
      look();
      void ended.then(() => reject(new Error(`ended without ${pattern.source}: ${said}`)));
    });
  return { child, stdout: child.stdout, shows, stop };
}

/** A copy of a project of the fixtures, removed at the end. */
export async function copyOfFixture(
  name: string,
): Promise<{ folder: string; remove(): Promise<void> }> {
  const folder = await benchFolder();
  await cp(join(packageRoot(), 'test/fixtures', name), folder, { recursive: true });
  return { folder, remove: started(() => rm(folder, { recursive: true, force: true })) };
}
