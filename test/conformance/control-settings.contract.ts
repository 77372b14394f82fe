/** What can be set on a function besides code and configuration, as unmodified clients do it. */

import { expect } from '@jest/globals';
import type { Members } from '../support/aws-clients/client.js';
import type { ControlSubject } from '../support/aws-clients/control-subject.js';
import { until } from '../support/project.js';
import { UNSERVED } from './unserved-operations.js';

/** After `describeFunctions`: version 2 has the alias `live`. */
export function describeSettings(subject: ControlSubject): void {
  const { name, test, call, refused, arnOf, ifKnown } = subject;

  test('maps a queue to the function', async () => {
    const source = await subject.queue();
    const made = await call('CreateEventSourceMapping', {
      FunctionName: name,
      EventSourceArn: source,
      Enabled: false,
    });
    expect(made).toMatchObject({
      UUID: expect.stringMatching(/^[0-9a-f-]{36}$/),
      EventSourceArn: source,
      FunctionArn: arnOf(),
      BatchSize: 10,
    });
    const { UUID } = made;
    await refused(
      'CreateEventSourceMapping',
      { FunctionName: name, EventSourceArn: source },
      'ResourceConflictException',
      'already exists',
    );
    const changed = await call('UpdateEventSourceMapping', { UUID, BatchSize: 7 });
    expect(changed).toMatchObject({ UUID, BatchSize: 7 });
    await until(
      async () => (await call('GetEventSourceMapping', { UUID }))['State'] === 'Disabled',
    );
    const { EventSourceMappings } = await call('ListEventSourceMappings', { FunctionName: name });
    expect(EventSourceMappings).toMatchObject([{ UUID, BatchSize: 7 }]);
    expect(await call('DeleteEventSourceMapping', { UUID })).toMatchObject({ State: 'Deleting' });
    await until(async () => {
      const { EventSourceMappings: left } = await call('ListEventSourceMappings', {
        FunctionName: name,
      });
      return (left as unknown[]).length === 0;
    });
    await refused('GetEventSourceMapping', { UUID }, 'ResourceNotFoundException');
  });

  test('sets concurrency aside', async () => {
    const { AccountLimit } = await call('GetAccountSettings');
    const before = (AccountLimit as { UnreservedConcurrentExecutions: number })
      .UnreservedConcurrentExecutions;
    await call('PutFunctionConcurrency', { FunctionName: name, ReservedConcurrentExecutions: 0 });
    await expect(subject.client.invoke({ name })).rejects.toMatchObject({
      code: 'TooManyRequestsException',
    });
    await call('PutFunctionConcurrency', { FunctionName: name, ReservedConcurrentExecutions: 20 });
    expect(await call('GetFunctionConcurrency', { FunctionName: name })).toEqual({
      ReservedConcurrentExecutions: 20,
    });
    expect((await call('GetAccountSettings'))['AccountLimit']).toMatchObject({
      UnreservedConcurrentExecutions: before - 20,
    });
    await refused(
      'PutFunctionConcurrency',
      { FunctionName: name, ReservedConcurrentExecutions: before + 1000 },
      'InvalidParameterValueException',
      "decreases account's UnreservedConcurrentExecution below its minimum value of [100].",
    );
    await call('DeleteFunctionConcurrency', { FunctionName: name });
    expect(await call('GetFunctionConcurrency', { FunctionName: name })).toEqual({});
  });

  test('keeps environments ready', async () => {
    const target = { FunctionName: name, Qualifier: 'live' };
    await refused(
      'GetProvisionedConcurrencyConfig',
      target,
      'ProvisionedConcurrencyConfigNotFoundException',
      'No Provisioned Concurrency Config found for this function',
    );
    await refused(
      'PutProvisionedConcurrencyConfig',
      { FunctionName: name, Qualifier: '$LATEST', ProvisionedConcurrentExecutions: 1 },
      'InvalidParameterValueException',
      'Provisioned Concurrency Configs cannot be applied to unpublished function versions.',
    );
    expect(
      await call('PutProvisionedConcurrencyConfig', {
        ...target,
        ProvisionedConcurrentExecutions: 1,
      }),
    ).toMatchObject({ RequestedProvisionedConcurrentExecutions: 1 });
    let status: Members = {};
    await until(async () => {
      status = await call('GetProvisionedConcurrencyConfig', target);
      return status['Status'] !== 'IN_PROGRESS';
    });
    expect(status).toMatchObject({
      Status: 'READY',
      AllocatedProvisionedConcurrentExecutions: 1,
      AvailableProvisionedConcurrentExecutions: 1,
    });
    const listed = await call('ListProvisionedConcurrencyConfigs', { FunctionName: name });
    expect(listed['ProvisionedConcurrencyConfigs']).toHaveLength(1);
    await call('DeleteProvisionedConcurrencyConfig', target);
    await refused(
      'GetProvisionedConcurrencyConfig',
      target,
      'ProvisionedConcurrencyConfigNotFoundException',
    );
  });

  test('says what becomes of asynchronous events', async () => {
    const target = { FunctionName: name };
    await refused(
      'GetFunctionEventInvokeConfig',
      target,
      'ResourceNotFoundException',
      `The function ${arnOf()}:$LATEST doesn't have an EventInvokeConfig`,
    );
    await refused(
      'PutFunctionEventInvokeConfig',
      target,
      'InvalidParameterValueException',
      'You must specify at least one of error handling or destination setting.',
    );
    expect(
      await call('PutFunctionEventInvokeConfig', { ...target, MaximumRetryAttempts: 1 }),
    ).toMatchObject({ FunctionArn: `${arnOf()}:$LATEST`, MaximumRetryAttempts: 1 });
    await call('UpdateFunctionEventInvokeConfig', { ...target, MaximumEventAgeInSeconds: 120 });
    expect(await call('GetFunctionEventInvokeConfig', target)).toMatchObject({
      MaximumRetryAttempts: 1,
      MaximumEventAgeInSeconds: 120,
    });
    const listed = await call('ListFunctionEventInvokeConfigs', target);
    expect(listed['FunctionEventInvokeConfigs']).toHaveLength(1);
    await call('DeleteFunctionEventInvokeConfig', target);
    await refused('GetFunctionEventInvokeConfig', target, 'ResourceNotFoundException');
  });

  test('gives it a URL', async () => {
    const target = { FunctionName: name };
    const created = await call('CreateFunctionUrlConfig', { ...target, AuthType: 'NONE' });
    expect(created).toMatchObject({ FunctionArn: arnOf(), AuthType: 'NONE' });
    expect(created['FunctionUrl']).toMatch(/^https?:\/\//);
    await refused(
      'CreateFunctionUrlConfig',
      { ...target, AuthType: 'NONE' },
      'ResourceConflictException',
      'FunctionUrlConfig exists for this Lambda function',
    );
    await call('UpdateFunctionUrlConfig', { ...target, AuthType: 'AWS_IAM' });
    expect(await call('GetFunctionUrlConfig', target)).toMatchObject({ AuthType: 'AWS_IAM' });
    const listed = await call('ListFunctionUrlConfigs', target);
    expect(listed['FunctionUrlConfigs']).toHaveLength(1);
    await call('DeleteFunctionUrlConfig', target);
    await refused('GetFunctionUrlConfig', target, 'ResourceNotFoundException');
  });

  test('says who may invoke it', async () => {
    const statement = {
      FunctionName: name,
      StatementId: 'bucket',
      Action: 'lambda:InvokeFunction',
      Principal: 's3.amazonaws.com',
      SourceArn: 'arn:aws:s3:::pictures',
    };
    const { Statement } = await call('AddPermission', statement);
    expect(JSON.parse(String(Statement))).toMatchObject({ Sid: 'bucket', Effect: 'Allow' });
    await refused(
      'AddPermission',
      statement,
      'ResourceConflictException',
      'The statement id (bucket) provided already exists.',
    );
    const { Policy } = await call('GetPolicy', { FunctionName: name });
    expect(JSON.parse(String(Policy))).toMatchObject({ Statement: [{ Sid: 'bucket' }] });
    await call('RemovePermission', { FunctionName: name, StatementId: 'bucket' });
    await refused('GetPolicy', { FunctionName: name }, 'ResourceNotFoundException');
  });

  test('keeps a policy that is given as a whole', () =>
    ifKnown('PutResourcePolicy', async () => {
      const target = { ResourceArn: arnOf() };
      const statement = {
        Sid: 'whole',
        Effect: 'Allow',
        Principal: { Service: 'sns.amazonaws.com' },
        Action: 'lambda:InvokeFunction',
        Resource: arnOf(),
      };
      const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
      await call('PutResourcePolicy', { ...target, Policy });
      const told = await call('GetResourcePolicy', target);
      expect(JSON.parse(String(told['Policy']))).toMatchObject({ Statement: [{ Sid: 'whole' }] });
      await call('DeleteResourcePolicy', target);
      await refused('GetResourcePolicy', target, 'ResourceNotFoundException');
    }));

  test('tags it', async () => {
    await call('TagResource', { Resource: arnOf(), Tags: { stage: 'test' } });
    expect(await call('ListTags', { Resource: arnOf() })).toEqual({
      Tags: { team: 'blue', stage: 'test' },
    });
    await call('UntagResource', { Resource: arnOf(), TagKeys: ['team'] });
    expect(await call('ListTags', { Resource: arnOf() })).toEqual({ Tags: { stage: 'test' } });
  });

  test('keeps its other settings', async () => {
    await ifKnown('PutFunctionRecursionConfig', async () => {
      await call('PutFunctionRecursionConfig', { FunctionName: name, RecursiveLoop: 'Allow' });
      expect(await call('GetFunctionRecursionConfig', { FunctionName: name })).toEqual({
        RecursiveLoop: 'Allow',
      });
    });
    await ifKnown('PutRuntimeManagementConfig', async () => {
      await call('PutRuntimeManagementConfig', {
        FunctionName: name,
        UpdateRuntimeOn: 'FunctionUpdate',
      });
      expect(await call('GetRuntimeManagementConfig', { FunctionName: name })).toMatchObject({
        UpdateRuntimeOn: 'FunctionUpdate',
      });
    });
  });

  test('is refused by name what is not served', async () => {
    for (const [operation, input] of UNSERVED) {
      await ifKnown(operation, () =>
        refused(operation, input(name, arnOf), 'UnsupportedOperationException', operation),
      );
    }
  });
}
