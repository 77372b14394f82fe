/**
 * Recursive loop detection (contract 7.11): the part `Lineage=<invocations>:<mark>:<returns>` of a
 * trace header follows a chain of invocations; the AWS SDKs send it on with every call made inside
 * a function. It watches one function at a time, the one of the mark: when the chain has come back
 * to it often enough, that invocation is stopped. A mark the chain does not come back to moves on, at
 * each power of two, so that a loop is found wherever in the chain it begins. Pure.
 *
 *  1. Sixteen invocations of a function run; the next one in the chain is stopped.
 *  2. What is told of a stopped event goes on in the chain, and is soon stopped wherever it turns.
 */

import { createHash } from 'node:crypto';

export interface Step {
  /** What the function gets, and whatever it calls. */
  readonly traceId: string;
  /** It is in a loop. */
  readonly loops: boolean;
}

const MOST_INVOCATIONS = 16;
/** Of the chain after that, whatever functions it goes through. */
const MOST_RETURNS = 2 * MOST_INVOCATIONS;
const MOST_COUNTED = 32_767;
const NAME = 'Lineage=';
const FORM = /^(\d{1,5}):([0-9a-f]{8}):(\d{1,3})$/;

/** A function's mark, the same for all its versions. */
export function markOf(functionName: string): string {
  return createHash('sha256').update(functionName).digest('hex').slice(0, 8);
}

export function hasLineage(traceId: string): boolean {
  return traceId.includes(NAME);
}

/** The chain at its next function. */
export function stepTo(mark: string, traceId: string): Step {
  const parts = traceId.split(';');
  const written = parts.find((part) => part.startsWith(NAME))?.slice(NAME.length) ?? '';
  const [, count, before = mark, seen] = FORM.exec(written) ?? [];
  const invocations = Math.min(Number(count ?? 0) + 1, MOST_COUNTED);
  const returns = Number(seen ?? 0);
  const rest = parts.filter((part) => part !== '' && !part.startsWith(NAME));
  const step = (watched: string, returned: number, loops: boolean): Step => ({
    traceId: [...rest, `${NAME}${invocations}:${watched}:${Math.min(returned, 255)}`].join(';'),
    loops,
  });
  if (count === undefined) return step(mark, 0, false);
  if (before === mark) return step(mark, returns + 1, returns + 1 >= MOST_INVOCATIONS);
  if (returns >= MOST_INVOCATIONS) return step(before, returns + 1, returns + 1 > MOST_RETURNS);
  const moves = returns === 0 && (invocations & (invocations - 1)) === 0;
  return step(moves ? mark : before, returns, false);
}
