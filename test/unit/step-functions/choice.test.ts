import { describe, expect, it } from '@jest/globals';
import type { Json } from '../../../src/step-functions/interpreter/json.js';
import { failureOf, outputOf } from '../../support/state-machine-run.js';

const INPUT: Json = {
  n: 5,
  m: 5,
  s: 'foo.log',
  star: 'a*b',
  yes: true,
  no: false,
  nil: null,
  at: '2026-01-31T12:00:00Z',
  later: '2026-01-31T13:00:00+00:30',
};

function machineOf(rule: object): object {
  return {
    StartAt: 'C',
    States: {
      C: { Type: 'Choice', Choices: [{ ...rule, Next: 'Yes' }], Default: 'No' },
      Yes: { Type: 'Pass', Result: true, End: true },
      No: { Type: 'Pass', Result: false, End: true },
    },
  };
}

describe('rules of Choice states', () => {
  it.each<readonly [object, boolean]>([
    [{ Variable: '$.n', NumericEquals: 5 }, true],
    [{ Variable: '$.n', NumericEquals: 6 }, false],
    [{ Variable: '$.n', NumericGreaterThan: 4.5 }, true],
    [{ Variable: '$.n', NumericGreaterThan: 5 }, false],
    [{ Variable: '$.n', NumericGreaterThanEquals: 5 }, true],
    [{ Variable: '$.n', NumericLessThan: 5 }, false],
    [{ Variable: '$.n', NumericLessThanEquals: 5 }, true],
    [{ Variable: '$.n', NumericEqualsPath: '$.m' }, true],
    [{ Variable: '$.n', NumericLessThanPath: '$.m' }, false],
    [{ Variable: '$.s', NumericEquals: 5 }, false],
    [{ Variable: '$.s', StringEquals: 'foo.log' }, true],
    [{ Variable: '$.s', StringLessThan: 'goo' }, true],
    [{ Variable: '$.s', StringGreaterThanEquals: 'foo.log' }, true],
    [{ Variable: '$.s', StringEqualsPath: '$.star' }, false],
    [{ Variable: '$.s', StringMatches: 'foo*.log' }, true],
    [{ Variable: '$.s', StringMatches: '*.lo' }, false],
    [{ Variable: '$.s', StringMatches: 'foo?log' }, false],
    [{ Variable: '$.star', StringMatches: 'a\\*b' }, true],
    [{ Variable: '$.s', StringMatches: 'foo\\*' }, false],
    [{ Variable: '$.yes', BooleanEquals: true }, true],
    [{ Variable: '$.yes', BooleanEqualsPath: '$.no' }, false],
    [{ Variable: '$.at', TimestampEquals: '2026-01-31T12:00:00.000Z' }, true],
    [{ Variable: '$.at', TimestampLessThanPath: '$.later' }, true],
    [{ Variable: '$.at', TimestampGreaterThan: '2026-01-31T11:59:59Z' }, true],
    [{ Variable: '$.s', TimestampEquals: '2026-01-31T12:00:00Z' }, false],
    [{ Variable: '$.nil', IsNull: true }, true],
    [{ Variable: '$.n', IsNull: false }, true],
    [{ Variable: '$.n', IsNumeric: true }, true],
    [{ Variable: '$.s', IsString: true }, true],
    [{ Variable: '$.yes', IsBoolean: true }, true],
    [{ Variable: '$.at', IsTimestamp: true }, true],
    [{ Variable: '$.s', IsTimestamp: true }, false],
    [{ Variable: '$.none', IsPresent: true }, false],
    [{ Variable: '$.none', IsPresent: false }, true],
    [{ Variable: '$.nil', IsPresent: true }, true],
    [{ Variable: '$$.Execution.Name', StringEquals: 'one' }, true],
    [
      {
        And: [
          { Variable: '$.n', IsNumeric: true },
          { Variable: '$.n', NumericLessThan: 9 },
        ],
      },
      true,
    ],
    [
      {
        And: [
          { Variable: '$.n', IsNumeric: true },
          { Variable: '$.n', NumericLessThan: 1 },
        ],
      },
      false,
    ],
    [
      { Or: [{ Variable: '$.n', IsString: true }, { Not: { Variable: '$.n', IsString: true } }] },
      true,
    ],
    [{ Not: { Variable: '$.n', NumericEquals: 5 } }, false],
  ])('%j is %s', async (rule, expected) => {
    expect(await outputOf(machineOf(rule), { input: INPUT })).toBe(expected);
  });

  it('take the first that holds', async () => {
    const machine = {
      StartAt: 'C',
      States: {
        C: {
          Type: 'Choice',
          Choices: [
            { Variable: '$.n', NumericGreaterThan: 1, Next: 'A' },
            { Variable: '$.n', NumericGreaterThan: 0, Next: 'B' },
          ],
        },
        A: { Type: 'Pass', Result: 'A', End: true },
        B: { Type: 'Pass', Result: 'B', End: true },
      },
    };
    expect(await outputOf(machine, { input: { n: 2 } })).toBe('A');
    expect(await outputOf(machine, { input: { n: 1 } })).toBe('B');
    expect((await failureOf(machine, { input: { n: 0 } })).error).toBe('States.NoChoiceMatched');
    expect(await failureOf(machine, { input: {} })).toEqual({
      error: 'States.Runtime',
      cause: `An error occurred while executing the state 'C' (entered at the event id #1). Invalid path '$.n': The choice state's condition path references an invalid value.`,
    });
  });
});
