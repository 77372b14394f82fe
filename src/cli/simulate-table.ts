/** What `orchestrator simulate` shows. Pure. */

import type { Comparison, Measure, Row } from '../simulate/compare.js';
import type { Table } from './table.js';

const MEASURES: Readonly<Record<Measure, string>> = {
  'as-given': '',
  'same-waste': 'as much wasted',
  'same-room': 'same room',
};

export function comparisonTable({ rows, bound }: Comparison): Table {
  const first = rows[0] as Row;
  const held = (ratio: number): string =>
    first.score.coldRatio === 0 ? '' : (ratio / first.score.coldRatio).toFixed(2);
  return {
    columns: [
      { title: 'POLICY' },
      { title: 'HELD TO' },
      { title: 'ROOM MB', align: 'right' },
      { title: 'COLD', align: 'right' },
      { title: 'COLD %', align: 'right' },
      { title: 'OF FIRST', align: 'right' },
      { title: 'SLOWER P50', align: 'right' },
      { title: 'P99', align: 'right' },
      { title: 'WASTED GB·S', align: 'right' },
      { title: 'PEAK', align: 'right' },
      { title: 'PEAK MB', align: 'right' },
    ],
    rows: [
      ...rows.map(({ policy, measure, memoryMb, score }) => [
        policy,
        MEASURES[measure],
        memoryMb === undefined ? '' : String(Math.round(memoryMb)),
        String(score.cold),
        percent(score.coldRatio),
        held(score.coldRatio),
        score.slowdown.p50.toFixed(2),
        score.slowdown.p99.toFixed(2),
        String(Math.round(score.wastedGbSeconds)),
        String(score.peakEnvironments),
        String(Math.round(score.peakMemoryMb)),
      ]),
      [
        'clairvoyant bound',
        MEASURES['same-waste'],
        '',
        String(Math.round(bound.coldRatio * first.score.invocations)),
        percent(bound.coldRatio),
        held(bound.coldRatio),
        '',
        '',
        String(Math.round(bound.wastedGbSeconds)),
        '',
        '',
      ],
    ],
  };
}

/** What the words of the table mean. */
export function notesOf({ rows }: Comparison): string[] {
  const first = (rows[0] as Row).policy;
  const notes = [
    'Cold: no environment was ready. Slower: waiting and running over running alone. Wasted: memory of environments that served nobody just then.',
  ];
  if (rows.some(({ measure }) => measure === 'same-room')) {
    notes.push(
      `As much wasted: the idle time is chosen so that it wastes as much as ${first}. Same room: all environments together take at most what ${first} does at its peak.`,
    );
  }
  notes.push(
    'The clairvoyant bound knows every event before it comes and starts none ahead: what only keeps cannot do better, what starts ahead can.',
  );
  return notes;
}

function percent(ratio: number): string {
  return (100 * ratio).toFixed(3);
}
