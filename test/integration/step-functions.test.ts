import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  SendTaskSuccessCommand,
  SFNClient,
  StartExecutionCommand,
  StartSyncExecutionCommand,
  type DescribeExecutionOutput,
  type HistoryEvent,
} from '@aws-sdk/client-sfn';
import {
  DeleteMessageCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { until } from '../support/project.js';
import {
  finished,
  projectFolder,
  removeFolder,
  up,
  type RunningUp,
} from '../support/running-up.js';

const LIMIT_MS = 240_000;
const ARN = 'arn:aws:states:us-east-1:123456789012:stateMachine:';

const NODE = `let calls = 0;
export const handler = async (event) => {
  calls += 1;
  if (event.order === 'none') {
    const error = new Error('nothing left of ' + event.order);
    error.name = 'OutOfStock';
    throw error;
  }
  return { order: event.order, paid: true };
};`;
const PYTHON = `def handler(event, context):
    if event.get('order') == 'bad':
        raise ValueError('cannot count')
    return {'total': event.get('n', 0) * 2, 'by': 'python'}
`;

const arnOf = (logicalId: string): object => ({ 'Fn::GetAtt': [logicalId, 'Arn'] });
const refOf = (logicalId: string): object => ({ Ref: logicalId });

/** Everything between a function of each language, a table, a queue and an hour of waiting. */
const REFUNDS = {
  StartAt: 'Charge',
  States: {
    Charge: {
      Type: 'Task',
      Resource: arnOf('Node'),
      Catch: [{ ErrorEquals: ['OutOfStock'], ResultPath: '$.error', Next: 'Keep' }],
      ResultPath: '$.charge',
      Next: 'Count',
    },
    Count: {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke',
      Parameters: { FunctionName: refOf('Python'), 'Payload.$': '$' },
      ResultSelector: { 'total.$': '$.Payload.total', 'status.$': '$.StatusCode' },
      ResultPath: '$.count',
      Next: 'Keep',
    },
    Keep: {
      Type: 'Task',
      Resource: 'arn:aws:states:::dynamodb:putItem',
      Parameters: {
        TableName: refOf('Table'),
        Item: { pk: { 'S.$': '$.order' }, state: { S: 'kept' } },
      },
      ResultPath: null,
      Next: 'Ask',
    },
    Ask: {
      Type: 'Task',
      Resource: 'arn:aws:states:::sqs:sendMessage.waitForTaskToken',
      Parameters: {
        QueueUrl: refOf('Queue'),
        MessageBody: { 'token.$': '$$.Task.Token', 'order.$': '$.order' },
      },
      ResultPath: '$.answer',
      Next: 'Cool down',
    },
    'Cool down': { Type: 'Wait', Seconds: 3600, Next: 'Look' },
    Look: {
      Type: 'Task',
      Resource: 'arn:aws:states:::aws-sdk:dynamodb:getItem',
      Parameters: { TableName: refOf('Table'), Key: { pk: { 'S.$': '$.order' } } },
      ResultSelector: { 'state.$': '$.Item.state.S' },
      ResultPath: '$.item',
      End: true,
    },
  },
};

const TEMPLATE = {
  Transform: 'AWS::Serverless-2016-10-31',
  Resources: {
    Node: {
      Type: 'AWS::Serverless::Function',
      Properties: { Runtime: 'nodejs22.x', Handler: 'index.handler', CodeUri: 'node' },
    },
    Python: {
      Type: 'AWS::Serverless::Function',
      Properties: { Runtime: 'python3.13', Handler: 'app.handler', CodeUri: 'python' },
    },
    Queue: { Type: 'AWS::SQS::Queue' },
    Table: {
      Type: 'AWS::Serverless::SimpleTable',
      Properties: { PrimaryKey: { Name: 'pk', Type: 'String' } },
    },
    Refunds: {
      Type: 'AWS::Serverless::StateMachine',
      Properties: { Name: 'refunds', Definition: REFUNDS },
    },
    Fast: {
      Type: 'AWS::Serverless::StateMachine',
      Properties: {
        Name: 'fast',
        Type: 'EXPRESS',
        DefinitionUri: 'fast.asl.yaml',
        DefinitionSubstitutions: { Function: arnOf('Python') },
      },
    },
  },
};
const FAST = `QueryLanguage: JSONata
StartAt: Count
States:
  Count:
    Type: Task
    Resource: \${Function}
    Arguments: { n: '{% $states.input.n + 1 %}', order: '{% $states.input.order %}' }
    Output: '{% {"sum": $states.result.total, "by": $states.result.by} %}'
    End: true
`;

describe('state machines', () => {
  let directory: string;
  let running: RunningUp;
  let states: SFNClient;
  let queues: SQSClient;
  let tables: DynamoDBClient;

  const connect = (): void => {
    const common = {
      endpoint: running.endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' },
    };
    // What AWS's clients put in front of the host leads nowhere here.
    states = new SFNClient({ ...common, disableHostPrefix: true });
    queues = new SQSClient({ ...common, useQueueUrlAsEndpoint: false });
    tables = new DynamoDBClient(common);
  };

  beforeAll(async () => {
    directory = await projectFolder({});
    const files = {
      'node/index.mjs': NODE,
      'python/app.py': PYTHON,
      'fast.asl.yaml': FAST,
      'template.json': JSON.stringify(TEMPLATE),
    };
    for (const [file, content] of Object.entries(files)) {
      await mkdir(join(directory, file, '..'), { recursive: true });
      await writeFile(join(directory, file), content);
    }
    running = await up(join(directory, 'template.json'), { flags: ['--http-port', '0'] });
    connect();
  }, LIMIT_MS);
  afterAll(async () => {
    await running.end('SIGINT');
    await removeFolder(directory);
  }, LIMIT_MS);

  async function start(machine: string, input: object): Promise<string> {
    const command = new StartExecutionCommand({
      stateMachineArn: `${ARN}${machine}`,
      input: JSON.stringify(input),
    });
    return String((await states.send(command)).executionArn);
  }

  const look = (executionArn: string): Promise<DescribeExecutionOutput> =>
    states.send(new DescribeExecutionCommand({ executionArn }));

  async function history(executionArn: string): Promise<readonly HistoryEvent[]> {
    const events: HistoryEvent[] = [];
    let nextToken: string | undefined;
    do {
      const command = new GetExecutionHistoryCommand({ executionArn, maxResults: 5, nextToken });
      const page = await states.send(command);
      events.push(...(page.events ?? []));
      ({ nextToken } = page);
    } while (nextToken !== undefined);
    return events;
  }

  const isIn = (arn: string, state: string): Promise<boolean> =>
    history(arn).then((events) => events.at(-1)?.stateEnteredEventDetails?.name === state);

  async function askedByQueue(): Promise<{ token: string; order: string }> {
    const { QueueUrl } = await queues.send(new GetQueueUrlCommand({ QueueName: 'Queue' }));
    const found = await queues.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }));
    const [message] = found.Messages ?? [];
    // It would be there again after half a minute.
    const { ReceiptHandle } = message ?? {};
    await queues.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    return JSON.parse(String(message?.Body)) as { token: string; order: string };
  }

  async function orchestrator(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await finished([
      ...args,
      '--state',
      join(directory, '.orchestrator'),
    ]);
    if (code !== 0) throw new Error(stderr);
    return stdout;
  }

  it(
    'go through functions of two languages, a table, a queue and an hour in a moment',
    async () => {
      const arn = await start('refunds', { order: 'o1', n: 21 });
      const { token, order } = await askedByQueue();
      expect(order).toBe('o1');
      await states.send(new SendTaskSuccessCommand({ taskToken: token, output: '{"by":"hand"}' }));
      await until(() => isIn(arn, 'Cool down'));
      expect((await look(arn)).status).toBe('RUNNING');
      await orchestrator('time', 'advance', '1h');
      await until(async () => (await look(arn)).status !== 'RUNNING');
      const ended = await look(arn);
      expect(ended.status).toBe('SUCCEEDED');
      expect(JSON.parse(String(ended.output))).toEqual({
        order: 'o1',
        n: 21,
        charge: { order: 'o1', paid: true },
        count: { total: 42, status: 200 },
        answer: { by: 'hand' },
        item: { state: 'kept' },
      });
      const events = await history(arn);
      expect(events.map(({ type }) => type)).toEqual([
        'ExecutionStarted',
        'TaskStateEntered',
        'LambdaFunctionScheduled',
        'LambdaFunctionStarted',
        'LambdaFunctionSucceeded',
        'TaskStateExited',
        'TaskStateEntered',
        'TaskScheduled',
        'TaskStarted',
        'TaskSucceeded',
        'TaskStateExited',
        'TaskStateEntered',
        'TaskScheduled',
        'TaskStarted',
        'TaskSucceeded',
        'TaskStateExited',
        'TaskStateEntered',
        'TaskScheduled',
        'TaskStarted',
        'TaskSubmitted',
        'TaskSucceeded',
        'TaskStateExited',
        'WaitStateEntered',
        'WaitStateExited',
        'TaskStateEntered',
        'TaskScheduled',
        'TaskStarted',
        'TaskSucceeded',
        'TaskStateExited',
        'ExecutionSucceeded',
      ]);
      expect(events.map(({ id }) => id)).toEqual(events.map((_, index) => index + 1));
      const key = { pk: { S: 'o1' } };
      const kept = await tables.send(new GetItemCommand({ TableName: 'Table', Key: key }));
      expect(kept.Item?.['state']).toEqual({ S: 'kept' });
    },
    LIMIT_MS,
  );

  it(
    'answer at once as Express ones, in JSONata, and fail as the function does',
    async () => {
      const ask = (input: object) =>
        states.send(
          new StartSyncExecutionCommand({
            stateMachineArn: `${ARN}fast`,
            input: JSON.stringify(input),
          }),
        );
      const good = await ask({ n: 4, order: 'good' });
      expect([good.status, good.output]).toEqual(['SUCCEEDED', '{"sum":10,"by":"python"}']);
      const bad = await ask({ n: 4, order: 'bad' });
      expect([bad.status, bad.error]).toEqual(['FAILED', 'ValueError']);
      expect(JSON.parse(String(bad.cause))).toMatchObject({
        errorType: 'ValueError',
        errorMessage: 'cannot count',
        stackTrace: expect.any(Array),
      });
    },
    LIMIT_MS,
  );

  it(
    'that fail for want of a function, or of a table, say so in AWS’s names',
    async () => {
      const create = async (name: string, state: object): Promise<void> => {
        const definition = JSON.stringify({ StartAt: 'A', States: { A: { ...state, End: true } } });
        const roleArn = 'arn:aws:iam::123456789012:role/any';
        await states.send(new CreateStateMachineCommand({ name, definition, roleArn }));
      };
      await create('lost', {
        Type: 'Task',
        Resource: 'arn:aws:states:::lambda:invoke',
        Parameters: { FunctionName: 'nobody' },
      });
      await create('tableless', {
        Type: 'Task',
        Resource: 'arn:aws:states:::dynamodb:getItem',
        Parameters: { TableName: 'none', Key: { pk: { S: 'x' } } },
      });
      const failure = async (machine: string): Promise<string | undefined> => {
        const arn = await start(machine, {});
        await until(async () => (await look(arn)).status !== 'RUNNING');
        return (await look(arn)).error;
      };
      expect(await failure('lost')).toBe('Lambda.ResourceNotFoundException');
      expect(await failure('tableless')).toBe('DynamoDB.ResourceNotFoundException');
    },
    LIMIT_MS,
  );

  it(
    'go on after kill -9: with the same token, and the rest of the wait',
    async () => {
      const waits = await start('refunds', { order: 'o2', n: 1 });
      const first = await askedByQueue();
      await states.send(new SendTaskSuccessCommand({ taskToken: first.token, output: '1' }));
      await until(() => isIn(waits, 'Cool down'));
      await orchestrator('time', 'advance', '30m');
      const asks = await start('refunds', { order: 'none', n: 1 });
      const second = await askedByQueue();
      await running.end('SIGKILL');
      running = await up(join(directory, 'template.json'), { flags: ['--http-port', '0'] });
      connect();
      expect((await look(waits)).status).toBe('RUNNING');
      await states.send(new SendTaskSuccessCommand({ taskToken: second.token, output: '2' }));
      await until(() => isIn(asks, 'Cool down'));
      await orchestrator('time', 'advance', '30m');
      await until(async () => (await look(waits)).status === 'SUCCEEDED');
      expect((await look(asks)).status).toBe('RUNNING');
      await orchestrator('time', 'advance', '30m');
      await until(async () => (await look(asks)).status === 'SUCCEEDED');
      expect(JSON.parse(String((await look(asks)).output))).toMatchObject({
        error: { Error: 'OutOfStock' },
        answer: 2,
        item: { state: 'kept' },
      });
      const shown = await orchestrator('executions', 'show', String(asks), '--mermaid');
      expect(shown).toContain('class s1 caught');
    },
    LIMIT_MS,
  );
});
