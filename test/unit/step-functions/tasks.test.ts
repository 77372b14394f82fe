import { describe, expect, it } from '@jest/globals';
import { StateFailed } from '../../../src/step-functions/interpreter/failure.js';
import type { Json } from '../../../src/step-functions/interpreter/json.js';
import {
  failureOf,
  FUNCTION,
  MachineRun,
  only,
  outputOf,
  type Work,
} from '../../support/state-machine-run.js';

const ORDER: Json = {
  id: 7,
  items: [
    { sku: 'a', n: 2 },
    { sku: 'b', n: 0 },
  ],
  who: { name: 'Ada' },
};

describe('tasks', () => {
  it('selects, places and gives on what a function answers', async () => {
    const machine = only({
      Type: 'Task',
      Resource: FUNCTION,
      InputPath: '$.who',
      ResultSelector: { 'len.$': '$.length' },
      ResultPath: '$.answer',
      OutputPath: '$.answer',
    });
    const work: Work = (input) => ({ length: JSON.stringify(input).length });
    expect(await outputOf(machine, { input: ORDER, work })).toEqual({ len: 14 });
  });

  it('tells a function’s work as AWS does', async () => {
    const run = new MachineRun(only({ Type: 'Task', Resource: FUNCTION, TimeoutSeconds: 9 }), {
      input: { a: 1 },
      work: () => 'ok',
    });
    expect(await run.ended).toEqual({ output: 'ok' });
    expect(run.journal.events.map(({ id, type, previous }) => [id, type, previous])).toEqual([
      [1, 'TaskStateEntered', 0],
      [2, 'LambdaFunctionScheduled', 1],
      [3, 'LambdaFunctionStarted', 2],
      [4, 'LambdaFunctionSucceeded', 3],
      [5, 'TaskStateExited', 4],
    ]);
    expect(run.journal.events[1]?.details).toEqual({
      lambdaFunctionScheduledEventDetails: {
        resource: FUNCTION,
        input: '{"a":1}',
        inputDetails: { truncated: false },
        timeoutInSeconds: 9,
      },
    });
  });

  it('tells an integration’s work as AWS does', async () => {
    const run = new MachineRun(
      only({
        Type: 'Task',
        Resource: 'arn:aws:states:::sqs:sendMessage',
        Parameters: { QueueUrl: 'q', MessageBody: 'm' },
      }),
      { work: () => ({ MessageId: '1' }) },
    );
    await run.ended;
    expect(run.types).toEqual([
      'TaskStateEntered',
      'TaskScheduled',
      'TaskStarted',
      'TaskSucceeded',
      'TaskStateExited',
    ]);
    expect(run.journal.events[1]?.details).toEqual({
      taskScheduledEventDetails: {
        resourceType: 'sqs',
        resource: 'sendMessage',
        region: 'us-east-1',
        parameters: '{"QueueUrl":"q","MessageBody":"m"}',
      },
    });
  });

  it('a function that takes too long times out in real time', async () => {
    const run = new MachineRun(only({ Type: 'Task', Resource: FUNCTION, TimeoutSeconds: 5 }), {
      work: () => new Promise(() => undefined),
    });
    await run.advance(3_600_000);
    expect(run.types.at(-1)).toBe('LambdaFunctionStarted');
    run.real.advance(5000);
    expect(await run.ended).toEqual({ failure: { error: 'States.Timeout' } });
    expect(run.types.at(-1)).toBe('LambdaFunctionTimedOut');
  });

  it('retries with back-off under virtual time, then catches', async () => {
    const attempts: number[] = [];
    const machine = {
      StartAt: 'A',
      States: {
        A: {
          Type: 'Task',
          Resource: FUNCTION,
          Retry: [
            {
              ErrorEquals: ['Busy'],
              IntervalSeconds: 2,
              BackoffRate: 3,
              MaxAttempts: 3,
              MaxDelaySeconds: 10,
            },
            { ErrorEquals: ['States.ALL'], MaxAttempts: 0 },
          ],
          Catch: [
            { ErrorEquals: ['Other'], Next: 'No' },
            { ErrorEquals: ['States.TaskFailed'], ResultPath: '$.why', Next: 'B' },
          ],
          End: true,
        },
        No: { Type: 'Fail' },
        B: { Type: 'Pass', End: true },
      },
    };
    const run: MachineRun = new MachineRun(machine, {
      input: { a: 1 },
      work: () => {
        attempts.push(run.clock.now());
        throw new StateFailed('Busy', 'come again');
      },
    });
    await run.settle();
    await run.advance(1999);
    expect(attempts).toHaveLength(1);
    await run.advance(1);
    expect(attempts).toHaveLength(2);
    await run.advance(6000);
    await run.advance(10_000);
    expect(await run.ended).toEqual({
      output: { a: 1, why: { Error: 'Busy', Cause: 'come again' } },
    });
    const [first = 0] = attempts;
    expect(attempts.map((at) => at - first)).toEqual([0, 2000, 8000, 18_000]);
    expect(run.types.filter((type) => type === 'LambdaFunctionFailed')).toHaveLength(4);
    expect(run.types.slice(-4)).toEqual([
      'LambdaFunctionFailed',
      'TaskStateExited',
      'PassStateEntered',
      'PassStateExited',
    ]);
  });

  it('spreads retries where it is told to', async () => {
    const retry = [
      { ErrorEquals: ['Busy'], IntervalSeconds: 8, JitterStrategy: 'FULL', MaxAttempts: 1 },
    ];
    let calls = 0;
    const run = new MachineRun(only({ Type: 'Task', Resource: FUNCTION, Retry: retry }), {
      random: () => 0.25,
      work: () => {
        calls += 1;
        if (calls === 1) throw new StateFailed('Busy');
        return 'done';
      },
    });
    await run.advance(1999);
    expect(calls).toBe(1);
    await run.advance(1);
    expect(await run.ended).toEqual({ output: 'done' });
  });

  it('fails with the function’s error and cause when nothing catches it', async () => {
    const work: Work = () => {
      throw new StateFailed('OutOfStock', '{"errorType":"OutOfStock"}');
    };
    expect(await failureOf(only({ Type: 'Task', Resource: FUNCTION }), { work })).toEqual({
      error: 'OutOfStock',
      cause: '{"errorType":"OutOfStock"}',
    });
  });

  it('refuses results that are too large, which States.ALL does not catch', async () => {
    const machine = {
      StartAt: 'A',
      States: {
        A: {
          Type: 'Task',
          Resource: FUNCTION,
          Catch: [{ ErrorEquals: ['States.ALL'], Next: 'B' }],
          End: true,
        },
        B: { Type: 'Pass', End: true },
      },
    };
    const failure = await failureOf(machine, { work: () => 'x'.repeat(256 * 1024) });
    expect(failure.error).toBe('States.DataLimitExceeded');
    expect(await outputOf(machine, { work: () => 'x'.repeat(256 * 1024 - 2) })).toHaveLength(
      256 * 1024 - 2,
    );
  });
});

