/** What runs an account: CloudFormation, CodePipeline, Config, Secrets Manager, SES. */

import type {
  CloudFormationCustomResourceEvent,
  CodePipelineEvent,
  SecretsManagerRotationEvent,
  SESEvent,
} from 'aws-lambda';
import { plain, text } from './codecs.js';
import type { Maker } from './maker.js';
import type { Field, SampleKind, SampleSource } from './sample.js';

const PROPERTIES: Pick<SampleKind, 'fields' | 'free'> = {
  fields: [{ name: 'properties', at: 'ResourceProperties', codec: plain }],
  free: ['ResourceProperties', 'OldResourceProperties'],
};

export const cloudFormation: SampleSource = {
  name: 'cloudformation',
  about: 'CloudFormation: a custom resource',
  kinds: {
    create: {
      about: 'it is made',
      make: (maker) => customResource(maker, 'Create'),
      ...PROPERTIES,
    },
    update: {
      about: 'it changes',
      make: (maker) => customResource(maker, 'Update'),
      ...PROPERTIES,
    },
    delete: { about: 'it goes', make: (maker) => customResource(maker, 'Delete'), ...PROPERTIES },
  },
};

function customResource(
  maker: Maker,
  type: 'Create' | 'Update' | 'Delete',
): CloudFormationCustomResourceEvent {
  const serviceToken = maker.arn('lambda', 'function:resources');
  const bucket = `cloudformation-custom-resource-response-${maker.region.replaceAll('-', '')}`;
  const common = {
    ServiceToken: serviceToken,
    ResponseURL: `https://${bucket}.s3.amazonaws.com/${maker.hex(32)}?X-Amz-Signature=${maker.hex(64)}`,
    StackId: maker.arn('cloudformation', `stack/shop/${maker.uuid()}`),
    RequestId: maker.uuid(),
    LogicalResourceId: 'Seed',
    ResourceType: 'Custom::Seed',
    ResourceProperties: { ServiceToken: serviceToken, Table: 'orders' },
  };
  const PhysicalResourceId = `seed-${maker.id(12)}`;
  if (type === 'Create') return { RequestType: type, ...common };
  if (type === 'Delete') return { RequestType: type, ...common, PhysicalResourceId };
  const before = { ServiceToken: serviceToken, Table: 'old-orders' };
  return { RequestType: type, ...common, PhysicalResourceId, OldResourceProperties: before };
}

export const codePipeline: SampleSource = {
  name: 'codepipeline',
  about: 'CodePipeline: a job',
  kinds: { job: { about: 'an action that invokes a function', make: job } },
};

function job(maker: Maker): CodePipelineEvent {
  return {
    'CodePipeline.job': {
      id: maker.uuid(),
      accountId: maker.accountId,
      data: {
        actionConfiguration: {
          configuration: {
            FunctionName: 'checks',
            UserParameters: '{"url":"https://example.com"}',
          },
        },
        inputArtifacts: [
          {
            name: 'source',
            revision: maker.hex(40),
            location: {
              type: 'S3',
              s3Location: { bucketName: 'artifacts', objectKey: `source/${maker.id(7)}.zip` },
            },
          },
        ],
        outputArtifacts: [],
        artifactCredentials: {
          accessKeyId: `ASIA${maker.upper(16)}`,
          secretAccessKey: maker.base64(40),
          sessionToken: maker.base64(120),
        },
        continuationToken: maker.uuid(),
      },
    },
  };
}

const RULE_FIELDS: readonly Field[] = [
  { name: 'invokingEvent', at: 'invokingEvent', codec: text },
  { name: 'ruleParameters', at: 'ruleParameters', codec: text },
];

export const config: SampleSource = {
  name: 'config',
  about: 'AWS Config: a custom rule',
  kinds: {
    change: {
      about: 'something has changed',
      make: (maker) => ruleEvent(maker, changedItem(maker)),
      fields: RULE_FIELDS,
    },
    periodic: {
      about: 'it is time to look',
      make: (maker) =>
        ruleEvent(maker, {
          awsAccountId: maker.accountId,
          notificationCreationTime: maker.iso(),
          messageType: 'ScheduledNotification',
          recordVersion: '1.0',
        }),
      fields: RULE_FIELDS,
    },
  },
};

function ruleEvent(maker: Maker, invoking: object) {
  const ruleId = `config-rule-${maker.id(6)}`;
  return {
    version: '1.0',
    invokingEvent: JSON.stringify(invoking),
    ruleParameters: '{"allowed":"t3.micro"}',
    resultToken: maker.base64(64),
    eventLeftScope: false,
    executionRoleArn: `arn:aws:iam::${maker.accountId}:role/config`,
    configRuleArn: maker.arn('config', `config-rule/${ruleId}`),
    configRuleName: 'allowed-types',
    configRuleId: ruleId,
    accountId: maker.accountId,
  };
}

function changedItem(maker: Maker): object {
  const resourceId = `i-${maker.hex(17)}`;
  return {
    configurationItem: {
      configurationItemCaptureTime: maker.iso(),
      awsAccountId: maker.accountId,
      configurationItemStatus: 'OK',
      resourceId,
      ARN: maker.arn('ec2', `instance/${resourceId}`),
      awsRegion: maker.region,
      resourceType: 'AWS::EC2::Instance',
      tags: {},
      relationships: [],
      configuration: { instanceId: resourceId, instanceType: 't3.micro' },
    },
    messageType: 'ConfigurationItemChangeNotification',
    notificationCreationTime: maker.iso(),
    recordVersion: '1.3',
  };
}

const STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;

export const secrets: SampleSource = {
  name: 'secretsmanager',
  about: 'Secrets Manager: a rotation',
  kinds: Object.fromEntries(
    STEPS.map((Step, index): [string, SampleKind] => [
      Step,
      {
        about: `step ${index + 1}`,
        make: (maker): SecretsManagerRotationEvent => ({
          Step,
          SecretId: maker.arn('secretsmanager', `secret:database-${maker.id(6)}`),
          ClientRequestToken: maker.uuid(),
        }),
      },
    ]),
  ),
};

export const ses: SampleSource = {
  name: 'ses',
  about: 'SES: a mail was received',
  kinds: { receipt: { about: 'a receipt rule', make: receipt } },
};

function receipt(maker: Maker): SESEvent {
  const [from, to, messageId] = ['alice@example.com', 'shop@example.com', maker.id(40)];
  const date = new Date(maker.nowMs).toUTCString().replace('GMT', '+0000');
  const pass = { status: 'PASS' as const };
  return {
    Records: [
      {
        eventSource: 'aws:ses',
        eventVersion: '1.0',
        ses: {
          mail: {
            timestamp: maker.iso(),
            source: from,
            messageId,
            destination: [to],
            headersTruncated: false,
            headers: [
              { name: 'From', value: from },
              { name: 'To', value: to },
              { name: 'Subject', value: 'My order' },
            ],
            commonHeaders: {
              returnPath: from,
              from: [from],
              date,
              to: [to],
              messageId: `<${messageId}@example.com>`,
              subject: 'My order',
            },
          },
          receipt: {
            timestamp: maker.iso(),
            processingTimeMillis: 574,
            recipients: [to],
            spamVerdict: pass,
            virusVerdict: pass,
            spfVerdict: pass,
            dkimVerdict: pass,
            dmarcVerdict: pass,
            action: {
              type: 'Lambda',
              functionArn: maker.arn('lambda', 'function:mail'),
              invocationType: 'Event',
            },
          },
        },
      },
    ],
  };
}
