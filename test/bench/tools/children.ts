/** Processes that a bench starts: what they say first, and how they end. */

import type { ChildProcess } from 'node:child_process';

/** For one that does not end when told to. */
const PATIENCE_MS = 10_000;
/** For one that never says what it should. */
const READY_LIMIT_MS = 60_000;

/**
 * The first whole line of its output, or of its complaints, that is wanted. What it says later is
 * read and dropped. Fails when it ends before, and when it does not say it within a minute.
 */
export function firstLine(child: ChildProcess, wanted: (text: string) => boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    const late = (): void => reject(new Error(`not ready after a minute: ${said.trim()}`));
    const timer = setTimeout(late, READY_LIMIT_MS);
    for (const stream of [child.stdout, child.stderr]) {
      let text = '';
      stream?.on('data', (chunk: Buffer) => {
        const lines = (text + chunk.toString()).split('\n');
        text = lines.pop() ?? '';
        said = [said, ...lines].join('\n').slice(-1000);
        const found = lines.find(wanted);
        if (found === undefined) return;
        clearTimeout(timer);
        resolve(found);
      });
    }
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      reject(new Error(`ended with ${code} before it was ready: ${said.trim()}`));
    });
  });
}

/** Ends a child, if it has not ended; one that does not listen is killed. */
export function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) {
    return Promise.resolve();
  }
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill(signal);
  });
}
