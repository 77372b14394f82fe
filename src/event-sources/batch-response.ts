/**
 * What a function's answer says of the batch it was given (contract 11.8, "Partial batch
 * response"; 11.9). Pure.
 */

import type { Outcome } from '../invocation/outcome.js';

export type BatchVerdict =
  /** `failed` is empty when all of it is done. */
  | { readonly kind: 'done'; readonly failed: ReadonlySet<string> }
  /** The function failed, or what it answered means nothing. */
  | { readonly kind: 'failed'; readonly reason: string }
  /** It never reached the function. */
  | { readonly kind: 'throttled' | 'refused' | 'stopping'; readonly reason: string };

const ALL_DONE: BatchVerdict = { kind: 'done', failed: new Set() };

export const CALL_FAILED = 'PROBLEM: Function call failed';

/** `ids` are the identifiers of the batch's items; `answer` the parsed response, if it was read. */
export function verdictOf(
  outcome: Outcome,
  ids: ReadonlySet<string>,
  reports: boolean,
): BatchVerdict {
  switch (outcome.kind) {
    case 'function-failed':
      return { kind: 'failed', reason: CALL_FAILED };
    case 'refused': {
      const { code, message } = outcome.error;
      if (code === 'shutting-down') return { kind: 'stopping', reason: message };
      const kind = code === 'throttled' ? 'throttled' : 'refused';
      const reason =
        kind === 'throttled' ? 'PROBLEM: Function was throttled' : `PROBLEM: ${message}`;
      return { kind, reason };
    }
    case 'succeeded':
      return reports ? reported(outcome.payload, ids) : ALL_DONE;
  }
}

function reported(payload: Buffer, ids: ReadonlySet<string>): BatchVerdict {
  const text = payload.toString('utf8').trim();
  if (text === '') return ALL_DONE;
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    return refusedAnswer('the response is not JSON');
  }
  // An empty text, list or object, and null, are how functions say nothing.
  if (answer === null || answer === '' || (Array.isArray(answer) && answer.length === 0)) {
    return ALL_DONE;
  }
  if (typeof answer !== 'object' || Array.isArray(answer)) {
    return refusedAnswer('the response is no object');
  }
  const { batchItemFailures: failures } = answer as { batchItemFailures?: unknown };
  if (failures === undefined || failures === null) {
    // `{"state":…}` of windows says nothing of items; another key is a mistake in the name.
    const others = Object.keys(answer).filter((key) => !SILENT_KEYS.has(key));
    return others.length === 0 ? ALL_DONE : refusedAnswer(`there is no batchItemFailures`);
  }
  if (!Array.isArray(failures)) return refusedAnswer('batchItemFailures is no list');
  const failed = new Set<string>();
  for (const item of failures) {
    const id = (item as { itemIdentifier?: unknown } | null)?.itemIdentifier;
    if (typeof id !== 'string' || !ids.has(id)) {
      return refusedAnswer(
        `itemIdentifier ${JSON.stringify(id ?? null)} is of no item of the batch`,
      );
    }
    failed.add(id);
  }
  return { kind: 'done', failed };
}

const SILENT_KEYS: ReadonlySet<string> = new Set(['batchItemFailures', 'state']);

function refusedAnswer(why: string): BatchVerdict {
  return {
    kind: 'failed',
    reason: `PROBLEM: Function response is not a valid batch response: ${why}`,
  };
}
