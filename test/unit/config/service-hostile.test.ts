import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isOrchestratorError } from '../../../src/errors.js';
import { TemplateBench } from '../../support/template-bench.js';

const LIMIT_MS = 60_000;

let bench: TemplateBench;
beforeAll(async () => {
  bench = await TemplateBench.make();
});
afterAll(() => bench.remove());

/** Every property that the readers look at, of whatever type. */
const PROPERTIES: Readonly<Record<string, readonly string[]>> = {
  'AWS::SQS::Queue': ['QueueName', 'FifoQueue', 'VisibilityTimeout', 'RedrivePolicy'],
  'AWS::SNS::Topic': ['TopicName', 'FifoTopic', 'Subscription'],
  'AWS::SNS::Subscription': ['TopicArn', 'Protocol', 'Endpoint', 'FilterPolicy', 'RedrivePolicy'],
  'AWS::S3::Bucket': ['BucketName', 'NotificationConfiguration', 'VersioningConfiguration'],
  'Custom::S3BucketNotifications': ['BucketName', 'NotificationConfiguration'],
  'AWS::DynamoDB::Table': [
    'TableName',
    'KeySchema',
    'AttributeDefinitions',
    'GlobalSecondaryIndexes',
    'LocalSecondaryIndexes',
    'BillingMode',
    'ProvisionedThroughput',
    'StreamSpecification',
    'TimeToLiveSpecification',
  ],
  'AWS::Serverless::SimpleTable': ['TableName', 'PrimaryKey', 'ProvisionedThroughput'],
  'AWS::Kinesis::Stream': ['Name', 'ShardCount', 'StreamModeDetails', 'RetentionPeriodHours'],
  'AWS::Logs::LogGroup': ['LogGroupName', 'RetentionInDays'],
  'AWS::Logs::SubscriptionFilter': ['LogGroupName', 'FilterPattern', 'DestinationArn'],
};
const EVENTS: Readonly<Record<string, readonly string[]>> = {
  S3: ['Bucket', 'Events', 'Filter'],
  SNS: ['Topic', 'FilterPolicy', 'SqsSubscription', 'RedrivePolicy'],
  CloudWatchLogs: ['LogGroupName', 'FilterPattern'],
};
/** Words that lead deeper, among anything else. */
const KEYS = [
  'S3Key',
  'Rules',
  'LambdaConfigurations',
  'QueueConfigurations',
  'deadLetterTargetArn',
  'AttributeName',
  'KeyType',
  'IndexName',
  'Name',
  'Type',
];

const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom('HASH', 'S', 'sqs', 'lambda', 'pk', 'arn:aws:sqs:us-east-1:1:q', '{ $.a = 1 }'),
    fc.constantFrom<unknown>({ Ref: 'Fn' }, { 'Fn::GetAtt': ['Fn', 'Arn'] }, null, true),
    fc.string({ maxLength: 20 }),
    fc.integer(),
    fc.array(tie('any'), { maxLength: 3 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...KEYS), fc.string({ maxLength: 5 })), tie('any'), {
      maxKeys: 3,
    }),
  ),
})).any;

function filled(names: readonly string[]): fc.Arbitrary<object> {
  return fc.record(Object.fromEntries(names.map((name) => [name, value])), { requiredKeys: [] });
}

const template = fc.record({
  resources: fc.record(
    Object.fromEntries(
      Object.entries(PROPERTIES).map(([type, names]) => [
        type.replace(/\W/g, ''),
        filled(names).map((Properties) => ({ Type: type, Properties })),
      ]),
    ),
  ),
  own: fc.record({
    Events: fc.record(
      Object.fromEntries(
        Object.entries(EVENTS).map(([type, names]) => [
          type,
          filled(names).map((Properties) => ({ Type: type, Properties })),
        ]),
      ),
    ),
  }),
});

it(
  'whatever stands in resources is read or refused with a place, never a crash',
  async () => {
    await fc.assert(
      fc.asyncProperty(template, async (written) => {
        const error: unknown = await bench.load(written).then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        if (error === undefined) return;
        if (!isOrchestratorError(error, 'config-invalid')) throw error;
        const { problems } = error.details as { problems: { path: string; expected: string }[] };
        for (const { path, expected } of problems) {
          expect(path).toMatch(/^Resources\./);
          expect(expected).not.toBe('');
        }
      }),
      { numRuns: 40 },
    );
  },
  LIMIT_MS,
);
