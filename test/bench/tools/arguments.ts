/** What `make bench` is asked for. */

import { parseArgs } from 'node:util';
import { didYouMean } from '../../../src/cli/nearest.js';

export const ROUNDS = 3;

export type Asked =
  | { readonly kind: 'help' | 'list' | 'documents' }
  | { readonly kind: 'refused'; readonly reason: string }
  | Measurement;

export interface Measurement {
  readonly kind: 'measure';
  readonly sections: readonly string[];
  readonly rounds: number;
  /** What is measured becomes what later runs are compared with. */
  readonly update: boolean;
  /** The tables of the documents are written of the results. */
  readonly documents: boolean;
}

export function readArguments(argv: readonly string[], known: readonly string[]): Asked {
  let parsed;
  try {
    parsed = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h' },
        list: { type: 'boolean' },
        rounds: { type: 'string' },
        update: { type: 'boolean' },
        readme: { type: 'boolean' },
        'readme-only': { type: 'boolean' },
      },
    });
  } catch (error) {
    return { kind: 'refused', reason: (error as Error).message };
  }
  const { values, positionals } = parsed;
  if (values.help === true) return { kind: 'help' };
  const unknown = positionals.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const hint = didYouMean(unknown, known);
    return {
      kind: 'refused',
      reason: `No section is called ${unknown}. ${hint}There are: ${known.join(', ')}.`,
    };
  }
  if (values['readme-only'] === true) return { kind: 'documents' };
  const rounds = values.rounds === undefined ? ROUNDS : Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) {
    return { kind: 'refused', reason: `--rounds takes a number from 1, not ${values.rounds}.` };
  }
  // After the refusals, so that listing tells what a measurement would be refused for.
  if (values.list === true) return { kind: 'list' };
  return {
    kind: 'measure',
    // In their own order, each once.
    sections: positionals.length === 0 ? known : known.filter((name) => positionals.includes(name)),
    rounds,
    update: values.update === true,
    documents: values.readme === true,
  };
}

export const HELP = `Measures speed, each figure as a ratio against a floor of the same run.

  make bench [SECTIONS="warm cold"] [ROUNDS=5] [UPDATE=1] [README=1]
  scripts/bench.sh [section ...] [--rounds N] [--update] [--readme]

  --rounds N     rounds of each figure, ours and the floor in turn; ${ROUNDS} unless given
  --update       what is measured becomes what later runs are compared with (test/bench/baseline.json)
  --readme       writes the tables of README.md and ARCHITECTURE.md of the results
  --readme-only  the same of the last results, without measuring
  --list         names the sections
  --help         shows this

Figures are compared with the stored run of the same kind of machine, or with the last run here where
none is stored. A ratio may be 25 % worse, one of few or extreme events 50 %, or five times the median
deviation of its rounds where that is more, at most double. A section with a figure beyond that is
measured again, and its rounds are judged together. Ends with 1 when a figure is still worse, misses a
bar that held before, or when a section fails; with 2 when it is asked for what there is not.
`;
