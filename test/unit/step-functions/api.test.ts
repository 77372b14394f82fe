import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  CreateActivityCommand,
  CreateStateMachineCommand,
  DeleteStateMachineCommand,
  DescribeExecutionCommand,
  DescribeStateMachineCommand,
  DescribeStateMachineForExecutionCommand,
  GetActivityTaskCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  ListTagsForResourceCommand,
  SendTaskFailureCommand,
  SendTaskHeartbeatCommand,
  SendTaskSuccessCommand,
  StartExecutionCommand,
  StartSyncExecutionCommand,
  StopExecutionCommand,
  TagResourceCommand,
  TestStateCommand,
  UpdateStateMachineCommand,
  ValidateStateMachineDefinitionCommand,
  type DescribeExecutionOutput,
  type StateMachineType,
} from '@aws-sdk/client-sfn';
import { systemClock } from '../../../src/async/clock.js';
import { VirtualClock } from '../../../src/async/virtual-clock.js';
import { FUNCTION } from '../../support/state-machine-run.js';
import { StepFunctionsServer } from '../../support/step-functions-server.js';

const ROLE = 'arn:aws:iam::123456789012:role/any';
const ARN = 'arn:aws:states:us-east-1:123456789012:stateMachine:';
const WAITS = { StartAt: 'W', States: { W: { Type: 'Wait', Seconds: 3600, End: true } } };
const PASSES = { StartAt: 'P', States: { P: { Type: 'Pass', End: true } } };

let server: StepFunctionsServer;
beforeEach(async () => {
  server = await new StepFunctionsServer().start();
});
afterEach(() => server.destroy());

async function create(
  name: string,
  definition: object,
  type: StateMachineType = 'STANDARD',
): Promise<string> {
  const command = new CreateStateMachineCommand({
    name,
    definition: JSON.stringify(definition),
    roleArn: ROLE,
    type,
  });
  return String((await server.client.send(command)).stateMachineArn);
}

async function start(stateMachineArn: string, input: unknown = {}, name?: string): Promise<string> {
  const command = new StartExecutionCommand({
    stateMachineArn,
    input: JSON.stringify(input),
    name,
  });
  return String((await server.client.send(command)).executionArn);
}

function describeIt(executionArn: string): Promise<DescribeExecutionOutput> {
  return server.client.send(new DescribeExecutionCommand({ executionArn }));
}

