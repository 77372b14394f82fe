/** The known name a mistyped one was probably meant to be. */

import { closest, distance } from 'fastest-levenshtein';

/** Undefined when nothing is near: a wild guess helps nobody. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined;
  const lower = name.toLowerCase();
  const candidate = closest(
    lower,
    known.map((other) => other.toLowerCase()),
  );
  const match = known.find((other) => other.toLowerCase() === candidate);
  if (match === undefined) return undefined;
  // A prefix is what somebody types who expects it to be completed.
  const near =
    distance(lower, candidate) <= Math.max(1, Math.floor(lower.length / 3)) ||
    isTransposed(lower, candidate);
  if (near) return match;
  return lower.length >= 3
    ? known.find((other) => other.toLowerCase().startsWith(lower))
    : undefined;
}

/** `Did you mean X? ` or nothing. */
export function didYouMean(name: string, known: readonly string[], prefix = ''): string {
  const match = nearest(name, known);
  return match === undefined ? '' : `Did you mean ${prefix}${match}? `;
}

/** Whether both hold the same letters and only two neighbours are swapped, as in `prot`. */
function isTransposed(one: string, other: string): boolean {
  if (one.length !== other.length) return false;
  const at = [...one].findIndex((letter, index) => letter !== other[index]);
  const swapped = `${one.slice(0, at)}${one[at + 1] ?? ''}${one[at] ?? ''}${one.slice(at + 2)}`;
  return at >= 0 && swapped === other;
}
