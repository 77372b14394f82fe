/** The functions of a simulated world. */

import type { FunctionDefinition } from '../../src/function/function-version.js';

/** Of one of them. */
export const RESERVED = 4;

export function definitionOf(name: string): FunctionDefinition {
  return {
    name,
    logicalId: name,
    runtime: 'nodejs22.x',
    handler: 'index.handler',
    codePath: '/',
    layerPaths: [],
    memoryMb: 128,
    timeoutSeconds: name === 'alpha' ? 1 : 5,
    ephemeralStorageMb: 512,
    environment: {},
    architecture: 'x86_64',
    description: '',
    ...(name === 'beta' ? { snapStart: 'PublishedVersions' as const } : {}),
    ...(name === 'delta' ? { tenancy: 'per-tenant' as const } : {}),
    ...(name === 'gamma' ? { reservedConcurrency: RESERVED } : {}),
  };
}
