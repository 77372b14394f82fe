/**
 * What provisioned concurrency of versions and aliases means for the versions that run (contract
 * 7.6, 10.1), and how far each has come. Pure.
 */

import type { ProvisionStatus } from '../pool/provision.js';
import type { WeightedAlias } from './alias.js';

/** Version or alias → how many environments. */
export type ProvisionedConfigs = Readonly<Record<string, number>>;

export type FindAlias = (qualifier: string) => WeightedAlias | undefined;

/** Version → how many environments are to be kept of it. */
export function provisionedVersions(
  configs: ProvisionedConfigs,
  findAlias: FindAlias,
): Map<string, number> {
  const versions = new Map<string, number>();
  for (const [qualifier, count] of Object.entries(configs)) {
    for (const [version, share] of sharesOf(qualifier, count, findAlias)) {
      versions.set(version, (versions.get(version) ?? 0) + share);
    }
  }
  return versions;
}

/** An alias with weights has each version's part kept, rounded up for the ones beside its own. */
export function sharesOf(
  qualifier: string,
  count: number,
  findAlias: FindAlias,
): Map<string, number> {
  const alias = findAlias(qualifier);
  if (alias === undefined) return new Map([[qualifier, count]]);
  const shares = new Map<string, number>();
  let left = count;
  for (const [version, weight] of Object.entries(alias.weights)) {
    const share = Math.min(left, Math.ceil(count * weight));
    left -= share;
    if (share > 0) shares.set(version, share);
  }
  if (left > 0) shares.set(alias.version, (shares.get(alias.version) ?? 0) + left);
  return shares;
}

/** Of a version or alias, from what its versions say. */
export function statusOf(
  requested: number,
  shares: ReadonlyMap<string, number>,
  ofVersion: (version: string) => ProvisionStatus | undefined,
): ProvisionStatus {
  let allocated = 0;
  let available = 0;
  let reason: string | undefined;
  for (const [version, share] of shares) {
    const status = ofVersion(version);
    allocated += Math.min(share, status?.allocated ?? 0);
    available += Math.min(share, status?.available ?? 0);
    reason ??= status?.reason;
  }
  const counts = { requested, allocated, available };
  if (reason !== undefined) return { ...counts, status: 'FAILED', reason };
  return { ...counts, status: allocated >= requested ? 'READY' : 'IN_PROGRESS' };
}
