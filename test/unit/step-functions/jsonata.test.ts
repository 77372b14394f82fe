import { describe, expect, it } from '@jest/globals';
import { StateFailed } from '../../../src/step-functions/interpreter/failure.js';
import type { Json } from '../../../src/step-functions/interpreter/json.js';
import { failureOf, FUNCTION, only, outputOf, type Work } from '../../support/state-machine-run.js';

const ORDER: Json = {
  id: 7,
  items: [
    { sku: 'a', n: 2 },
    { sku: 'b', n: 0 },
  ],
  who: { name: 'Ada' },
};

describe('JSONata states', () => {
  const jsonata = { QueryLanguage: 'JSONata' };
  it.each<readonly [string, object, Json]>([
    [
      'Output',
      { Type: 'Pass', Output: { n: '{% $count($states.input.items) %}', s: 'plain' } },
      { n: 2, s: 'plain' },
    ],
    ['the context', { Type: 'Pass', Output: '{% $states.context.Execution.Name %}' }, 'one'],
    [
      'a sequence of one',
      { Type: 'Pass', Output: '{% [$states.input.items[n > 1].sku] %}' },
      ['a'],
    ],
    [
      'functions of its own',
      {
        Type: 'Pass',
        Output: {
          p: '{% $partition([1,2,3], 2) %}',
          r: '{% $range(0, 6, 3) %}',
          h: "{% $hash('x', 'MD5') %}",
          j: '{% $parse(\'{"a":1}\').a %}',
        },
      },
      { p: [[1, 2], [3]], r: [0, 3, 6], h: '9dd4e461268c8034f5c8564e155c67a6', j: 1 },
    ],
    [
      'Arguments and result',
      {
        Type: 'Task',
        Resource: FUNCTION,
        Arguments: { x: '{% $states.input.id * 2 %}' },
        Output: '{% $states.result.x + 1 %}',
      },
      15,
    ],
    [
      'Map',
      {
        Type: 'Map',
        Items: '{% $states.input.items %}',
        ItemSelector: { s: '{% $states.context.Map.Item.Value.sku %}' },
        ItemProcessor: {
          StartAt: 'P',
          States: { P: { Type: 'Pass', Output: '{% $states.input.s %}', End: true } },
        },
      },
      ['a', 'b'],
    ],
  ])('%s', async (_, state, expected) => {
    expect(await outputOf(only(state, jsonata), { input: ORDER, work: (input) => input })).toEqual(
      expected,
    );
  });

  it('choose, assign and catch', async () => {
    const machine = {
      QueryLanguage: 'JSONata',
      StartAt: 'A',
      States: {
        A: {
          Type: 'Choice',
          Choices: [
            { Condition: '{% $states.input.id > 5 %}', Assign: { big: '{% true %}' }, Next: 'B' },
          ],
          Default: 'C',
        },
        B: {
          Type: 'Task',
          Resource: FUNCTION,
          Catch: [
            {
              ErrorEquals: ['Bad'],
              Output: "{% {'e': $states.errorOutput.Error, 'big': $big} %}",
              Next: 'C',
            },
          ],
          End: true,
        },
        C: { Type: 'Succeed' },
      },
    };
    const work: Work = () => {
      throw new StateFailed('Bad', 'x');
    };
    expect(await outputOf(machine, { input: ORDER, work })).toEqual({ e: 'Bad', big: true });
  });

  it('an expression that gives nothing can be caught by its name', async () => {
    const machine = only({ Type: 'Pass', Output: '{% $states.input.nowhere %}' }, jsonata);
    const failure = await failureOf(machine, { input: {} });
    expect(failure.error).toBe('States.QueryEvaluationError');
    expect(failure.cause).toContain(
      "The JSONata expression '$states.input.nowhere' specified for the field 'Output' returned nothing (undefined).",
    );
  });

  it('Fail takes expressions', async () => {
    const machine = only(
      { Type: 'Fail', Error: '{% $states.input.e %}', Cause: 'because' },
      jsonata,
    );
    expect(await failureOf(machine, { input: { e: 'E1' } })).toEqual({
      error: 'E1',
      cause: 'because',
    });
  });
});
