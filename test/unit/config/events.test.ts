import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { Config, Problem } from '../../../src/config/config.js';
import { loadConfig } from '../../../src/config/load.js';
import { OrchestratorError } from '../../../src/errors.js';

const ARN = 'arn:aws:lambda:us-east-1:123456789012:function:';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'orchestrator-events-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function load(file: string, content: object): Promise<Config> {
  await writeFile(join(directory, file), JSON.stringify(content));
  return loadConfig({ directory, flags: {}, environment: {} });
}

async function problems(file: string, content: object): Promise<Pick<Problem, 'path'>[]> {
  const error = await load(file, content).catch((thrown: unknown) => thrown);
  if (!(error instanceof OrchestratorError)) throw new Error('the file was accepted');
  return error.details['problems'] as Problem[];
}

function project(settings: object): object {
  const base = { runtime: 'nodejs22.x', handler: 'index.handler' };
  return { functions: { fn: { ...base, ...settings }, told: base } };
}

function template(own: object, resources: object = {}, type = 'AWS::Serverless::Function'): object {
  const code = type === 'AWS::Lambda::Function' ? { Code: '.' } : { CodeUri: '.' };
  const base = { Runtime: 'nodejs22.x', Handler: 'index.handler', ...code };
  return {
    Resources: {
      Fn: { Type: type, Properties: { ...base, ...own } },
      Told: { Type: type, Properties: { ...base, FunctionName: 'told' } },
      ...resources,
    },
  };
}

it('orchestrator.yaml says how events are retried and where they end', async () => {
  const settings = {
    async: { retries: 1, maxAge: 3600, onSuccess: 'told', onFailure: 'arn:aws:s3:::failed' },
    deadLetterQueue: 'arn:aws:sqs:us-east-1:123456789012:dead',
  };
  const { functions } = await load('orchestrator.yaml', project(settings));
  expect(functions[0]).toMatchObject({
    eventInvoke: {
      maximumRetryAttempts: 1,
      maximumEventAgeInSeconds: 3600,
      onSuccessArn: `${ARN}told`,
      onFailureArn: 'arn:aws:s3:::failed',
    },
    deadLetterTargetArn: 'arn:aws:sqs:us-east-1:123456789012:dead',
  });
  expect(functions[1]).not.toHaveProperty('eventInvoke');
});

it('values that Lambda would refuse are refused, each with its path', async () => {
  const found = await problems(
    'orchestrator.yaml',
    project({
      async: { retries: 3, maxAge: 59, onSuccess: 'arn:aws:s3:::no', onfailure: 'told' },
      deadLetterQueue: `${ARN}told`,
    }),
  );
  expect(found.map(({ path }) => path).sort()).toEqual([
    'functions.fn.async.maxAge',
    'functions.fn.async.onSuccess',
    'functions.fn.async.onfailure',
    'functions.fn.async.retries',
    'functions.fn.deadLetterQueue',
  ]);
});

it('SAM’s EventInvokeConfig and DeadLetterQueue are read', async () => {
  const { functions, notices } = await load(
    'template.json',
    template({
      EventInvokeConfig: {
        MaximumRetryAttempts: 0,
        MaximumEventAgeInSeconds: 60,
        DestinationConfig: {
          OnSuccess: { Type: 'Lambda', Destination: { 'Fn::GetAtt': ['Told', 'Arn'] } },
          OnFailure: { Type: 'SQS' },
        },
      },
      DeadLetterQueue: { Type: 'SNS', TargetArn: 'arn:aws:sns:us-east-1:123456789012:dead' },
    }),
  );
  expect(functions[0]).toMatchObject({
    eventInvoke: {
      maximumRetryAttempts: 0,
      maximumEventAgeInSeconds: 60,
      onSuccessArn: `${ARN}told`,
      onFailureArn: 'arn:aws:sqs:us-east-1:123456789012:FnEventInvokeConfigOnFailureQueue',
    },
    deadLetterTargetArn: 'arn:aws:sns:us-east-1:123456789012:dead',
  });
  expect(notices).toEqual([]);
});

it('problems in a template are told in its own names', async () => {
  const found = await problems(
    'template.json',
    template({
      EventInvokeConfig: {
        MaximumRetryAttempts: 7,
        DestinationConfig: { OnFailure: { Type: 'SQS', Destination: 'arn:aws:kms:x:y:z' } },
      },
      DeadLetterQueue: { Type: 'SQS', TargetArn: 'queue' },
    }),
  );
  expect(found.map(({ path }) => path).sort()).toEqual([
    'Resources.Fn.Properties.DeadLetterQueue.TargetArn',
    'Resources.Fn.Properties.EventInvokeConfig.DestinationConfig.OnFailure.Destination',
    'Resources.Fn.Properties.EventInvokeConfig.MaximumRetryAttempts',
  ]);
});

it('CloudFormation’s resource may name the alias that its function is published for', async () => {
  const { functions, notices } = await load(
    'template.json',
    template(
      {},
      {
        Live: { Type: 'AWS::Lambda::Alias', Properties: { FunctionName: 'Fn', Name: 'live' } },
        Config: {
          Type: 'AWS::Lambda::EventInvokeConfig',
          Properties: {
            FunctionName: 'Fn',
            Qualifier: { 'Fn::Select': [7, { 'Fn::Split': [':', { Ref: 'Live' }] }] },
            MaximumRetryAttempts: 1,
          },
        },
      },
      'AWS::Lambda::Function',
    ),
  );
  expect(functions[0]).toMatchObject({
    autoPublish: { alias: 'live' },
    eventInvoke: { maximumRetryAttempts: 1 },
  });
  expect(notices).toEqual([]);
});

it('CloudFormation’s resource configures the function it names, others are listed', async () => {
  const config = (FunctionName: unknown, Qualifier: string) => ({
    Type: 'AWS::Lambda::EventInvokeConfig',
    Properties: {
      FunctionName,
      Qualifier,
      MaximumRetryAttempts: 1,
      DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': ['Told', 'Arn'] } } },
    },
  });
  const { functions, notices } = await load(
    'template.json',
    template(
      { DeadLetterConfig: { TargetArn: { 'Fn::ImportValue': 'dead-letters' } } },
      {
        Own: config({ Ref: 'Fn' }, '$LATEST'),
        Live: config({ Ref: 'Fn' }, 'live'),
        Strange: config('stranger', '$LATEST'),
      },
      'AWS::Lambda::Function',
    ),
  );
  expect(functions[0]).toMatchObject({
    name: 'Fn',
    eventInvoke: { maximumRetryAttempts: 1, onFailureArn: `${ARN}told` },
  });
  expect(functions[0]).not.toHaveProperty('deadLetterTargetArn');
  expect(notices.map(({ path }) => path).sort()).toEqual([
    'Resources.Fn.Properties.DeadLetterConfig.TargetArn',
    'Resources.Live.Properties.Qualifier',
    'Resources.Strange.Properties.FunctionName',
  ]);
});
