import { describe, expect, it } from '@jest/globals';
import { StateFailed } from '../../../src/step-functions/interpreter/failure.js';
import {
  failureOf,
  FUNCTION,
  MachineRun,
  only,
  outputOf,
  type Work,
} from '../../support/state-machine-run.js';

describe('waits', () => {
  it.each([
    ['Seconds', { Type: 'Wait', Seconds: 3600 }, 3_600_000],
    ['SecondsPath', { Type: 'Wait', SecondsPath: '$.n' }, 90_000],
    [
      'an expression',
      { Type: 'Wait', Seconds: '{% $states.input.n + 1 %}', QueryLanguage: 'JSONata' },
      91_000,
    ],
  ])('%s', async (_, state, ms) => {
    const run = new MachineRun(only(state), { input: { n: 90 } });
    await run.advance(ms - 1);
    expect(run.types).toEqual(['WaitStateEntered']);
    await run.advance(1);
    expect(await run.ended).toEqual({ output: { n: 90 } });
  });

  it('until a time', async () => {
    const at = new Date(new MachineRun(only({ Type: 'Pass' })).clock.now() + 5000).toISOString();
    const run = new MachineRun(only({ Type: 'Wait', TimestampPath: '$.at' }), { input: { at } });
    await run.advance(4000);
    expect(run.types).toEqual(['WaitStateEntered']);
    await run.advance(1000);
    expect(await run.ended).toEqual({ output: { at } });
  });
});

describe('Parallel and Map', () => {
  const work: Work = (input) => {
    if (input === 'bad') throw new StateFailed('Bad', 'it is bad');
    return [input];
  };

  it('branches give a list in their order', async () => {
    const machine = only({
      Type: 'Parallel',
      Branches: [
        {
          StartAt: 'L',
          States: {
            L: { Type: 'Wait', Seconds: 1, Next: 'L2' },
            L2: { Type: 'Pass', Result: 'late', End: true },
          },
        },
        { StartAt: 'E', States: { E: { Type: 'Pass', Result: 'early', End: true } } },
      ],
    });
    const run = new MachineRun(machine);
    await run.advance(1000);
    expect(await run.ended).toEqual({ output: ['late', 'early'] });
    expect(run.types.filter((type) => type.startsWith('Parallel'))).toEqual([
      'ParallelStateEntered',
      'ParallelStateStarted',
      'ParallelStateSucceeded',
      'ParallelStateExited',
    ]);
  });

  it('a branch that fails ends the others, and the state is caught', async () => {
    const machine = {
      StartAt: 'A',
      States: {
        A: {
          Type: 'Parallel',
          Branches: [
            { StartAt: 'W', States: { W: { Type: 'Wait', Seconds: 3600, End: true } } },
            {
              StartAt: 'T',
              States: { T: { Type: 'Task', Resource: FUNCTION, InputPath: '$.x', End: true } },
            },
          ],
          Catch: [{ ErrorEquals: ['Bad'], Next: 'B' }],
          End: true,
        },
        B: { Type: 'Succeed' },
      },
    };
    const run = new MachineRun(machine, { input: { x: 'bad' }, work });
    expect(await run.ended).toEqual({ output: { Error: 'Bad', Cause: 'it is bad' } });
    expect(run.types).toContain('WaitStateAborted');
    expect(run.types).toContain('ParallelStateFailed');
  });

  it('items run with their index and value, so many at a time', async () => {
    let now = 0;
    let most = 0;
    const machine = only({
      Type: 'Map',
      ItemsPath: '$.list',
      MaxConcurrency: 2,
      ItemSelector: { 'i.$': '$$.Map.Item.Index', 'v.$': '$$.Map.Item.Value', 'all.$': '$.k' },
      ItemProcessor: {
        ProcessorConfig: { Mode: 'INLINE' },
        StartAt: 'T',
        States: { T: { Type: 'Task', Resource: FUNCTION, End: true } },
      },
      ResultPath: '$.out',
      OutputPath: '$.out',
    });
    const counted: Work = async (input) => {
      now += 1;
      most = Math.max(most, now);
      await new Promise((resolve) => setImmediate(resolve));
      now -= 1;
      return input;
    };
    const run = new MachineRun(machine, { input: { list: ['a', 'b', 'c'], k: 9 }, work: counted });
    expect(await run.ended).toEqual({
      output: [
        { i: 0, v: 'a', all: 9 },
        { i: 1, v: 'b', all: 9 },
        { i: 2, v: 'c', all: 9 },
      ],
    });
    expect(most).toBe(2);
    expect(run.types.filter((type) => type === 'MapIterationSucceeded')).toHaveLength(3);
    expect(run.journal.events[1]?.details).toEqual({ mapStateStartedEventDetails: { length: 3 } });
  });

  it('an item that fails fails the state, unless it is tolerated', async () => {
    const map = {
      Type: 'Map',
      ItemProcessor: {
        StartAt: 'T',
        States: { T: { Type: 'Task', Resource: FUNCTION, End: true } },
      },
    };
    expect(await failureOf(only(map), { input: ['a', 'bad'], work })).toEqual({
      error: 'Bad',
      cause: 'it is bad',
    });
    const tolerant = only({ ...map, ToleratedFailureCount: 1 });
    expect(await outputOf(tolerant, { input: ['a', 'bad'], work })).toEqual([
      ['a'],
      { Error: 'Bad', Cause: 'it is bad' },
    ]);
    const failure = await failureOf(tolerant, { input: ['bad', 'bad'], work });
    expect(failure.error).toBe('States.ExceedToleratedFailureThreshold');
  });

  it('an empty list gives an empty list', async () => {
    const map = {
      Type: 'Map',
      Iterator: { StartAt: 'T', States: { T: { Type: 'Pass', End: true } } },
    };
    expect(await outputOf(only(map), { input: [] })).toEqual([]);
    expect((await failureOf(only(map), { input: {} })).error).toBe('States.Runtime');
  });
});
