/** What a bench prints: one block for each section, in 100 columns, and a word at the end. */

import { isRegression, type Compared } from './regression.js';
import type { Outcome } from './measure.js';
import type { Judged } from './statistics.js';

const WIDTH = 100;
const GAP = 2;
const TITLES = ['ours', 'ratio', 'rounds', 'bar', '', 'before', ''];

export function block(outcome: Outcome): string {
  const { section, compared, failure, skipped, gone, rounds, tookMs } = outcome;
  const seconds = `${Math.round(tookMs / 1000)} s`;
  const title = `${section}: ${rounds} rounds, ${seconds}`;
  if (failure !== undefined) {
    return `${section}: FAILED after ${seconds}\n${indented(failure, 4)}\n`;
  }
  if (skipped !== undefined) return `${section}: skipped\n${indented(skipped, 4)}\n`;
  const groups = new Map<string, Compared[]>();
  for (const one of compared) {
    const { against } = one.judged;
    groups.set(against, [...(groups.get(against) ?? []), one]);
  }
  const cells = compared.map(cellsOf);
  const widths = TITLES.map((name, column) =>
    Math.max(name.length, ...cells.map((row) => (row[column] ?? '').length)),
  );
  const nameWidth = WIDTH - widths.reduce((sum, width) => sum + width + GAP, 0);
  const lines = [row(title, TITLES, { nameWidth, widths })];
  for (const [against, figures] of groups) {
    lines.push(`  against ${against}`);
    for (const one of figures) {
      lines.push(row(`    ${one.judged.name}`, cellsOf(one), { nameWidth, widths }));
    }
  }
  for (const id of gone) lines.push(`  gone: ${id}`);
  return `${lines.join('\n')}\n`;
}

function cellsOf({ judged, before, change, tolerance }: Compared): string[] {
  const { oursMedian, unit, ratio, lowest, highest, holds } = judged;
  const percent = `${Math.round(tolerance * 100)} %`;
  const changes = {
    same: `same, ±${percent}`,
    better: `better, ±${percent}`,
    worse: `WORSE, ±${percent}`,
    lost: 'LOST',
    new: 'new',
    told: '',
  };
  return [
    `${short(oursMedian)} ${unit}`.trim(),
    short(ratio),
    spread(lowest, highest),
    barOf(judged),
    holds === undefined ? '' : holds ? 'holds' : 'MISSED',
    before === undefined || change === 'told' ? '' : short(before.ratio),
    changes[change],
  ];
}

export function barOf({ atMost, atLeast }: Pick<Judged, 'atMost' | 'atLeast'>): string {
  return [
    ...(atMost === undefined ? [] : [`≤ ${short(atMost)}`]),
    ...(atLeast === undefined ? [] : [`≥ ${short(atLeast)}`]),
  ].join(', ');
}

/** Of rounds; of a single one there is none. */
export function spread(lowest: number, highest: number): string {
  return lowest === highest ? '' : `${short(lowest)}–${short(highest)}`;
}

/** Three digits, and no more than are there. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return '-';
  if (value === 0) return '0';
  const size = Math.floor(Math.log10(Math.abs(value)));
  if (size >= 3) return value.toFixed(0);
  if (size < -4) return String(Number(value.toPrecision(1)));
  const text = value.toFixed(Math.min(4, Math.max(0, 2 - size)));
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

function row(
  name: string,
  cells: readonly string[],
  { nameWidth, widths }: { nameWidth: number; widths: readonly number[] },
): string {
  const [first = '', ...more] = wrapped(name, nameWidth);
  const rest = cells.map((cell, column) => ' '.repeat(GAP) + cell.padEnd(widths[column] ?? 0));
  return [`${first.padEnd(nameWidth)}${rest.join('')}`.trimEnd(), ...more].join('\n');
}

/** Lines of at most `width`, cut between words; all but the first are indented further. */
function wrapped(text: string, width: number): string[] {
  const indent = ' '.repeat((/^ */.exec(text)?.[0].length ?? 0) + 2);
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/(?<=\S) /)) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && longer.length > width) {
      lines.push(line);
      line = `${indent}${word}`;
    } else {
      line = longer;
    }
  }
  return [...lines, line];
}

function indented(text: string, by: number): string {
  return text.replace(/^/gm, ' '.repeat(by));
}

/** How it ended, in a few lines. */
export function summary(outcomes: readonly Outcome[]): string {
  const all = outcomes.flatMap(({ compared }) => compared);
  const count = (keep: (one: Compared) => boolean): number => all.filter(keep).length;
  const held = count(({ judged }) => judged.holds === true);
  const missed = count(({ judged }) => judged.holds === false);
  const lines = [
    `${all.length} figures, ${held} bars hold, ${missed} missed, ${count(isRegression)} worse than before`,
  ];
  for (const { judged, before, change } of all.filter(isRegression)) {
    const ratios = `${before === undefined ? '' : `${short(before.ratio)} → `}${short(judged.ratio)}`;
    const bar = Number.isFinite(judged.ratio) ? `${barOf(judged)} held before` : 'no figure';
    const word = change === 'lost' ? bar : 'worse';
    lines.push(`  ${judged.name}, against ${judged.against}: ${ratios}: ${word}`);
  }
  for (const { section, failure, skipped } of outcomes) {
    if (failure !== undefined) lines.push(`  ${section} failed: ${failure.split('\n')[0]}`);
    if (skipped !== undefined) lines.push(`  ${section} skipped: ${skipped.split('\n')[0]}`);
  }
  return `${lines.join('\n')}\n`;
}
