/** A published distribution: a curve through points, to draw from and to compare with. Pure. */

/** [share of all, the value up to which that share reaches], rising in both. */
export type Point = readonly [share: number, value: number];

export interface Curve {
  readonly least: number;
  readonly most: number;
  readonly points: readonly Point[];
}

/** Beyond this share what is left is read on a logarithmic scale: tails are long. */
const TAIL_FROM = 0.99;
const SMALLEST_LEFT = 1e-6;

/** The value with that share, from 0 to 1, below it: logarithms of values lie on straight lines. */
export function quantile(curve: Curve, share: number): number {
  let [beforeShare, before]: Point = [0, curve.least];
  for (const [pointShare, value] of [...curve.points, [1, curve.most] as const]) {
    if (share <= pointShare) {
      const from = position(beforeShare);
      const part = (position(share) - from) / (position(pointShare) - from);
      return before * Math.exp(part * Math.log(value / before));
    }
    [beforeShare, before] = [pointShare, value];
  }
  return curve.most;
}

/** The largest difference, in shares, between the points of the curve and the values (Kolmogorov). */
export function distance(curve: Curve, values: Float64Array): number {
  const sorted = values.slice().sort();
  let largest = 0;
  for (const [share, value] of curve.points) {
    const below = countUpTo(sorted, value) / sorted.length;
    largest = Math.max(largest, Math.abs(below - share));
  }
  return largest;
}

function position(share: number): number {
  if (share <= TAIL_FROM) return share;
  const left = Math.max(1 - share, SMALLEST_LEFT);
  return TAIL_FROM + (1 - TAIL_FROM) * Math.log((1 - TAIL_FROM) / left);
}

function countUpTo(sorted: Float64Array, value: number): number {
  let from = 0;
  let to = sorted.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((sorted[middle] as number) <= value) from = middle + 1;
    else to = middle;
  }
  return from;
}
