import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { TemplateBench } from '../../support/template-bench.js';

const PLACE = 'us-east-1:123456789012';
const QUEUE = `arn:aws:sqs:${PLACE}`;
const TOPIC = `arn:aws:sns:${PLACE}`;

let bench: TemplateBench;
beforeEach(async () => {
  bench = await TemplateBench.make();
});
afterEach(() => bench.remove());

describe('tables', () => {
  const keys = {
    AttributeDefinitions: [
      { AttributeName: 'pk', AttributeType: 'S' },
      { AttributeName: 'at', AttributeType: 'N' },
    ],
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
  };

  it('are read with indexes, stream and time to live', async () => {
    const { stack } = await bench.load({
      resources: {
        Items: {
          Type: 'AWS::DynamoDB::Table',
          Properties: {
            ...keys,
            BillingMode: 'PAY_PER_REQUEST',
            GlobalSecondaryIndexes: [
              {
                IndexName: 'byTime',
                KeySchema: [{ AttributeName: 'at', KeyType: 'HASH' }],
                Projection: { ProjectionType: 'ALL' },
              },
            ],
            StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
            TimeToLiveSpecification: { AttributeName: 'until', Enabled: true },
          },
        },
        Simple: {
          Type: 'AWS::Serverless::SimpleTable',
          Properties: { TableName: 'simple', PrimaryKey: { Name: 'n', Type: 'Number' } },
        },
        Everywhere: {
          Type: 'AWS::DynamoDB::GlobalTable',
          Properties: {
            AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
            KeySchema: keys.KeySchema,
            Replicas: [{ Region: 'eu-west-1' }],
          },
        },
      },
    });
    expect(stack.tables).toEqual([
      {
        path: 'Resources.Items',
        name: 'Items',
        input: {
          ...keys,
          BillingMode: 'PAY_PER_REQUEST',
          GlobalSecondaryIndexes: [
            {
              IndexName: 'byTime',
              KeySchema: [{ AttributeName: 'at', KeyType: 'HASH' }],
              Projection: { ProjectionType: 'ALL' },
            },
          ],
          StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
        },
        timeToLiveAttribute: 'until',
      },
      {
        path: 'Resources.Simple',
        name: 'simple',
        input: {
          AttributeDefinitions: [{ AttributeName: 'n', AttributeType: 'N' }],
          KeySchema: [{ AttributeName: 'n', KeyType: 'HASH' }],
          BillingMode: 'PAY_PER_REQUEST',
        },
      },
      expect.objectContaining({
        name: 'Everywhere',
        input: expect.objectContaining({ BillingMode: 'PAY_PER_REQUEST' }),
      }),
    ]);
  });

  it('whose keys do not fit together are refused', async () => {
    const resources = {
      Items: {
        Type: 'AWS::DynamoDB::Table',
        Properties: {
          AttributeDefinitions: [{ AttributeName: 'unused', AttributeType: 'X' }],
          KeySchema: [{ AttributeName: 'pk', KeyType: 'RANGE' }],
          LocalSecondaryIndexes: [
            { IndexName: 'local', KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }] },
          ],
          StreamSpecification: { StreamViewType: 'ALL' },
        },
      },
    };
    const path = 'Resources.Items.Properties';
    expect(await bench.refused({ resources })).toEqual([
      `${path}.AttributeDefinitions.0`,
      `${path}.AttributeDefinitions.0.AttributeType`,
      `${path}.KeySchema`,
      `${path}.KeySchema.0.AttributeName`,
      `${path}.LocalSecondaryIndexes.0.KeySchema`,
      `${path}.LocalSecondaryIndexes.0.KeySchema.0.AttributeName`,
      `${path}.ProvisionedThroughput`,
      `${path}.StreamSpecification.StreamViewType`,
    ]);
  });
});

it('properties that are no map are refused, of resources and of events', async () => {
  const found = await bench.refused({
    resources: {
      Listed: { Type: 'AWS::SQS::Queue', Properties: ['QueueName'] },
      Plain: { Type: 'AWS::SNS::Topic', Properties: 5 },
    },
    own: { Events: { Put: { Type: 'S3', Properties: 'bucket' } } },
  });
  expect(found).toEqual(
    expect.arrayContaining([
      'Resources.Fn.Properties.Events.Put.Properties',
      'Resources.Listed.Properties',
      'Resources.Plain.Properties',
    ]),
  );
});

