/** EventBridge and schedules end to end: one `orchestrator up` of a template, real clients, a kill -9. */

import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  EventBridgeClient,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import { CreateScheduleCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { GetQueueUrlCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { createAdminClient, type AdminClient } from '../../src/cli/admin-client.js';
import { findRun } from '../../src/state/run-file.js';
import { until } from '../support/project.js';
import { finished, removeFolder, up, type RunningUp } from '../support/running-up.js';

const LIMIT_MS = 120_000;
const PLACE = 'us-east-1:123456789012';
const FUNCTION = `arn:aws:lambda:${PLACE}:function`;
const CREDENTIALS = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' };

const PRINTS = `export const handler = async (event) => console.log('EVENT ' + JSON.stringify(event));`;

/** Its client goes where it is told by the environment alone. */
const SENDS = `
import boto3, json
def handler(event, context):
    entry = {'Source': 'shop', 'DetailType': 'OrderPlaced', 'Detail': json.dumps(event)}
    return boto3.client('events').put_events(Entries=[entry])['FailedEntryCount']
`;

const TEMPLATE = {
  Transform: 'AWS::Serverless-2016-10-31',
  Globals: { Function: { Runtime: 'nodejs22.x', Handler: 'index.handler', CodeUri: 'code' } },
  Resources: {
    orders: {
      Type: 'AWS::Serverless::Function',
      Properties: {
        FunctionName: 'orders',
        Events: {
          Placed: {
            Type: 'EventBridgeRule',
            Properties: {
              Pattern: { source: ['shop'], detail: { total: [{ numeric: ['>', 10] }] } },
              InputTransformer: {
                InputPathsMap: { n: '$.detail.n', total: '$.detail.total' },
                InputTemplate: '{"n":<n>,"text":"for <total>","rule":"<aws.events.rule-name>"}',
              },
            },
          },
        },
      },
    },
    report: {
      Type: 'AWS::Serverless::Function',
      Properties: {
        FunctionName: 'report',
        Events: {
          Nightly: {
            Type: 'Schedule',
            Properties: { Name: 'nightly', Schedule: 'cron(0 2 * * ? *)' },
          },
          Off: {
            Type: 'ScheduleV2',
            Properties: {
              Name: 'never',
              ScheduleExpression: 'rate(1 hour)',
              ScheduleExpressionTimezone: 'Europe/Berlin',
              State: 'DISABLED',
              Input: '{"by":"hand"}',
            },
          },
        },
      },
    },
    sender: {
      Type: 'AWS::Serverless::Function',
      Properties: {
        FunctionName: 'sender',
        Runtime: 'python3.13',
        Handler: 'app.handler',
        Timeout: 30,
      },
    },
    /** Outlives the kill, as the log of a function's last moments does not. */
    Kept: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'kept' } },
    Jobs: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'jobs' } },
    ToQueue: {
      Type: 'AWS::Events::Rule',
      Properties: {
        EventPattern: { source: ['shop'], 'detail-type': ['Job'] },
        Targets: [{ Id: 'queue', Arn: { 'Fn::GetAtt': ['Jobs', 'Arn'] }, InputPath: '$.detail' }],
      },
    },
  },
};

