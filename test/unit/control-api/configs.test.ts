import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  AddPermissionCommand,
  CreateAliasCommand,
  CreateFunctionCommand,
  CreateFunctionUrlConfigCommand,
  DeleteFunctionConcurrencyCommand,
  DeleteFunctionEventInvokeConfigCommand,
  DeleteFunctionUrlConfigCommand,
  GetAccountSettingsCommand,
  GetFunctionCommand,
  GetFunctionConcurrencyCommand,
  GetFunctionEventInvokeConfigCommand,
  GetFunctionRecursionConfigCommand,
  GetFunctionUrlConfigCommand,
  GetPolicyCommand,
  DeleteProvisionedConcurrencyConfigCommand,
  GetProvisionedConcurrencyConfigCommand,
  GetRuntimeManagementConfigCommand,
  InvokeCommand,
  ListFunctionEventInvokeConfigsCommand,
  ListFunctionUrlConfigsCommand,
  ListProvisionedConcurrencyConfigsCommand,
  ListTagsCommand,
  PublishVersionCommand,
  PutFunctionConcurrencyCommand,
  PutFunctionEventInvokeConfigCommand,
  PutFunctionRecursionConfigCommand,
  PutProvisionedConcurrencyConfigCommand,
  PutRuntimeManagementConfigCommand,
  RemovePermissionCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateFunctionEventInvokeConfigCommand,
  UpdateFunctionUrlConfigCommand,
  waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda';
import { ACCOUNT_ARN, ControlBench, creation } from '../../support/control-bench.js';

const FunctionName = 'orders';
const ARN = `${ACCOUNT_ARN}:function:orders`;
let bench: ControlBench;

/** `orders` with the version 1 and the alias `prod`. */
beforeEach(async () => {
  bench = await new ControlBench().start();
  await bench.client.send(new CreateFunctionCommand(creation(FunctionName)));
  await waitUntilFunctionActiveV2(
    { client: bench.client, maxWaitTime: 20, minDelay: 0.02, maxDelay: 0.1 },
    { FunctionName },
  );
  await bench.client.send(new PublishVersionCommand({ FunctionName }));
  await bench.client.send(
    new CreateAliasCommand({ FunctionName, Name: 'prod', FunctionVersion: '1' }),
  );
});

afterEach(() => bench.close());

describe('reserved concurrency', () => {
  const put = (ReservedConcurrentExecutions: number, name = FunctionName) =>
    bench.client.send(
      new PutFunctionConcurrencyCommand({ FunctionName: name, ReservedConcurrentExecutions }),
    );

  it('holds at once, for all versions, and goes', async () => {
    await put(0);
    for (const Qualifier of [undefined, '1', 'prod']) {
      await expect(
        bench.client.send(new InvokeCommand({ FunctionName, Qualifier })),
      ).rejects.toMatchObject({ name: 'TooManyRequestsException' });
    }
    const { AccountLimit } = await bench.client.send(new GetAccountSettingsCommand({}));
    expect(AccountLimit?.UnreservedConcurrentExecutions).toBe(1000);
    await put(900);
    expect(
      await bench.client.send(new GetFunctionConcurrencyCommand({ FunctionName })),
    ).toMatchObject({ ReservedConcurrentExecutions: 900 });
    await bench.client.send(new DeleteFunctionConcurrencyCommand({ FunctionName }));
    const { Concurrency } = await bench.client.send(new GetFunctionCommand({ FunctionName }));
    expect(Concurrency).toBeUndefined();
  });

  it('leaves the account its minimum, and is not for versions', async () => {
    await expect(put(901)).rejects.toMatchObject({
      name: 'InvalidParameterValueException',
      message:
        "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100].",
    });
    await expect(put(1, 'orders:1')).rejects.toMatchObject({
      message:
        'This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN.',
    });
  });
});

describe('provisioned concurrency', () => {
  const put = (Qualifier: string, ProvisionedConcurrentExecutions = 2) =>
    bench.client.send(
      new PutProvisionedConcurrencyConfigCommand({
        FunctionName,
        Qualifier,
        ProvisionedConcurrentExecutions,
      }),
    );

  it('is asked for, shown and listed', async () => {
    expect(await put('prod')).toMatchObject({
      $metadata: { httpStatusCode: 202 },
      RequestedProvisionedConcurrentExecutions: 2,
      Status: 'IN_PROGRESS',
    });
    const asked = { FunctionName, Qualifier: 'prod' };
    const get = () => bench.client.send(new GetProvisionedConcurrencyConfigCommand(asked));
    await until(async () => (await get()).Status !== 'IN_PROGRESS');
    expect(await get()).toMatchObject({
      RequestedProvisionedConcurrentExecutions: 2,
      AllocatedProvisionedConcurrentExecutions: 2,
      AvailableProvisionedConcurrentExecutions: 2,
      Status: 'READY',
    });
    const list = await bench.client.send(
      new ListProvisionedConcurrencyConfigsCommand({ FunctionName }),
    );
    expect(list.ProvisionedConcurrencyConfigs).toMatchObject([{ FunctionArn: `${ARN}:prod` }]);
  });

  it('is given up with its config', async () => {
    await put('1');
    await bench.router.deployment(FunctionName, '1')?.ready();
    expect(bench.router.provisioned(FunctionName, '1')).toMatchObject({ allocated: 2 });
    const asked = { FunctionName, Qualifier: '1' };
    await bench.client.send(new DeleteProvisionedConcurrencyConfigCommand(asked));
    expect(bench.router.provisioned(FunctionName, '1')).toBeUndefined();
    expect(bench.router.deployment(FunctionName, '1')?.provisioned).toBeUndefined();
  });

  it('is for versions and aliases that are published, within what is reserved', async () => {
    await expect(put('$LATEST')).rejects.toMatchObject({
      message:
        'Provisioned Concurrency Configs cannot be applied to unpublished function versions.',
    });
    await expect(put('1', 901)).rejects.toMatchObject({
      name: 'InvalidParameterValueException',
    });
    const missing = { FunctionName, Qualifier: '1' };
    await expect(
      bench.client.send(new GetProvisionedConcurrencyConfigCommand(missing)),
    ).rejects.toMatchObject({
      name: 'ProvisionedConcurrencyConfigNotFoundException',
      message: 'No Provisioned Concurrency Config found for this function',
    });
  });
});

