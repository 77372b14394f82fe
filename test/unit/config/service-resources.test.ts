import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Config } from '../../../src/config/config.js';
import { TemplateBench } from '../../support/template-bench.js';

const PLACE = 'us-east-1:123456789012';
const QUEUE = `arn:aws:sqs:${PLACE}`;
const TOPIC = `arn:aws:sns:${PLACE}`;

let bench: TemplateBench;
beforeEach(async () => {
  bench = await TemplateBench.make();
});
afterEach(() => bench.remove());

function notices({ notices: all }: Config): Record<string, string> {
  return Object.fromEntries(all.map(({ path, treatment }) => [path, treatment]));
}

function queue(properties: object = {}): object {
  return { Type: 'AWS::SQS::Queue', Properties: properties };
}

describe('names', () => {
  it('are what Ref and GetAtt give, as CloudFormation does', async () => {
    const { functions } = await bench.load({
      resources: {
        Orders: queue(),
        Given: queue({ QueueName: 'given.fifo', FifoQueue: true }),
        Unnamed: queue({ FifoQueue: 'true' }),
        Alerts: { Type: 'AWS::SNS::Topic' },
        Inbox: { Type: 'AWS::S3::Bucket' },
        Items: {
          Type: 'AWS::Serverless::SimpleTable',
        },
        Clicks: { Type: 'AWS::Kinesis::Stream', Properties: { ShardCount: 1 } },
        Group: { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: '/shop/audit' } },
      },
      own: {
        Environment: {
          Variables: {
            URL: { Ref: 'Orders' },
            ARN: { 'Fn::GetAtt': ['Orders', 'Arn'] },
            NAME: { 'Fn::GetAtt': ['Given', 'QueueName'] },
            FIFO: { Ref: 'Unnamed' },
            TOPIC: { Ref: 'Alerts' },
            TOPIC_NAME: { 'Fn::GetAtt': 'Alerts.TopicName' },
            BUCKET: { Ref: 'Inbox' },
            BUCKET_ARN: { 'Fn::GetAtt': 'Inbox.Arn' },
            TABLE: { Ref: 'Items' },
            TABLE_ARN: { 'Fn::GetAtt': 'Items.Arn' },
            STREAM_ARN: { 'Fn::GetAtt': 'Items.StreamArn' },
            CLICKS: { Ref: 'Clicks' },
            CLICKS_ARN: { 'Fn::GetAtt': 'Clicks.Arn' },
            GROUP: { Ref: 'Group' },
            GROUP_ARN: { 'Fn::GetAtt': 'Group.Arn' },
          },
        },
      },
    });
    const sqs = 'https://sqs.us-east-1.amazonaws.com/123456789012';
    expect(functions[0]?.environment).toEqual({
      URL: `${sqs}/Orders`,
      ARN: `${QUEUE}:Orders`,
      NAME: 'given.fifo',
      FIFO: `${sqs}/Unnamed.fifo`,
      TOPIC: `${TOPIC}:Alerts`,
      TOPIC_NAME: 'Alerts',
      BUCKET: 'inbox',
      BUCKET_ARN: 'arn:aws:s3:::inbox',
      TABLE: 'Items',
      TABLE_ARN: `arn:aws:dynamodb:${PLACE}:table/Items`,
      STREAM_ARN: `arn:aws:dynamodb:${PLACE}:table/Items/stream/LATEST`,
      CLICKS: 'Clicks',
      CLICKS_ARN: `arn:aws:kinesis:${PLACE}:stream/Clicks`,
      GROUP: '/shop/audit',
      GROUP_ARN: `arn:aws:logs:${PLACE}:log-group:/shop/audit:*`,
    });
  });
});

describe('queues', () => {
  it('are read with their attributes and dead-letter queue', async () => {
    const config = await bench.load({
      resources: {
        Orders: queue({
          VisibilityTimeout: '30',
          DelaySeconds: 5,
          RedrivePolicy: {
            deadLetterTargetArn: { 'Fn::GetAtt': ['Dead', 'Arn'] },
            maxReceiveCount: 3,
          },
          KmsMasterKeyId: 'alias/key',
          Colour: 'red',
        }),
        Dead: queue(),
        Rights: { Type: 'AWS::SQS::QueuePolicy', Properties: {} },
      },
    });
    expect(config.stack.queues).toEqual([
      {
        path: 'Resources.Orders',
        name: 'Orders',
        attributes: {
          VisibilityTimeout: '30',
          DelaySeconds: '5',
          RedrivePolicy: `{"deadLetterTargetArn":"${QUEUE}:Dead","maxReceiveCount":3}`,
        },
      },
      { path: 'Resources.Dead', name: 'Dead', attributes: {} },
    ]);
    expect(notices(config)).toMatchObject({
      'Resources.Orders.Properties.KmsMasterKeyId': 'ignored',
      'Resources.Orders.Properties.Colour': 'ignored',
      'Resources.Rights': 'ignored',
    });
  });

  it('that AWS would refuse are refused, all at once', async () => {
    const resources = {
      Long: queue({ VisibilityTimeout: 50_000, DelaySeconds: -1, QueueName: 'no spaces' }),
      Fifo: queue({ QueueName: 'orders', FifoQueue: true }),
      Standard: queue({ QueueName: 'orders.fifo' }),
      Mixed: queue({
        RedrivePolicy: { deadLetterTargetArn: `${QUEUE}:dead.fifo`, maxReceiveCount: 0 },
      }),
      Crossed: queue({
        FifoQueue: true,
        RedrivePolicy: { deadLetterTargetArn: `${QUEUE}:dead`, maxReceiveCount: 1 },
      }),
    };
    expect(await bench.refused({ resources })).toEqual([
      'Resources.Crossed.Properties.RedrivePolicy.deadLetterTargetArn',
      'Resources.Fifo.Properties.QueueName',
      'Resources.Long.Properties.DelaySeconds',
      'Resources.Long.Properties.QueueName',
      'Resources.Long.Properties.VisibilityTimeout',
      'Resources.Mixed.Properties.RedrivePolicy.maxReceiveCount',
      'Resources.Standard.Properties.QueueName',
    ]);
  });
});

