/** Ids of APIs: ten characters, the same at every start. Pure. */

import { createHash } from 'node:crypto';

const LENGTH = 10;

export function apiIdOf(logicalId: string): string {
  const digest = createHash('sha256').update(logicalId).digest();
  return BigInt(`0x${digest.toString('hex', 0, 16)}`)
    .toString(36)
    .padStart(LENGTH, '0')
    .slice(-LENGTH);
}

/** Sixteen hexadecimal digits, as load balancers have them in ARNs. */
export function shortHash(logicalId: string): string {
  return createHash('sha256').update(logicalId).digest('hex').slice(0, 16);
}
