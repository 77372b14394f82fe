/** GetAccountSettings (contract 8.11). */

import { INVOKE_LIMITS } from '../invoke-api/limits.js';
import { summaryOf } from './configuration.js';
import type { Answer, ControlRequest } from './operation.js';
import type { ControlParts } from './parts.js';
import { revisionOf } from './target.js';

export function getAccountSettings({ parts }: ControlRequest): Answer {
  const { registry, concurrency } = parts;
  const names = registry.names();
  return {
    body: {
      AccountLimit: {
        TotalCodeSize: INVOKE_LIMITS.totalCodeBytes,
        CodeSizeUnzipped: INVOKE_LIMITS.unzippedCodeBytes,
        CodeSizeZipped: INVOKE_LIMITS.zippedCodeBytes,
        ConcurrentExecutions: concurrency,
        UnreservedConcurrentExecutions: Math.max(0, unreserved(parts)),
      },
      AccountUsage: {
        TotalCodeSize: names.reduce((sum, name) => sum + codeBytes(parts, name), 0),
        FunctionCount: names.length,
      },
    },
  };
}

/** What of the account's concurrency no function has reserved. */
export function unreserved({ registry, concurrency }: ControlParts, without?: string): number {
  return registry
    .names()
    .filter((name) => name !== without)
    .reduce((left, name) => left - (registry.reservedConcurrency(name) ?? 0), concurrency);
}

function codeBytes(parts: ControlParts, name: string): number {
  const published = parts.registry.record(name).versions;
  const latest = summaryOf(parts, name, revisionOf(parts, { name }))['CodeSize'] as number;
  return published.reduce((sum, { code }) => sum + (code?.size ?? 0), latest);
}
