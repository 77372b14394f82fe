import { afterAll, describe, expect, it } from '@jest/globals';
import { noteForSummary } from '../support/summary-note.js';
import { short, warmAgainstFloor } from './sections/short.js';
import { kindOf, thisMachine } from './tools/machine.js';
import { farOutOfLine, idOf, type Reference } from './tools/regression.js';
import { short as digits } from './tools/report.js';
import { readBaseline, usualOf } from './tools/results.js';
import { endAllStarted } from './tools/started.js';
import { judge, type Judged } from './tools/statistics.js';
import { startOurs } from './tools/targets.js';

const ROUNDS = 3;
/** Of the stored ratio: noise reaches twice of it on a busy machine. */
const TIMES = 3;
const LIMIT_MS = 300_000;

async function usual(): Promise<Readonly<Record<string, Reference>>> {
  return usualOf(readBaseline(), { kind: kindOf(await thisMachine()), section: 'short' });
}

async function measured(): Promise<Judged[]> {
  return (await short(ROUNDS)).map(judge);
}

function said(figures: readonly Judged[], kept: Readonly<Record<string, Reference>>): string[] {
  return figures.map((figure) => {
    const stored = kept[idOf(figure)]?.ratio ?? Number.NaN;
    return `${figure.name} ${digits(figure.ratio)} (stored ${digits(stored)})`;
  });
}

describe('The speed of events and starts, as ratios against the floor of this run', () => {
  afterAll(async () => {
    expect(await endAllStarted()).toEqual([]);
  });

  it(
    'is in line with the stored run, or is so when it is measured again',
    async () => {
      const kept = await usual();
      const first = await measured();
      expect(first.map(idOf).filter((id) => kept[id] === undefined)).toEqual([]);
      noteForSummary('bench', 'ratios', `against the floor: ${said(first, kept).join(', ')}`);
      const odd = farOutOfLine(first, { kept, times: TIMES }).map(idOf);
      if (odd.length === 0) return;
      const again = (await measured()).filter((figure) => odd.includes(idOf(figure)));
      expect(said(farOutOfLine(again, { kept, times: TIMES }), kept)).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    'would be told if it were out of line: a path that waits a few milliseconds is',
    async () => {
      const kept = await usual();
      const ours = await startOurs(['--freeze-after', 'never', '--no-watch']);
      const figures = await warmAgainstFloor('node', 1, ours, '{"sleepMs":5}');
      await ours.stop();
      const odd = farOutOfLine(figures.map(judge), { kept, times: TIMES });
      expect(odd.map(({ name }) => name)).toContain('p50, node');
    },
    LIMIT_MS,
  );
});
