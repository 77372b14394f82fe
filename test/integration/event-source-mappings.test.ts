import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  DeleteItemCommand,
  DynamoDBClient,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { KinesisClient, PutRecordCommand } from '@aws-sdk/client-kinesis';
import {
  CreateEventSourceMappingCommand,
  DeleteEventSourceMappingCommand,
  GetEventSourceMappingCommand,
  ListEventSourceMappingsCommand,
  UpdateEventSourceMappingCommand,
  type LambdaClient,
} from '@aws-sdk/client-lambda';
import {
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { DynamoDBStreamEvent, KinesisStreamEvent, SQSEvent } from 'aws-lambda';
import { createAdminClient } from '../../src/cli/admin-client.js';
import { findRun } from '../../src/state/run-file.js';
import { lambdaClient } from '../support/aws-clients/lambda-client.js';
import { mappingsFolder } from '../support/mappings-project.js';
import { until } from '../support/project.js';
import { finished, removeFolder, up, type RunningUp } from '../support/running-up.js';

const LIMIT_MS = 180_000;
const PLACE = 'us-east-1:123456789012';
const QUEUE = `arn:aws:sqs:${PLACE}`;

interface Clients {
  readonly lambda: LambdaClient;
  readonly sqs: SQSClient;
  readonly kinesis: KinesisClient;
  readonly tables: DynamoDBClient;
}

function clientsOf(endpoint: string): Clients {
  const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' };
  const common = { endpoint, region: 'us-east-1', credentials };
  return {
    lambda: lambdaClient(endpoint),
    sqs: new SQSClient(common),
    // The client's own handler speaks HTTP/2 only.
    kinesis: new KinesisClient({ ...common, requestHandler: new NodeHttpHandler() }),
    tables: new DynamoDBClient(common),
  };
}

describe('event source mappings', () => {
  let directory: string;
  let running: RunningUp;
  let clients: Clients;
  const state = (): string => join(directory, '.orchestrator');

  beforeAll(async () => {
    directory = await mappingsFolder();
    running = await up(directory, { flags: ['--http-port', '0', '--spares', '0'] });
    clients = clientsOf(running.endpoint);
  }, LIMIT_MS);
  afterAll(async () => {
    for (const client of Object.values(clients ?? {}) as LambdaClient[]) client.destroy();
    await running?.end('SIGTERM');
    await removeFolder(directory);
  }, LIMIT_MS);

  /** What a function was called with, in order. */
  async function events<Event>(functionName: string): Promise<Event[]> {
    const run = findRun({ directory, stateDirectory: state() });
    const lines = await createAdminClient(run).logs({ functionName });
    return lines.flatMap(({ text }) => {
      const at = text.indexOf('EVENT {');
      return at < 0 ? [] : [JSON.parse(text.slice(at + 6)) as Event];
    });
  }
  const bodies = async (functionName: string): Promise<string[]> =>
    (await events<SQSEvent>(functionName)).flatMap(({ Records }) =>
      Records.map(({ body }) => body),
    );
  const clicks = async (): Promise<string[]> =>
    (await events<KinesisStreamEvent>('Counter')).flatMap(({ Records }) =>
      Records.map(({ kinesis }) => Buffer.from(kinesis.data, 'base64').toString()),
    );
  const changes = async (): Promise<string[]> =>
    (await events<DynamoDBStreamEvent>('Watcher')).flatMap(({ Records }) =>
      Records.map(({ eventName, dynamodb }) => `${eventName} ${dynamodb?.Keys?.['id']?.S ?? ''}`),
    );

  async function urlOf(name: string): Promise<string> {
    const { QueueUrl = '' } = await clients.sqs.send(new GetQueueUrlCommand({ QueueName: name }));
    return QueueUrl;
  }

  async function send(name: string, body: string, group?: string): Promise<void> {
    await clients.sqs.send(
      new SendMessageCommand({
        QueueUrl: await urlOf(name),
        MessageBody: body,
        ...(group === undefined ? {} : { MessageGroupId: group, MessageDeduplicationId: body }),
      }),
    );
  }

  /** Messages in a queue, those under way included. */
  async function count(name: string): Promise<number> {
    const { Attributes = {} } = await clients.sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: await urlOf(name), AttributeNames: ['All'] }),
    );
    const { ApproximateNumberOfMessages: visible, ApproximateNumberOfMessagesNotVisible: hidden } =
      Attributes;
    return Number(visible) + Number(hidden);
  }

  async function receive(name: string): Promise<string> {
    let body: string | undefined;
    const QueueUrl = await urlOf(name);
    await until(async () => {
      const { Messages } = await clients.sqs.send(
        new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 1 }),
      );
      body = Messages?.[0]?.Body;
      return body !== undefined;
    });
    return body ?? '';
  }

  async function click(text: string, key: string): Promise<void> {
    const Data = Buffer.from(text);
    const put = new PutRecordCommand({ StreamName: 'clicks', PartitionKey: key, Data });
    await clients.kinesis.send(put);
  }

  const put = (id: string) =>
    clients.tables.send(new PutItemCommand({ TableName: 'items', Item: { id: { S: id } } }));

  it(
    'of a queue: what the function took is deleted, what it reports comes back, what it never takes is dead',
    async () => {
      for (const body of ['first', 'once', 'poison', 'unwanted']) await send('jobs', body);
      expect(await receive('dead-jobs')).toBe('poison');
      await until(async () => (await count('jobs')) === 0);
      const taken = await events<SQSEvent>('Worker');
      const all = taken.flatMap(({ Records }) => Records);
      const counts = (body: string): (string | undefined)[] =>
        all
          .filter((record) => record.body === body)
          .map(({ attributes }) => attributes.ApproximateReceiveCount);
      expect(counts('first')).toEqual(['1']);
      expect(counts('once')).toEqual(['1', '2']);
      expect(counts('poison')).toEqual(['1', '2']);
      expect(counts('unwanted')).toEqual([]);
      expect(Object.keys(all[0] ?? {})).toEqual([
        'messageId',
        'receiptHandle',
        'body',
        'attributes',
        'messageAttributes',
        'md5OfMessageAttributes',
        'md5OfBody',
        'eventSource',
        'eventSourceARN',
        'awsRegion',
      ]);
      expect(all[0]).toMatchObject({
        eventSource: 'aws:sqs',
        eventSourceARN: `${QUEUE}:jobs`,
        awsRegion: 'us-east-1',
      });
    },
    LIMIT_MS,
  );

  it(
    'of a FIFO queue: each group in its order, though a batch failed',
    async () => {
      for (const body of ['a1 once', 'a2', 'b1', 'a3', 'b2']) {
        await send('orders.fifo', body, body.slice(0, 1));
      }
      await until(async () => (await count('orders.fifo')) === 0);
      const taken = await bodies('Keeper');
      for (const group of ['a', 'b']) {
        // What failed with its batch comes again, from its beginning.
        const ends = [...new Set(taken.toReversed())].toReversed();
        expect(ends.filter((body) => body.startsWith(group))).toEqual(
          ['a1 once', 'a2', 'a3', 'b1', 'b2'].filter((body) => body.startsWith(group)),
        );
      }
    },
    LIMIT_MS,
  );

  it(
    'of a Kinesis stream: in order, halved down to what is at fault, which the destination is told',
    async () => {
      for (let n = 0; n < 4; n += 1)
        for (const key of ['p', 'q', 'r']) await click(`${key}${n}`, key);
      await click('poison', 'p');
      await click('p4', 'p');
      const told = JSON.parse(await receive('failed')) as Record<string, object>;
      expect(told).toMatchObject({
        requestContext: {
          functionArn: `arn:aws:lambda:${PLACE}:function:Counter`,
          condition: 'RetryAttemptsExhausted',
          approximateInvokeCount: 2,
        },
        responseContext: {
          statusCode: 200,
          executedVersion: '$LATEST',
          functionError: 'Unhandled',
        },
        version: '1.0',
        KinesisBatchInfo: { batchSize: 1, streamArn: `arn:aws:kinesis:${PLACE}:stream/clicks` },
      });
      await until(async () => (await clicks()).includes('p4'));
      const seen = [...new Set(await clicks())];
      for (const key of ['p', 'q', 'r']) {
        const own = seen.filter((text) => text.startsWith(key) && text !== 'poison');
        expect(own).toEqual([...own].sort());
      }
    },
    LIMIT_MS,
  );

  it(
    'of a table: every change, in order, with what was there before',
    async () => {
      await put('once');
      await clients.tables.send(
        new UpdateItemCommand({
          TableName: 'items',
          Key: { id: { S: 'once' } },
          UpdateExpression: 'SET n = :n',
          ExpressionAttributeValues: { ':n': { N: '2' } },
        }),
      );
      await clients.tables.send(
        new DeleteItemCommand({ TableName: 'items', Key: { id: { S: 'once' } } }),
      );
      await until(async () => (await changes()).includes('REMOVE once'));
      // The first attempt was reported as failed.
      expect(await changes()).toEqual(['INSERT once', 'INSERT once', 'MODIFY once', 'REMOVE once']);
      const [removed] = (await events<DynamoDBStreamEvent>('Watcher')).at(-1)?.Records ?? [];
      expect(removed).toMatchObject({
        eventVersion: '1.1',
        eventSource: 'aws:dynamodb',
        awsRegion: 'us-east-1',
        dynamodb: { OldImage: { id: { S: 'once' }, n: { N: '2' } } },
        eventSourceARN: expect.stringMatching(/^arn:aws:dynamodb:.*:table\/items\/stream\/20/),
      });
    },
    LIMIT_MS,
  );

  it(
    'are made, changed and deleted by an AWS client',
    async () => {
      const { lambda } = clients;
      const create = (EventSourceArn: string) =>
        lambda.send(new CreateEventSourceMappingCommand({ FunctionName: 'Idle', EventSourceArn }));
      await expect(create(`${QUEUE}:nowhere`)).rejects.toMatchObject({
        name: 'InvalidParameterValueException',
        message: expect.stringContaining('AWS.SimpleQueueService.NonExistentQueue'),
      });
      const { UUID, State } = await create(`${QUEUE}:other`);
      expect(State).toBe('Creating');
      const stateOf = async () =>
        (await lambda.send(new GetEventSourceMappingCommand({ UUID }))).State;
      await until(async () => (await stateOf()) === 'Enabled');
      await send('other', 'through the API');
      await until(async () => (await bodies('Idle')).includes('through the API'));
      const { EventSourceMappings = [] } = await lambda.send(
        new ListEventSourceMappingsCommand({}),
      );
      expect(EventSourceMappings).toHaveLength(5);
      await lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: false }));
      await until(async () => (await stateOf()) === 'Disabled');
      await send('other', 'while disabled');
      await lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: true }));
      await until(async () => (await bodies('Idle')).includes('while disabled'));
      await until(async () => (await stateOf()) === 'Enabled');
      await lambda.send(new DeleteEventSourceMappingCommand({ UUID }));
      await until(async () => (await stateOf().catch(() => 'gone')) === 'gone');
    },
    LIMIT_MS,
  );

  it(
    'lose nothing to a kill, do nothing again that was done, and show how they fare',
    async () => {
      await clients.lambda.send(
        new CreateEventSourceMappingCommand({
          FunctionName: 'Idle',
          EventSourceArn: `${QUEUE}:other`,
        }),
      );
      await click('before', 'q');
      await put('before');
      await until(async () => (await clicks()).includes('before'));
      await until(async () => (await changes()).includes('INSERT before'));
      const doneBefore = (await clicks()).filter((text) => text === 'q3').length;
      // These are under way when the orchestrator dies.
      await Promise.all([click('slow', 'q'), put('slow'), send('jobs', 'slow')]);
      await until(async () => (await clicks()).includes('slow'));
      await running.end('SIGKILL');
      for (const client of Object.values(clients) as LambdaClient[]) client.destroy();

      running = await up(directory, { flags: ['--http-port', '0', '--spares', '0'] });
      clients = clientsOf(running.endpoint);
      await click('after', 'q');
      await Promise.all([put('after'), send('jobs', 'after'), send('other', 'after')]);
      await until(async () => (await clicks()).includes('after'));
      await until(async () => (await changes()).includes('INSERT after'));
      await until(async () => (await bodies('Idle')).includes('after'));
      await until(async () => (await count('jobs')) === 0);
      expect(await bodies('Worker')).toEqual(expect.arrayContaining(['slow', 'after']));
      expect(await changes()).toContain('INSERT slow');
      // It was not finished, and is done once more.
      expect((await clicks()).filter((text) => text === 'slow').length).toBeGreaterThan(1);
      expect((await clicks()).filter((text) => text === 'q3')).toHaveLength(doneBefore);
      expect((await changes()).filter((text) => text === 'REMOVE once')).toHaveLength(1);

      const { stdout } = await finished(['sources', '--json', '--state', state()]);
      const { sources } = JSON.parse(stdout) as {
        sources: { kind: string; from: string; to: string; state: string; last: string }[];
      };
      const shown = sources.filter(({ kind }) => ['SQS', 'Kinesis', 'DynamoDB'].includes(kind));
      expect(shown.map(({ to, state: is }) => `${to} ${is}`).sort()).toEqual([
        'Counter Enabled',
        'Idle Enabled',
        'Keeper Enabled',
        'Watcher Enabled',
        'Worker Enabled',
      ]);
      expect(shown.find(({ to }) => to === 'Watcher')?.last).toBe('OK');
    },
    LIMIT_MS,
  );
});
