/**
 * The files of a bench. `bench-results.json`, which is not committed, holds all figures of the last
 * run of each section; `test/bench/baseline.json`, which is, holds for each kind of machine the
 * ratios that later runs are compared with.
 */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../src/package-root.js';
import { kindOf, type Machine } from './machine.js';
import { idOf, isRegression, referenceOf, type Change, type Reference } from './regression.js';
import type { Outcome } from './measure.js';
import type { Judged } from './statistics.js';

export const RESULTS_FILE = join(packageRoot(), 'bench-results.json');
export const BASELINE_FILE = join(packageRoot(), 'test/bench/baseline.json');

export interface Results {
  readonly machine: Machine;
  readonly sections: Readonly<Record<string, SectionResult>>;
}

export interface SectionResult {
  /** ISO 8601. */
  readonly at: string;
  readonly rounds: number;
  readonly figures: readonly FigureResult[];
  /** Why the last run of the section gave no figures: these are of one before. */
  readonly failure?: string;
}

export interface FigureResult extends Judged {
  readonly change: Change;
  /** What it was compared with. */
  readonly before?: Reference;
}

/** By section, then by figure. */
export type Kept = Readonly<Record<string, Readonly<Record<string, Reference>>>>;
/** By kind of machine. */
export type Baseline = Readonly<Record<string, Kept>>;

/** Undefined without a file, and for one of an earlier form. */
export function readResults(file = RESULTS_FILE): Results | undefined {
  if (!existsSync(file)) return undefined;
  const read = JSON.parse(readFileSync(file, 'utf8')) as Partial<Results>;
  const { machine, sections } = read;
  return machine === undefined || sections === undefined ? undefined : { machine, sections };
}

export function readBaseline(file = BASELINE_FILE): Baseline {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Baseline) : {};
}

export function writeJson(file: string, value: unknown): void {
  writeFileSync(file, `${JSON.stringify(value, undefined, 2)}\n`);
}

/**
 * What runs on this machine are compared with: the committed ratios of its kind, and for sections
 * that have none its own last run. A figure that was a regression there is never what the next run
 * is compared with: the one before it stays.
 */
export function keptFor(
  machine: Machine,
  { baseline, last }: { baseline: Baseline; last: Results | undefined },
): Kept {
  const alike = last !== undefined && kindOf(last.machine) === kindOf(machine);
  const ofLast = alike ? Object.entries(last.sections).map(keptOfLast) : [];
  return { ...Object.fromEntries(ofLast), ...baseline[kindOf(machine)] };
}

function keptOfLast([name, { figures }]: [string, SectionResult]): [
  string,
  Record<string, Reference>,
] {
  const kept: Record<string, Reference> = {};
  for (const figure of figures) {
    const regressed = figure.change === 'worse' || figure.change === 'lost';
    const reference = regressed ? figure.before : referenceOf(figure);
    if (reference !== undefined) kept[idOf(figure)] = reference;
  }
  return [name, kept];
}

/**
 * What is usual for a section: on this kind of machine, and for figures that are stored for none of
 * its kind, the worst of the others.
 */
export function usualOf(
  baseline: Baseline,
  { kind, section }: { kind: string; section: string },
): Readonly<Record<string, Reference>> {
  const usual: Record<string, Reference> = {};
  for (const kept of Object.values(baseline)) {
    for (const [id, reference] of Object.entries(kept[section] ?? {})) {
      const other = usual[id];
      if (other === undefined || reference.ratio > other.ratio) usual[id] = reference;
    }
  }
  return { ...usual, ...baseline[kind]?.[section] };
}

/** The results with those of one section in their place; those of other machines are dropped. */
export function withOutcome(
  results: Results | undefined,
  { machine, outcome, at }: { machine: Machine; outcome: Outcome; at: string },
): Results {
  const alike = results !== undefined && kindOf(results.machine) === kindOf(machine);
  const sections = alike ? results.sections : {};
  const none = outcome.failure ?? outcome.skipped;
  if (none !== undefined) {
    const before = sections[outcome.section] ?? { at, rounds: 0, figures: [] };
    return { machine, sections: { ...sections, [outcome.section]: { ...before, failure: none } } };
  }
  const section: SectionResult = {
    at,
    rounds: outcome.rounds,
    figures: outcome.compared.map(({ judged, change, before }) => ({
      ...judged,
      change,
      ...(before === undefined ? {} : { before }),
    })),
  };
  return { machine, sections: { ...sections, [outcome.section]: section } };
}

/** The baseline with the sections that were measured in place of what it had of them. */
export function withOutcomes(
  baseline: Baseline,
  { machine, outcomes }: { machine: Machine; outcomes: readonly Outcome[] },
): Baseline {
  const kind = kindOf(machine);
  const sections: Record<string, Readonly<Record<string, Reference>>> = { ...baseline[kind] };
  for (const { section, compared, failure, skipped } of outcomes) {
    if (failure !== undefined || skipped !== undefined) continue;
    const measured = compared.filter(
      ({ judged, change }) => change !== 'told' && Number.isFinite(judged.ratio),
    );
    sections[section] = Object.fromEntries(
      measured.map(({ judged }) => [idOf(judged), rounded(referenceOf(judged))]),
    );
  }
  return { ...baseline, [kind]: sections };
}

/** Four digits say more than a run is worth, and spare a diff the rest. */
function rounded({ ratio, noise, holds }: Reference): Reference {
  const short = (value: number): number => Number(value.toPrecision(4));
  return { ratio: short(ratio), noise: short(noise), ...(holds === undefined ? {} : { holds }) };
}

export function regressions(outcomes: readonly Outcome[]): Outcome['compared'] {
  return outcomes.flatMap(({ compared }) => compared.filter(isRegression));
}
