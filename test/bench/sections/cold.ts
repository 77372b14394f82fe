/** Cold starts against the bare engine calls of the same image. */

import { barePollMs, bareStartMs } from '../tools/bare-start.js';
import { atRest } from '../tools/rest.js';
import { LOOSE, median, type Figure } from '../tools/statistics.js';
import { load, startOurs, type Language, type RunningOurs } from '../tools/targets.js';

/** As many functions of each language are in the project: the first event of each is cold. */
const COLD_STARTS = 5;
const FIRST_STARTS = 2;
const FLAGS = ['--spares', '0', '--no-watch'];

const LANGUAGES = ['node', 'python'] as const;
type Times = Record<'rest' | 'first' | 'bare' | 'poll', number[]>;

async function eventMs(target: RunningOurs, name: string): Promise<number> {
  const { latenciesMs } = await load({
    port: target.port,
    path: target.path(name),
    warmup: 0,
    count: 1,
    inFlight: 1,
    spacingMs: 0,
  });
  return latenciesMs[0] ?? Number.NaN;
}

/** First events of functions, with no environment and no spare, each beside both floors. */
async function afterRest(language: Language, times: Times): Promise<void> {
  const target = await startOurs(FLAGS, 'bench-cold');
  for (let start = 1; start <= COLD_STARTS; start += 1) {
    await atRest(target);
    times.rest.push(await eventMs(target, `${language}-${start}`));
    await atRest(target);
    times.bare.push(await bareStartMs(language));
    times.poll.push(await barePollMs(language));
  }
  await target.stop();
}

async function rightAfterUp(language: Language, times: Times): Promise<void> {
  for (let start = 0; start < FIRST_STARTS; start += 1) {
    const target = await startOurs(FLAGS, 'bench-cold');
    times.first.push(await eventMs(target, `${language}-1`));
    await target.stop();
  }
}

/**
 * Cold starts, at rest and in the first moment after `up`, against a container on the bridge whose
 * interpreter prints a line, and against one whose bootstrap polls.
 */
export async function cold(rounds: number): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const language of LANGUAGES) {
    const medians: Times = { rest: [], first: [], bare: [], poll: [] };
    for (let round = 0; round < rounds; round += 1) {
      const times: Times = { rest: [], first: [], bare: [], poll: [] };
      await afterRest(language, times);
      await rightAfterUp(language, times);
      for (const kind of ['rest', 'first', 'bare', 'poll'] as const) {
        medians[kind].push(median(times[kind]));
      }
    }
    const { rest, first, bare, poll } = medians;
    const common = { unit: 'ms', tolerance: LOOSE };
    const print = { ...common, theirs: bare, against: 'bare create + start + print' };
    const polls = { ...common, theirs: poll, against: 'bare create + start + first poll' };
    figures.push(
      { name: `cold start, ${language}`, ...print, ours: rest, atMost: 0.5 },
      { name: `cold start, ${language}`, ...polls, ours: rest, atMost: 0.5 },
      { name: `cold start right after up, ${language}`, ...print, ours: first },
    );
  }
  return figures;
}
