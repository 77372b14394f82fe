/** What many frozen environments cost. */

import type { Figure } from '../tools/statistics.js';
import { cpuSeconds, load, residentBytes, startOurs, type RunningOurs } from '../tools/targets.js';

const FROZEN = 100;
const IDLE_SECONDS = 10;
/** Above what starting all of them takes, so that each event finds the others busy. */
const BUSY_MS = 120_000;

/** The orchestrator with 100 frozen environments against itself with none. */
export async function density(): Promise<Figure[]> {
  const target = await startOurs(['--spares', '0', '--no-watch', '--memory-budget', '100000']);
  try {
    const one = { port: target.port, path: target.path('node'), warmup: 0, spacingMs: 0 };
    await load({ ...one, count: 1, inFlight: 1 });
    const before = await residentBytes(target.pid);
    await load({
      ...one,
      body: JSON.stringify({ sleepMs: BUSY_MS }),
      count: FROZEN,
      inFlight: FROZEN,
    });
    const frozen = await allFrozen(target);
    const cpuBefore = await cpuSeconds(target.pid);
    await new Promise((resolve) => setTimeout(resolve, IDLE_SECONDS * 1000));
    const cpu = ((await cpuSeconds(target.pid)) - cpuBefore) / IDLE_SECONDS;
    const after = await residentBytes(target.pid);
    return [
      {
        name: `memory of the orchestrator, ${frozen} frozen environments`,
        unit: 'MB',
        ours: [after / 2 ** 20],
        theirs: [before / 2 ** 20],
        against: 'with one',
      },
      {
        name: `idle processor, ${frozen} frozen environments`,
        unit: 'cores',
        ours: [cpu],
        theirs: [1],
        against: 'one core',
      },
    ];
  } finally {
    await target.stop();
  }
}

/** How many there are once every environment is frozen. */
async function allFrozen(target: RunningOurs): Promise<number> {
  for (;;) {
    const states = await target.states();
    if (states.every((state) => state === 'frozen')) return states.length;
  }
}
