/** A project whose functions are called by queues and streams, and do what its records say. */

import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const CODE = `const seen = new Set();
const textOf = ({ body, kinesis, dynamodb }) =>
  body ?? (kinesis ? Buffer.from(kinesis.data, 'base64').toString() : dynamodb.Keys.id.S);
const idOf = ({ messageId, kinesis, dynamodb }) =>
  messageId ?? kinesis?.sequenceNumber ?? dynamodb.SequenceNumber;

export const handler = async (event) => {
  console.log('EVENT ' + JSON.stringify(event));
  const failed = [];
  for (const record of event.Records) {
    const text = textOf(record);
    if (text.includes('slow')) await new Promise((resolve) => setTimeout(resolve, 1000));
    const isFirst = record.attributes
      ? record.attributes.ApproximateReceiveCount === '1'
      : !seen.has(text);
    seen.add(text);
    if (text.includes('poison') || (text.includes('once') && isFirst)) failed.push(record);
  }
  if (failed.length > 0 && !process.env.REPORTS) throw new Error('it cannot take this');
  return { batchItemFailures: failed.map((record) => ({ itemIdentifier: idOf(record) })) };
};`;

const arnOf = (logicalId: string): object => ({ 'Fn::GetAtt': [logicalId, 'Arn'] });
const REPORTS = { FunctionResponseTypes: ['ReportBatchItemFailures'] };

function fn(events: object, reports = false): object {
  return {
    Type: 'AWS::Serverless::Function',
    Properties: {
      Runtime: 'nodejs22.x',
      Handler: 'index.handler',
      CodeUri: 'code',
      ...(reports ? { Environment: { Variables: { REPORTS: '1' } } } : {}),
      Events: events,
    },
  };
}

function queue(properties: object = {}): object {
  return { Type: 'AWS::SQS::Queue', Properties: properties };
}

const template = {
  Transform: 'AWS::Serverless-2016-10-31',
  Resources: {
    Jobs: queue({
      QueueName: 'jobs',
      // A start must fit in, and the function's run.
      VisibilityTimeout: 10,
      RedrivePolicy: { deadLetterTargetArn: arnOf('DeadJobs'), maxReceiveCount: 2 },
    }),
    DeadJobs: queue({ QueueName: 'dead-jobs' }),
    Orders: queue({ QueueName: 'orders.fifo', FifoQueue: true, VisibilityTimeout: 10 }),
    Other: queue({ QueueName: 'other', VisibilityTimeout: 10 }),
    Failed: queue({ QueueName: 'failed' }),
    Clicks: { Type: 'AWS::Kinesis::Stream', Properties: { Name: 'clicks', ShardCount: 2 } },
    Items: {
      Type: 'AWS::DynamoDB::Table',
      Properties: {
        TableName: 'items',
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        BillingMode: 'PAY_PER_REQUEST',
        StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
      },
    },
    Worker: fn(
      {
        Queue: {
          Type: 'SQS',
          Properties: {
            Queue: arnOf('Jobs'),
            ...REPORTS,
            ScalingConfig: { MaximumConcurrency: 4 },
            FilterCriteria: { Filters: [{ Pattern: '{"body":[{"anything-but":["unwanted"]}]}' }] },
          },
        },
      },
      true,
    ),
    Keeper: fn({ Queue: { Type: 'SQS', Properties: { Queue: arnOf('Orders') } } }),
    Counter: fn({
      Stream: {
        Type: 'Kinesis',
        Properties: {
          Stream: arnOf('Clicks'),
          StartingPosition: 'TRIM_HORIZON',
          BatchSize: 10,
          MaximumRetryAttempts: 1,
          BisectBatchOnFunctionError: true,
          DestinationConfig: { OnFailure: { Destination: arnOf('Failed') } },
        },
      },
    }),
    Watcher: fn(
      {
        Stream: {
          Type: 'DynamoDB',
          Properties: {
            Stream: { 'Fn::GetAtt': ['Items', 'StreamArn'] },
            StartingPosition: 'TRIM_HORIZON',
            BatchSize: 1,
            ...REPORTS,
          },
        },
      },
      true,
    ),
    Idle: fn({}),
  },
};

/** The caller removes it with `removeFolder`. */
export async function mappingsFolder(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'orchestrator-test-'));
  await mkdir(join(directory, 'code'));
  await writeFile(join(directory, 'code/index.mjs'), CODE);
  await writeFile(join(directory, 'template.yaml'), JSON.stringify(template));
  return directory;
}
