/**
 * Pure: the pool's decisions where tenants are isolated (contract 7.9). An environment is its first
 * tenant's for good; until then it is nobody's, and may become anybody's.
 */

export interface Tenanted {
  readonly tenant: string | undefined;
}

/** As `place`, of the tenant's own environments and those that are nobody's. */
export function placeTenant<T extends Tenanted>(
  tenant: string,
  available: readonly T[],
  reset: readonly T[],
): T | undefined {
  return (
    last(available, tenant) ??
    last(available, undefined) ??
    last(reset, tenant) ??
    last(reset, undefined)
  );
}

function last<T extends Tenanted>(list: readonly T[], tenant: string | undefined): T | undefined {
  for (let index = list.length - 1; index >= 0; index -= 1) {
    if (list[index]?.tenant === tenant) return list[index];
  }
  return undefined;
}

export interface TenantFacts {
  /** Invocations that their tenants' own environments cannot take: only others can. */
  readonly waiting: number;
  /** Environments that are nobody's. */
  readonly ready: number;
}

/** `waiting`: the tenant of each invocation; `ready`: what could take one now or soon. */
export function beyondTenants(waiting: Iterable<string>, ready: Iterable<Tenanted>): TenantFacts {
  const own = new Map<string, number>();
  let free = 0;
  for (const { tenant } of ready) {
    if (tenant === undefined) free += 1;
    else own.set(tenant, (own.get(tenant) ?? 0) + 1);
  }
  let unmet = 0;
  for (const tenant of waiting) {
    const left = own.get(tenant) ?? 0;
    if (left > 0) own.set(tenant, left - 1);
    else unmet += 1;
  }
  return { waiting: unmet, ready: free };
}

/** Spares are what is kept longest: those that are nobody's come last. */
export function sparesLast<T extends Tenanted>(environments: readonly T[]): readonly T[] {
  return [
    ...environments.filter(({ tenant }) => tenant !== undefined),
    ...environments.filter(({ tenant }) => tenant === undefined),
  ];
}
