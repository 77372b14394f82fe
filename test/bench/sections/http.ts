/** What HTTP adds to an invocation: a route of an HTTP API against Invoke, and both against the floor. */

import { median, type Figure } from '../tools/statistics.js';
import { load, startFloor, startOursOverHttp } from '../tools/targets.js';

const EVENTS = 1500;

export async function http(rounds: number): Promise<Figure[]> {
  const floor = await startFloor('node', 1);
  const ours = await startOursOverHttp(['--freeze-after', 'never', '--no-watch']);
  const p50 = async (port: number, path: string): Promise<number> => {
    const job = { port, path, warmup: 300, count: EVENTS, inFlight: 1, spacingMs: 0 };
    return median((await load(job)).latenciesMs);
  };
  const samples = { floor: [] as number[], invoke: [] as number[], http: [] as number[] };
  try {
    for (let round = 0; round < rounds; round += 1) {
      samples.floor.push(await p50(floor.port, floor.path('node')));
      samples.invoke.push(await p50(ours.port, ours.path('node')));
      samples.http.push(await p50(ours.httpPort, '/node'));
    }
  } finally {
    await ours.stop();
    await floor.stop();
  }
  const added = samples.http.map((ms, round) => ms - (samples.invoke[round] ?? Number.NaN));
  return [
    {
      name: 'what HTTP adds to p50',
      unit: 'ms',
      ours: added,
      theirs: samples.floor,
      against: 'floor',
      atMost: 0.5,
    },
    {
      name: 'p50 over HTTP',
      unit: 'ms',
      ours: samples.http,
      theirs: samples.invoke,
      against: 'own Invoke',
    },
  ];
}
