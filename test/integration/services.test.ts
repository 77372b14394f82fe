/** The services container, by unmodified clients from outside and from within functions. */

import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { CreateTableCommand, DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import {
  CreateStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
} from '@aws-sdk/client-kinesis';
import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  CreateTopicCommand,
  PublishCommand,
  SNSClient,
  SubscribeCommand,
} from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import Docker from 'dockerode';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { systemClock } from '../../src/async/clock.js';
import { Builder } from '../../src/builder/builder.js';
import { SERVICES_IMAGE } from '../../src/builder/services-image.js';
import {
  containerName,
  openContainer,
  removeForsaken,
} from '../../src/engine/docker/services-container.js';
import { until } from '../support/project.js';
import {
  finished,
  projectFolder,
  removeFolder,
  up,
  type RunningUp,
} from '../support/running-up.js';

const LIMIT_MS = 120_000;
const docker = new Docker();

const JAVASCRIPT = `
import { S3Client, PutObjectCommand } from '@aws-sdk/client-s3';
import { SQSClient, SendMessageCommand } from '@aws-sdk/client-sqs';
import { KinesisClient, PutRecordCommand } from '@aws-sdk/client-kinesis';
import { LambdaClient, InvokeCommand } from '@aws-sdk/client-lambda';
const { QUEUE_URL: QueueUrl, AWS_ENDPOINT_URL: url } = process.env;
const named = (promise) => promise.then(() => 'ok', ({ name }) => name);
const stranger = { accessKeyId: 'a', secretAccessKey: 'b', sessionToken: 'made-up' };
export const handler = async () => {
  await new S3Client({}).send(new PutObjectCommand({ Bucket: 'uploads', Key: 'js', Body: 'of js' }));
  await new SQSClient({}).send(new SendMessageCommand({ QueueUrl, MessageBody: 'of js' }));
  await new KinesisClient({}).send(
    new PutRecordCommand({ StreamName: 'clicks', PartitionKey: 'p', Data: Buffer.from('of js') }),
  );
  const call = new InvokeCommand({ FunctionName: 'py', Payload: JSON.stringify({ n: 20 }) });
  const { Payload } = await new LambdaClient({}).send(call);
  return {
    called: JSON.parse(Buffer.from(Payload).toString()),
    asStranger: await named(new LambdaClient({ credentials: stranger }).send(call)),
    withoutCredentials: (await fetch(url + '/2015-03-31/functions/py/invocations', { method: 'POST' })).status,
    admin: (await fetch(url + '/_orchestrator/status')).status,
  };
};`;

const PYTHON = `
import os
import boto3
from boto3.dynamodb.conditions import Key

def handler(event, context):
    if 'n' in event:
        return event['n'] + 1
    table = boto3.resource('dynamodb').Table('orders')
    table.put_item(Item={'id': 'a', 'total': 3})
    found = table.query(KeyConditionExpression=Key('id').eq('a'))['Items']
    boto3.client('s3').put_object(Bucket='uploads', Key='py', Body=b'of py')
    boto3.client('sqs').send_message(QueueUrl=os.environ['QUEUE_URL'], MessageBody='of py')
    return [int(item['total']) for item in found]
`;

const QUEUE_URL = 'https://sqs.us-east-1.amazonaws.com/123456789012/orders';
const big = Buffer.alloc(12 * 2 ** 20, 5);

let directory: string;
let state: string;
let running: RunningUp;

beforeAll(async () => {
  const common = { memory: 512, timeout: 30, environment: { QUEUE_URL } };
  directory = await projectFolder({
    js: { ...common, files: { 'index.mjs': JAVASCRIPT } },
    py: {
      ...common,
      runtime: 'python3.13',
      handler: 'app.handler',
      files: { 'app.py': PYTHON },
    },
  });
  state = join(directory, '.orchestrator');
  running = await up(directory);
}, LIMIT_MS);

afterAll(async () => {
  await running.end('SIGINT');
  await finished(['down', '--state', state]);
  await removeFolder(directory);
}, LIMIT_MS);

function config() {
  const credentials = { accessKeyId: 'mine', secretAccessKey: 'too' };
  return { endpoint: running.endpoint, region: 'us-east-1', credentials };
}

const container = () => docker.getContainer(containerName(state)).inspect();
const isThere = () =>
  container().then(
    () => true,
    () => false,
  );

async function objectText(key: string): Promise<string | undefined> {
  const { Body } = await new S3Client(config()).send(
    new GetObjectCommand({ Bucket: 'uploads', Key: key }),
  );
  return Body?.transformToString();
}

/** All that is in the queue, taken out. */
async function messages(queueUrl: string): Promise<string[]> {
  const sqs = new SQSClient(config());
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10 }),
  );
  for (const { ReceiptHandle } of Messages) {
    await sqs.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle }));
  }
  return Messages.map(({ Body }) => Body ?? '').sort();
}

it(
  'is started by the first request for it, and serves clients at the address of the Lambda API',
  async () => {
    expect(await isThere()).toBe(false);
    const sqs = new SQSClient(config());
    const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'orders' }));
    expect(QueueUrl).toBe(`${running.endpoint}/123456789012/orders`);
    expect(await isThere()).toBe(true);
    const sns = new SNSClient(config());
    const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: 'news' }));
    const Endpoint = 'arn:aws:sqs:us-east-1:123456789012:orders';
    await sns.send(
      new SubscribeCommand({
        TopicArn,
        Protocol: 'sqs',
        Endpoint,
        Attributes: { RawMessageDelivery: 'true' },
      }),
    );
    await sns.send(new PublishCommand({ TopicArn, Message: 'of the topic' }));
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'of the client' }));
    expect(await messages(QueueUrl)).toEqual(['of the client', 'of the topic']);
    await new DynamoDBClient(config()).send(
      new CreateTableCommand({
        TableName: 'orders',
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      }),
    );
    // Its client begins with HTTP/2.
    await new KinesisClient(config()).send(
      new CreateStreamCommand({ StreamName: 'clicks', ShardCount: 1 }),
    );
  },
  LIMIT_MS,
);

