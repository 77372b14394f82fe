/**
 * `make bench`: every figure a ratio against a floor of the same run, rounds interleaved, medians.
 * Prints a table and writes bench-results.json. `node dist/test/bench/main.js warm cold` runs some.
 */

import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/package-root.js';
import { SECTIONS } from './sections.js';
import { judge, median, table, type Judged } from './tools/statistics.js';

const ROUNDS = 3;

const chosen = process.argv.slice(2).filter((name) => name in SECTIONS);
const judged: Judged[] = [];
for (const name of chosen.length > 0 ? chosen : Object.keys(SECTIONS)) {
  process.stderr.write(`measuring ${name} ...\n`);
  const figures = (await SECTIONS[name]?.(ROUNDS)) ?? [];
  judged.push(...figures.map(judge));
}
process.stdout.write(`${table(judged)}\n`);
const missed = judged.filter((figure) => figure.holds === false);
process.stdout.write(
  `\n${judged.filter((figure) => figure.holds === true).length} bars hold, ${missed.length} missed\n`,
);
await writeFile(
  join(packageRoot(), 'bench-results.json'),
  `${JSON.stringify({ node: process.version, cpus: cpus().length, at: new Date().toISOString(), median: median(judged.map(({ ratio }) => ratio)), figures: judged }, undefined, 2)}\n`,
);
process.exit(0);
