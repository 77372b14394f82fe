/**
 * How long something took each time, such as an environment's waits for its next use, in bins a tenth
 * longer than the one before: from a second to a day, a quarter of a kilobyte. Single writer.
 */

import type { Windows } from './keep-alive.js';

const FIRST_BIN_MS = 1_000;
/** Each bin but the first is so much longer than the one before. */
export const SPAN_GROWTH = 1.1;
const LAST_EDGE_MS = 86_400_000;
const FULL = 65_535;
const GROWTH_LOG = Math.log(SPAN_GROWTH);

/** Where each bin begins, ms, and the last one ends. */
export const EDGES: readonly number[] = edges();
export const SPAN_BINS = EDGES.length - 1;

function edges(): number[] {
  const all = [0];
  for (let edge = FIRST_BIN_MS; edge < LAST_EDGE_MS; edge *= SPAN_GROWTH)
    all.push(Math.round(edge));
  return [...all, LAST_EDGE_MS];
}

export interface Plan {
  readonly windows: Windows;
  readonly observations: number;
  readonly price: number;
}

export class SpanHistogram {
  readonly #bins = new Uint16Array(SPAN_BINS);
  #observations = 0;
  /** What a policy has made of it, of how many observations, at which price. */
  plan: Plan | undefined;

  /** @param spanMs at least 0; more than a day counts as a day */
  observe(spanMs: number): void {
    const bin = binOf(spanMs);
    if (this.#bins[bin] === FULL) this.#halve();
    this.#bins[bin] = (this.#bins[bin] as number) + 1;
    this.#observations += 1;
  }

  get observations(): number {
    return this.#observations;
  }

  count(bin: number): number {
    return this.#bins[bin] as number;
  }

  /** Makes room for more, and what was long ago count less. */
  #halve(): void {
    this.#observations = 0;
    this.plan = undefined;
    for (let bin = 0; bin < SPAN_BINS; bin += 1) {
      const count = (this.#bins[bin] as number) >>> 1;
      this.#bins[bin] = count;
      this.#observations += count;
    }
  }
}

/** @param spanMs at least 0; more than a day is in the last bin */
export function binOf(spanMs: number): number {
  if (spanMs < FIRST_BIN_MS) return 0;
  let bin = Math.min(SPAN_BINS - 1, 1 + Math.floor(Math.log(spanMs / FIRST_BIN_MS) / GROWTH_LOG));
  // Edges are rounded.
  if (spanMs < (EDGES[bin] as number)) bin -= 1;
  else if (bin < SPAN_BINS - 1 && spanMs >= (EDGES[bin + 1] as number)) bin += 1;
  return bin;
}
