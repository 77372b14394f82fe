import { demand } from './demand.js';

export const TENANTS: readonly string[] = ['red', 'green', 'blue'];

/** What a tenant has left in an environment no other tenant may find. */
export class TenantCheck {
  readonly #owners = new Map<string, string>();

  served(environment: string, tenantId: string | undefined): void {
    const owner = this.#owners.get(environment) ?? tenantId;
    demand(owner === tenantId, `${environment} of ${owner} served ${tenantId}`);
    if (tenantId !== undefined) this.#owners.set(environment, tenantId);
  }
}
