/** Events that find their environment frozen, and what freezing costs by itself. */

import { bareFreezerPairs, enginePausePairMs, type BarePairs } from '../tools/freezer-pairs.js';
import type { LoadResult } from '../tools/load.js';
import { sample } from '../tools/sample.js';
import { median, type Figure } from '../tools/statistics.js';
import { load, startOurs, type Language, type Running } from '../tools/targets.js';

/** One freeze, told to have happened, and one thaw against one pause and unpause of the engine. */
export async function freezer(rounds: number): Promise<Figure[]> {
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    ours.push((await bareFreezerPairs('node')).settled);
    theirs.push(await enginePausePairMs('node'));
  }
  return [
    { name: 'freeze and thaw by file', unit: 'ms', ours, theirs, against: 'pause', atMost: 0.1 },
  ];
}

interface Targets {
  /** Never frozen. */
  readonly off: Running;
  /** Frozen at once. */
  readonly on: Running;
}

async function withTargets(measure: (targets: Targets) => Promise<Figure[]>): Promise<Figure[]> {
  const off = await startOurs(['--freeze-after', 'never', '--no-watch']);
  try {
    const on = await startOurs(['--no-watch']);
    try {
      return await measure({ off, on });
    } finally {
      await on.stop();
    }
  } finally {
    await off.stop();
  }
}

/** At each target in each round, in turns: what the machine does meanwhile is shared by both. */
const EVENTS = 40;
const TURNS = ['off', 'on', 'on', 'off'] as const;
/** Between two events, so that the environment is certainly frozen when the next one comes. */
const SPACING_MS = 20;

/** Events some time apart, frozen in between and not. */
export function spaced(rounds: number): Promise<Figure[]> {
  return withTargets(async (targets) => {
    const figures: Figure[] = [];
    for (const language of ['node', 'python'] as const) {
      // Each has served as much before: what is compared is freezing, not compiled code.
      for (const target of [targets.off, targets.on]) {
        await sample(target, { functionName: language, inFlight: 1, count: 2000 });
      }
      figures.push(...(await spacedLanguage(language, rounds, targets)));
    }
    return figures;
  });
}

interface Spaced {
  /** From the write of the event to the handler's first line. */
  readonly entered: number;
  readonly answered: number;
}

async function spacedLanguage(
  language: Language,
  rounds: number,
  targets: Targets,
): Promise<Figure[]> {
  const measured: { pair: BarePairs; pause: number; warm: Spaced; frozen: Spaced }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const pair = await bareFreezerPairs(language);
    const pause = await enginePausePairMs(language);
    const results = { off: [] as LoadResult[], on: [] as LoadResult[] };
    for (const turn of TURNS) results[turn].push(await spacedEvents(targets[turn], language));
    measured.push({ pair, pause, warm: mediansOf(results.off), frozen: mediansOf(results.on) });
  }
  return [
    {
      name: `event to handler, frozen, ${language}`,
      unit: 'ms',
      ours: measured.map(({ frozen }) => frozen.entered),
      theirs: measured.map(({ warm, pair }) => warm.entered + pair.writes),
      against: 'own warm + bare freezer pair',
      atMost: 1,
    },
    {
      name: `event to handler, frozen, ${language}`,
      unit: 'ms',
      ours: measured.map(({ frozen }) => frozen.entered),
      theirs: measured.map(({ warm, pair }) => warm.entered + pair.settled),
      against: 'own warm + a pair that was seen to freeze',
    },
    {
      name: `share of the freeze in it, ${language}`,
      unit: 'ms',
      ours: measured.map(({ warm, frozen }) => frozen.entered - warm.entered),
      theirs: measured.map(({ pause }) => pause),
      against: 'engine pause and unpause',
      atMost: 0.1,
    },
    {
      name: `event to answer, frozen, ${language}`,
      unit: 'ms',
      ours: measured.map(({ frozen }) => frozen.answered),
      theirs: measured.map(({ warm }) => warm.answered),
      against: 'freezing off',
    },
  ];
}

function spacedEvents(target: Running, language: Language): Promise<LoadResult> {
  return load({
    port: target.port,
    path: target.path(language),
    body: '{"clock":true}',
    warmup: 5,
    count: EVENTS,
    inFlight: 1,
    spacingMs: SPACING_MS,
    entered: true,
  });
}

function mediansOf(results: readonly LoadResult[]): Spaced {
  return {
    entered: median(results.flatMap(({ enteredAfterMs }) => enteredAfterMs)),
    answered: median(results.flatMap(({ latenciesMs }) => latenciesMs)),
  };
}

const ROW = 2000;

/** Events in a row, each of which finds the freeze of the one before done, under way or called off. */
export function frozenInARow(rounds: number): Promise<Figure[]> {
  return withTargets(async ({ off, on }) => {
    const figures: Figure[] = [];
    for (const language of ['node', 'python'] as const) {
      const job = { functionName: language, inFlight: 1, count: ROW };
      const mine: number[] = [];
      const allowed: number[] = [];
      // As above.
      for (const target of [off, on]) await sample(target, job);
      for (let round = 0; round < rounds; round += 1) {
        const warmP50 = (await sample(off, job)).p50;
        const pair = (await bareFreezerPairs(language)).writes;
        mine.push((await sample(on, job)).p50);
        allowed.push(warmP50 + 1.2 * pair);
      }
      figures.push({
        name: `p50 in a row, frozen in between, ${language}`,
        unit: 'ms',
        ours: mine,
        theirs: allowed,
        against: 'own warm + 1.2 x freezer pair',
      });
    }
    return figures;
  });
}
