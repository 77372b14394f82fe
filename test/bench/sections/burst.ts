/** Many events at once that find no environment. */

import { bareStartMs } from '../tools/bare-start.js';
import { percentile, type Figure } from '../tools/statistics.js';
import { load, startOurs, type Language } from '../tools/targets.js';

const BURST = 16;
const SLEEP_MS = 1000;

/** Every container started at once, as one would write it first: the last line printed. */
async function naiveBurstMs(language: Language): Promise<number> {
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: BURST }, () => bareStartMs(language)));
  return performance.now() - startedAt;
}

/** 16 events of one second each, from no environment; the wait of the last one. */
export async function burst(rounds: number): Promise<Figure[]> {
  const ours: number[] = [];
  const naive: number[] = [];
  const started: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    naive.push(await naiveBurstMs('node'));
    const target = await startOurs(['--spares', '0', '--no-watch']);
    const { latenciesMs } = await load({
      port: target.port,
      path: target.path('node'),
      body: JSON.stringify({ sleepMs: SLEEP_MS }),
      warmup: 0,
      count: BURST,
      inFlight: BURST,
      spacingMs: 0,
    });
    ours.push(percentile(latenciesMs, 1) - SLEEP_MS);
    started.push((await target.states()).length);
    await target.stop();
  }
  return [
    {
      name: `burst of ${BURST} from nothing: wait of the last`,
      unit: 'ms',
      ours,
      theirs: naive,
      against: `${BURST} bare starts at once`,
    },
    {
      name: `burst of ${BURST} from nothing: environments`,
      unit: 'started',
      ours: started,
      theirs: started.map(() => BURST),
      against: 'one for each event',
      atMost: 1,
    },
  ];
}
