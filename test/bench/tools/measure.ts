/**
 * Runs sections one after another. One that fails costs no other its figures; one with a figure that
 * is worse than before is measured once more, and all its rounds are judged together.
 */

import { compare, goneFrom, idOf, isRegression, type Compared } from './regression.js';
import type { Kept } from './results.js';
import { judge, pooled, type Figure } from './statistics.js';

/** Measures `rounds` times, ours and what it is held against in turn. */
export type Section = (rounds: number) => Promise<Figure[]>;

export interface Outcome {
  readonly section: string;
  readonly rounds: number;
  readonly tookMs: number;
  readonly compared: readonly Compared[];
  /** Figures that were kept and are not measured any more. */
  readonly gone: readonly string[];
  /** Why there are no figures, though there should be. */
  readonly failure?: string;
  /** Why there are none, and need be none. */
  readonly skipped?: string;
}

/** Thrown by a section that cannot be measured on this machine: no failure. */
export class Skipped extends Error {}

export interface Measuring {
  readonly sections: Readonly<Record<string, Section>>;
  readonly rounds: number;
  readonly kept: Kept;
  /** Whether sections with regressions are measured again. */
  readonly doubt: boolean;
  /** Of one measurement of one section. */
  readonly limitMs: number;
  note(text: string): void;
  interrupted(): boolean;
  /** Ends what a section left. */
  cleanUp(): Promise<void>;
  /** Told after each section. */
  done(outcome: Outcome): void;
}

export async function measureAll(
  names: readonly string[],
  measuring: Measuring,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const [index, name] of names.entries()) {
    if (measuring.interrupted()) break;
    measuring.note(`measuring ${name} (${index + 1} of ${names.length})`);
    const outcome = await measureOne(name, measuring);
    // It failed for that, and is no result.
    if (measuring.interrupted()) break;
    outcomes.push(outcome);
    measuring.done(outcome);
  }
  return outcomes;
}

async function measureOne(name: string, measuring: Measuring): Promise<Outcome> {
  const kept = measuring.kept[name] ?? {};
  const startedAt = performance.now();
  let { rounds } = measuring;
  const outcome = (more: Omit<Outcome, 'section' | 'rounds' | 'tookMs'>): Outcome => ({
    section: name,
    rounds,
    tookMs: performance.now() - startedAt,
    ...more,
  });
  try {
    let figures = await figuresOf(name, measuring);
    let compared = comparedWith(kept, figures);
    if (measuring.doubt && compared.some(isRegression)) {
      measuring.note(`measuring ${name} again: ${namesOf(compared.filter(isRegression))}`);
      figures = together(figures, await figuresOf(name, measuring));
      rounds *= 2;
      compared = comparedWith(kept, figures);
    }
    const gone = goneFrom(
      kept,
      compared.map(({ judged }) => judged),
    );
    return outcome({ compared, gone });
  } catch (error) {
    if (error instanceof Skipped)
      return outcome({ compared: [], gone: [], skipped: error.message });
    const failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return outcome({ compared: [], gone: [], failure });
  } finally {
    await measuring.cleanUp();
  }
}

async function figuresOf(name: string, measuring: Measuring): Promise<Figure[]> {
  const { sections, rounds } = measuring;
  const figures = await withinLimit(sections[name]?.(rounds) ?? [], measuring.limitMs);
  const ids = figures.map(idOf);
  const twice = ids.find((id, index) => ids.indexOf(id) < index);
  if (twice !== undefined) throw new Error(`two figures of ${name} are called: ${twice}`);
  return figures;
}

/** One that hangs is left, and what it started is ended: the others are still measured. */
async function withinLimit<T>(work: Promise<T> | T, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const minutes = Math.round(limitMs / 60_000);
    timer = setTimeout(() => reject(new Error(`not done after ${minutes} minutes`)), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function comparedWith(kept: Kept[string], figures: readonly Figure[]): Compared[] {
  return figures.map((figure) => compare(judge(figure), kept[idOf(figure)]));
}

function together(first: readonly Figure[], again: readonly Figure[]): Figure[] {
  const byId = new Map(again.map((figure) => [idOf(figure), figure]));
  return first.map((figure) => {
    const more = byId.get(idOf(figure));
    return more === undefined ? figure : pooled(figure, more);
  });
}

function namesOf(compared: readonly Compared[]): string {
  return compared.map(({ judged }) => judged.name).join('; ');
}
