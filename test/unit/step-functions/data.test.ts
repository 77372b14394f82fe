import { describe, expect, it } from '@jest/globals';
import type { Json } from '../../../src/step-functions/interpreter/json.js';
import { failureOf, FUNCTION, only, outputOf } from '../../support/state-machine-run.js';

const ORDER: Json = {
  id: 7,
  items: [
    { sku: 'a', n: 2 },
    { sku: 'b', n: 0 },
  ],
  who: { name: 'Ada' },
};

describe('data of JSONPath states', () => {
  const cases: readonly (readonly [string, object, Json])[] = [
    ['Pass gives its input on', { Type: 'Pass' }, ORDER],
    ['InputPath', { Type: 'Pass', InputPath: '$.who' }, { name: 'Ada' }],
    ['InputPath null', { Type: 'Pass', InputPath: null }, {}],
    ['OutputPath', { Type: 'Pass', OutputPath: '$.items[0].sku' }, 'a'],
    ['OutputPath null', { Type: 'Pass', OutputPath: null }, {}],
    ['Result', { Type: 'Pass', Result: { x: 1 } }, { x: 1 }],
    [
      'ResultPath',
      { Type: 'Pass', InputPath: '$.who', ResultPath: '$.a.b' },
      { ...(ORDER as object), a: { b: { name: 'Ada' } } },
    ],
    [
      'ResultPath into a list',
      { Type: 'Pass', Result: 1, ResultPath: '$.items[1]', OutputPath: '$.items' },
      [{ sku: 'a', n: 2 }, 1],
    ],
    ['ResultPath null', { Type: 'Pass', Result: 1, ResultPath: null }, ORDER],
    [
      'Parameters',
      {
        Type: 'Pass',
        Parameters: {
          who: { 'n.$': '$.who.name', fixed: '$.who.name' },
          'run.$': '$$.Execution.Name',
        },
      },
      { who: { n: 'Ada', fixed: '$.who.name' }, run: 'one' },
    ],
    [
      'Parameters with a function',
      { Type: 'Pass', Parameters: { 't.$': "States.Format('{} has {}', $.who.name, $.id)" } },
      { t: 'Ada has 7' },
    ],
    [
      'an indefinite path',
      { Type: 'Pass', Parameters: { 'skus.$': '$.items[*].sku' } },
      { skus: ['a', 'b'] },
    ],
    [
      'a path that searches',
      { Type: 'Pass', Parameters: { 'all.$': '$..sku' } },
      { all: ['a', 'b'] },
    ],
    [
      'a filter',
      { Type: 'Pass', Parameters: { 'some.$': '$.items[?(@.n > 1)].sku' } },
      { some: ['a'] },
    ],
    [
      'a filter that finds nothing',
      { Type: 'Pass', Parameters: { 'some.$': "$.items[?(@.sku == 'z')]" } },
      { some: [] },
    ],
    [
      'a slice',
      { Type: 'Pass', Parameters: { 'some.$': '$.items[0:1]' } },
      { some: [{ sku: 'a', n: 2 }] },
    ],
    ['a name in brackets', { Type: 'Pass', InputPath: "$['who']['name']" }, 'Ada'],
    ['Succeed', { Type: 'Succeed', OutputPath: '$.who' }, { name: 'Ada' }],
  ];
  it.each(cases)('%s', async (_, state, expected) => {
    expect(await outputOf(only(state), { input: ORDER })).toEqual(expected);
  });

  it('a missing path ends the execution, and no catcher stops it', async () => {
    const state = {
      Type: 'Task',
      Resource: FUNCTION,
      Parameters: { 'x.$': '$.nowhere' },
      Catch: [{ ErrorEquals: ['States.ALL'], Next: 'B' }],
    };
    const machine = {
      StartAt: 'A',
      States: { A: { ...state, Next: 'B' }, B: { Type: 'Succeed' } },
    };
    expect(await failureOf(machine, { input: { a: 1 } })).toEqual({
      error: 'States.Runtime',
      cause: `An error occurred while executing the state 'A' (entered at the event id #1). The JSONPath '$.nowhere' specified for the field 'x.$' could not be found in the input '{"a":1}'`,
    });
  });

  it('a ResultPath that something bars fails in its own name', async () => {
    const machine = only({ Type: 'Pass', Result: 1, ResultPath: '$.id.deeper' });
    expect((await failureOf(machine, { input: ORDER })).error).toBe(
      'States.ResultPathMatchFailure',
    );
  });

  it('assigns variables that later states and branches see', async () => {
    const machine = {
      StartAt: 'A',
      States: {
        A: { Type: 'Pass', Assign: { 'who.$': '$.who.name', n: 1 }, Next: 'B' },
        B: {
          Type: 'Parallel',
          Branches: [only({ Type: 'Pass', Parameters: { 'w.$': '$who' }, Assign: { n: 2 } })].map(
            (m) => renamed(m, 'C'),
          ),
          ResultPath: '$.out',
          Next: 'D',
        },
        D: {
          Type: 'Pass',
          Parameters: { 'n.$': '$n', 'out.$': '$.out', 'f.$': "States.Format('{}', $who)" },
          End: true,
        },
      },
    };
    expect(await outputOf(machine, { input: ORDER })).toEqual({
      n: 1,
      out: [{ w: 'Ada' }],
      f: 'Ada',
    });
  });
});

function renamed(machine: object, name: string): object {
  const { States: states } = machine as { States: { A: object } };
  return { StartAt: name, States: { [name]: states.A } };
}
