/** Entries of the invocation store with everything but what a test is about. */

import type { InvocationRecord, LogLine } from '../../src/view.js';

export function recordOf(
  requestId: string,
  more: Partial<InvocationRecord> = {},
): InvocationRecord {
  return {
    requestId,
    functionName: 'hello',
    version: '$LATEST',
    environmentId: 'env-1',
    startedAtMs: 1,
    durationMs: 2.5,
    billedMs: 3,
    status: 'succeeded',
    start: 'warm',
    cause: 'an idle environment was there',
    ...more,
  };
}

export function lineOf(text: string, more: Partial<LogLine> = {}): LogLine {
  return {
    timestampMs: 1,
    functionName: 'hello',
    environmentId: 'env-1',
    source: 'function',
    text,
    ...more,
  };
}
