/**
 * How an environment comes to be initialised (contract 3.1, 7.6) and what depends on it. Pure.
 */

import { LIMITS } from '../config/defaults.js';
import type { FunctionVersion } from '../function/function-version.js';
import type { InitializationType } from '../function/variables.js';

/** Of environments that are not provisioned: only published versions have snapshots. */
export function initializationTypeOf(
  version: Pick<FunctionVersion, 'snapStart' | 'version'>,
): InitializationType {
  const restores = version.snapStart === 'PublishedVersions' && version.version !== '$LATEST';
  return restores ? 'snap-start' : 'on-demand';
}

/** How long the init phase may take (contract 7.1). */
export function initLimitMs(type: InitializationType, timeoutSeconds: number): number {
  if (type === 'on-demand') return LIMITS.initMs;
  const { initAheadMs, longestInitAheadMs } = LIMITS;
  return Math.min(longestInitAheadMs, Math.max(initAheadMs, timeoutSeconds * 1000));
}
