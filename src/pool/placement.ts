/**
 * Pure: which environment takes the next invocation. The most recently used one does, so that the
 * others age and can go (contract 10.2); one that needs its processes started again only when
 * there is no other.
 */
export function place<T>(available: readonly T[], reset: readonly T[]): T | undefined {
  return available.at(-1) ?? reset.at(-1);
}