describe('topics', () => {
  it('are read with everything that subscribes to them, wherever it is written', async () => {
    const config = await bench.load({
      resources: {
        Later: {
          Type: 'AWS::SNS::Subscription',
          Properties: {
            TopicArn: { Ref: 'Alerts' },
            Protocol: 'sqs',
            Endpoint: { 'Fn::GetAtt': 'Orders.Arn' },
            RawMessageDelivery: true,
          },
        },
        Alerts: {
          Type: 'AWS::SNS::Topic',
          Properties: {
            DisplayName: 'Alerts',
            Subscription: [
              { Protocol: 'lambda', Endpoint: { 'Fn::GetAtt': 'Fn.Arn' } },
              { Protocol: 'email', Endpoint: 'ann@example.com' },
            ],
          },
        },
        Orders: queue(),
      },
      own: {
        Events: {
          Red: {
            Type: 'SNS',
            Properties: {
              Topic: { Ref: 'Alerts' },
              FilterPolicy: { colour: ['red'] },
              FilterPolicyScope: 'MessageBody',
              RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': 'Orders.Arn' } },
            },
          },
          Elsewhere: { Type: 'SNS', Properties: { Topic: `${TOPIC}:elsewhere` } },
          Queued: {
            Type: 'SNS',
            Properties: { Topic: { Ref: 'Alerts' }, SqsSubscription: true },
          },
        },
      },
    });
    const events = 'Resources.Fn.Properties.Events';
    const [alerts, elsewhere] = config.stack.topics;
    expect(alerts).toMatchObject({ name: 'Alerts', attributes: { DisplayName: 'Alerts' } });
    expect(alerts?.subscriptions).toEqual([
      {
        path: 'Resources.Alerts.Properties.Subscription.0',
        target: { kind: 'function', functionName: 'Fn' },
      },
      {
        path: 'Resources.Later.Properties',
        target: { kind: 'queue', arn: `${QUEUE}:Orders` },
        rawMessageDelivery: true,
      },
      {
        path: `${events}.Red`,
        target: { kind: 'function', functionName: 'Fn' },
        filterPolicy: { colour: ['red'] },
        filterPolicyScope: 'MessageBody',
        deadLetterArn: `${QUEUE}:Orders`,
      },
      { path: `${events}.Queued`, target: { kind: 'queue', arn: `${QUEUE}:FnQueuedQueue` } },
    ]);
    expect(elsewhere).toMatchObject({ name: 'elsewhere', path: `${events}.Elsewhere` });
    expect(config.stack.queues.map(({ name }) => name)).toContain('FnQueuedQueue');
    expect(config.stack.mappings).toEqual([
      {
        path: `${events}.Queued`,
        target: { functionName: 'Fn' },
        sourceArn: `${QUEUE}:FnQueuedQueue`,
        enabled: true,
        batchSize: 10,
      },
    ]);
    expect(notices(config)).toMatchObject({
      'Resources.Alerts.Properties.Subscription.1': 'ignored',
      [`${events}.Elsewhere`]: 'approximated',
    });
  });
});

it('a FIFO topic tells queues only, and a standard one no FIFO queue', async () => {
  const found = await bench.refused({
    resources: {
      Ordered: { Type: 'AWS::SNS::Topic', Properties: { FifoTopic: true } },
      Plain: {
        Type: 'AWS::SNS::Topic',
        Properties: {
          Subscription: [{ Protocol: 'sqs', Endpoint: { 'Fn::GetAtt': ['Jobs', 'Arn'] } }],
        },
      },
      Jobs: queue({ FifoQueue: true }),
    },
    own: {
      Events: {
        Direct: { Type: 'SNS', Properties: { Topic: { Ref: 'Ordered' } } },
        Queued: { Type: 'SNS', Properties: { Topic: { Ref: 'Ordered' }, SqsSubscription: true } },
      },
    },
  });
  expect(found).toEqual([
    'Resources.Fn.Properties.Events.Direct',
    'Resources.Plain.Properties.Subscription.0',
  ]);
});

