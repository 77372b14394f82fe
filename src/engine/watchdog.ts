/**
 * A process of its own that outlives us: it holds the other end of a pipe, and when that closes
 * without a farewell (kill -9, a crash) it removes everything of the run and ends.
 */

import { spawn } from 'node:child_process';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Watchdog {
  /** Everything is removed: it may go. Resolves when it has. */
  dismiss(): Promise<void>;
}

/** What the watchdog is told on its command line. */
export interface WatchdogOrders {
  readonly runId: string;
  readonly scratchRoot: string;
}

export const FAREWELL = 'clean';

export function startWatchdog(orders: WatchdogOrders): Watchdog {
  const here = fileURLToPath(import.meta.url);
  // A module beside this one or, packed, a file beside the pack.
  const entry = join(dirname(here), `watchdog-process${extname(here)}`);
  const child = spawn(process.execPath, [entry, JSON.stringify(orders)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.unref();
  (child.stdin as unknown as { unref?: () => void }).unref?.();
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  return {
    dismiss: () =>
      new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) {
          resolve();
          return;
        }
        child.once('exit', () => resolve());
        child.ref();
        child.stdin.end(FAREWELL);
      }),
  };
}
