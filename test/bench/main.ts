/**
 * `make bench`: every figure a ratio against a floor of the same run, rounds interleaved, medians,
 * compared with the stored run. Prints tables and writes bench-results.json; `--help` tells the rest.
 */

import { SECTIONS } from './sections.js';
import { HELP, readArguments, type Measurement } from './tools/arguments.js';
import { writeTables } from './tools/documents.js';
import { kindOf, thisMachine } from './tools/machine.js';
import { endLeftOver } from './tools/left-over.js';
import { measureAll, type Outcome } from './tools/measure.js';
import { block, summary } from './tools/report.js';
import {
  BASELINE_FILE,
  keptFor,
  readBaseline,
  readResults,
  regressions,
  RESULTS_FILE,
  withOutcome,
  withOutcomes,
  writeJson,
} from './tools/results.js';
import { endAllStarted, endForGood, isEnding } from './tools/started.js';

const EXIT = { ok: 0, worse: 1, refused: 2, interrupted: 130 } as const;

/** For each round: longer than any section takes on a slow machine. */
const LIMIT_MS = 10 * 60_000;

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const note = (text: string): void => void process.stderr.write(`${text}\n`);

async function measure(asked: Measurement): Promise<number> {
  for (const name of await endLeftOver()) note(`Ended what a bench left in ${name}.`);
  const machine = await thisMachine();
  const baseline = readBaseline();
  say(`${kindOf(machine)}, kernel ${machine.kernel}`);
  if (baseline[kindOf(machine)] === undefined) {
    note('No run of a machine of this kind is stored: compared with the last one here, if any.');
  }
  const outcomes = await measureAll(asked.sections, {
    sections: SECTIONS,
    rounds: asked.rounds,
    kept: keptFor(machine, { baseline, last: readResults() }),
    doubt: !asked.update,
    limitMs: asked.rounds * LIMIT_MS,
    note,
    interrupted: isEnding,
    cleanUp: async () => (await endAllStarted()).forEach(note),
    done: (outcome) => {
      say(`\n${block(outcome)}`);
      const at = new Date().toISOString();
      writeJson(RESULTS_FILE, withOutcome(readResults(), { machine, outcome, at }));
    },
  });
  // Whoever ends everything ends this process as well.
  if (isEnding()) return new Promise(() => undefined);
  say(summary(outcomes));
  if (asked.update) writeJson(BASELINE_FILE, withOutcomes(baseline, { machine, outcomes }));
  if (asked.documents) documents();
  return exitCode(outcomes, asked);
}

function exitCode(outcomes: readonly Outcome[], { update }: Measurement): number {
  if (outcomes.some(({ failure }) => failure !== undefined)) return EXIT.worse;
  return !update && regressions(outcomes).length > 0 ? EXIT.worse : EXIT.ok;
}

function documents(): number {
  const results = readResults();
  if (results === undefined) {
    note('There are no results yet: run the bench first.');
    return EXIT.refused;
  }
  for (const line of writeTables(results, Object.keys(SECTIONS))) note(line);
  return EXIT.ok;
}

async function interrupted(): Promise<void> {
  note('\nInterrupted: ending what was started.');
  process.on('SIGINT', () => process.exit(EXIT.interrupted));
  (await endForGood()).forEach(note);
  process.exit(EXIT.interrupted);
}

async function main(): Promise<number> {
  const asked = readArguments(process.argv.slice(2), Object.keys(SECTIONS));
  switch (asked.kind) {
    case 'help':
      process.stdout.write(HELP);
      return EXIT.ok;
    case 'list':
      say(Object.keys(SECTIONS).join('\n'));
      return EXIT.ok;
    case 'refused':
      note(asked.reason);
      return EXIT.refused;
    case 'documents':
      return documents();
    case 'measure':
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
        process.once(signal, () => void interrupted());
      }
      return measure(asked);
  }
}

process.exit(await main());
