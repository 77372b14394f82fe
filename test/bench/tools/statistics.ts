/** Medians and ratios, the only figures a bench may judge by: single times mean nothing here. */

/** The value that `share` of all values lie below, the next one above where it falls between two. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const index = Math.min(sorted.length - 1, Math.floor(share * sorted.length));
  return sorted[index] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN;
  return (lower + upper) / 2;
}

/** Median of the distances to the median: a spread that one odd round does not move. */
export function medianDeviation(values: readonly number[]): number {
  const middle = median(values);
  return median(values.map((value) => Math.abs(value - middle)));
}

export interface Figure {
  /** What is compared, such as `warm p50, node, 1 in flight`; with `against` the figure's name for good. */
  readonly name: string;
  /** One value per round. */
  readonly ours: readonly number[];
  /** As many, each of the same round as ours. */
  readonly theirs: readonly number[];
  /** What ends in `/s` is better when it is more; everything else, unless `atLeast` is given, when less. */
  readonly unit: string;
  readonly against: string;
  /** The bar: ratio at most, or at least. */
  readonly atMost?: number;
  readonly atLeast?: number;
  /** How far the ratio may move between runs, as a share of it; `STEADY` unless given. */
  readonly tolerance?: number;
  /** No figure of ours, shown beside those that are: never compared with a run before. */
  readonly told?: true;
}

/** Medians of many events. */
export const STEADY = 0.25;
/** Tails, bursts, starts of containers: few events, or the slowest of many. */
export const LOOSE = 0.5;

export interface Judged extends Figure {
  readonly oursMedian: number;
  readonly theirsMedian: number;
  /** Median over rounds of ours / theirs of the same round; NaN where a round gave no ratio. */
  readonly ratio: number;
  /** The least and the greatest of the rounds. */
  readonly lowest: number;
  readonly highest: number;
  /** Median deviation of the ratios, as a share of their median. */
  readonly noise: number;
  /** Undefined where there is no bar. */
  readonly holds: boolean | undefined;
}

export function judge(figure: Figure): Judged {
  const ratios = figure.ours.map((value, round) => value / (figure.theirs[round] ?? Number.NaN));
  const measured = figure.theirs.length === ratios.length && ratios.every(Number.isFinite);
  const ratio = measured ? median(ratios) : Number.NaN;
  const { atMost, atLeast } = figure;
  const bounded = atMost !== undefined || atLeast !== undefined;
  // What is not a number holds no bar.
  const holds =
    (atMost === undefined || ratio <= atMost) && (atLeast === undefined || ratio >= atLeast);
  return {
    ...figure,
    oursMedian: median(figure.ours),
    theirsMedian: median(figure.theirs),
    ratio,
    lowest: Math.min(...ratios),
    highest: Math.max(...ratios),
    noise: ratio === 0 ? 0 : Math.abs(medianDeviation(ratios) / ratio),
    holds: bounded ? holds : undefined,
  };
}

/** The same figure measured again: all its rounds together. */
export function pooled(first: Figure, again: Figure): Figure {
  return {
    ...first,
    ours: [...first.ours, ...again.ours],
    theirs: [...first.theirs, ...again.theirs],
  };
}

export function moreIsBetter({ unit, atLeast, atMost }: Figure): boolean {
  return atMost === undefined && (atLeast !== undefined || unit.endsWith('/s'));
}