it(
  'takes objects of any size, streamed in chunks, and presigned requests for them',
  async () => {
    const s3 = new S3Client(config());
    await s3.send(new CreateBucketCommand({ Bucket: 'uploads' }));
    const pieces = [big.subarray(0, 2 ** 22), big.subarray(2 ** 22)];
    const put = { Bucket: 'uploads', Key: 'big', ContentLength: big.length };
    await s3.send(new PutObjectCommand({ ...put, Body: Readable.from(pieces) }));
    const head = await s3.send(new HeadObjectCommand({ Bucket: 'uploads', Key: 'big' }));
    expect(head.ContentLength).toBe(big.length);
    const get = new GetObjectCommand({ Bucket: 'uploads', Key: 'big' });
    const address = await getSignedUrl(s3, get);
    expect(address.startsWith(`${running.endpoint}/uploads/big?`)).toBe(true);
    const answer = await fetch(address);
    expect(Buffer.from(await answer.arrayBuffer()).equals(big)).toBe(true);
    const upload = await getSignedUrl(s3, new PutObjectCommand({ Bucket: 'uploads', Key: 'up' }));
    expect((await fetch(upload, { method: 'PUT', body: 'mine' })).status).toBe(200);
    expect(await objectText('up')).toBe('mine');
  },
  LIMIT_MS,
);

it(
  'is what unmodified functions reach, who reach nothing else of ours',
  async () => {
    const js = await running.invoke('js');
    expect(js.json).toEqual({
      called: 21,
      asStranger: 'UnrecognizedClientException',
      withoutCredentials: 403,
      admin: 403,
    });
    const py = await running.invoke('py');
    expect(py.json).toEqual([3]);
    expect(await objectText('js')).toBe('of js');
    expect(await objectText('py')).toBe('of py');
    const { Item } = await new DynamoDBClient(config()).send(
      new GetItemCommand({ TableName: 'orders', Key: { id: { S: 'a' } } }),
    );
    expect(Item).toMatchObject({ total: { N: '3' } });
    const kinesis = new KinesisClient(config());
    const { ShardIterator } = await kinesis.send(
      new GetShardIteratorCommand({
        StreamName: 'clicks',
        ShardId: 'shardId-000000000000',
        ShardIteratorType: 'TRIM_HORIZON',
      }),
    );
    const { Records = [] } = await kinesis.send(new GetRecordsCommand({ ShardIterator }));
    expect(Records.map(({ Data }) => Buffer.from(Data ?? []).toString())).toEqual(['of js']);
  },
  LIMIT_MS,
);

it(
  'goes on with its data when the orchestrator is killed and started again',
  async () => {
    const { Id } = await container();
    await running.end('SIGKILL');
    running = await up(directory);
    expect((await container()).Id).toBe(Id);
    expect(await messages(`${running.endpoint}/123456789012/orders`)).toEqual(['of js', 'of py']);
    expect(await objectText('js')).toBe('of js');
    const shown = await finished(['ps', '--state', state]);
    expect(shown.stderr).toContain('our container, http://127.0.0.1:');
  },
  LIMIT_MS,
);

it(
  'is made again when it dies, and its data is said to be gone',
  async () => {
    const { Id } = await container();
    await docker.getContainer(Id).kill();
    await until(() => running.messages.some((message) => message.includes('is back at')));
    expect(running.messages.join('\n')).toContain('its data is gone');
    expect((await container()).Id).not.toBe(Id);
    const { Buckets = [] } = await new S3Client(config()).send(new ListBucketsCommand({}));
    expect(Buckets).toEqual([]);
  },
  LIMIT_MS,
);

it(
  'stays when it is to be kept; down with nothing running clears it',
  async () => {
    const kept = await finished(['down', '--keep-services', '--state', state]);
    expect(kept.code).toBe(0);
    expect((await container()).State.Running).toBe(true);
    const cleared = await finished(['down', '--state', state]);
    expect(cleared.stderr).toContain('The services container that one had left is removed.');
    expect(await isThere()).toBe(false);
  },
  LIMIT_MS,
);

it(
  'goes with the state folder it belongs to',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'orchestrator-test-'));
    const ensureImage = () => new Builder(docker).ensureImage(SERVICES_IMAGE);
    const request = {
      docker,
      clock: systemClock,
      stateDirectory: folder,
      accountId: '123456789012',
    };
    const { id } = await openContainer({ ...request, ensureImage }, new AbortController().signal);
    await removeForsaken(docker);
    expect((await docker.getContainer(id).inspect()).State.Running).toBe(true);
    await removeFolder(folder);
    await removeForsaken(docker);
    await expect(docker.getContainer(id).inspect()).rejects.toMatchObject({ statusCode: 404 });
  },
  LIMIT_MS,
);

it(
  'goes with Ctrl-C',
  async () => {
    running = await up(directory, { flags: ['--services', 'container'] });
    expect((await container()).State.Running).toBe(true);
    expect(await running.end('SIGINT')).toBe(0);
    expect(await isThere()).toBe(false);
  },
  LIMIT_MS,
);
