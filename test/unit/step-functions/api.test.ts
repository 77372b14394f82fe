import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  CreateActivityCommand,
  DeleteStateMachineCommand,
  DescribeStateMachineCommand,
  GetActivityTaskCommand,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  ListTagsForResourceCommand,
  SendTaskFailureCommand,
  SendTaskHeartbeatCommand,
  SendTaskSuccessCommand,
  TagResourceCommand,
  TestStateCommand,
  UpdateStateMachineCommand,
  ValidateStateMachineDefinitionCommand,
} from '@aws-sdk/client-sfn';
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

describe('machines', () => {
  it('are made, described, listed, changed and deleted', async () => {
    const arn = await server.create('orders', PASSES);
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
    await server.create('other', PASSES, 'EXPRESS');
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
    const arn = await server.create('orders', PASSES);
    expect(await server.create('orders', PASSES)).toBe(arn);
    expect((await refusal(server.create('orders', WAITS)))[0]).toBe('StateMachineAlreadyExists');
    expect((await refusal(server.create('a b', WAITS)))[0]).toBe('InvalidName');
  });

  it('with a wrong definition are refused with every problem', async () => {
    const wrong = {
      StartAt: 'A',
      States: {
        A: { Type: 'Task', Resource: 'arn:aws:states:::ecs:runTask', Next: 'B' },
        C: { Type: 'Nap' },
      },
    };
    const [name, message] = await refusal(server.create('wrong', wrong));
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
    const resourceArn = await server.create('orders', PASSES);
    await server.client.send(
      new TagResourceCommand({ resourceArn, tags: [{ key: 'team', value: 'red' }] }),
    );
    const { tags } = await server.client.send(new ListTagsForResourceCommand({ resourceArn }));
    expect(tags).toEqual([{ key: 'team', value: 'red' }]);
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
    const arn = await server.execute(await server.create('asks', machine));
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
    expect(await server.ended(arn)).toMatchObject({ status: 'SUCCEEDED', output: '{"ok":true}' });
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
    expect(await server.ended(arn)).toMatchObject({
      status: 'FAILED',
      error: 'Denied',
      cause: 'no',
    });
  });

  it('come from workers of activities', async () => {
    const { activityArn } = await server.client.send(new CreateActivityCommand({ name: 'pack' }));
    const arn = await server.execute(
      await server.create('packs', {
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
    expect(await server.ended(arn)).toMatchObject({ output: '"packed"' });
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
    const machine = await server.create('orders', PASSES);
    await server.targets.send(machine, { body: Buffer.from('{"from":"a rule"}') });
    const { executions } = await server.client.send(
      new ListExecutionsCommand({ stateMachineArn: machine }),
    );
    expect((await server.ended(String(executions?.[0]?.executionArn))).output).toBe(
      '{"from":"a rule"}',
    );
    await expect(
      server.targets.send(`${ARN}none`, { body: Buffer.from('{}') }),
    ).rejects.toMatchObject({ code: 'StateMachineDoesNotExist', retryable: false });
  });
});