it('log groups and what subscribes to them are read', async () => {
  const config = await bench.load({
    resources: {
      Audit: { Type: 'AWS::Logs::LogGroup', Properties: { RetentionInDays: 7 } },
      Errors: {
        Type: 'AWS::Logs::SubscriptionFilter',
        Properties: {
          LogGroupName: { Ref: 'Audit' },
          FilterPattern: '{ $.level = "ERROR" }',
          DestinationArn: { 'Fn::GetAtt': 'Fn.Arn' },
        },
      },
      ToStream: {
        Type: 'AWS::Logs::SubscriptionFilter',
        Properties: {
          LogGroupName: { Ref: 'Audit' },
          FilterPattern: '',
          DestinationArn: { 'Fn::GetAtt': 'Clicks.Arn' },
        },
      },
      Clicks: {
        Type: 'AWS::Kinesis::Stream',
        Properties: { StreamModeDetails: { StreamMode: 'ON_DEMAND' } },
      },
    },
    own: {
      Events: {
        Lines: {
          Type: 'CloudWatchLogs',
          Properties: { LogGroupName: '/aws/lambda/other', FilterPattern: 'ERROR' },
        },
      },
    },
  });
  expect(config.stack.logGroups).toEqual([
    { path: 'Resources.Audit', name: 'Audit', retentionDays: 7 },
  ]);
  expect(config.stack.logSubscriptions).toEqual([
    {
      path: 'Resources.Errors',
      name: 'Errors',
      logGroup: 'Audit',
      filterPattern: '{ $.level = "ERROR" }',
      target: { kind: 'function', functionName: 'Fn' },
    },
    {
      path: 'Resources.ToStream',
      name: 'ToStream',
      logGroup: 'Audit',
      filterPattern: '',
      target: { kind: 'stream', arn: `arn:aws:kinesis:${PLACE}:stream/Clicks` },
    },
    {
      path: 'Resources.Fn.Properties.Events.Lines',
      name: 'FnLines',
      logGroup: '/aws/lambda/other',
      filterPattern: 'ERROR',
      target: { kind: 'function', functionName: 'Fn' },
    },
  ]);
  expect(config.stack.streams).toEqual([
    { path: 'Resources.Clicks', name: 'Clicks', shardCount: 4 },
  ]);
  const resources = {
    Audit: { Type: 'AWS::Logs::LogGroup', Properties: { RetentionInDays: 8 } },
    Errors: {
      Type: 'AWS::Logs::SubscriptionFilter',
      Properties: { LogGroupName: 'a', FilterPattern: '{ $.level }', DestinationArn: 'x' },
    },
    Clicks: { Type: 'AWS::Kinesis::Stream', Properties: { ShardCount: 0 } },
  };
  expect(await bench.refused({ resources })).toEqual([
    'Resources.Audit.Properties.RetentionInDays',
    'Resources.Clicks.Properties.ShardCount',
    'Resources.Errors.Properties.FilterPattern',
  ]);
});

it('SAM makes the queue or topic that a destination with a type alone leads to', async () => {
  const { stack, functions } = await bench.load({
    own: {
      EventInvokeConfig: {
        DestinationConfig: { OnSuccess: { Type: 'SQS' }, OnFailure: { Type: 'SNS' } },
      },
    },
  });
  expect(functions[0]?.eventInvoke).toEqual({
    onSuccessArn: `${QUEUE}:FnEventInvokeConfigOnSuccessQueue`,
    onFailureArn: `${TOPIC}:FnEventInvokeConfigOnFailureTopic`,
  });
  expect(stack.queues.map(({ name }) => name)).toEqual(['FnEventInvokeConfigOnSuccessQueue']);
  expect(stack.topics.map(({ name }) => name)).toEqual(['FnEventInvokeConfigOnFailureTopic']);
});
