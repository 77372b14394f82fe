/** Cold starts against the bare engine calls of the same image. */

import { bareStartMs } from '../tools/bare-start.js';
import { median, type Figure } from '../tools/statistics.js';
import { load, startOurs, type Language } from '../tools/targets.js';

const COLD_STARTS = 5;
/** After this what is made ahead is there, and nothing else is done. */
const AT_REST_MS = 3_000;

/** The first event of a function, with no environment and no spare. */
async function coldStartMs(language: Language, restMs: number): Promise<number> {
  const target = await startOurs(['--spares', '0', '--no-watch']);
  await new Promise((resolve) => setTimeout(resolve, restMs));
  const { latenciesMs } = await load({
    port: target.port,
    path: target.path(language),
    warmup: 0,
    count: 1,
    inFlight: 1,
    spacingMs: 0,
  });
  await target.stop();
  return latenciesMs[0] ?? Number.NaN;
}

/** Cold starts, at rest and in the first moment after `up`, against the bare engine calls. */
export async function cold(rounds: number): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const language of ['node', 'python'] as const) {
    const medians = { rest: [] as number[], first: [] as number[], bare: [] as number[] };
    for (let round = 0; round < rounds; round += 1) {
      const times = { rest: [] as number[], first: [] as number[], bare: [] as number[] };
      for (let start = 0; start < COLD_STARTS; start += 1) {
        times.bare.push(await bareStartMs(language));
        times.rest.push(await coldStartMs(language, AT_REST_MS));
        times.first.push(await coldStartMs(language, 0));
      }
      for (const kind of ['rest', 'first', 'bare'] as const) {
        medians[kind].push(median(times[kind]));
      }
    }
    const against = 'bare create + start + print';
    const common = { unit: 'ms', theirs: medians.bare, against };
    figures.push(
      { name: `cold start, ${language}`, ...common, ours: medians.rest, atMost: 1.2 },
      { name: `cold start right after up, ${language}`, ...common, ours: medians.first },
    );
  }
  return figures;
}
