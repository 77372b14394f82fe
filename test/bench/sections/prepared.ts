/** Events that find spares: environments initialised ahead that have served nothing yet. */

import { bareStartMs } from '../tools/bare-start.js';
import { atRest } from '../tools/rest.js';
import { LOOSE, median, percentile, type Figure } from '../tools/statistics.js';
import { load, startOurs, type Language, type RunningOurs } from '../tools/targets.js';

const SPARES = 4;
const WARM_EVENTS = 400;

export async function prepared(rounds: number): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const language of ['node', 'python'] as const) {
    const first: number[] = [];
    const naive: number[] = [];
    const lastOfFew: number[] = [];
    const warm: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      naive.push(await bareStartMs(language));
      first.push(await firstEventMs(language));
      const few = await firstOfBurst(language);
      lastOfFew.push(few.lastMs);
      warm.push(few.warmMs);
    }
    figures.push(
      {
        name: `first event after up, a spare there, ${language}`,
        unit: 'ms',
        ours: first,
        theirs: naive,
        against: 'bare create + start + print',
        atMost: 0.02,
        tolerance: LOOSE,
      },
      {
        name: `last of the first ${SPARES} at once, ${SPARES} spares, ${language}`,
        unit: 'ms',
        ours: lastOfFew,
        theirs: warm,
        against: `warm p50, ${SPARES} at once`,
        atMost: 3,
        tolerance: LOOSE,
      },
    );
  }
  return figures;
}

async function firstEventMs(language: Language): Promise<number> {
  const target = await startOurs(['--no-watch']);
  try {
    await sparesFrozen(target);
    const { latenciesMs } = await load(job(target, language, { count: 1, inFlight: 1 }));
    return latenciesMs[0] ?? Number.NaN;
  } finally {
    await target.stop();
  }
}

/** As many events at once as there are spares, and the same number once all are warm. */
async function firstOfBurst(language: Language): Promise<{ lastMs: number; warmMs: number }> {
  const target = await startOurs(['--spares', String(SPARES), '--no-watch']);
  try {
    await sparesFrozen(target);
    const few = { count: SPARES, inFlight: SPARES };
    const { latenciesMs } = await load(job(target, language, few));
    const warm = await load(job(target, language, { ...few, count: WARM_EVENTS, warmup: 100 }));
    return { lastMs: percentile(latenciesMs, 1), warmMs: median(warm.latenciesMs) };
  } finally {
    await target.stop();
  }
}

function job(
  target: RunningOurs,
  language: Language,
  counts: { count: number; inFlight: number; warmup?: number },
) {
  return { port: target.port, path: target.path(language), warmup: 0, spacingMs: 0, ...counts };
}

/** Resolves when what was started ahead is frozen and nothing more is being started. */
async function sparesFrozen(target: RunningOurs): Promise<void> {
  let states: readonly string[];
  do {
    await atRest(target);
    states = await target.states();
  } while (states.length === 0 || states.some((state) => state !== 'frozen'));
}
