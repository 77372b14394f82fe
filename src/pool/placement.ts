/**
 * Pure: which environment takes the next invocation. Provisioned ones are preferred (contract
 * 10.2). The most recently used one does, so that the others age and can go; one that needs its
 * processes started again only when there is no other.
 */
export function place<T>(
  provisioned: readonly T[],
  available: readonly T[],
  reset: readonly T[],
): T | undefined {
  return provisioned.at(-1) ?? available.at(-1) ?? reset.at(-1);
}
