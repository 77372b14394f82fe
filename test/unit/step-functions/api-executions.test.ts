import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  DescribeStateMachineForExecutionCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  StartExecutionCommand,
  StartSyncExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { systemClock } from '../../../src/async/clock.js';
import { VirtualClock } from '../../../src/async/virtual-clock.js';
import { FUNCTION } from '../../support/state-machine-run.js';
import { refusal, ROLE, StepFunctionsServer } from '../../support/step-functions-server.js';

const ARN = 'arn:aws:states:us-east-1:123456789012:stateMachine:';
const WAITS = { StartAt: 'W', States: { W: { Type: 'Wait', Seconds: 3600, End: true } } };
const PASSES = { StartAt: 'P', States: { P: { Type: 'Pass', End: true } } };

let server: StepFunctionsServer;
beforeEach(async () => {
  server = await new StepFunctionsServer().start();
});
afterEach(() => server.destroy());

describe('executions', () => {
  it('succeed with their output', async () => {
    const machine = await server.create('orders', {
      StartAt: 'T',
      States: { T: { Type: 'Task', Resource: FUNCTION, End: true } },
    });
    server.work = (name, event) => ({ name, event });
    const arn = await server.execute(machine, { id: 1 }, 'one');
    expect(arn).toBe('arn:aws:states:us-east-1:123456789012:execution:orders:one');
    const found = await server.ended(arn);
    expect(found).toMatchObject({
      status: 'SUCCEEDED',
      name: 'one',
      stateMachineArn: machine,
      input: '{"id":1}',
      inputDetails: { included: true },
      output: '{"name":"work","event":{"id":1}}',
      redriveStatus: 'NOT_REDRIVABLE',
    });
    const form = await server.client.send(
      new DescribeStateMachineForExecutionCommand({ executionArn: arn }),
    );
    expect(JSON.parse(String(form.definition))).toMatchObject({ StartAt: 'T' });
  });

  it('fail with the error of the function', async () => {
    const machine = await server.create('orders', {
      StartAt: 'T',
      States: { T: { Type: 'Task', Resource: FUNCTION, End: true } },
    });
    server.work = () => {
      throw new RangeError('too many');
    };
    const found = await server.ended(await server.execute(machine));
    expect(found).toMatchObject({ status: 'FAILED', error: 'RangeError' });
    expect(JSON.parse(String(found.cause))).toEqual({
      errorType: 'RangeError',
      errorMessage: 'too many',
      trace: [],
    });
  });

  it('are started once for a name and an input', async () => {
    const machine = await server.create('orders', WAITS);
    const arn = await server.execute(machine, { a: 1 }, 'same');
    expect(await server.execute(machine, { a: 1 }, 'same')).toBe(arn);
    expect((await refusal(server.execute(machine, { a: 2 }, 'same')))[0]).toBe(
      'ExecutionAlreadyExists',
    );
    await server.client.send(
      new StopExecutionCommand({ executionArn: arn, error: 'E', cause: 'by hand' }),
    );
    expect(await server.describe(arn)).toMatchObject({
      status: 'ABORTED',
      error: 'E',
      cause: 'by hand',
    });
    expect((await refusal(server.execute(machine, { a: 1 }, 'same')))[0]).toBe(
      'ExecutionAlreadyExists',
    );
  });

  it('are listed by status in pages, the newest first', async () => {
    const machine = await server.create('orders', WAITS);
    const arns = [
      await server.execute(machine),
      await server.execute(machine),
      await server.execute(machine),
    ];
    await server.client.send(new StopExecutionCommand({ executionArn: arns[1] }));
    const list = (
      more: object,
    ): Promise<{ executions?: { executionArn?: string }[]; nextToken?: string }> =>
      server.client.send(new ListExecutionsCommand({ stateMachineArn: machine, ...more })) as never;
    const running = await list({ statusFilter: 'RUNNING' });
    expect(running.executions?.map(({ executionArn }) => executionArn)).toEqual([arns[2], arns[0]]);
    const first = await list({ maxResults: 2 });
    const second = await list({ maxResults: 2, nextToken: first.nextToken });
    expect(second.executions?.map(({ executionArn }) => executionArn)).toEqual([arns[0]]);
  });

  it('have a history in pages, both ways, with and without data', async () => {
    const machine = await server.create('orders', PASSES);
    const executionArn = await server.execute(machine, { a: 1 });
    await server.ended(executionArn);
    const { events } = await server.client.send(new GetExecutionHistoryCommand({ executionArn }));
    expect(events?.map(({ id, previousEventId, type }) => [id, previousEventId, type])).toEqual([
      [1, 0, 'ExecutionStarted'],
      [2, 0, 'PassStateEntered'],
      [3, 2, 'PassStateExited'],
      [4, 3, 'ExecutionSucceeded'],
    ]);
    expect(events?.[0]?.executionStartedEventDetails).toEqual({
      input: '{"a":1}',
      inputDetails: { truncated: false },
      roleArn: ROLE,
    });
    expect(events?.[2]?.stateExitedEventDetails).toEqual({
      name: 'P',
      output: '{"a":1}',
      outputDetails: { truncated: false },
    });
    const back = await server.client.send(
      new GetExecutionHistoryCommand({
        executionArn,
        reverseOrder: true,
        maxResults: 3,
        includeExecutionData: false,
      }),
    );
    expect(back.events?.map(({ id }) => id)).toEqual([4, 3, 2]);
    expect(back.events?.[0]?.executionSucceededEventDetails?.output).toBeUndefined();
    const rest = await server.client.send(
      new GetExecutionHistoryCommand({
        executionArn,
        reverseOrder: true,
        maxResults: 3,
        nextToken: back.nextToken,
      }),
    );
    expect(rest.events?.map(({ id }) => id)).toEqual([1]);
  });

  it('wait in queue time, and time out as their machine says', async () => {
    const waiting = await server.execute(await server.create('waits', WAITS));
    const short = await server.execute(
      await server.create('short', { ...WAITS, TimeoutSeconds: 60 }),
    );
    server.clock.advance(61_000);
    expect(await server.ended(short)).toMatchObject({
      status: 'TIMED_OUT',
      error: 'States.Timeout',
    });
    expect((await server.describe(waiting)).status).toBe('RUNNING');
    server.clock.advance(3_600_000);
    expect((await server.ended(waiting)).status).toBe('SUCCEEDED');
  });

  it('answer those who wait for an Express one', async () => {
    const machine = await server.create(
      'fast',
      {
        StartAt: 'T',
        States: {
          T: {
            Type: 'Task',
            Resource: 'arn:aws:states:::lambda:invoke',
            Parameters: { FunctionName: 'work', 'Payload.$': '$' },
            End: true,
          },
        },
      },
      'EXPRESS',
    );
    const answer = await server.client.send(
      new StartSyncExecutionCommand({ stateMachineArn: machine, input: '{"a":1}' }),
    );
    expect(answer.status).toBe('SUCCEEDED');
    expect(answer.executionArn).toMatch(/:express:fast:[0-9a-f-]{36}:[0-9a-f-]{36}$/);
    expect(JSON.parse(String(answer.output))).toMatchObject({
      ExecutedVersion: '$LATEST',
      Payload: { a: 1 },
      StatusCode: 200,
      SdkHttpMetadata: { HttpStatusCode: 200 },
    });
    expect(answer.billingDetails?.billedMemoryUsedInMB).toBe(64);
    expect((await refusal(server.describe(String(answer.executionArn))))[0]).toBe(
      'StateMachineTypeNotSupported',
    );
    const standard = await server.create('slow', PASSES);
    expect(
      (
        await refusal(
          server.client.send(new StartSyncExecutionCommand({ stateMachineArn: standard })),
        )
      )[0],
    ).toBe('StateMachineTypeNotSupported');
  });

  it('are refused what AWS refuses', async () => {
    const machine = await server.create('orders', PASSES);
    const ask = (command: StartExecutionCommand): Promise<readonly [string, string]> =>
      refusal(server.client.send(command));
    expect(
      await ask(new StartExecutionCommand({ stateMachineArn: machine, input: '{' })),
    ).toMatchObject([
      'InvalidExecutionInput',
      expect.stringContaining('Invalid State Machine Execution Input'),
    ]);
    expect(
      (await ask(new StartExecutionCommand({ stateMachineArn: machine, name: 'a/b' })))[0],
    ).toBe('InvalidName');
    expect((await ask(new StartExecutionCommand({ stateMachineArn: 'nonsense' })))[0]).toBe(
      'InvalidArn',
    );
    expect((await ask(new StartExecutionCommand({ stateMachineArn: `${ARN}none` })))[0]).toBe(
      'StateMachineDoesNotExist',
    );
    expect((await ask(new StartExecutionCommand({ stateMachineArn: undefined })))[0]).toBe(
      'ValidationException',
    );
    expect(
      (
        await refusal(
          server.describe('arn:aws:states:us-east-1:123456789012:execution:orders:none'),
        )
      )[0],
    ).toBe('ExecutionDoesNotExist');
  });

  it('start others and wait for them', async () => {
    const inner = await server.create('inner', {
      StartAt: 'T',
      States: { T: { Type: 'Task', Resource: FUNCTION, End: true } },
    });
    const nested = (pattern: string): object => ({
      StartAt: 'S',
      States: {
        S: {
          Type: 'Task',
          Resource: `arn:aws:states:::states:startExecution${pattern}`,
          Parameters: { StateMachineArn: inner, Input: { 'x.$': '$.x' } },
          End: true,
        },
      },
    });
    const two = await server.ended(
      await server.execute(await server.create('outer2', nested('.sync:2')), { x: 5 }),
    );
    expect(JSON.parse(String(two.output))).toMatchObject({
      Status: 'SUCCEEDED',
      Output: { x: 5 },
      Input: { x: 5 },
      StateMachineArn: inner,
    });
    const one = await server.ended(
      await server.execute(await server.create('outer1', nested('.sync')), { x: 5 }),
    );
    expect(JSON.parse(String(one.output))).toMatchObject({ Output: '{"x":5}' });
    const none = await server.ended(
      await server.execute(await server.create('outer0', nested('')), { x: 5 }),
    );
    expect(JSON.parse(String(none.output))).toMatchObject({
      ExecutionArn: expect.stringContaining(':execution:inner:'),
    });
    server.work = () => {
      throw new TypeError('no');
    };
    const failed = await server.ended(await server.execute(`${ARN}outer2`));
    expect(failed).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
    const caught = await server.ended(await server.execute(`${ARN}outer2`, { x: 1 }));
    expect(caught.error).toBe('States.TaskFailed');
    expect(JSON.parse(String(caught.cause))).toMatchObject({
      Status: 'FAILED',
      Error: 'TypeError',
    });
  });

  it('go on after a restart, and begin no other work twice', async () => {
    const machine = await server.create('long', {
      StartAt: 'T',
      States: {
        T: { Type: 'Task', Resource: FUNCTION, Next: 'W' },
        W: { Type: 'Wait', Seconds: 3600, Next: 'U' },
        U: { Type: 'Task', Resource: FUNCTION, End: true },
      },
    });
    let calls = 0;
    server.work = () => {
      calls += 1;
      return calls;
    };
    const arn = await server.execute(machine);
    const inWait = async (): Promise<boolean> => {
      const { events } = await server.client.send(
        new GetExecutionHistoryCommand({ executionArn: arn }),
      );
      return events?.at(-1)?.type === 'WaitStateEntered';
    };
    while (!(await inWait())) await new Promise((resolve) => setImmediate(resolve));
    server.clock.advance(1_800_000);
    await server.stop();
    server.clock = new VirtualClock(systemClock);
    await server.start();
    expect(server.messages).toContain('1 execution of state machines from before goes on');
    const again = await server.describe(arn);
    expect(again.status).toBe('RUNNING');
    expect(again.startDate?.getTime()).toBeLessThan(server.clock.now() - 1_799_000);
    server.clock.advance(1_800_001);
    expect(await server.ended(arn)).toMatchObject({ status: 'SUCCEEDED', output: '2' });
    expect(calls).toBe(2);
    const { stateMachines } = await server.client.send(new ListStateMachinesCommand({}));
    expect(stateMachines?.map(({ name }) => name)).toEqual(['long']);
  });
});
