/** Warm events in a row against the floor, never frozen and frozen in between. */

import { median, percentile, type Figure } from '../tools/statistics.js';
import {
  cpuSeconds,
  load,
  startFloor,
  startOurs,
  type Language,
  type Running,
} from '../tools/targets.js';
import { bareFreezerPairMs } from '../tools/freezer-pairs.js';

const LANES = [1, 4, 16] as const;
const PER_LANE = { 1: 1500, 4: 4000, 16: 6000 } as const;

interface Sample {
  readonly p50: number;
  readonly p99: number;
  readonly perSecond: number;
  readonly cpuUs: number;
}

async function sample(target: Running, name: string, inFlight: 1 | 4 | 16): Promise<Sample> {
  const count = PER_LANE[inFlight];
  const before = await cpuSeconds(target.pid);
  const { latenciesMs, elapsedMs } = await load({
    port: target.port,
    path: target.path(name),
    warmup: 300,
    count,
    inFlight,
    spacingMs: 0,
  });
  const cpu = (await cpuSeconds(target.pid)) - before;
  return {
    p50: median(latenciesMs),
    p99: percentile(latenciesMs, 0.99),
    perSecond: (count * 1000) / elapsedMs,
    cpuUs: (cpu * 1e6) / (count + 300),
  };
}

export async function warm(rounds: number): Promise<Figure[]> {
  const figures: Figure[] = [];
  const ours = await startOurs(['--freeze-after', 'never', '--no-watch']);
  const byDefault = await startOurs(['--no-watch']);
  const patient = await startOurs(['--freeze-after', '2', '--no-watch']);
  try {
    for (const language of ['node', 'python'] as const) {
      figures.push(...(await warmLanguage(language, rounds, { ours, byDefault, patient })));
    }
  } finally {
    for (const target of [ours, byDefault, patient]) await target.stop();
  }
  return figures;
}

interface Targets {
  /** Never frozen. */
  readonly ours: Running;
  /** Frozen at once. */
  readonly byDefault: Running;
  /** Frozen after 2 ms: not before the next event of a busy client. */
  readonly patient: Running;
}

async function warmLanguage(
  language: Language,
  rounds: number,
  targets: Targets,
): Promise<Figure[]> {
  const { ours } = targets;
  const figures: Figure[] = [];
  const floor = await startFloor(language, 16);
  try {
    for (const lanes of LANES) {
      const mine: Sample[] = [];
      const theirs: Sample[] = [];
      for (let round = 0; round < rounds; round += 1) {
        theirs.push(await sample(floor, language, lanes));
        mine.push(await sample(ours, language, lanes));
      }
      const name = `${language}, ${lanes} in flight`;
      const pair = (pick: (one: Sample) => number) => ({
        ours: mine.map(pick),
        theirs: theirs.map(pick),
        against: 'floor',
      });
      figures.push(
        { name: `warm p50, ${name}`, unit: 'ms', ...pair((one) => one.p50), atMost: 1.3 },
        { name: `warm p99, ${name}`, unit: 'ms', ...pair((one) => one.p99) },
        { name: `throughput, ${name}`, unit: '/s', ...pair((one) => one.perSecond), atLeast: 0.75 },
        { name: `cpu per event, ${name}`, unit: 'us', ...pair((one) => one.cpuUs) },
      );
    }
    figures.push(...(await frozenAgainstWarm(language, rounds, { ...targets, floor })));
  } finally {
    await floor.stop();
  }
  return figures;
}

/** Events in a row with freezing, against the bar of warm ones and a bare pair of freezer writes. */
async function frozenAgainstWarm(
  language: Language,
  rounds: number,
  { ours, byDefault, patient, floor }: Targets & { floor: Running },
): Promise<Figure[]> {
  const p50s = { byDefault: [] as number[], patient: [] as number[] };
  const [allowed, warmAndPair]: number[][] = [[], []];
  // Each has served as much before: what is compared is freezing, not compiled code.
  for (const target of [ours, byDefault, patient]) await sample(target, language, 4);
  for (let round = 0; round < rounds; round += 1) {
    const floorP50 = (await sample(floor, language, 1)).p50;
    const warmP50 = (await sample(ours, language, 1)).p50;
    const pair = await bareFreezerPairMs(language);
    p50s.byDefault.push((await sample(byDefault, language, 1)).p50);
    p50s.patient.push((await sample(patient, language, 1)).p50);
    allowed?.push(1.3 * floorP50 + 1.2 * pair);
    warmAndPair?.push(warmP50 + 1.2 * pair);
  }
  const figures = (name: string, mine: number[]): Figure[] => {
    const common = { unit: 'ms', ours: mine };
    const named = `${name}, ${language}, 1 in flight`;
    return [
      {
        ...common,
        name: named,
        theirs: allowed ?? [],
        against: '1.3 x floor + 1.2 x freezer pair',
        atMost: 1,
      },
      {
        ...common,
        name: named,
        theirs: warmAndPair ?? [],
        against: 'own warm + 1.2 x freezer pair',
      },
    ];
  };
  return [
    ...figures('p50, default freezing', p50s.byDefault),
    ...figures('p50, freezing after 2 ms', p50s.patient),
  ];
}
