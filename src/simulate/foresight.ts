/**
 * What nobody can know when it matters: when the environment of each invocation is needed again.
 * Durations are taken as the trace has them, as if nothing ever waited.
 */

import { EventHeap } from './event-heap.js';
import type { Trace } from './trace.js';

const MB_MS_PER_GB_SECOND = 1024 * 1000;

export interface Foresight {
  /** When the invocation ends, ms. */
  readonly endsAt: Float64Array;
  /**
   * When its environment is needed again if the most recently used one always takes the next
   * invocation; `Infinity`: never.
   */
  readonly neededAt: Float64Array;
}

export function foresee(trace: Trace): Foresight {
  const { at, fn, durationMs, length } = trace;
  const endsAt = new Float64Array(length);
  const neededAt = new Float64Array(length).fill(Infinity);
  const running = new EventHeap();
  /** By function, those that have ended and whose environments are not in use again, oldest first. */
  const ended: number[][] = trace.functions.map(() => []);
  for (let invocation = 0; invocation < length; invocation += 1) {
    const now = at[invocation] as number;
    for (; running.firstKey <= now; running.removeFirst()) {
      const one = running.firstValue;
      ended[fn[one] as number]?.push(one);
    }
    const before = ended[fn[invocation] as number]?.pop();
    if (before !== undefined) neededAt[before] = now;
    endsAt[invocation] = now + (durationMs[invocation] as number);
    running.push(endsAt[invocation] as number, invocation);
  }
  return { endsAt, neededAt };
}

/**
 * The fewest cold starts with so many gigabyte seconds wasted between uses, if environments are kept
 * or let go and none is started ahead: the waits that save a start for the least memory are kept
 * first. A lower bound: the last one may be kept in part, and starts take no memory.
 */
export function coldStartBound(trace: Trace, seen: Foresight): (gbSeconds: number) => number {
  const costs = new Float64Array(trace.length);
  for (let invocation = 0; invocation < trace.length; invocation += 1) {
    const waitMs = (seen.neededAt[invocation] as number) - (seen.endsAt[invocation] as number);
    const { memoryMb } = trace.functions[trace.fn[invocation] as number] as { memoryMb: number };
    costs[invocation] = waitMs * memoryMb;
  }
  costs.sort();
  return (gbSeconds) => {
    let left = gbSeconds * MB_MS_PER_GB_SECOND;
    for (let kept = 0; kept < costs.length; kept += 1) {
      const cost = costs[kept] as number;
      if (cost > left) return trace.length - kept - (cost === Infinity ? 0 : left / cost);
      left -= cost;
    }
    return 0;
  };
}
