/**
 * What `make test` measures of all this: warm events, frozen ones and a cold start, few of each. No
 * bars: the other sections have those. It is a section as well, so that its ratios are stored.
 */

import { bareStartMs } from '../tools/bare-start.js';
import { sampleBoth, type Sample } from '../tools/sample.js';
import { LOOSE, median, type Figure } from '../tools/statistics.js';
import { load, startFloor, startOurs, type Language, type Running } from '../tools/targets.js';

const LANGUAGES = ['node', 'python'] as const;
const EVENTS = 600;
const SPACED = 40;
/** Enough to be frozen when the next one comes. */
const SPACING_MS = 10;

export async function short(rounds: number): Promise<Figure[]> {
  return [...(await warmAndFrozen(rounds)), ...(await coldStarts(rounds))];
}

async function warmAndFrozen(rounds: number): Promise<Figure[]> {
  const figures: Figure[] = [];
  const ours = await startOurs(['--freeze-after', 'never', '--no-watch']);
  const freezing = await startOurs(['--no-watch']);
  try {
    for (const language of LANGUAGES) {
      figures.push(...(await warmAgainstFloor(language, rounds, ours)));
      figures.push(await frozenAgainstWarm(language, rounds, { ours, freezing }));
    }
  } finally {
    await freezing.stop();
    await ours.stop();
  }
  return figures;
}

/** `body` is what ours is sent; the floor always gets an event that takes no time. */
export async function warmAgainstFloor(
  language: Language,
  rounds: number,
  ours: Running,
  body?: string,
): Promise<Figure[]> {
  const floor = await startFloor(language, 1);
  const job = { functionName: language, inFlight: 1, count: EVENTS };
  const sampled = await sampleBoth(rounds, { ours, floor }, job, body).finally(() => floor.stop());
  const pair = (pick: (one: Sample) => number) => ({ ...sampled.pair(pick), against: 'floor' });
  return [
    { name: `p50, ${language}`, unit: 'ms', ...pair((one) => one.p50) },
    { name: `cpu per event, ${language}`, unit: 'us', ...pair((one) => one.cpuUs) },
  ];
}

async function frozenAgainstWarm(
  language: Language,
  rounds: number,
  { ours, freezing }: { ours: Running; freezing: Running },
): Promise<Figure> {
  const spaced = async (target: Running): Promise<number> => {
    const job = { port: target.port, path: target.path(language), warmup: 5, count: SPACED };
    return median((await load({ ...job, inFlight: 1, spacingMs: SPACING_MS })).latenciesMs);
  };
  const mine: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    theirs.push(await spaced(ours));
    mine.push(await spaced(freezing));
  }
  const name = `p50, frozen in between, ${language}`;
  return { name, unit: 'ms', ours: mine, theirs, against: 'freezing off', tolerance: LOOSE };
}

/** The first event of a function without spares, in the first moment after `up`. */
async function coldStarts(rounds: number): Promise<Figure[]> {
  const mine: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    theirs.push(await bareStartMs('node'));
    const target = await startOurs(['--spares', '0', '--no-watch']);
    const job = { port: target.port, path: target.path('node'), warmup: 0, count: 1 };
    try {
      const { latenciesMs } = await load({ ...job, inFlight: 1, spacingMs: 0 });
      mine.push(latenciesMs[0] ?? Number.NaN);
    } finally {
      await target.stop();
    }
  }
  const against = 'bare create + start + print';
  const name = 'cold start right after up, node';
  return [{ name, unit: 'ms', ours: mine, theirs, against, tolerance: LOOSE }];
}
