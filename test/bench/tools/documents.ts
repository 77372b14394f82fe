/**
 * The tables of README.md and ARCHITECTURE.md, written of the results between two markers, so that
 * no figure in them is typed by hand.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../src/package-root.js';
import { barOf, short, spread } from './report.js';
import type { FigureResult, Results } from './results.js';

const BEGIN = '<!-- figures: begin -->';
const END = '<!-- figures: end -->';

interface Document {
  readonly file: string;
  /** README has what there is a bar for, and what others do beside us. */
  readonly barsOnly: boolean;
}

/** It measures again, in short, what others measure at length. */
const REPEATED = 'short';
const BESIDE_US = 'peers';

const DOCUMENTS: readonly Document[] = [
  { file: 'README.md', barsOnly: true },
  { file: 'ARCHITECTURE.md', barsOnly: false },
];

/** Gives lines about what was done. */
export function writeTables(results: Results, order: readonly string[]): string[] {
  const failed = Object.entries(results.sections)
    .filter(([, { failure }]) => failure !== undefined)
    .map(([name]) => `${name} gave no figures in its last run; what is shown of it is older.`);
  const written = DOCUMENTS.map(({ file, barsOnly }) => {
    const path = join(packageRoot(), file);
    writeFileSync(
      path,
      between(readFileSync(path, 'utf8'), tables(results, { barsOnly, order }), file),
    );
    return `${file} has the figures of bench-results.json.`;
  });
  return [...failed, ...written];
}

/** `text` with `content` in place of what stands between the markers. */
export function between(text: string, content: string, file: string): string {
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`${file} lacks the line ${BEGIN} or ${END}`);
  return `${text.slice(0, begin + BEGIN.length)}\n${content}\n${text.slice(end)}`;
}

/** Sections come in `order`; those that it does not name are left out. */
export function tables(
  results: Results,
  { barsOnly, order }: { barsOnly: boolean; order: readonly string[] },
): string {
  const { cpus, engine, cgroups, kernel, node, arch } = results.machine;
  const rows = order
    .filter((section) => section !== REPEATED)
    .flatMap((section) => {
      const { figures = [] } = results.sections[section] ?? {};
      const shown = figures.filter(
        ({ holds, told }) =>
          !barsOnly || holds !== undefined || (section === BESIDE_US && told !== true),
      );
      return merged(shown).map((row) => line(section, row));
    });
  return [
    `Medians over the rounds, and the least and the greatest of them, on ${cpus} ${arch} cores with Docker`,
    `${engine}, cgroups ${cgroups}, Linux ${kernel} and Node.js ${node}. \`make bench SECTIONS=<section>\` measures`,
    'one section again.',
    '',
    '| Section | Figure | Against | Ratio | Rounds | Bar |',
    '|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

/** Figures that differ only in the language share a row. */
interface Row {
  readonly name: string;
  readonly figures: FigureResult[];
}

const LANGUAGES: Readonly<Record<string, string>> = { node: 'Node.js', python: 'Python' };
const LANGUAGE = /,? ?\b(node|python)\b/;

function merged(figures: readonly FigureResult[]): Row[] {
  const rows = new Map<string, Row>();
  for (const figure of figures) {
    const name = figure.name.replace(LANGUAGE, '');
    const key = [name, figure.against, barOf(figure)].join('\n');
    const row = rows.get(key) ?? { name, figures: [] };
    row.figures.push(figure);
    rows.set(key, row);
  }
  return [...rows.values()];
}

function line(section: string, { name, figures }: Row): string {
  const each = (text: (figure: FigureResult) => string): string =>
    figures
      .map(text)
      .filter((cell) => cell !== '')
      .join(', ');
  const languages = figures.flatMap((figure) => LANGUAGE.exec(figure.name)?.[1] ?? []);
  const named = languages.map((language) => LANGUAGES[language]).join(', ');
  const missed = figures.filter(({ holds }) => holds === false).length;
  const bar = figures[0] === undefined ? '' : barOf(figures[0]);
  const cells = [
    section,
    named === '' ? name : `${name}: ${named}`,
    figures[0]?.against ?? '',
    each(({ ratio }) => short(ratio)),
    each(({ lowest, highest }) => spread(lowest, highest)),
    missed === 0 ? bar : `${bar}, ${missed === figures.length ? '' : `${missed} `}missed`,
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
