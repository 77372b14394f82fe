/**
 * Many events at once that find no environment. The naive way starts a container for each of them,
 * all at once; it is done when the last one's interpreter has printed.
 */

import { bareStart } from '../tools/bare-start.js';
import { atRest } from '../tools/rest.js';
import { LOOSE, percentile, type Figure } from '../tools/statistics.js';
import { load, startOurs } from '../tools/targets.js';

const SIZES = [16, 64];
const SLEEP_MS = 1000;

interface Burst {
  readonly lastMs: number;
  readonly started: number;
}

async function naiveBurst(size: number): Promise<Burst> {
  const bare = await Promise.all(Array.from({ length: size }, () => bareStart('node')));
  // Not before all have printed: it would take the processor from those that start.
  for (const { remove } of bare) await remove();
  return { lastMs: Math.max(...bare.map(({ tookMs }) => tookMs)), started: size };
}

/** Events of one second each; what the last answer took beyond that. */
async function ourBurst(size: number): Promise<Burst> {
  const target = await startOurs(['--spares', '0', '--no-watch']);
  try {
    await atRest(target);
    const { latenciesMs } = await load({
      port: target.port,
      path: target.path('node'),
      body: JSON.stringify({ sleepMs: SLEEP_MS }),
      warmup: 0,
      count: size,
      inFlight: size,
      spacingMs: 0,
    });
    const lastMs = percentile(latenciesMs, 1) - SLEEP_MS;
    return { lastMs, started: (await target.states()).length };
  } finally {
    await target.stop();
  }
}

export async function burst(rounds: number): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const size of SIZES) {
    const naive: Burst[] = [];
    const ours: Burst[] = [];
    for (let round = 0; round < rounds; round += 1) {
      naive.push(await naiveBurst(size));
      ours.push(await ourBurst(size));
    }
    figures.push(
      {
        name: `burst of ${size} from nothing: wait of the last`,
        unit: 'ms',
        ours: ours.map(({ lastMs }) => lastMs),
        theirs: naive.map(({ lastMs }) => lastMs),
        against: `${size} bare starts at once`,
        atMost: 0.6,
        tolerance: LOOSE,
      },
      {
        name: `burst of ${size} from nothing: environments`,
        unit: 'started',
        ours: ours.map(({ started }) => started),
        theirs: naive.map(({ started }) => started),
        against: 'one for each event',
        atMost: 1,
      },
    );
  }
  return figures;
}
