import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  CloudWatchLogsClient,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import {
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { KinesisClient, ListShardsCommand } from '@aws-sdk/client-kinesis';
import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import {
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SQSClient,
  type Message,
} from '@aws-sdk/client-sqs';
import type { CloudWatchLogsEvent, S3Event, SNSEvent } from 'aws-lambda';
import { lambdaClient } from '../support/aws-clients/lambda-client.js';
import { files, node, QUEUE, template } from '../support/notifications-project.js';
import { startTemplate, until, type Project } from '../support/project.js';

const LIMIT_MS = 120_000;
const PLACE = 'us-east-1:123456789012';
const TOPIC = `arn:aws:sns:${PLACE}`;
const LAMBDA = `arn:aws:lambda:${PLACE}:function`;

interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

describe('what services tell functions, and functions services', () => {
  let project: Project;
  let lambda: LambdaClient;
  let s3: S3Client;
  let sqs: SQSClient;
  let sns: SNSClient;
  let logs: CloudWatchLogsClient;
  let common: { endpoint: string; region: string; credentials: AwsCredentials };

  beforeAll(async () => {
    project = await startTemplate(template, files, { spares: 0 });
    const { endpoint } = project;
    const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' };
    common = { endpoint, region: 'us-east-1', credentials };
    lambda = lambdaClient(endpoint);
    s3 = new S3Client({ ...common, forcePathStyle: true });
    sqs = new SQSClient(common);
    sns = new SNSClient(common);
    logs = new CloudWatchLogsClient(common);
  }, LIMIT_MS);
  afterAll(async () => {
    for (const client of [lambda, s3, sqs, sns, logs]) client?.destroy();
    await project?.stop();
  }, LIMIT_MS);

  async function events<Event>(functionName: string): Promise<Event[]> {
    const lines = await project.orchestrator.logs({ functionName });
    return lines.flatMap(({ text }) => {
      const at = text.indexOf('EVENT {');
      return at < 0 ? [] : [JSON.parse(text.slice(at + 6)) as Event];
    });
  }

  async function receive(name: string): Promise<Message> {
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: name }));
    let found: Message | undefined;
    await until(async () => {
      const { Messages } = await sqs.send(
        new ReceiveMessageCommand({
          QueueUrl,
          WaitTimeSeconds: 5,
          MessageAttributeNames: ['All'],
        }),
      );
      found = Messages?.[0];
      return found !== undefined;
    });
    return found as Message;
  }

  async function send(name: string, event: object): Promise<string> {
    const answer = await lambda.send(
      new InvokeCommand({
        FunctionName: name,
        InvocationType: 'Event',
        Payload: Buffer.from(JSON.stringify(event)),
      }),
    );
    return answer.$metadata.requestId ?? '';
  }

  async function attributesOf(name: string): Promise<Partial<Record<string, string>>> {
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: name }));
    const input = { QueueUrl, AttributeNames: ['All' as const] };
    return (await sqs.send(new GetQueueAttributesCommand(input))).Attributes ?? {};
  }

  it(
    'what the template declares is there, as it declares it',
    async () => {
      const { RedrivePolicy: redrive, ...jobs } = await attributesOf('Jobs.fifo');
      expect(JSON.parse(redrive ?? '')).toEqual({
        deadLetterTargetArn: `arn:aws:sqs:${PLACE}:DeadJobs.fifo`,
        maxReceiveCount: 3,
      });
      expect(jobs).toMatchObject({
        FifoQueue: 'true',
        ContentBasedDeduplication: 'true',
        VisibilityTimeout: '60',
      });
      const dynamodb = new DynamoDBClient(common);
      const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName: 'Items' }));
      expect(Table).toMatchObject({
        TableStatus: 'ACTIVE',
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
        StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' },
        GlobalSecondaryIndexes: [expect.objectContaining({ IndexName: 'byTime' })],
      });
      const { TimeToLiveDescription } = await dynamodb.send(
        new DescribeTimeToLiveCommand({ TableName: 'Items' }),
      );
      expect(TimeToLiveDescription?.AttributeName).toBe('until');
      dynamodb.destroy();
      const kinesis = new KinesisClient({ ...common, requestHandler: new NodeHttpHandler() });
      const { Shards } = await kinesis.send(new ListShardsCommand({ StreamName: 'Clicks' }));
      expect(Shards).toHaveLength(2);
      kinesis.destroy();
    },
    LIMIT_MS,
  );

  it(
    'an object whose key fits is told to the function in S3’s shape',
    async () => {
      for (const Key of ['out/a.txt', 'in/a.png', 'in/red flower.txt']) {
        await s3.send(new PutObjectCommand({ Bucket: 'inbox', Key, Body: 'petals' }));
      }
      const records = async () =>
        (await events<S3Event>('Recorder')).filter(
          ({ Records: [first] }) => (first as { eventSource?: string }).eventSource === 'aws:s3',
        );
      await until(async () => (await records()).length > 0);
      await s3.send(new DeleteObjectCommand({ Bucket: 'inbox', Key: 'in/a.png' }));
      // The queue is told in the same shape, behind the test event of the bucket's configuration.
      const bodies = [await receive('Removed'), await receive('Removed')].map(
        ({ Body }) => JSON.parse(Body ?? '') as { Event?: string } & S3Event,
      );
      expect(bodies.map(({ Event, Records }) => Event ?? Records[0]?.eventName)).toEqual([
        's3:TestEvent',
        'ObjectRemoved:Delete',
      ]);
      expect(await records()).toEqual([
        {
          Records: [
            expect.objectContaining({
              eventVersion: '2.1',
              eventName: 'ObjectCreated:Put',
              awsRegion: 'us-east-1',
              s3: expect.objectContaining({
                bucket: expect.objectContaining({ name: 'inbox', arn: 'arn:aws:s3:::inbox' }),
                object: expect.objectContaining({ key: 'in/red+flower.txt', size: 6 }),
              }),
            }),
          ],
        },
      ]);
    },
    LIMIT_MS,
  );

  it(
    'messages reach the functions whose filters let them through',
    async () => {
      const publish = (colour: string, body: object) =>
        sns.send(
          new PublishCommand({
            TopicArn: `${TOPIC}:Alerts`,
            Message: JSON.stringify(body),
            MessageAttributes: { colour: { DataType: 'String', StringValue: colour } },
          }),
        );
      await publish('blue', { price: 5 });
      await publish('blue', { price: 500 });
      await publish('red', { price: 7 });
      const sns1 = async (name: string) =>
        (await events<SNSEvent>(name)).filter(
          ({ Records: [first] }) => first?.EventSource === 'aws:sns',
        );
      await until(
        async () => (await sns1('Recorder')).length > 0 && (await sns1('PyRecorder')).length > 0,
      );
      const [red] = await sns1('Recorder');
      expect(red?.Records).toEqual([
        {
          EventSource: 'aws:sns',
          EventVersion: '1.0',
          EventSubscriptionArn: expect.stringContaining(`${TOPIC}:Alerts:`),
          Sns: expect.objectContaining({
            Type: 'Notification',
            Subject: null,
            Message: '{"price":7}',
            MessageAttributes: { colour: { Type: 'String', Value: 'red' } },
            SigningCertUrl: expect.any(String),
          }),
        },
      ]);
      const dear = (await sns1('PyRecorder')).map(({ Records: [first] }) => first?.Sns.Message);
      expect(dear).toEqual(['{"price":500}']);
    },
    LIMIT_MS,
  );

  it(
    'ends of events are told to a queue, and through a topic to another',
    async () => {
      const done = await send('Orders', { order: 7 });
      expect(JSON.parse((await receive('Done')).Body ?? '')).toMatchObject({
        version: '1.0',
        requestContext: {
          requestId: done,
          functionArn: `${LAMBDA}:Orders:$LATEST`,
          condition: 'Success',
          approximateInvokeCount: 1,
        },
        requestPayload: { order: 7 },
        responsePayload: { taken: 7 },
      });
      const failed = await send('Orders', { order: 8, fails: true });
      const { Message: record } = JSON.parse((await receive('Told')).Body ?? '') as SNSEvent & {
        Message: string;
      };
      expect(JSON.parse(record)).toMatchObject({
        requestContext: { requestId: failed, condition: 'RetriesExhausted' },
        responseContext: { statusCode: 200, functionError: 'Unhandled' },
        responsePayload: { errorMessage: 'no stock' },
      });
    },
    LIMIT_MS,
  );

  it(
    'a dead letter is the event itself, with what went wrong beside it',
    async () => {
      const id = await send('Lettered', { fails: true, order: 9 });
      const { Body: body, MessageAttributes: attributes } = await receive('Dead');
      expect(body).toBe('{"fails":true,"order":9}');
      expect(attributes).toMatchObject({
        RequestID: { DataType: 'String', StringValue: id },
        ErrorCode: { DataType: 'Number', StringValue: '200' },
        ErrorMessage: { DataType: 'String', StringValue: 'no stock' },
      });
    },
    LIMIT_MS,
  );

  it(
    'a failure is kept in a bucket, under the function and the time',
    async () => {
      const id = await send('Kept', { fails: true });
      let key: string | undefined;
      await until(async () => {
        const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: 'failures' }));
        key = Contents?.[0]?.Key;
        return key !== undefined;
      });
      expect(key).toMatch(
        /^aws\/lambda\/async\/Kept\/\d{4}\/\d\d\/\d\d\/\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\d-[0-9a-f-]{36}$/,
      );
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'failures', Key: key }));
      expect(JSON.parse((await Body?.transformToString()) ?? '')).toMatchObject({
        requestContext: { requestId: id, condition: 'RetriesExhausted' },
      });
    },
    LIMIT_MS,
  );

  it(
    'log events that fit are told to a function, of functions and of other groups',
    async () => {
      const place = { logGroupName: '/shop/audit', logStreamName: 'web' };
      await logs.send(new CreateLogStreamCommand(place));
      await logs.send(
        new PutLogEventsCommand({
          ...place,
          logEvents: ['INFO', 'ERROR'].map((level) => ({
            timestamp: Date.now(),
            message: JSON.stringify({ level }),
          })),
        }),
      );
      await send('Orders', { order: 'ignored', fails: true });
      await send('Orders', { order: 10, fails: true });
      const batches = async () =>
        (await events<CloudWatchLogsEvent>('Recorder')).flatMap(({ awslogs }) =>
          awslogs === undefined
            ? []
            : [
                JSON.parse(gunzipSync(Buffer.from(awslogs.data, 'base64')).toString()) as {
                  logGroup: string;
                  logStream: string;
                  logEvents: { message: string }[];
                },
              ],
        );
      const messages = async (group: string): Promise<string[]> =>
        (await batches())
          .filter(({ logGroup }) => logGroup === group)
          .flatMap(({ logEvents }) => logEvents.map(({ message }) => message));
      await until(
        async () =>
          (await messages('/aws/lambda/Orders')).some((text) => text.includes('stock for 10')) &&
          (await messages('/shop/audit')).length > 0,
      );
      expect(await messages('/shop/audit')).toEqual(['{"level":"ERROR"}']);
      const own = await messages('/aws/lambda/Orders');
      expect(own.every((text) => text.includes('ERROR') && !text.includes('ignored'))).toBe(true);
      const [batch] = (await batches()).filter(({ logGroup }) => logGroup !== '/shop/audit');
      expect(batch).toMatchObject({
        messageType: 'DATA_MESSAGE',
        owner: '123456789012',
        logStream: expect.stringMatching(/^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/),
        subscriptionFilters: ['RecorderErrors'],
      });
    },
    LIMIT_MS,
  );

  it(
    'what is added to the template is made, what changes follows, what goes stays',
    async () => {
      const { Done: _, ...rest } = template.Resources;
      const changed = {
        ...template,
        Resources: {
          ...rest,
          Dead: { ...QUEUE, Properties: { VisibilityTimeout: 77 } },
          Added: QUEUE,
          Orders: node({}),
        },
      };
      await project.write('template.json', JSON.stringify(changed));
      const urlOf = async (name: string): Promise<string | undefined> =>
        sqs.send(new GetQueueUrlCommand({ QueueName: name })).then(
          ({ QueueUrl }) => QueueUrl,
          () => undefined,
        );
      await until(async () => (await urlOf('Added')) !== undefined);
      await until(async () => (await attributesOf('Dead'))['VisibilityTimeout'] === '77');
      expect(await urlOf('Done')).toBeDefined();
      expect(project.messages).toContainEqual(
        expect.stringContaining('queue Done is no longer declared; it stays'),
      );
    },
    LIMIT_MS,
  );
});