describe('EventBridge', () => {
  let directory: string;
  let running: RunningUp;
  let admin: AdminClient;
  let events: EventBridgeClient;
  let scheduler: SchedulerClient;
  let sqs: SQSClient;

  async function start(): Promise<void> {
    running = await up(directory);
    const options = { endpoint: running.endpoint, region: 'us-east-1', credentials: CREDENTIALS };
    events = new EventBridgeClient(options);
    scheduler = new SchedulerClient(options);
    sqs = new SQSClient(options);
    admin = createAdminClient(findRun({ directory }));
  }

  function forget(): void {
    for (const client of [events, scheduler, sqs]) client?.destroy();
  }

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'orchestrator-test-'));
    await mkdir(join(directory, 'code'));
    await writeFile(join(directory, 'code', 'index.mjs'), PRINTS);
    await writeFile(join(directory, 'code', 'app.py'), SENDS);
    await writeFile(join(directory, 'template.yaml'), JSON.stringify(TEMPLATE));
    await start();
  }, LIMIT_MS);
  afterAll(async () => {
    forget();
    await running?.end('SIGINT');
    await removeFolder(directory);
  }, LIMIT_MS);

  async function seen<Event = Record<string, unknown>>(functionName: string): Promise<Event[]> {
    const lines = await admin.logs({ functionName });
    return lines.flatMap(({ text }) => {
      const at = text.indexOf('EVENT {');
      return at < 0 ? [] : [JSON.parse(text.slice(at + 6)) as Event];
    });
  }

  const state = (): string => join(directory, '.orchestrator');
  const order = (n: number, total = 20, type = 'OrderPlaced') => ({
    Source: 'shop',
    DetailType: type,
    Detail: JSON.stringify({ n, total }),
  });
  const put = (...Entries: ReturnType<typeof order>[]) =>
    events.send(new PutEventsCommand({ Entries }));

  it(
    'gives a function what its rule lets through, in the form it asks for',
    async () => {
      const answer = await put(order(1), order(2, 5));
      expect(answer.FailedEntryCount).toBe(0);
      await until(async () => (await seen('orders')).length > 0);
      expect(await seen('orders')).toEqual([{ n: 1, text: 'for 20', rule: 'ordersPlaced' }]);
    },
    LIMIT_MS,
  );

  it(
    'takes events of functions',
    async () => {
      const { json } = await running.invoke('sender', { n: 4, total: 30 });
      expect(json).toBe(0);
      const wanted = { n: 4, text: 'for 30', rule: 'ordersPlaced' };
      await until(async () => (await seen('orders')).some(({ n }) => n === 4));
      expect(await seen('orders')).toContainEqual(wanted);
    },
    LIMIT_MS,
  );

  it(
    'puts what a rule lets through into a queue',
    async () => {
      await put(order(3, 5, 'Job'));
      const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: 'jobs' }));
      let bodies: (string | undefined)[] = [];
      await until(async () => {
        const input = { QueueUrl, WaitTimeSeconds: 2 };
        const { Messages = [] } = await sqs.send(new ReceiveMessageCommand(input));
        bodies = Messages.map(({ Body }) => Body);
        return bodies.length > 0;
      });
      expect(bodies).toEqual(['{"n":3,"total":5}']);
    },
    LIMIT_MS,
  );

  it(
    'runs schedules of the template and of the API when the time is moved on, and by hand',
    async () => {
      await scheduler.send(
        new CreateScheduleCommand({
          Name: 'made',
          ScheduleExpression: 'rate(10 hours)',
          StartDate: new Date(Date.now() + 3_600_000),
          FlexibleTimeWindow: { Mode: 'OFF' },
          Target: {
            Arn: `${FUNCTION}:report`,
            RoleArn: 'arn:aws:iam::123456789012:role/r',
            Input: '{"made":"<aws.scheduler.scheduled-time>"}',
          },
        }),
      );
      const listed = await finished(['schedules', '--json', '--state', state()]);
      const { schedules } = JSON.parse(listed.stdout) as {
        schedules: { id: string; next?: { atMs: number } }[];
      };
      expect(schedules.map(({ id }) => id).sort()).toEqual(['made', 'never', 'nightly']);
      const nightly = schedules.find(({ id }) => id === 'nightly')?.next?.atMs ?? 0;
      expect((await finished(['time', 'advance', '24h', '--state', state()])).code).toBe(0);
      const byHand = await finished(['schedules', 'run', 'never', '--state', state()]);
      expect(byHand).toMatchObject({ code: 0, stderr: 'It runs now.\n' });
      await until(async () => (await seen('report')).length >= 5);
      const found = await seen('report');
      expect(found).toHaveLength(5);
      expect(found.filter(({ made }) => made !== undefined)).toHaveLength(3);
      expect(found).toContainEqual({ by: 'hand' });
      expect(found.find((event) => event['source'] === 'aws.events')).toMatchObject({
        'detail-type': 'Scheduled Event',
        time: `${new Date(nightly).toISOString().slice(0, 19)}Z`,
        resources: [`arn:aws:events:${PLACE}:rule/nightly`],
        detail: {},
      });
    },
    LIMIT_MS,
  );

  it(
    'loses nothing to a kill -9',
    async () => {
      await events.send(
        new PutRuleCommand({ Name: 'made', EventPattern: '{"detail-type":["Killed"]}' }),
      );
      await events.send(
        new PutTargetsCommand({
          Rule: 'made',
          Targets: [{ Id: '1', Arn: `arn:aws:sqs:${PLACE}:kept`, InputPath: '$.detail.n' }],
        }),
      );
      const numbers = Array.from({ length: 20 }, (_none, index) => 100 + index);
      const entries = numbers.map((n) => order(n, 1, 'Killed'));
      const answers = await Promise.all([put(...entries.slice(0, 10)), put(...entries.slice(10))]);
      expect(answers.map(({ FailedEntryCount }) => FailedEntryCount)).toEqual([0, 0]);
      await running.end('SIGKILL');
      forget();
      await start();
      const arrived = new Set<number>();
      const receive = async (): Promise<void> => {
        const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: 'kept' }));
        const input = { QueueUrl, WaitTimeSeconds: 1, MaxNumberOfMessages: 10 };
        const { Messages = [] } = await sqs.send(new ReceiveMessageCommand(input));
        for (const { Body } of Messages) arrived.add(Number(Body));
      };
      await until(
        async () => {
          await receive();
          return arrived.size === numbers.length;
        },
        () => [...arrived],
      );
      expect([...arrived].sort()).toEqual(numbers);
      // What was made through the API is there as well.
      await put(order(200, 1, 'Killed'));
      await until(async () => {
        await receive();
        return arrived.has(200);
      });
    },
    LIMIT_MS,
  );
});
