/**
 * Warm events in a row against the floor, freezing off, one at a time. The client is the same for
 * both, raw sockets with one write for each event (`tools/load.ts`): a full HTTP client would cost
 * about as much as what is measured. The floor's server and its runtimes' clients are plain.
 */

import { LOOSE, median, type Figure } from '../tools/statistics.js';
import { sample, sampleBoth, warmUp, type Both, type Sample } from '../tools/sample.js';
import { startBare, startFloor, startOurs, type Language, type Running } from '../tools/targets.js';

const EVENTS = 3000;
/** Until V8 has compiled what an event goes through, which takes it some thousands of them. */
const WARM_UP_EVENTS = 12_000;
const LARGE_EVENTS = 15;
const LARGE_BYTES = 5 * 2 ** 20;
const COPIES = 20;

export async function warm(rounds: number): Promise<Figure[]> {
  const figures: Figure[] = [];
  const ours = await startOurs(['--freeze-after', 'never', '--no-watch']);
  try {
    for (const language of ['node', 'python'] as const) {
      const floor = await startFloor(language, 1);
      try {
        figures.push(...(await small(language, rounds, { ours, floor })));
        figures.push(...(await large(language, rounds, { ours, floor })));
        if (language === 'node') figures.push(...(await bare(rounds, floor)));
      } finally {
        await floor.stop();
      }
    }
  } finally {
    await ours.stop();
  }
  return figures;
}

async function small(language: Language, rounds: number, both: Both): Promise<Figure[]> {
  const job = { functionName: language, inFlight: 1, count: EVENTS };
  await warmUp(both, job, WARM_UP_EVENTS);
  const sampled = await sampleBoth(rounds, both, job);
  const against = 'floor, raw client';
  const pair = (pick: (one: Sample) => number) => ({ ...sampled.pair(pick), against });
  const name = `${language}, 1 in flight`;
  return [
    { name: `warm p50, ${name}`, unit: 'ms', ...pair((one) => one.p50), atMost: 0.5 },
    { name: `cpu per event, ${name}`, unit: 'us', ...pair((one) => one.cpuUs), atMost: 0.6 },
    {
      name: `warm p99, ${name}`,
      unit: 'ms',
      ours: sampled.ours.map((one) => one.p99),
      theirs: sampled.ours.map((one) => one.p50),
      against: 'own p50',
      atMost: 5,
      tolerance: LOOSE,
    },
    { name: `warm p99, ${name}`, unit: 'ms', ...pair((one) => one.p99), tolerance: LOOSE },
    { name: `throughput, ${name}`, unit: '/s', ...pair((one) => one.perSecond) },
  ];
}

/** What a relay that does nothing else takes: no figure of ours, but what ours could come down to. */
async function bare(rounds: number, floor: Running): Promise<Figure[]> {
  const relay = await startBare();
  try {
    const job = { functionName: 'node', inFlight: 1, count: EVENTS };
    const sampled = await sampleBoth(rounds, { ours: relay, floor }, job);
    const common = { against: 'floor, raw client', told: true } as const;
    const name = 'of the barest relay, node, 1 in flight';
    return [
      { name: `p50 ${name}`, unit: 'ms', ...sampled.pair((one) => one.p50), ...common },
      { name: `cpu ${name}`, unit: 'us', ...sampled.pair((one) => one.cpuUs), ...common },
    ];
  } finally {
    await relay.stop();
  }
}

/** What an event and an answer of 5 MB take more than small ones; the floor copies each once. */
async function large(language: Language, rounds: number, { ours, floor }: Both): Promise<Figure[]> {
  const data = 'x'.repeat(LARGE_BYTES - '{"data":""}'.length);
  const body = JSON.stringify({ data });
  const common = { functionName: language, inFlight: 1 };
  const added = async (target: Running): Promise<number> => {
    const big = await sample(target, { ...common, count: LARGE_EVENTS, body });
    return big.p50 - (await sample(target, { ...common, count: LARGE_EVENTS })).p50;
  };
  const mine: number[] = [];
  const allowed: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    allowed.push((await added(floor)) + 2 * copyMs(Buffer.from(body)));
    mine.push(await added(ours));
  }
  return [
    {
      name: `what 5 MB add to p50, ${language}`,
      unit: 'ms',
      ours: mine,
      theirs: allowed,
      against: 'floor + two copies of it',
      atMost: 1,
    },
  ];
}

function copyMs(bytes: Buffer): number {
  const times = Array.from({ length: COPIES }, () => {
    const startedAt = performance.now();
    Buffer.from(bytes);
    return performance.now() - startedAt;
  });
  return median(times);
}
