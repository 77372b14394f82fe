/**
 * Every sample event is compiled, as it is printed, against the type of `@types/aws-lambda` that
 * handlers are written with.
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sampleEvent, SAMPLE_SOURCES } from '../../../src/sample-events/catalogue.js';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

/**
 * Source, or source and kind → type. `~`: AWS sends more than the type knows, or leaves out what
 * it requires; see `LENIENT`. `-`: the package has no type.
 */
const TYPES: Readonly<Record<string, string>> = {
  'apigateway rest': 'APIGatewayProxyEvent',
  'apigateway http': 'APIGatewayProxyEventV2',
  'apigateway http-1.0': '~APIGatewayProxyEvent',
  'websocket message': '~APIGatewayProxyWebsocketEventV2',
  'websocket connect': '~Omit<APIGatewayProxyWebsocketEventV2, "requestContext">',
  'websocket disconnect': '~Omit<APIGatewayProxyWebsocketEventV2, "requestContext">',
  'authorizer token': 'APIGatewayTokenAuthorizerEvent',
  'authorizer request': '~Omit<APIGatewayRequestAuthorizerEvent, "requestContext">',
  'authorizer request-v2': 'APIGatewayRequestAuthorizerEventV2',
  'url open': 'LambdaFunctionURLEvent',
  'url iam': 'LambdaFunctionURLEventWithIAMAuthorizer',
  alb: 'ALBEvent',
  s3: 'S3Notification',
  's3 put': 'S3Event',
  's3 test': '-',
  's3 batch': 'S3BatchEvent',
  sns: 'SNSEvent',
  sqs: 'Nullable<SQSEvent>',
  'kinesis records': 'KinesisStreamEvent',
  'kinesis window': '~KinesisStreamTumblingWindowEvent',
  firehose: 'FirehoseTransformationEvent',
  dynamodb: 'DynamoDBStreamEvent',
  'dynamodb window': '~DynamoDBStreamEvent',
  eventbridge: 'EventBridgeEvent<string, Record<string, unknown>>',
  'eventbridge schedule': 'ScheduledEvent',
  'scheduler default': 'EventBridgeEvent<"Scheduled Event", string>',
  'scheduler input': '-',
  logs: 'CloudWatchLogsEvent',
  alarm: 'CloudWatchAlarmEvent',
  stepfunctions: '-',
  'kafka msk': 'MSKEvent',
  'kafka self-managed': 'SelfManagedKafkaEvent',
  mq: '-',
  documentdb: '-',
  destination: '-',
  cloudformation: 'CloudFormationCustomResourceEvent',
  codepipeline: 'CodePipelineEvent',
  config: '-',
  secretsmanager: 'SecretsManagerRotationEvent',
  ses: 'SESEvent',
  'appsync resolver': 'AppSyncResolverEvent<Record<string, unknown>>',
  'appsync authorizer': 'AppSyncAuthorizerEvent',
  'iot rule': '-',
  'iot button': '-',
  'iot provisioning': 'IoTPreProvisioningHookEvent',
  alexa: '-',
  lex: 'LexV2Event',
};

/** Trigger → the type of its whole family in the package. */
const COGNITO: Readonly<Record<string, string>> = {
  PreSignUp: 'PreSignUpTriggerEvent',
  PostConfirmation: 'PostConfirmationTriggerEvent',
  PreAuthentication: 'PreAuthenticationTriggerEvent',
  PostAuthentication: 'PostAuthenticationTriggerEvent',
  DefineAuthChallenge: 'DefineAuthChallengeTriggerEvent',
  CreateAuthChallenge: 'CreateAuthChallengeTriggerEvent',
  VerifyAuthChallengeResponse: 'VerifyAuthChallengeResponseTriggerEvent',
  TokenGeneration: 'PreTokenGenerationTriggerEvent',
  UserMigration: 'UserMigrationTriggerEvent',
  CustomMessage: 'CustomMessageTriggerEvent',
  CustomEmailSender: 'CustomEmailSenderTriggerEvent',
  CustomSMSSender: 'CustomSMSSenderTriggerEvent',
};

const LENIENT = `
type Open<T> = T extends (infer U)[] ? Open<U>[]
  : T extends object ? { [K in keyof T]: Open<T[K]> } & { [name: string]: unknown }
  : T;
/** SQS says null where there are no attributes. */
type Nullable<T> = T extends (infer U)[] ? Nullable<U>[]
  : T extends object ? { [K in keyof T]: K extends 'md5OfMessageAttributes' ? T[K] | null : Nullable<T[K]> }
  : T;
/** What an object has depends on what happened to it. */
type S3Object = Partial<S3EventRecord['s3']['object']> & { key: string };
type S3Notification = { Records: (Omit<S3EventRecord, 's3'> & {
  s3: Omit<S3EventRecord['s3'], 'object'> & { object: S3Object } })[] };

`;

function typeOf(source: string, kind: string): string {
  if (source !== 'cognito') return TYPES[`${source} ${kind}`] ?? TYPES[source] ?? 'missing';
  if (kind.endsWith('-v2')) return 'PreTokenGenerationV2TriggerEvent';
  if (kind.endsWith('ClientCredentials')) return 'PreTokenGenerationV3TriggerEvent';
  return COGNITO[kind.split('_')[0] as string] ?? 'missing';
}

const CASES = SAMPLE_SOURCES.flatMap(({ name, kinds }) =>
  Object.entries(kinds).map(([kind, made]) => ({ source: name, kind, made })),
);

let folder: string;
beforeAll(() => {
  // Inside the project, where the types are found.
  folder = mkdtempSync(join(ROOT, 'dist', 'sample-types-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function compile(lines: readonly string[]): string {
  const names = [...new Set(lines.join('\n').match(/\b[A-Z][A-Za-z0-9]+Event\w*\b/g))];
  writeFileSync(
    join(folder, 'samples.ts'),
    [
      `import type { ${names.join(', ')}, S3EventRecord } from 'aws-lambda';`,
      LENIENT,
      ...lines,
    ].join('\n'),
  );
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        strict: true,
        noEmit: true,
        module: 'NodeNext',
        target: 'ES2023',
        types: [],
        skipLibCheck: true,
      },
      files: ['samples.ts'],
    }),
  );
  try {
    execFileSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', folder]);
    return '';
  } catch (error) {
    return String((error as { stdout: Buffer }).stdout);
  }
}

describe('sample events against the types handlers are written with', () => {
  it('each has a type, or none is known for it', () => {
    const missing = CASES.filter(({ source, kind }) => typeOf(source, kind) === 'missing');
    expect(missing.map(({ source, kind }) => `${source} ${kind}`)).toEqual([]);
  });

  it('all compile', () => {
    const lines = CASES.flatMap(({ source, kind, made }, index) => {
      const type = typeOf(source, kind);
      if (type === '-') return [];
      const event = sampleEvent(made, {
        region: 'eu-west-1',
        accountId: '000000000000',
        nowMs: Date.UTC(2026, 0, 5, 10),
        nearest: () => undefined,
      });
      const wanted = type.startsWith('~') ? `Open<${type.slice(1)}>` : type;
      return [
        `/* ${source} ${kind} */ export const e${index}: ${wanted} = ${JSON.stringify(event)};`,
      ];
    });
    expect(lines.length).toBeGreaterThan(60);
    expect(compile(lines)).toBe('');
  }, 60_000);

  it('what has another shape would not', () => {
    const wrong = 'export const e: S3Event = {"Records":[{"eventVersion":2}]};';
    expect(compile([wrong])).toContain('samples.ts');
  }, 60_000);
});
