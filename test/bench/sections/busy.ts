/** Several events at once on as many environments, freezing off, against the floor with as many. */

import { sampleBoth, type Both, type Sample } from '../tools/sample.js';
import { LOOSE, type Figure } from '../tools/statistics.js';
import { load, startFloor, startOurs, type Language, type Running } from '../tools/targets.js';

const EVENTS = 6000;
/** Longer than as many starts take. */
const SLEEP_MS = 8000;
/** Also without a bar: more than there are cores for. */
const LANES = [8, 16] as const;
const JUDGED = 8;

export async function busy(rounds: number): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const lanes of LANES) {
    const ours = await startOurs(['--freeze-after', 'never', '--spares', '0', '--no-watch']);
    try {
      for (const language of ['node', 'python'] as const) {
        await makeEnvironments(ours, language, lanes);
        const floor = await startFloor(language, lanes);
        try {
          figures.push(...(await compare(language, rounds, { ours, floor, lanes })));
        } finally {
          await floor.stop();
        }
      }
    } finally {
      await ours.stop();
    }
  }
  return figures;
}

/** As many events as sleep until each has an environment of its own. */
async function makeEnvironments(ours: Running, language: Language, count: number): Promise<void> {
  await load({
    port: ours.port,
    path: ours.path(language),
    body: JSON.stringify({ sleepMs: SLEEP_MS }),
    warmup: 0,
    count,
    inFlight: count,
    spacingMs: 0,
  });
}

interface Comparison extends Both {
  readonly lanes: number;
}

async function compare(
  language: Language,
  rounds: number,
  { lanes, ...both }: Comparison,
): Promise<Figure[]> {
  const job = { functionName: language, inFlight: lanes, count: EVENTS };
  const sampled = await sampleBoth(rounds, both, job);
  const against = 'floor, raw client';
  const pair = (pick: (one: Sample) => number) => ({ ...sampled.pair(pick), against });
  const name = `${language}, ${lanes} on ${lanes} environments`;
  return [
    {
      name: `throughput, ${name}`,
      unit: '/s',
      ...pair((one) => one.perSecond),
      ...(lanes === JUDGED ? { atLeast: 1.3 } : {}),
    },
    { name: `p50, ${name}`, unit: 'ms', ...pair((one) => one.p50) },
    { name: `p99, ${name}`, unit: 'ms', ...pair((one) => one.p99), tolerance: LOOSE },
    { name: `cpu per event, ${name}`, unit: 'us', ...pair((one) => one.cpuUs) },
  ];
}
