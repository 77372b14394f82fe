/**
 * Recursive loop detection (contract 7.11): the part `Lineage=<mark>:<returns>|…` of a trace header
 * follows a chain of invocations and counts how often it has come back to each function; the AWS
 * SDKs send it on with every call made inside a function. Pure.
 *
 *  1. Sixteen invocations of a function run; the next one in the chain is stopped.
 *  2. A chain that was stopped at a function goes on behind it once, so that its failure can be told.
 */

import { createHash } from 'node:crypto';

export interface Step {
  /** What the function gets, and whatever it calls. */
  readonly traceId: string;
  /** It is in a loop. */
  readonly loops: boolean;
  /** The chain was stopped here before. */
  readonly again: boolean;
}

const MOST_INVOCATIONS = 16;
const MOST_COUNTED = 255;
/** Of a chain through more of them the first that it did not come back to are forgotten. */
const MOST_FUNCTIONS = 32;
const NAME = 'Lineage=';
/** Newer headers have a further number in front. */
const FORM = /^(?:\d{1,5}:)?([0-9a-f]{8}):(\d{1,3})$/;
/** Python's SDK encodes it. */
const SEPARATOR = /\||%7C/i;

/** A function's mark, the same for all its versions. */
export function markOf(functionName: string): string {
  return createHash('sha256').update(functionName).digest('hex').slice(0, 8);
}

/** What the header of a chain's first invocation has behind it. */
export function firstLineage(mark: string): string {
  return `;${NAME}${mark}:0`;
}

export function hasLineage(traceId: string): boolean {
  return traceId.includes(NAME);
}

/** The chain at its next function. */
export function stepTo(mark: string, traceId: string): Step {
  const parts = traceId.split(';').filter((part) => part !== '');
  const written = parts.find((part) => part.startsWith(NAME))?.slice(NAME.length) ?? '';
  const counts = new Map<string, number>();
  for (const entry of written.split(SEPARATOR)) {
    const [, other, seen] = FORM.exec(entry) ?? [];
    if (other !== undefined) counts.set(other, Number(seen));
  }
  const before = counts.get(mark);
  const returns = before === undefined ? 0 : Math.min(before + 1, MOST_COUNTED);
  counts.set(mark, returns);
  if (counts.size > MOST_FUNCTIONS) forget(counts);
  const lineage = [...counts].map(([function_, count]) => `${function_}:${count}`).join('|');
  const rest = parts.filter((part) => !part.startsWith(NAME));
  return {
    traceId: [...rest, NAME + lineage].join(';'),
    loops: returns >= MOST_INVOCATIONS,
    again: returns > MOST_INVOCATIONS,
  };
}

function forget(counts: Map<string, number>): void {
  for (const [mark, count] of counts) {
    if (count > 0) continue;
    counts.delete(mark);
    return;
  }
}
