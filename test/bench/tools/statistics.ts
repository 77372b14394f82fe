/** Medians and ratios, the only figures a bench may print: single times mean nothing here. */

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const index = Math.min(sorted.length - 1, Math.floor(share * sorted.length));
  return sorted[index] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

export interface Figure {
  /** What is compared, such as `warm p50, node, 1 in flight`. */
  readonly name: string;
  /** One value per round. */
  readonly ours: readonly number[];
  readonly theirs: readonly number[];
  readonly unit: string;
  readonly against: string;
  /** The bar: ratio at most, or at least. */
  readonly atMost?: number;
  readonly atLeast?: number;
}

export interface Judged extends Figure {
  readonly oursMedian: number;
  readonly theirsMedian: number;
  /** Median over rounds of ours / theirs of the same round. */
  readonly ratio: number;
  readonly holds: boolean | undefined;
}

export function judge(figure: Figure): Judged {
  const ratios = figure.ours.map((value, round) => value / (figure.theirs[round] ?? Number.NaN));
  const ratio = median(ratios);
  const { atMost, atLeast } = figure;
  const bounded = atMost !== undefined || atLeast !== undefined;
  const holds =
    (atMost === undefined || ratio <= atMost) && (atLeast === undefined || ratio >= atLeast);
  return {
    ...figure,
    oursMedian: median(figure.ours),
    theirsMedian: median(figure.theirs),
    ratio,
    holds: bounded ? holds : undefined,
  };
}

export function table(figures: readonly Judged[]): string {
  const rows = figures.map((figure) => [
    figure.name,
    `${figure.oursMedian.toFixed(3)} ${figure.unit}`,
    `${figure.theirsMedian.toFixed(3)} ${figure.unit} (${figure.against})`,
    figure.ratio.toFixed(3),
    figure.atMost !== undefined
      ? `<= ${figure.atMost}`
      : figure.atLeast !== undefined
        ? `>= ${figure.atLeast}`
        : '',
    figure.holds === undefined ? '' : figure.holds ? 'holds' : 'MISSED',
  ]);
  const all = [['figure', 'ours', 'against', 'ratio', 'bar', ''], ...rows];
  const widths = all[0]?.map((_, column) =>
    Math.max(...all.map((row) => (row[column] ?? '').length)),
  );
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths?.[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
