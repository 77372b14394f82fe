import { describe, expect, it } from '@jest/globals';
import { validate } from '../../../src/step-functions/interpreter/validate.js';
import { FUNCTION, only } from '../../support/state-machine-run.js';

function problems(definition: unknown, type: 'STANDARD' | 'EXPRESS' = 'STANDARD'): string[] {
  return validate(definition, type).map(({ path, message }) => `${path}: ${message}`);
}

const TASK = { Type: 'Task', Resource: FUNCTION };

describe('a definition', () => {
  it('is told everything that is wrong with it at once', () => {
    const definition = {
      StartAt: 'Begin',
      Timeout: 5,
      States: {
        First: { Type: 'Tsk', Next: 'X' },
        Second: { ...TASK, Next: 'Nowhere', Ressource: 'x' },
        Third: { ...TASK },
        Fourth: { ...TASK, Next: 'Third', End: true },
        Fifth: { Type: 'Wait', End: true },
        Sixth: { Type: 'Wait', Seconds: 1, SecondsPath: '$.n', End: true },
        Seventh: {
          ...TASK,
          End: true,
          ResultPath: '$.a[*]',
          InputPath: 'order',
          Parameters: { 'x.$': 5, 'y.$': 'States.Nope()' },
        },
        Eighth: {
          ...TASK,
          End: true,
          Retry: [{ ErrorEquals: ['States.ALL'], MaxAttempts: -1 }, { ErrorEquals: ['A'] }],
          Catch: [
            { ErrorEquals: [], Next: 'Third' },
            { ErrorEquals: ['B'], Next: 'Gone' },
          ],
        },
      },
    };
    expect(problems(definition)).toEqual([
      'Timeout: the field is not known',
      'StartAt: there is no state of this name',
      'States.First.Type: the type of state is not known',
      'States.Second.Ressource: a Task state has no such field',
      'States.Second.Next: there is no state of this name',
      'States.Third: nothing says what follows the state',
      'States.Fourth.End: the state ends and goes on',
      'States.Fifth: a field is missing',
      'States.Sixth.SecondsPath: two fields say the same',
      'States.Seventh.ResultPath: the path cannot be used: it must lead to exactly one place',
      'States.Seventh.InputPath: the path cannot be used: it must begin with $',
      'States.Seventh.Parameters.x.$: the name ends in .$ and the value is no string',
      'States.Seventh.Parameters.y.$: the path cannot be used: there is no function States.Nope',
      'States.Eighth.Retry.0.ErrorEquals: States.ALL must stand alone, in the last rule',
      'States.Eighth.Retry.0.MaxAttempts: the number is out of range',
      'States.Eighth.Catch.0.ErrorEquals: the field is missing or no list',
      'States.Eighth.Catch.1.Next: there is no state of this name',
    ]);
  });

  it.each<readonly [string, object, readonly string[]]>([
    [
      'an unreachable state',
      { StartAt: 'A', States: { A: { Type: 'Succeed' }, B: { Type: 'Succeed' } } },
      ['States.B: no state leads here'],
    ],
    [
      'a state of a branch with a name that is taken',
      only({ Type: 'Parallel', Branches: [only({ Type: 'Pass' })] }),
      ['States.A.Branches.0.States.A: another state of the machine has this name'],
    ],
    [
      'a branch that leads out of itself',
      only({
        Type: 'Parallel',
        Branches: [{ StartAt: 'B', States: { B: { Type: 'Pass', Next: 'A' } } }],
      }),
      ['States.A.Branches.0.States.B.Next: there is no state of this name'],
    ],
    [
      'no branches',
      only({ Type: 'Parallel', Branches: [] }),
      ['States.A.Branches: the field is no list of branches'],
    ],
    ['a Map without a processor', only({ Type: 'Map' }), ['States.A: a field is missing']],
    [
      'an item reader',
      only({
        Type: 'Map',
        ItemProcessor: { StartAt: 'B', States: { B: { Type: 'Pass', End: true } } },
        ItemReader: {},
      }),
      ['States.A.ItemReader: distributed maps with ItemReader do not run here'],
    ],
    [
      'a comparison nobody knows',
      {
        StartAt: 'C',
        States: {
          C: { Type: 'Choice', Choices: [{ Variable: '$.a', NumericIs: 1, Next: 'D' }] },
          D: { Type: 'Succeed' },
        },
      },
      ['States.C.Choices.0.NumericIs: the comparison is not known'],
    ],
    [
      'a value that does not fit',
      {
        StartAt: 'C',
        States: {
          C: {
            Type: 'Choice',
            Choices: [{ And: [{ Variable: '$.a', NumericEquals: '1' }], Next: 'D' }],
          },
          D: { Type: 'Succeed' },
        },
      },
      ['States.C.Choices.0.And.0.NumericEquals: the value does not fit the comparison'],
    ],
    [
      'a rule that leads nowhere',
      {
        StartAt: 'C',
        States: {
          C: { Type: 'Choice', Choices: [{ Variable: '$.a', IsNull: true }], Default: 'D' },
          D: { Type: 'Succeed' },
        },
      },
      ['States.C.Choices.0.Next: there is no state of this name'],
    ],
    [
      'an integration that does not run here',
      only({ Type: 'Task', Resource: 'arn:aws:states:::glue:startJobRun.sync' }),
      [
        'States.A.Resource: the service integration glue does not run here (those of lambda, sqs, sns, dynamodb, events, states and aws-sdk do)',
      ],
    ],
    [
      'a resource of no kind',
      only({ Type: 'Task', Resource: 'work' }),
      ['States.A.Resource: it is neither a function, an activity nor a service integration'],
    ],
    [
      'a heartbeat longer than the timeout',
      only({ ...TASK, TimeoutSeconds: 5, HeartbeatSeconds: 5 }),
      ['States.A.HeartbeatSeconds: the heartbeat is no shorter than the timeout'],
    ],
    [
      'an expression that cannot be read',
      only({ Type: 'Pass', Output: '{% 1 + %}' }, { QueryLanguage: 'JSONata' }),
      [
        'States.A.Output: the JSONata expression cannot be used: Unexpected end of expression at character 3',
      ],
    ],
    [
      'a JSONPath field in a JSONata state',
      only({ Type: 'Pass', ResultPath: '$.x' }, { QueryLanguage: 'JSONata' }),
      ['States.A.ResultPath: the field is one of JSONPath states'],
    ],
    [
      'a JSONPath state in a JSONata machine',
      only({ Type: 'Pass', QueryLanguage: 'JSONPath' }, { QueryLanguage: 'JSONata' }),
      ['States.A.QueryLanguage: a JSONata machine has no JSONPath states'],
    ],
    ['no states', { StartAt: 'A' }, ['States: there are no states']],
    ['a text', 'x' as never, [': the definition is no object']],
  ])('%s', (_, definition, expected) => {
    expect(problems(definition)).toEqual(expected);
  });

  it('is warned of what runs in another way here', () => {
    const machine = only({
      Type: 'Map',
      ItemProcessor: {
        ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
        StartAt: 'B',
        States: { B: { ...TASK, Credentials: { RoleArn: 'x' }, End: true } },
      },
    });
    expect(validate(machine, 'STANDARD').map(({ severity, path }) => [severity, path])).toEqual([
      ['WARNING', 'States.A.ItemProcessor.States.B.Credentials'],
      ['WARNING', 'States.A.ItemProcessor.ProcessorConfig.Mode'],
    ]);
  });

  it('names actions that a service has, and means the nearest', () => {
    const machine = only({ Type: 'Task', Resource: 'arn:aws:states:::aws-sdk:sqs:sendMesage' });
    expect(problems(machine)).toEqual([
      'States.A.Resource: sqs has no action sendMesage; did you mean sendMessage?',
    ]);
  });

  it('of an Express machine waits for nothing', () => {
    const machine = only({
      Type: 'Task',
      Resource: 'arn:aws:states:::sqs:sendMessage.waitForTaskToken',
    });
    expect(problems(machine)).toEqual([]);
    expect(problems(machine, 'EXPRESS')).toEqual([
      'States.A.Resource: Express machines wait neither for callbacks nor for other executions',
    ]);
  });

  it('with everything there is, is right', () => {
    const machine = {
      Comment: 'all of it',
      StartAt: 'T',
      TimeoutSeconds: 60,
      States: {
        T: {
          ...TASK,
          TimeoutSeconds: 9,
          HeartbeatSecondsPath: '$.h',
          Retry: [
            {
              ErrorEquals: ['A'],
              IntervalSeconds: 1,
              BackoffRate: 1.5,
              MaxAttempts: 0,
              MaxDelaySeconds: 9,
              JitterStrategy: 'FULL',
            },
          ],
          Catch: [{ ErrorEquals: ['States.ALL'], Next: 'F', ResultPath: '$.e' }],
          Next: 'M',
        },
        M: {
          Type: 'Map',
          ItemsPath: '$.list',
          MaxConcurrency: 5,
          ItemSelector: { 'v.$': '$$.Map.Item.Value' },
          ItemProcessor: {
            ProcessorConfig: { Mode: 'INLINE' },
            StartAt: 'P',
            States: { P: { Type: 'Pass', End: true } },
          },
          Next: 'Q',
        },
        Q: {
          Type: 'Task',
          QueryLanguage: 'JSONata',
          Resource: 'arn:aws:states:::aws-sdk:dynamodb:query',
          Arguments: { TableName: '{% $states.input.t %}' },
          Assign: { x: 1 },
          Next: 'W',
        },
        W: { Type: 'Wait', TimestampPath: '$.at', Next: 'S' },
        S: { Type: 'Succeed' },
        F: { Type: 'Fail', ErrorPath: '$.e.Error', CausePath: "States.Format('{}', $.e.Cause)" },
      },
    };
    expect(validate(machine, 'STANDARD')).toEqual([]);
  });
});