describe('buckets', () => {
  it('are read with notifications of CloudFormation, CDK and SAM', async () => {
    const config = await bench.load({
      resources: {
        Inbox: {
          Type: 'AWS::S3::Bucket',
          Properties: {
            VersioningConfiguration: { Status: 'Enabled' },
            NotificationConfiguration: {
              EventBridgeConfiguration: { EventBridgeEnabled: true },
              LambdaConfigurations: [
                {
                  Event: 's3:ObjectCreated:*',
                  Function: { 'Fn::GetAtt': 'Fn.Arn' },
                  Filter: { S3Key: { Rules: [{ Name: 'prefix', Value: 'in/' }] } },
                },
              ],
              QueueConfigurations: [
                { Event: 's3:ObjectRemoved:*', Queue: { 'Fn::GetAtt': 'Orders.Arn' } },
              ],
            },
          },
        },
        Orders: queue(),
        FromCdk: {
          Type: 'Custom::S3BucketNotifications',
          Properties: {
            ServiceToken: 'x',
            Managed: true,
            BucketName: { Ref: 'Inbox' },
            NotificationConfiguration: {
              LambdaFunctionConfigurations: [
                {
                  Events: ['s3:ObjectTagging:Put', 's3:Replication:OperationNotTracked'],
                  LambdaFunctionArn: { 'Fn::GetAtt': 'Fn.Arn' },
                  Filter: { Key: { FilterRules: [{ Name: 'suffix', Value: '.png' }] } },
                },
              ],
            },
          },
        },
      },
      own: {
        AutoPublishAlias: 'live',
        Events: {
          Put: {
            Type: 'S3',
            Properties: {
              Bucket: { Ref: 'Inbox' },
              Events: 's3:ObjectCreated:Put',
              Filter: { S3Key: { Rules: [{ Name: 'prefix', Value: 'out/' }] } },
            },
          },
        },
      },
    });
    expect(config.stack.buckets).toEqual([
      {
        path: 'Resources.Inbox',
        name: 'inbox',
        versioning: true,
        eventBridge: true,
        notifications: [
          {
            path: 'Resources.Inbox.Properties.NotificationConfiguration.LambdaConfigurations.0',
            events: ['s3:ObjectCreated:*'],
            prefix: 'in/',
            target: { kind: 'function', functionName: 'Fn' },
          },
          {
            path: 'Resources.Inbox.Properties.NotificationConfiguration.QueueConfigurations.0',
            events: ['s3:ObjectRemoved:*'],
            target: { kind: 'queue', arn: `${QUEUE}:Orders` },
          },
          {
            path: 'Resources.FromCdk.Properties.NotificationConfiguration.LambdaFunctionConfigurations.0',
            events: ['s3:ObjectTagging:Put', 's3:Replication:OperationNotTracked'],
            suffix: '.png',
            target: { kind: 'function', functionName: 'Fn' },
          },
          {
            path: 'Resources.Fn.Properties.Events.Put',
            events: ['s3:ObjectCreated:Put'],
            prefix: 'out/',
            target: { kind: 'function', functionName: 'Fn', qualifier: 'live' },
          },
        ],
      },
    ]);
  });

  it('with names, events, rules or targets that S3 would refuse are refused', async () => {
    const found = await bench.refused({
      resources: {
        Upper: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'Upper_Case' } },
        Both: {
          Type: 'AWS::S3::Bucket',
          Properties: {
            NotificationConfiguration: {
              QueueConfigurations: [
                { Event: 's3:ObjectCreated:*', Queue: `${QUEUE}:q` },
                { Event: 's3:ObjectCreated:Put', Queue: `${QUEUE}:r` },
              ],
            },
          },
        },
        Twice: {
          Type: 'AWS::S3::Bucket',
          Properties: {
            NotificationConfiguration: {
              QueueConfigurations: [
                {
                  Event: 's3:ObjectMade:*',
                  Queue: `${QUEUE}:q`,
                  Filter: {
                    S3Key: {
                      Rules: [
                        { Name: 'prefix', Value: 'a' },
                        { Name: 'Prefix', Value: 'b' },
                      ],
                    },
                  },
                },
              ],
            },
          },
        },
      },
      own: {
        Events: {
          Put: { Type: 'S3', Properties: { Bucket: 'not-here', Events: 's3:ObjectCreated:*' } },
        },
      },
    });
    const one = 'Resources.Twice.Properties.NotificationConfiguration.QueueConfigurations.0';
    expect(found).toEqual([
      'Resources.Both.Properties.NotificationConfiguration.QueueConfigurations.1',
      'Resources.Fn.Properties.Events.Put.Properties.Bucket',
      `${one}.Event`,
      `${one}.Filter.S3Key.Rules.1.Name`,
      'Resources.Upper.Properties.BucketName',
    ]);
  });
});
