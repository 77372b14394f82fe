/** A project of everything that services tell functions, and functions services. */

const NODE = `export const handler = async (event) => {
  if (event.fails) {
    console.log('ERROR no stock for ' + event.order);
    throw new Error('no stock');
  }
  console.log('EVENT ' + JSON.stringify(event));
  return { taken: event.order };
};`;
const PYTHON = `import json

def handler(event, context):
    if event.get('fails'):
        raise ValueError('no stock')
    print('EVENT ' + json.dumps(event))
    return {'taken': event.get('order')}
`;
export const files = { 'node/index.mjs': NODE, 'python/app.py': PYTHON };

export function node(properties: object): object {
  const base = { Runtime: 'nodejs22.x', Handler: 'index.handler', CodeUri: 'node' };
  return { Type: 'AWS::Serverless::Function', Properties: { ...base, ...properties } };
}

function python(properties: object): object {
  const base = { Runtime: 'python3.13', Handler: 'app.handler', CodeUri: 'python' };
  return { Type: 'AWS::Serverless::Function', Properties: { ...base, ...properties } };
}

const arnOf = (logicalId: string): object => ({ 'Fn::GetAtt': [logicalId, 'Arn'] });
export const QUEUE = { Type: 'AWS::SQS::Queue' };

export const template = {
  Transform: 'AWS::Serverless-2016-10-31',
  Resources: {
    Inbox: {
      Type: 'AWS::S3::Bucket',
      Properties: {
        NotificationConfiguration: {
          QueueConfigurations: [{ Event: 's3:ObjectRemoved:*', Queue: arnOf('Removed') }],
        },
      },
    },
    Failures: { Type: 'AWS::S3::Bucket' },
    Removed: QUEUE,
    Done: QUEUE,
    Jobs: {
      Type: 'AWS::SQS::Queue',
      Properties: {
        FifoQueue: true,
        ContentBasedDeduplication: true,
        VisibilityTimeout: 60,
        RedrivePolicy: { deadLetterTargetArn: arnOf('DeadJobs'), maxReceiveCount: 3 },
      },
    },
    DeadJobs: { Type: 'AWS::SQS::Queue', Properties: { FifoQueue: true } },
    Items: {
      Type: 'AWS::DynamoDB::Table',
      Properties: {
        AttributeDefinitions: ['pk', 'at'].map((AttributeName) => ({
          AttributeName,
          AttributeType: 'S',
        })),
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
        GlobalSecondaryIndexes: [
          {
            IndexName: 'byTime',
            KeySchema: [{ AttributeName: 'at', KeyType: 'HASH' }],
            Projection: { ProjectionType: 'ALL' },
          },
        ],
        BillingMode: 'PAY_PER_REQUEST',
        StreamSpecification: { StreamViewType: 'NEW_IMAGE' },
        TimeToLiveSpecification: { AttributeName: 'until', Enabled: true },
      },
    },
    Clicks: { Type: 'AWS::Kinesis::Stream', Properties: { ShardCount: 2 } },
    Told: QUEUE,
    Dead: QUEUE,
    Alerts: { Type: 'AWS::SNS::Topic' },
    Failed: {
      Type: 'AWS::SNS::Topic',
      Properties: { Subscription: [{ Protocol: 'sqs', Endpoint: arnOf('Told') }] },
    },
    Audit: { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: '/shop/audit' } },
    Recorder: node({
      Events: {
        Put: {
          Type: 'S3',
          Properties: {
            Bucket: { Ref: 'Inbox' },
            Events: 's3:ObjectCreated:*',
            Filter: {
              S3Key: {
                Rules: [
                  { Name: 'prefix', Value: 'in/' },
                  { Name: 'suffix', Value: '.txt' },
                ],
              },
            },
          },
        },
        Red: {
          Type: 'SNS',
          Properties: { Topic: { Ref: 'Alerts' }, FilterPolicy: { colour: ['red'] } },
        },
        Errors: {
          Type: 'CloudWatchLogs',
          Properties: { LogGroupName: '/aws/lambda/Orders', FilterPattern: 'ERROR -ignored' },
        },
        Audited: {
          Type: 'CloudWatchLogs',
          Properties: { LogGroupName: { Ref: 'Audit' }, FilterPattern: '{ $.level = "ERROR" }' },
        },
      },
    }),
    PyRecorder: python({
      Events: {
        Dear: {
          Type: 'SNS',
          Properties: {
            Topic: { Ref: 'Alerts' },
            FilterPolicy: { price: [{ numeric: ['>', 100] }] },
            FilterPolicyScope: 'MessageBody',
          },
        },
      },
    }),
    Orders: node({
      EventInvokeConfig: {
        MaximumRetryAttempts: 0,
        DestinationConfig: {
          OnSuccess: { Type: 'SQS', Destination: arnOf('Done') },
          OnFailure: { Type: 'SNS', Destination: { Ref: 'Failed' } },
        },
      },
    }),
    Lettered: python({
      EventInvokeConfig: { MaximumRetryAttempts: 0 },
      DeadLetterQueue: { Type: 'SQS', TargetArn: arnOf('Dead') },
    }),
    Kept: python({
      EventInvokeConfig: {
        MaximumRetryAttempts: 0,
        DestinationConfig: { OnFailure: { Type: 'S3', Destination: arnOf('Failures') } },
      },
    }),
  },
};
