/** The watchdog's own process (watchdog.ts). Reads its standard input to the end, then acts. */

import { join } from 'node:path';
import { FAREWELL, type WatchdogOrders } from './watchdog.js';

const orders = JSON.parse(process.argv[2] ?? '{}') as WatchdogOrders;
/** An engine that is being restarted comes back; one that stays away is left to the next start. */
const TRIES = 30;
const TRY_AGAIN_MS = 2_000;

// Signals to the whole terminal group are not for us.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

let farewell = '';
process.stdin.on('data', (chunk: Buffer) => {
  farewell += chunk.toString('utf8');
});
process.stdin.on('error', () => undefined);
process.stdin.on('close', () => {
  if (farewell === FAREWELL) process.exit(0);
  void clear();
});

async function clear(): Promise<void> {
  // Pauses in what is called keep no process alive.
  setInterval(() => undefined, TRY_AGAIN_MS);
  const { connectDocker } = await import('./docker/connect.js');
  const { removeRun } = await import('./orphans.js');
  for (let tries = 0; tries < TRIES; tries += 1) {
    try {
      const docker = await connectDocker();
      // A start call that was under way when its caller died may still make a container.
      await removeRun(docker, orders.runId, orders.scratchRoot);
      await removeRun(docker, orders.runId, orders.scratchRoot);
      process.exit(0);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS));
    }
  }
  // Containers an engine still has are found by their labels at the next start; the disks are ours.
  const { removeScratch } = await import('./host/scratch.js');
  await removeScratch(join(orders.scratchRoot, orders.runId));
  process.exit(1);
}
