/**
 * Policies of keep-alive on days as published figures describe them: how many cold starts what is
 * learnt saves against ten fixed minutes with as much memory, and how fast ten million invocations
 * of ten thousand functions are replayed, against the time they take and, since that follows the
 * machine, against a plain loop over the same events.
 */

import { keepAliveOf, type KeepAliveSetting } from '../../../src/keep-alive/named.js';
import { compare } from '../../../src/simulate/compare.js';
import { loadFigures } from '../../../src/simulate/figures.js';
import { generate } from '../../../src/simulate/generate.js';
import { replay } from '../../../src/simulate/replay.js';
import type { Trace } from '../../../src/simulate/trace.js';
import { LOOSE, median, type Figure } from '../tools/statistics.js';

const SETTINGS = { idleTimeoutMs: 600_000, initMs: 250 };
const POLICIES: readonly KeepAliveSetting[] = [
  { name: 'fixed' },
  { name: 'hybrid' },
  { name: 'learned' },
];
/** Smaller days: what a policy saves does not depend on how many functions there are. */
const SMALL = { functions: 1000, events: 1_000_000 };
const LARGE = { functions: 10_000, events: 10_000_000 };
const DAY_SECONDS = 86_400;
const MOST_OF_FIXED = 1 / 3;
const TIMES_REAL = 1000;
/** The constants of `learned` were chosen on days of earlier seeds. */
const FIRST_SEED = 4;

export async function replays(rounds: number): Promise<Figure[]> {
  const figures = loadFigures();
  const days = [1, 2].map((length) =>
    Array.from({ length: rounds }, (_, round) =>
      coldStarts(
        generate(figures, {
          ...SMALL,
          days: length,
          events: SMALL.events * length,
          seed: FIRST_SEED + round,
        }).trace,
      ),
    ),
  );
  const large = generate(figures, { ...LARGE, days: 1, seed: 1 }).trace;
  const speeds = POLICIES.map((setting) => ({
    name: setting.name,
    taken: Array.from({ length: rounds }, () => ({
      plain: plainSeconds(large),
      ours: secondsOf(large, setting),
    })),
  }));
  return Promise.resolve([
    ...days.flatMap((seeds, index) => coldFigures(seeds, index === 0 ? 'one day' : 'two days')),
    ...speeds.flatMap(({ name, taken }) => speedFigures(name, taken)),
  ]);
}

interface ColdStarts {
  readonly fixed: number;
  readonly sameWaste: number;
  readonly sameRoom: number;
  readonly bound: number;
}

function coldStarts(trace: Trace): ColdStarts {
  const { rows, bound } = compare(trace, { ...SETTINGS, policies: POLICIES });
  const of = (measure: string): number =>
    rows.find((row) => row.measure === measure && row.policy.startsWith('learned'))?.score
      .coldRatio ?? Number.NaN;
  return {
    fixed: rows[0]?.score.coldRatio ?? Number.NaN,
    sameWaste: of('same-waste'),
    sameRoom: of('same-room'),
    bound: bound.coldRatio,
  };
}

function coldFigures(seeds: readonly ColdStarts[], what: string): Figure[] {
  const percent = (which: keyof ColdStarts): number[] => seeds.map((seed) => 100 * seed[which]);
  const figure = (name: string, which: keyof ColdStarts): Figure => ({
    name: `cold starts of ${what}, ${name}`,
    ours: percent(which),
    theirs: percent('fixed'),
    unit: '%',
    against: 'fixed 10 minutes',
  });
  return [
    { ...figure('learned, as much wasted', 'sameWaste'), atMost: MOST_OF_FIXED },
    { ...figure('learned, same room', 'sameRoom'), atMost: MOST_OF_FIXED },
    { ...figure('clairvoyant that only keeps, as much wasted', 'bound'), told: true },
  ];
}

function speedFigures(
  policy: string,
  taken: readonly { readonly plain: number; readonly ours: number }[],
): Figure[] {
  const name = `replay of 10 million events of a day, ${policy}`;
  return [
    {
      name,
      ours: taken.map(({ ours }) => DAY_SECONDS / ours),
      theirs: taken.map(() => 1),
      unit: 'times/s',
      against: 'real time',
      atLeast: TIMES_REAL,
    },
    {
      name,
      ours: taken.map(({ ours }) => ours),
      theirs: taken.map(({ plain }) => plain),
      unit: 's',
      against: 'plain loop that counts cold starts, one environment each',
      tolerance: LOOSE,
    },
  ];
}

const PLAIN_TURNS = 5;

/** What anybody would write first: who was last seen longer ago than ten minutes starts cold. */
function plainSeconds({ length, functions, at, fn, durationMs }: Trace): number {
  const turns = Array.from({ length: PLAIN_TURNS }, () => {
    const keptUntil = new Float64Array(functions.length);
    const startedAt = performance.now();
    let cold = 0;
    for (let index = 0; index < length; index += 1) {
      const name = fn[index] as number;
      const atMs = at[index] as number;
      if (atMs >= (keptUntil[name] as number)) cold += 1;
      keptUntil[name] = atMs + (durationMs[index] as number) + SETTINGS.idleTimeoutMs;
    }
    if (cold === 0) throw new Error('a day without a cold start: the loop measured nothing');
    return (performance.now() - startedAt) / 1000;
  });
  return median(turns);
}

function secondsOf(trace: Trace, setting: KeepAliveSetting): number {
  const policy = keepAliveOf(setting, SETTINGS.idleTimeoutMs);
  const startedAt = performance.now();
  replay(trace, { policy, initMs: SETTINGS.initMs });
  return (performance.now() - startedAt) / 1000;
}
