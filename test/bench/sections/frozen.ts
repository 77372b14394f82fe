/** Events that find their environment frozen, and what freezing costs by itself. */

import { bareFreezerPairMs, enginePausePairMs } from '../tools/freezer-pairs.js';
import { median, type Figure } from '../tools/statistics.js';
import { load, startOurs } from '../tools/targets.js';

/** One pair of freezer writes against one pause and unpause of the engine. */
export async function freezer(rounds: number): Promise<Figure[]> {
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    ours.push(await bareFreezerPairMs('node'));
    theirs.push(await enginePausePairMs('node'));
  }
  return [
    { name: 'freeze and thaw by file', unit: 'ms', ours, theirs, against: 'pause', atMost: 0.1 },
  ];
}

/** Events 50 ms apart, frozen in between and not. */
export async function spaced(rounds: number): Promise<Figure[]> {
  const figures: Figure[] = [];
  const targets = {
    off: await startOurs(['--freeze-after', 'never', '--no-watch']),
    on: await startOurs(['--no-watch']),
  };
  try {
    for (const language of ['node', 'python'] as const) {
      const p50s = { off: [] as number[], on: [] as number[] };
      const pauses: number[] = [];
      for (let round = 0; round < rounds; round += 1) {
        pauses.push(await enginePausePairMs(language));
        for (const kind of ['off', 'on'] as const) {
          const { latenciesMs } = await load({
            port: targets[kind].port,
            path: targets[kind].path(language),
            warmup: 5,
            count: 60,
            inFlight: 1,
            spacingMs: 50,
          });
          p50s[kind].push(median(latenciesMs));
        }
      }
      const against = { unit: 'ms', theirs: p50s.off, against: 'freezing off' };
      const share = p50s.on.map((on, round) => on - (p50s.off[round] ?? Number.NaN));
      figures.push(
        { name: `spaced p50, ${language}`, ...against, ours: p50s.on, atMost: 1.5 },
        {
          name: `share of the freeze in it, ${language}`,
          unit: 'ms',
          ours: share,
          theirs: pauses,
          against: 'engine pause and unpause',
          atMost: 0.1,
        },
      );
    }
  } finally {
    for (const target of Object.values(targets)) await target.stop();
  }
  return figures;
}