describe('callbacks', () => {
  const machine = only({
    Type: 'Task',
    Resource: 'arn:aws:states:::sqs:sendMessage.waitForTaskToken',
    Parameters: { QueueUrl: 'q', 'MessageBody.$': '$$.Task.Token' },
    TimeoutSeconds: 600,
    HeartbeatSeconds: 60,
  });

  it('wait for an answer to their token', async () => {
    const run = new MachineRun(machine, { work: () => ({ MessageId: 'm' }) });
    await run.settle();
    const [call] = run.calls;
    expect(call?.input).toEqual({ QueueUrl: 'q', MessageBody: call?.token });
    expect(run.types.at(-1)).toBe('TaskSubmitted');
    expect(run.desk.answer(String(call?.token), { output: { ok: true } })).toBe(true);
    expect(await run.ended).toEqual({ output: { ok: true } });
    expect(run.desk.answer(String(call?.token), { output: 1 })).toBe(false);
  });

  it('fail as they are answered', async () => {
    const run = new MachineRun(machine);
    await run.settle();
    run.desk.answer(String(run.calls[0]?.token), {
      failure: { error: 'Denied', cause: 'by hand' },
    });
    expect(await run.ended).toEqual({ failure: { error: 'Denied', cause: 'by hand' } });
    expect(run.types.at(-1)).toBe('TaskFailed');
  });

  it('miss their heartbeat in queue time', async () => {
    const run = new MachineRun(machine);
    await run.advance(59_000);
    run.desk.heartbeat(String(run.calls[0]?.token));
    await run.advance(59_000);
    await run.advance(1000);
    expect(await run.ended).toEqual({ failure: { error: 'States.HeartbeatTimeout' } });
    expect(run.types.at(-1)).toBe('TaskTimedOut');
  });

  it('may be answered before the call is over', async () => {
    const run: MachineRun = new MachineRun(
      only({
        Type: 'Task',
        Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
        Parameters: {},
      }),
      {
        work: async (_, call) => {
          run.desk.answer(String(call.token), { output: 'early' });
          return {};
        },
      },
    );
    expect(await run.ended).toEqual({ output: 'early' });
  });

  it('of activities go to workers who ask', async () => {
    const arn = 'arn:aws:states:us-east-1:123456789012:activity:pack';
    const run = new MachineRun(only({ Type: 'Task', Resource: arn }), { input: { box: 1 } });
    await run.settle();
    const task = await run.desk.take(arn, 'Bob', new AbortController().signal);
    expect(task?.input).toBe('{"box":1}');
    await run.settle();
    run.desk.answer(String(task?.token), { output: 'packed' });
    expect(await run.ended).toEqual({ output: 'packed' });
    expect(run.types).toEqual([
      'TaskStateEntered',
      'ActivityScheduled',
      'ActivityStarted',
      'ActivitySucceeded',
      'TaskStateExited',
    ]);
  });
});
