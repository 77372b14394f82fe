/**
 * Whether a figure is worse than in a run before. Pure. Ratios move with the machine and its noise,
 * so each figure states how far it may move; where its rounds lie further apart, that counts.
 */

import { moreIsBetter, STEADY, type Judged } from './statistics.js';

/** What is kept of a figure to compare later runs with. */
export interface Reference {
  readonly ratio: number;
  /** Median deviation of its rounds, as a share of the ratio. */
  readonly noise: number;
  /** Undefined where there was no bar. */
  readonly holds?: boolean | undefined;
}

/** `lost` missed in each round a bar that held before, or is no number at all; `told` is not compared. */
export type Change = 'same' | 'better' | 'worse' | 'lost' | 'new' | 'told';

export interface Compared {
  readonly judged: Judged;
  readonly change: Change;
  readonly before: Reference | undefined;
  /** Share of the ratio before that it might have moved. */
  readonly tolerance: number;
}

/** Of the rounds' median deviation, this many are noise: about 3.5 standard deviations. */
const DEVIATIONS = 5;
/** However much rounds differ, twice as bad is worse. */
const MOST = 1;
/** A ratio far below its bar moves freely below this share of the bar; far above it, above its inverse. */
const NEGLIGIBLE = 0.25;

/** Figures of one section have different names, or what they are against differs. */
export function idOf({ name, against }: { name: string; against: string }): string {
  return `${name} / ${against}`;
}

export function referenceOf({ ratio, noise, holds }: Judged): Reference {
  return { ratio, noise, ...(holds === undefined ? {} : { holds }) };
}

export function compare(judged: Judged, before: Reference | undefined): Compared {
  const noise = Math.max(judged.noise, before?.noise ?? 0) * DEVIATIONS;
  const stated = judged.tolerance ?? STEADY;
  const tolerance = Math.max(stated, Math.min(Number.isFinite(noise) ? noise : 0, MOST));
  return { judged, before, tolerance, change: changeOf(judged, before, tolerance) };
}

function changeOf(judged: Judged, before: Reference | undefined, tolerance: number): Change {
  if (judged.told === true) return 'told';
  if (!Number.isFinite(judged.ratio)) return 'lost';
  if (before === undefined) return 'new';
  if (before.holds === true && missesInAllRounds(judged)) return 'lost';
  const { ratio, atMost, atLeast = Infinity } = judged;
  if (moreIsBetter(judged)) {
    if (ratio < Math.min(before.ratio, atLeast / NEGLIGIBLE) / (1 + tolerance)) return 'worse';
    return ratio > before.ratio * (1 + tolerance) ? 'better' : 'same';
  }
  const scale = Math.max(Math.abs(before.ratio), (atMost ?? 0) * NEGLIGIBLE);
  if (ratio > before.ratio + tolerance * scale) return 'worse';
  return ratio < before.ratio - (tolerance / (1 + tolerance)) * scale ? 'better' : 'same';
}

/** A bar near which a ratio lies is missed now and then by noise alone. */
function missesInAllRounds({ lowest, highest, atMost, atLeast }: Judged): boolean {
  return (atMost !== undefined && lowest > atMost) || (atLeast !== undefined && highest < atLeast);
}

export function isRegression({ change }: Compared): boolean {
  return change === 'worse' || change === 'lost';
}

/** Names of figures that were kept of a section and are no longer measured. */
export function goneFrom(
  kept: Readonly<Record<string, Reference>>,
  measured: readonly Judged[],
): string[] {
  const now = new Set(measured.map(idOf));
  return Object.keys(kept).filter((id) => !now.has(id));
}

/**
 * Figures so far from those kept that noise is no excuse: more than `times` as bad, or than the bar
 * where nothing is kept.
 */
export function farOutOfLine(
  figures: readonly Judged[],
  { kept, times }: { kept: Readonly<Record<string, Reference>>; times: number },
): Judged[] {
  return figures.filter((figure) => {
    const { ratio, atMost, atLeast } = figure;
    if (!Number.isFinite(ratio)) return true;
    const usual = kept[idOf(figure)]?.ratio ?? atMost ?? atLeast;
    if (usual === undefined) return false;
    if (moreIsBetter(figure)) {
      return ratio < Math.min(usual, (atLeast ?? Infinity) / NEGLIGIBLE) / times;
    }
    return ratio > times * Math.max(usual, (atMost ?? 0) * NEGLIGIBLE);
  });
}
