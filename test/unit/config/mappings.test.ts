import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Config } from '../../../src/config/config.js';
import { TemplateBench } from '../../support/template-bench.js';

const PLACE = 'us-east-1:123456789012';
const QUEUE = `arn:aws:sqs:${PLACE}:jobs`;
const STREAM = `arn:aws:kinesis:${PLACE}:stream/clicks`;

let bench: TemplateBench;
beforeEach(async () => {
  bench = await TemplateBench.make();
});
afterEach(() => bench.remove());

function events(of: Readonly<Record<string, object>>) {
  return { own: { Events: of } };
}

function treatments({ notices }: Config): Record<string, string> {
  return Object.fromEntries(notices.map(({ path, treatment }) => [path, treatment]));
}

describe('event source mappings of a template', () => {
  it('are read from SAM’s events, whole', async () => {
    const { stack } = await bench.load({
      resources: {
        Jobs: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'jobs' } },
        Clicks: { Type: 'AWS::Kinesis::Stream', Properties: { Name: 'clicks', ShardCount: 1 } },
        Orders: {
          Type: 'AWS::DynamoDB::Table',
          Properties: {
            TableName: 'orders',
            AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
            KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
            BillingMode: 'PAY_PER_REQUEST',
            StreamSpecification: { StreamViewType: 'NEW_IMAGE' },
          },
        },
      },
      ...events({
        Queue: {
          Type: 'SQS',
          Properties: {
            Queue: { 'Fn::GetAtt': ['Jobs', 'Arn'] },
            BatchSize: '5',
            MaximumBatchingWindowInSeconds: 2,
            FunctionResponseTypes: ['ReportBatchItemFailures'],
            ScalingConfig: { MaximumConcurrency: 8 },
            FilterCriteria: { Filters: [{ Pattern: '{"body":{"kind":["order"]}}' }] },
          },
        },
        Stream: {
          Type: 'Kinesis',
          Properties: {
            Stream: { 'Fn::GetAtt': 'Clicks.Arn' },
            StartingPosition: 'TRIM_HORIZON',
            BisectBatchOnFunctionError: true,
            MaximumRetryAttempts: 3,
            MaximumRecordAgeInSeconds: 3600,
            ParallelizationFactor: 2,
            DestinationConfig: { OnFailure: { Type: 'SQS', Destination: QUEUE } },
          },
        },
        Table: {
          Type: 'DynamoDB',
          Properties: {
            Stream: { 'Fn::GetAtt': 'Orders.StreamArn' },
            StartingPosition: 'LATEST',
            TumblingWindowInSeconds: 60,
            Enabled: false,
          },
        },
      }),
    });
    const target = { functionName: expect.any(String) };
    expect(stack.mappings).toEqual([
      {
        path: expect.stringMatching(/Events\.Queue$/),
        target,
        sourceArn: QUEUE,
        enabled: true,
        batchSize: 5,
        batchingWindowSeconds: 2,
        filters: ['{"body":{"kind":["order"]}}'],
        reportBatchItemFailures: true,
        maximumConcurrency: 8,
      },
      {
        path: expect.stringMatching(/Events\.Stream$/),
        target,
        sourceArn: STREAM,
        enabled: true,
        startingPosition: 'TRIM_HORIZON',
        bisectOnError: true,
        maximumRetryAttempts: 3,
        maximumRecordAgeSeconds: 3600,
        parallelizationFactor: 2,
        onFailureArn: QUEUE,
      },
      {
        path: expect.stringMatching(/Events\.Table$/),
        target,
        sourceArn: expect.stringMatching(/^arn:aws:dynamodb:.*:table\/orders\/stream\//),
        enabled: false,
        startingPosition: 'LATEST',
        tumblingWindowSeconds: 60,
      },
    ]);
  });

  it('are read from CloudFormation’s resource', async () => {
    const config = await bench.load({
      resources: {
        Mapping: {
          Type: 'AWS::Lambda::EventSourceMapping',
          Properties: {
            EventSourceArn: QUEUE,
            FunctionName: { Ref: 'Fn' },
            BatchSize: 1,
            ProvisionedPollerConfig: { MinimumPollers: 3 },
            KmsKeyArn: 'arn:aws:kms:us-east-1:123456789012:key/k',
            MetricsConfig: { Metrics: ['EventCount'] },
          },
        },
        Kafka: {
          Type: 'AWS::Lambda::EventSourceMapping',
          Properties: {
            EventSourceArn: `arn:aws:kafka:${PLACE}:cluster/c/1`,
            FunctionName: { Ref: 'Fn' },
            Topics: ['t'],
          },
        },
      },
    });
    expect(config.stack.mappings).toMatchObject([
      { path: 'Resources.Mapping', sourceArn: QUEUE, batchSize: 1, pollers: { minimum: 3 } },
    ]);
    expect(treatments(config)).toMatchObject({
      'Resources.Mapping.Properties.ProvisionedPollerConfig': 'approximated',
      'Resources.Mapping.Properties.KmsKeyArn': 'ignored',
      'Resources.Mapping.Properties.MetricsConfig': 'ignored',
      'Resources.Kafka.Properties.EventSourceArn': 'ignored',
    });
  });

  it.each<[string, object, string]>([
    ['Queue', {}, 'Properties.Queue'],
    ['BatchSize', { Queue: QUEUE, BatchSize: 0 }, 'a whole number from 1 to 10000'],
    ['window', { Queue: QUEUE, BatchSize: 11 }, 'must be greater than 0 if maximum batch size'],
    ['FIFO', { Queue: `${QUEUE}.fifo`, BatchSize: 11 }, 'FIFO queues can not be greater than 10'],
    ['concurrency', { Queue: QUEUE, ScalingConfig: { MaximumConcurrency: 1 } }, 'from 2 to 1000'],
    [
      'pattern',
      { Queue: QUEUE, FilterCriteria: { Filters: [{ Pattern: '{' }] } },
      'FilterCriteria',
    ],
    [
      'length of a pattern',
      {
        Queue: QUEUE,
        FilterCriteria: { Filters: [{ Pattern: `{"body":["${'x'.repeat(4096)}"]}` }] },
      },
      'at most 4096 characters',
    ],
    ['stream', { Queue: STREAM }, 'the ARN of a queue'],
    ['bisect', { Queue: QUEUE, BisectBatchOnFunctionError: true }, 'not supported for SQS'],
    ['responses', { Queue: QUEUE, FunctionResponseTypes: ['x'] }, 'ReportBatchItemFailures'],
  ])('are refused with what is wrong: %s', async (_what, properties, text) => {
    await expect(
      bench.load(events({ Bad: { Type: 'SQS', Properties: properties } })),
    ).rejects.toThrow(text);
  });

  it.each<[string, object, string]>([
    ['no position', { Stream: STREAM }, 'Add TRIM_HORIZON'],
    ['a wrong one', { Stream: STREAM, StartingPosition: 'LAST' }, "Did you mean 'LATEST'?"],
    ['no time', { Stream: STREAM, StartingPosition: 'AT_TIMESTAMP' }, 'StartingPositionTimestamp'],
    [
      'a destination that is none',
      {
        Stream: STREAM,
        StartingPosition: 'LATEST',
        DestinationConfig: { OnFailure: { Destination: `arn:aws:lambda:${PLACE}:function:f` } },
      },
      'a queue, a topic or a bucket',
    ],
    [
      'an age between',
      { Stream: STREAM, StartingPosition: 'LATEST', MaximumRecordAgeInSeconds: 30 },
      'at least 60',
    ],
  ])('of streams are refused with %s', async (_what, properties, text) => {
    await expect(
      bench.load(events({ Bad: { Type: 'Kinesis', Properties: properties } })),
    ).rejects.toThrow(text);
  });

  it('are told of where AWS would refuse them: a timeout beyond the queue’s', async () => {
    const read = (Timeout: number, own: object = {}) =>
      bench.load({
        own: {
          Timeout,
          Events: { Jobs: { Type: 'SQS', Properties: { Queue: { 'Fn::GetAtt': 'Jobs.Arn' } } } },
        },
        resources: { Jobs: { Type: 'AWS::SQS::Queue', Properties: own } },
      });
    expect((await read(30)).notices).toEqual([]);
    expect((await read(60, { VisibilityTimeout: 60 })).notices).toEqual([]);
    expect((await read(60)).notices).toEqual([
      {
        path: 'Resources.Fn.Properties.Events.Jobs',
        treatment: 'approximated',
        reason: expect.stringContaining('timeout of 30 s is less than the function'),
      },
    ]);
  });

  it('behind a topic are held to the same rules', async () => {
    const SqsSubscription = { QueueArn: QUEUE, QueueUrl: 'x', BatchSize: 11 };
    const Topic = `arn:aws:sns:${PLACE}:t`;
    await expect(
      bench.load(events({ Bad: { Type: 'SNS', Properties: { Topic, SqsSubscription } } })),
    ).rejects.toThrow('must be greater than 0 if maximum batch size');
  });

  it('are made once for a source and a function', async () => {
    const twin = { Type: 'SQS', Properties: { Queue: QUEUE } };
    await expect(bench.load(events({ One: twin, Two: twin }))).rejects.toThrow(
      'one mapping of a source to a function',
    );
  });
});
