/** Waits that double with each failure in a row. Pure. */

export interface BackoffRange {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** Between attempts of a batch of a stream. In queue time. */
export const BATCH_BACKOFF: BackoffRange = { firstMs: 1_000, longestMs: 60_000 };
/** Between attempts to reach a source. */
export const SOURCE_BACKOFF: BackoffRange = { firstMs: 500, longestMs: 30_000 };

/** After the `failures`th failure in a row, counted from one. */
export function backoffMs(failures: number, { firstMs, longestMs }: BackoffRange): number {
  return Math.min(longestMs, firstMs * 2 ** Math.min(30, Math.max(0, failures - 1)));
}