/** Each look takes a request's time. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds()));
}

describe('an event invoke config', () => {
  it('is put, merged, read by those who deliver events, listed and deleted', async () => {
    const put = await bench.client.send(
      new PutFunctionEventInvokeConfigCommand({ FunctionName, MaximumRetryAttempts: 1 }),
    );
    expect(put).toMatchObject({ FunctionArn: `${ARN}:$LATEST`, MaximumRetryAttempts: 1 });
    expect(put.LastModified?.getTime()).toBeGreaterThan(Date.now() - 60_000);
    await bench.client.send(
      new UpdateFunctionEventInvokeConfigCommand({ FunctionName, MaximumEventAgeInSeconds: 60 }),
    );
    expect(bench.registry.eventInvokeConfig(FunctionName)).toMatchObject({
      maximumRetryAttempts: 1,
      maximumEventAgeInSeconds: 60,
    });
    await bench.client.send(
      new PutFunctionEventInvokeConfigCommand({
        FunctionName,
        Qualifier: 'prod',
        DestinationConfig: { OnFailure: { Destination: 'arn:aws:sqs:us-east-1:123456789012:q' } },
      }),
    );
    expect(bench.registry.eventInvokeConfig(FunctionName, 'prod')).toMatchObject({
      onFailureArn: 'arn:aws:sqs:us-east-1:123456789012:q',
    });
    const list = await bench.client.send(
      new ListFunctionEventInvokeConfigsCommand({ FunctionName }),
    );
    expect(list.FunctionEventInvokeConfigs?.map(({ FunctionArn }) => FunctionArn)).toEqual([
      `${ARN}:$LATEST`,
      `${ARN}:prod`,
    ]);
    await bench.client.send(new DeleteFunctionEventInvokeConfigCommand({ FunctionName }));
    await expect(
      bench.client.send(new GetFunctionEventInvokeConfigCommand({ FunctionName })),
    ).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: `The function ${ARN}:$LATEST doesn't have an EventInvokeConfig`,
    });
  });

  it('is rid of a destination by an empty one', async () => {
    const Destination = 'arn:aws:sqs:us-east-1:123456789012:q';
    const both = { OnSuccess: { Destination }, OnFailure: { Destination } };
    await bench.client.send(
      new PutFunctionEventInvokeConfigCommand({ FunctionName, DestinationConfig: both }),
    );
    const left = { OnSuccess: { Destination }, OnFailure: {} };
    const { DestinationConfig } = await bench.client.send(
      new UpdateFunctionEventInvokeConfigCommand({
        FunctionName,
        DestinationConfig: { OnFailure: { Destination: '' } },
      }),
    );
    expect(DestinationConfig).toEqual(left);
    expect(bench.registry.eventInvokeConfig(FunctionName)).not.toHaveProperty('onFailureArn');
    const put = await bench.client.send(
      new PutFunctionEventInvokeConfigCommand({
        FunctionName,
        DestinationConfig: { OnSuccess: { Destination: '' }, OnFailure: { Destination: '' } },
      }),
    );
    expect(put.DestinationConfig).toEqual({ OnSuccess: {}, OnFailure: {} });
  });

  it('that says nothing, or sends a function to itself, is refused', async () => {
    await expect(
      bench.client.send(new PutFunctionEventInvokeConfigCommand({ FunctionName })),
    ).rejects.toMatchObject({
      message: 'You must specify at least one of error handling or destination setting.',
    });
    await expect(
      bench.client.send(
        new PutFunctionEventInvokeConfigCommand({
          FunctionName,
          DestinationConfig: { OnSuccess: { Destination: ARN } },
        }),
      ),
    ).rejects.toMatchObject({
      message: "You can't specify the function as a destination for itself.",
    });
  });
});

describe('a function URL config', () => {
  it('is created once, changed, listed and deleted', async () => {
    const created = await bench.client.send(
      new CreateFunctionUrlConfigCommand({ FunctionName, AuthType: 'NONE' }),
    );
    expect(created).toMatchObject({
      FunctionUrl: expect.stringMatching(
        /^http:\/\/[a-z0-9]{32}\.lambda-url\.us-east-1\.localhost:\d+\/$/,
      ),
      FunctionArn: ARN,
      InvokeMode: 'BUFFERED',
    });
    await expect(
      bench.client.send(new CreateFunctionUrlConfigCommand({ FunctionName, AuthType: 'NONE' })),
    ).rejects.toMatchObject({
      name: 'ResourceConflictException',
      message: `Failed to create function url config for [functionArn = ${ARN}]. Error message:  FunctionUrlConfig exists for this Lambda function`,
    });
    const changed = await bench.client.send(
      new UpdateFunctionUrlConfigCommand({ FunctionName, InvokeMode: 'RESPONSE_STREAM' }),
    );
    expect(changed).toMatchObject({
      FunctionUrl: created.FunctionUrl,
      InvokeMode: 'RESPONSE_STREAM',
    });
    const list = await bench.client.send(new ListFunctionUrlConfigsCommand({ FunctionName }));
    expect(list.FunctionUrlConfigs).toHaveLength(1);
    await bench.client.send(new DeleteFunctionUrlConfigCommand({ FunctionName }));
    await expect(
      bench.client.send(new GetFunctionUrlConfigCommand({ FunctionName })),
    ).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: 'The resource you requested does not exist.',
    });
  });

  it('is not for versions', async () => {
    await expect(
      bench.client.send(
        new CreateFunctionUrlConfigCommand({ FunctionName, Qualifier: '1', AuthType: 'NONE' }),
      ),
    ).rejects.toMatchObject({ $metadata: { httpStatusCode: 400 } });
  });
});

describe('permissions', () => {
  const statement = {
    FunctionName,
    StatementId: 'bucket',
    Action: 'lambda:InvokeFunction',
    Principal: 's3.amazonaws.com',
    SourceArn: 'arn:aws:s3:::bucket',
  };

  it('make a policy', async () => {
    const added = await bench.client.send(new AddPermissionCommand(statement));
    const written = {
      Sid: 'bucket',
      Effect: 'Allow',
      Principal: { Service: 's3.amazonaws.com' },
      Action: 'lambda:InvokeFunction',
      Resource: ARN,
      Condition: { ArnLike: { 'AWS:SourceArn': 'arn:aws:s3:::bucket' } },
    };
    expect(JSON.parse(added.Statement ?? '')).toEqual(written);
    const { Policy } = await bench.client.send(new GetPolicyCommand({ FunctionName }));
    expect(JSON.parse(Policy ?? '')).toEqual({
      Version: '2012-10-17',
      Id: 'default',
      Statement: [written],
    });
    await bench.client.send(new RemovePermissionCommand({ FunctionName, StatementId: 'bucket' }));
    await expect(bench.client.send(new GetPolicyCommand({ FunctionName }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  it('are refused twice, and for $LATEST', async () => {
    await bench.client.send(new AddPermissionCommand(statement));
    await expect(bench.client.send(new AddPermissionCommand(statement))).rejects.toMatchObject({
      name: 'ResourceConflictException',
      message:
        'The statement id (bucket) provided already exists. Please provide a new statement id, or remove the existing statement.',
    });
    await expect(
      bench.client.send(new AddPermissionCommand({ ...statement, Qualifier: '$LATEST' })),
    ).rejects.toMatchObject({
      message: 'We currently do not support adding policies for $LATEST.',
    });
  });
});

describe('tags and other settings', () => {
  it('keep tags by key', async () => {
    await bench.client.send(new TagResourceCommand({ Resource: ARN, Tags: { a: '1', b: '2' } }));
    await bench.client.send(new UntagResourceCommand({ Resource: ARN, TagKeys: ['a'] }));
    const { Tags } = await bench.client.send(new ListTagsCommand({ Resource: ARN }));
    expect(Tags).toEqual({ b: '2' });
    expect((await bench.client.send(new GetFunctionCommand({ FunctionName }))).Tags).toEqual({
      b: '2',
    });
  });

  it('keep the recursion and runtime management configs', async () => {
    const recursion = new GetFunctionRecursionConfigCommand({ FunctionName });
    expect((await bench.client.send(recursion)).RecursiveLoop).toBe('Terminate');
    await bench.client.send(
      new PutFunctionRecursionConfigCommand({ FunctionName, RecursiveLoop: 'Allow' }),
    );
    const management = new GetRuntimeManagementConfigCommand({ FunctionName });
    expect((await bench.client.send(management)).UpdateRuntimeOn).toBe('Auto');
    await bench.client.send(
      new PutRuntimeManagementConfigCommand({ FunctionName, UpdateRuntimeOn: 'FunctionUpdate' }),
    );
    bench = await bench.restart();
    expect((await bench.client.send(recursion)).RecursiveLoop).toBe('Allow');
    expect((await bench.client.send(management)).UpdateRuntimeOn).toBe('FunctionUpdate');
  });
});
