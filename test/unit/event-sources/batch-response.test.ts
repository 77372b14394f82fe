import { describe, expect, it } from '@jest/globals';
import { verdictOf } from '../../../src/event-sources/batch-response.js';
import { OrchestratorError } from '../../../src/errors.js';
import { succeeded } from '../../support/fake-router.js';
import { FAILS } from '../../support/mapping-bench.js';

const IDS = new Set(['m-1', 'm-2', 'm-3']);

function failed(answer: string): readonly string[] | string {
  const verdict = verdictOf(succeeded(answer), IDS, true);
  return verdict.kind === 'done' ? [...verdict.failed] : verdict.kind;
}

/** Contract 11.8, "Partial batch response". */
describe('the answer of a function that reports failures', () => {
  it.each([
    ['', 'nothing'],
    ['""', 'an empty text'],
    ['null', 'null'],
    ['[]', 'an empty list'],
    ['{}', 'an empty object'],
    ['{"batchItemFailures":[]}', 'an empty list of failures'],
    ['{"batchItemFailures":null}', 'no list of failures'],
    ['{"state":{"count":1}}', 'a state only'],
  ])('%s (%s) means that all is done', (answer) => {
    expect(failed(answer)).toEqual([]);
  });

  it('names what failed', () => {
    const items = ['m-3', 'm-1', 'm-1'].map((itemIdentifier) => ({ itemIdentifier }));
    expect(failed(JSON.stringify({ batchItemFailures: items }))).toEqual(['m-3', 'm-1']);
  });

  it.each([
    ['{"batchItemFailures"', 'no JSON'],
    ['"m-1"', 'a text'],
    ['[{"itemIdentifier":"m-1"}]', 'a list'],
    ['{"batchItemFailures":"m-1"}', 'failures that are no list'],
    ['{"batchItemFailures":[{"itemIdentifier":""}]}', 'an empty identifier'],
    ['{"batchItemFailures":[{"itemIdentifier":null}]}', 'null for an identifier'],
    ['{"batchItemFailures":[{"identifier":"m-1"}]}', 'a wrong key'],
    ['{"batchItemFailures":["m-1"]}', 'a text for an item'],
    ['{"batchItemFailures":[null]}', 'null for an item'],
    ['{"batchItemFailures":[{"itemIdentifier":"m-1"},{"itemIdentifier":"m-9"}]}', 'an unknown one'],
    ['{"batchItemsFailures":[{"itemIdentifier":"m-1"}]}', 'a wrong name of the list'],
  ])('%s (%s) means that all failed', (answer) => {
    expect(failed(answer)).toBe('failed');
  });

  it('says nothing where failures are not reported', () => {
    const answer = succeeded('{"batchItemFailures":[{"itemIdentifier":"m-1"}]}');
    expect(verdictOf(answer, IDS, false)).toEqual({ kind: 'done', failed: new Set() });
  });
});

describe('an invocation that did not succeed', () => {
  it.each([
    ['throttled', 'throttled', 'PROBLEM: Function was throttled'],
    ['shutting-down', 'stopping', 'it ends'],
    ['function-not-found', 'refused', 'PROBLEM: it ends'],
  ] as const)('%s is %s', (code, kind, reason) => {
    const error = new OrchestratorError(code, 'it ends');
    expect(verdictOf({ kind: 'refused', error }, IDS, true)).toEqual({ kind, reason });
  });

  it('failed as a whole when the function failed', () => {
    expect(verdictOf(FAILS, IDS, true)).toEqual({
      kind: 'failed',
      reason: 'PROBLEM: Function call failed',
    });
  });
});