async function ended(executionArn: string): Promise<DescribeExecutionOutput> {
  for (;;) {
    const found = await describeIt(executionArn);
    if (found.status !== 'RUNNING') return found;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Name and message of the error that a client sees. */
async function refusal(asked: Promise<unknown>): Promise<readonly [string, string]> {
  const error = await asked.then(
    () => new Error('it was not refused'),
    (raised: unknown) => raised as Error,
  );
  return [error.name, error.message];
}

describe('machines', () => {
  it('are made, described, listed, changed and deleted', async () => {
    const arn = await create('orders', PASSES);
    expect(arn).toBe(`${ARN}orders`);
    const found = await server.client.send(
      new DescribeStateMachineCommand({ stateMachineArn: arn }),
    );
    expect(found).toMatchObject({
      name: 'orders',
      type: 'STANDARD',
      status: 'ACTIVE',
      roleArn: ROLE,
      definition: JSON.stringify(PASSES),
    });
    expect(found.creationDate).toBeInstanceOf(Date);
    await create('other', PASSES, 'EXPRESS');
    const first = await server.client.send(new ListStateMachinesCommand({ maxResults: 1 }));
    expect(first.stateMachines?.map(({ name }) => name)).toEqual(['orders']);
    const second = await server.client.send(
      new ListStateMachinesCommand({ maxResults: 1, nextToken: first.nextToken }),
    );
    expect(second.stateMachines?.map(({ name }) => name)).toEqual(['other']);
    expect(second.nextToken).toBeUndefined();
    const changed = await server.client.send(
      new UpdateStateMachineCommand({ stateMachineArn: arn, definition: JSON.stringify(WAITS) }),
    );
    expect(changed.revisionId).not.toBe(found.revisionId);
    await server.client.send(new DeleteStateMachineCommand({ stateMachineArn: arn }));
    expect(
      await refusal(server.client.send(new DescribeStateMachineCommand({ stateMachineArn: arn }))),
    ).toEqual(['StateMachineDoesNotExist', `State Machine Does Not Exist: '${arn}'`]);
  });

  it('of the same name are one when they are the same, refused when not', async () => {
    const arn = await create('orders', PASSES);
    expect(await create('orders', PASSES)).toBe(arn);
    expect((await refusal(create('orders', WAITS)))[0]).toBe('StateMachineAlreadyExists');
    expect((await refusal(create('a b', WAITS)))[0]).toBe('InvalidName');
  });

  it('with a wrong definition are refused with every problem', async () => {
    const wrong = {
      StartAt: 'A',
      States: {
        A: { Type: 'Task', Resource: 'arn:aws:states:::ecs:runTask', Next: 'B' },
        C: { Type: 'Nap' },
      },
    };
    const [name, message] = await refusal(create('wrong', wrong));
    expect(name).toBe('InvalidDefinition');
    expect(message).toContain('/States/A/Next');
    expect(message).toContain('/States/A/Resource');
    expect(message).toContain('/States/C/Type');
    const command = new ValidateStateMachineDefinitionCommand({
      definition: JSON.stringify(wrong),
    });
    const { result, diagnostics } = await server.client.send(command);
    expect(result).toBe('FAIL');
    expect(diagnostics?.map(({ code, location }) => [code, location])).toEqual([
      ['MISSING_TRANSITION_TARGET', '/States/A/Next'],
      ['NOT_SUPPORTED_HERE', '/States/A/Resource'],
      ['SCHEMA_VALIDATION_FAILED', '/States/C/Type'],
      ['UNREACHABLE_STATE', '/States/C'],
    ]);
    const fine = new ValidateStateMachineDefinitionCommand({ definition: JSON.stringify(PASSES) });
    expect((await server.client.send(fine)).result).toBe('OK');
  });

  it('take tags', async () => {
    const resourceArn = await create('orders', PASSES);
    await server.client.send(
      new TagResourceCommand({ resourceArn, tags: [{ key: 'team', value: 'red' }] }),
    );
    const { tags } = await server.client.send(new ListTagsForResourceCommand({ resourceArn }));
    expect(tags).toEqual([{ key: 'team', value: 'red' }]);
  });
});

describe('executions', () => {
  it('succeed with their output', async () => {
    const machine = await create('orders', {
      StartAt: 'T',
      States: { T: { Type: 'Task', Resource: FUNCTION, End: true } },
    });
    server.work = (name, event) => ({ name, event });
    const arn = await start(machine, { id: 1 }, 'one');
    expect(arn).toBe('arn:aws:states:us-east-1:123456789012:execution:orders:one');
    const found = await ended(arn);
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
    const machine = await create('orders', {
      StartAt: 'T',
      States: { T: { Type: 'Task', Resource: FUNCTION, End: true } },
    });
    server.work = () => {
      throw new RangeError('too many');
    };
    const found = await ended(await start(machine));
    expect(found).toMatchObject({ status: 'FAILED', error: 'RangeError' });
    expect(JSON.parse(String(found.cause))).toEqual({
      errorType: 'RangeError',
      errorMessage: 'too many',
      trace: [],
    });
  });

  it('are started once for a name and an input', async () => {
    const machine = await create('orders', WAITS);
    const arn = await start(machine, { a: 1 }, 'same');
    expect(await start(machine, { a: 1 }, 'same')).toBe(arn);
    expect((await refusal(start(machine, { a: 2 }, 'same')))[0]).toBe('ExecutionAlreadyExists');
    await server.client.send(
      new StopExecutionCommand({ executionArn: arn, error: 'E', cause: 'by hand' }),
    );
    expect(await describeIt(arn)).toMatchObject({
      status: 'ABORTED',
      error: 'E',
      cause: 'by hand',
    });
    expect((await refusal(start(machine, { a: 1 }, 'same')))[0]).toBe('ExecutionAlreadyExists');
  });

  it('are listed by status in pages, the newest first', async () => {
    const machine = await create('orders', WAITS);
    const arns = [await start(machine), await start(machine), await start(machine)];
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
    const machine = await create('orders', PASSES);
    const executionArn = await start(machine, { a: 1 });
    await ended(executionArn);
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
    const waiting = await start(await create('waits', WAITS));
    const short = await start(await create('short', { ...WAITS, TimeoutSeconds: 60 }));
    server.clock.advance(61_000);
    expect(await ended(short)).toMatchObject({ status: 'TIMED_OUT', error: 'States.Timeout' });
    expect((await describeIt(waiting)).status).toBe('RUNNING');
    server.clock.advance(3_600_000);
    expect((await ended(waiting)).status).toBe('SUCCEEDED');
  });

  it('answer those who wait for an Express one', async () => {
    const machine = await create(
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
    expect((await refusal(describeIt(String(answer.executionArn))))[0]).toBe(
      'StateMachineTypeNotSupported',
    );
    const standard = await create('slow', PASSES);
    expect(
      (
        await refusal(
          server.client.send(new StartSyncExecutionCommand({ stateMachineArn: standard })),
        )
      )[0],
    ).toBe('StateMachineTypeNotSupported');
  });

  it('are refused what AWS refuses', async () => {
    const machine = await create('orders', PASSES);
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
      (await refusal(describeIt('arn:aws:states:us-east-1:123456789012:execution:orders:none')))[0],
    ).toBe('ExecutionDoesNotExist');
  });

  it('start others and wait for them', async () => {
    const inner = await create('inner', {
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
    const two = await ended(await start(await create('outer2', nested('.sync:2')), { x: 5 }));
    expect(JSON.parse(String(two.output))).toMatchObject({
      Status: 'SUCCEEDED',
      Output: { x: 5 },
      Input: { x: 5 },
      StateMachineArn: inner,
    });
    const one = await ended(await start(await create('outer1', nested('.sync')), { x: 5 }));
    expect(JSON.parse(String(one.output))).toMatchObject({ Output: '{"x":5}' });
    const none = await ended(await start(await create('outer0', nested('')), { x: 5 }));
    expect(JSON.parse(String(none.output))).toMatchObject({
      ExecutionArn: expect.stringContaining(':execution:inner:'),
    });
    server.work = () => {
      throw new TypeError('no');
    };
    const failed = await ended(await start(`${ARN}outer2`));
    expect(failed).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
    const caught = await ended(await start(`${ARN}outer2`, { x: 1 }));
    expect(caught.error).toBe('States.TaskFailed');
    expect(JSON.parse(String(caught.cause))).toMatchObject({
      Status: 'FAILED',
      Error: 'TypeError',
    });
  });

  it('go on after a restart, and begin no other work twice', async () => {
    const machine = await create('long', {
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
    const arn = await start(machine);
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
    expect((await describeIt(arn)).status).toBe('RUNNING');
    server.clock.advance(3_700_000);
    expect(await ended(arn)).toMatchObject({ status: 'SUCCEEDED', output: '2' });
    expect(calls).toBe(2);
    const { stateMachines } = await server.client.send(new ListStateMachinesCommand({}));
    expect(stateMachines?.map(({ name }) => name)).toEqual(['long']);
  });
});

describe('callbacks', () => {
  const machine = {
    StartAt: 'T',
    States: {
      T: {
        Type: 'Task',
        Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
        Parameters: { FunctionName: 'work', Payload: { 'token.$': '$$.Task.Token' } },
        End: true,
      },
    },
  };

  async function token(): Promise<{ arn: string; taskToken: string }> {
    const given = new Promise<string>((resolve) => {
      server.work = (_, event) => {
        resolve((event as { token: string }).token);
        return {};
      };
    });
    const arn = await start(await create('asks', machine));
    return { arn, taskToken: await given };
  }

  it('take a success, once', async () => {
    const { arn, taskToken } = await token();
    await server.client.send(new SendTaskHeartbeatCommand({ taskToken }));
    expect(
      (
        await refusal(server.client.send(new SendTaskSuccessCommand({ taskToken, output: '{' })))
      )[0],
    ).toBe('InvalidOutput');
    await server.client.send(new SendTaskSuccessCommand({ taskToken, output: '{"ok":true}' }));
    expect(await ended(arn)).toMatchObject({ status: 'SUCCEEDED', output: '{"ok":true}' });
    expect(
      (
        await refusal(server.client.send(new SendTaskSuccessCommand({ taskToken, output: '1' })))
      )[0],
    ).toBe('TaskTimedOut');
    expect(
      (
        await refusal(
          server.client.send(new SendTaskSuccessCommand({ taskToken: 'x', output: '1' })),
        )
      )[0],
    ).toBe('InvalidToken');
  });

  it('take a failure', async () => {
    const { arn, taskToken } = await token();
    await server.client.send(
      new SendTaskFailureCommand({ taskToken, error: 'Denied', cause: 'no' }),
    );
    expect(await ended(arn)).toMatchObject({ status: 'FAILED', error: 'Denied', cause: 'no' });
  });

  it('come from workers of activities', async () => {
    const { activityArn } = await server.client.send(new CreateActivityCommand({ name: 'pack' }));
    const arn = await start(
      await create('packs', {
        StartAt: 'T',
        States: { T: { Type: 'Task', Resource: activityArn, End: true } },
      }),
      { box: 1 },
    );
    const task = await server.client.send(
      new GetActivityTaskCommand({ activityArn, workerName: 'Bob' }),
    );
    expect(task.input).toBe('{"box":1}');
    await server.client.send(
      new SendTaskSuccessCommand({ taskToken: task.taskToken, output: '"packed"' }),
    );
    expect(await ended(arn)).toMatchObject({ output: '"packed"' });
  });
});

describe('TestState', () => {
  const test = (state: object, input: unknown = {}) =>
    server.client.send(
      new TestStateCommand({
        definition: JSON.stringify(state),
        roleArn: ROLE,
        input: JSON.stringify(input),
      }),
    );

  it('runs one state by itself', async () => {
    expect(await test({ Type: 'Pass', Result: 1, Next: 'Other' })).toMatchObject({
      status: 'SUCCEEDED',
      output: '1',
      nextState: 'Other',
    });
    const choice = {
      Type: 'Choice',
      Choices: [{ Variable: '$.n', NumericEquals: 1, Next: 'One' }],
      Default: 'Else',
    };
    expect(await test(choice, { n: 1 })).toMatchObject({ status: 'SUCCEEDED', nextState: 'One' });
    expect(await test(choice, { n: 2 })).toMatchObject({ nextState: 'Else' });
    server.work = () => {
      throw new RangeError('much');
    };
    const task = { Type: 'Task', Resource: FUNCTION, End: true };
    expect(await test(task)).toMatchObject({ status: 'FAILED', error: 'RangeError' });
    expect(await test({ ...task, Retry: [{ ErrorEquals: ['RangeError'] }] })).toMatchObject({
      status: 'RETRIABLE',
    });
    expect(
      await test({ ...task, Catch: [{ ErrorEquals: ['RangeError'], Next: 'Mend' }] }),
    ).toMatchObject({ status: 'CAUGHT_ERROR', nextState: 'Mend' });
  });
});

describe('targets', () => {
  it('are started by whoever sends to their ARN', async () => {
    const machine = await create('orders', PASSES);
    await server.targets.send(machine, { body: Buffer.from('{"from":"a rule"}') });
    const { executions } = await server.client.send(
      new ListExecutionsCommand({ stateMachineArn: machine }),
    );
    expect((await ended(String(executions?.[0]?.executionArn))).output).toBe('{"from":"a rule"}');
    await expect(
      server.targets.send(`${ARN}none`, { body: Buffer.from('{}') }),
    ).rejects.toMatchObject({ code: 'StateMachineDoesNotExist', retryable: false });
  });
});
