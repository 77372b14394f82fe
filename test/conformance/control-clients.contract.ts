/**
 * What unmodified AWS clients find at the control API: every operation of contract 8.2, each in
 * turn, on functions of the client's own. An operation that is not served is refused by name.
 */

import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CONTROL_CLIENTS } from '../support/aws-clients/clients.js';
import {
  bytes,
  type AwsLambdaClient,
  type ClientKind,
  type Endpoint,
  type Members,
} from '../support/aws-clients/client.js';
import { zipOf } from '../support/zip-archive.js';
import { UNSERVED } from './unserved-operations.js';

const TIMEOUT_MS = 300_000;
const OPEN_MS = 600_000;

const ROLE = 'arn:aws:iam::123456789012:role/lambda-role';

function codeOf(version: string): Buffer {
  return zipOf({
    'index.mjs': `import { readdirSync } from 'node:fs';
export const handler = async (event, context) => ({
  code: '${version}',
  version: context.functionVersion,
  arn: context.invokedFunctionArn,
  variable: process.env.VARIABLE,
  opt: readdirSync('/opt'),
});`,
  });
}

/** `getEndpoint` is called in hooks and tests only. */
export function describeControlConformance(getEndpoint: () => Endpoint): void {
  describe.each(CONTROL_CLIENTS)('$name', (kind) => describeClient(kind, getEndpoint));
}

function describeClient(kind: ClientKind, getEndpoint: () => Endpoint): void {
  const name = `control-${randomBytes(4).toString('hex')}`;
  const layer = `layer-${name}`;
  let client: AwsLambdaClient;
  beforeAll(async () => {
    client = await kind.open(getEndpoint());
  }, OPEN_MS);
  afterAll(() => client.close());

  const test = (title: string, run: () => Promise<void>): void => it(title, run, TIMEOUT_MS);
  const call = (operation: string, input: Members = {}): Promise<Members> =>
    client.call(operation, input);
  const refused = (operation: string, input: Members, code: string, text?: string) =>
    expect(call(operation, input)).rejects.toMatchObject({
      code,
      ...(text === undefined ? {} : { message: expect.stringContaining(text) }),
    });
  const arnOf = (what = `function:${name}`): string => {
    const { region, accountId } = getEndpoint();
    return `arn:aws:lambda:${region}:${accountId}:${what}`;
  };
  const settled = async (qualifier?: string): Promise<Members> => {
    for (;;) {
      const configuration = await call('GetFunctionConfiguration', {
        FunctionName: name,
        ...(qualifier === undefined ? {} : { Qualifier: qualifier }),
      });
      const { State, LastUpdateStatus } = configuration;
      if (State !== 'Pending' && LastUpdateStatus !== 'InProgress') return configuration;
    }
  };
  const invoked = async (qualifier?: string): Promise<Members> => {
    const answer = await client.invoke({
      name,
      ...(qualifier === undefined ? {} : { qualifier }),
    });
    expect(answer.functionError).toBeUndefined();
    return JSON.parse(answer.payload.toString()) as Members;
  };

  test('creates a function from a zip, which becomes active', async () => {
    const created = await call('CreateFunction', {
      FunctionName: name,
      Runtime: 'nodejs22.x',
      Role: ROLE,
      Handler: 'index.handler',
      Code: { ZipFile: bytes(codeOf('one')) },
      Description: 'made by a client',
      Timeout: 10,
      MemorySize: 256,
      Environment: { Variables: { VARIABLE: 'first' } },
      Tags: { team: 'blue' },
    });
    expect(created).toMatchObject({
      FunctionName: name,
      FunctionArn: arnOf(),
      Runtime: 'nodejs22.x',
      Role: ROLE,
      Handler: 'index.handler',
      CodeSize: codeOf('one').length,
      Description: 'made by a client',
      Timeout: 10,
      MemorySize: 256,
      Version: '$LATEST',
      Environment: { Variables: { VARIABLE: 'first' } },
      TracingConfig: { Mode: 'PassThrough' },
      PackageType: 'Zip',
      Architectures: ['x86_64'],
      EphemeralStorage: { Size: 512 },
      State: 'Pending',
      StateReason: 'The function is being created.',
      StateReasonCode: 'Creating',
    });
    expect(await settled()).toMatchObject({ State: 'Active', LastUpdateStatus: 'Successful' });
    expect(await invoked()).toMatchObject({ code: 'one', version: '$LATEST', variable: 'first' });
  });

  test('is told what is wrong with a function it would make', async () => {
    const sound = {
      FunctionName: `${name}-other`,
      Runtime: 'nodejs22.x',
      Role: ROLE,
      Handler: 'index.handler',
      Code: { ZipFile: bytes(codeOf('one')) },
    };
    await refused('CreateFunction', { ...sound, FunctionName: name }, 'ResourceConflictException');
    await refused(
      'CreateFunction',
      { ...sound, Runtime: 'cobol85' },
      'InvalidParameterValueException',
      "Value cobol85 at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [",
    );
    await refused(
      'CreateFunction',
      { ...sound, Runtime: 'python2.7' },
      'InvalidParameterValueException',
      'The runtime parameter of python2.7 is no longer supported for creating or updating AWS Lambda functions.',
    );
    await refused(
      'CreateFunction',
      { ...sound, Code: { ZipFile: bytes('no zip') } },
      'InvalidParameterValueException',
      'Could not unzip uploaded file. Please check your file, then try to upload again.',
    );
    await refused(
      'CreateFunction',
      { ...sound, MemorySize: 1 },
      'ValidationException',
      'memorySize',
    );
    await refused(
      'CreateFunction',
      { ...sound, Environment: { Variables: { BIG: 'x'.repeat(4096) } } },
      'InvalidParameterValueException',
      'exceeded the 4KB limit',
    );
    await refused(
      'GetFunction',
      { FunctionName: `${name}-other` },
      'ResourceNotFoundException',
      `Function not found: ${arnOf(`function:${name}-other`)}`,
    );
  });

  test('reads it in every way', async () => {
    const told = await call('GetFunction', { FunctionName: name });
    expect(told).toMatchObject({
      Configuration: { FunctionArn: arnOf() },
      Code: { RepositoryType: 'S3', Location: expect.any(String) },
      Tags: { team: 'blue' },
    });
    const { Location } = told['Code'] as { Location: string };
    const zip = Buffer.from(await (await fetch(Location)).arrayBuffer());
    expect(zip.equals(codeOf('one'))).toBe(true);
    const { Functions } = await call('ListFunctions');
    expect(Functions).toContainEqual(expect.objectContaining({ FunctionArn: arnOf() }));
    await refused(
      'GetFunction',
      { FunctionName: name, Qualifier: '7' },
      'ResourceNotFoundException',
    );
  });

  test('changes its configuration and its code', async () => {
    const { RevisionId } = await settled();
    await refused(
      'UpdateFunctionConfiguration',
      { FunctionName: name, Timeout: 5, RevisionId: 'f0f0f0f0-0000-4000-8000-000000000000' },
      'PreconditionFailedException',
      'The Revision Id provided does not match the latest Revision Id.',
    );
    expect(
      await call('UpdateFunctionConfiguration', {
        FunctionName: name,
        Timeout: 5,
        Environment: { Variables: { VARIABLE: 'second' } },
        RevisionId,
      }),
    ).toMatchObject({ Timeout: 5, LastUpdateStatus: 'InProgress' });
    expect((await settled())['RevisionId']).not.toBe(RevisionId);
    await call('UpdateFunctionCode', { FunctionName: name, ZipFile: bytes(codeOf('two')) });
    await settled();
    expect(await invoked()).toMatchObject({ code: 'two', variable: 'second' });
  });

  test('publishes versions, which stay as they are', async () => {
    const { CodeSha256 } = await settled();
    await refused(
      'PublishVersion',
      { FunctionName: name, CodeSha256: 'x'.repeat(43) + '=' },
      'InvalidParameterValueException',
      'is different from current CodeSHA256 in $LATEST',
    );
    const first = await call('PublishVersion', { FunctionName: name, CodeSha256 });
    expect(first).toMatchObject({ Version: '1', FunctionArn: `${arnOf()}:1` });
    expect(await call('PublishVersion', { FunctionName: name })).toMatchObject({ Version: '1' });
    await settled('1');
    await call('UpdateFunctionCode', { FunctionName: name, ZipFile: bytes(codeOf('three')) });
    await settled();
    expect(await call('PublishVersion', { FunctionName: name })).toMatchObject({ Version: '2' });
    await settled('2');
    expect(await invoked('1')).toMatchObject({ code: 'two', version: '1', arn: `${arnOf()}:1` });
    expect(await invoked('2')).toMatchObject({ code: 'three', version: '2' });
    const { Versions } = await call('ListVersionsByFunction', { FunctionName: name });
    expect((Versions as Members[]).map(({ Version }) => Version)).toEqual(['$LATEST', '1', '2']);
    await refused(
      'DeleteFunction',
      { FunctionName: name, Qualifier: '$LATEST' },
      'InvalidParameterValueException',
      '$LATEST version cannot be deleted without deleting the function.',
    );
  });

  test('points aliases at versions', async () => {
    const alias = { FunctionName: name, Name: 'live' };
    expect(await call('CreateAlias', { ...alias, FunctionVersion: '1' })).toMatchObject({
      AliasArn: `${arnOf()}:live`,
      Name: 'live',
      FunctionVersion: '1',
    });
    await refused(
      'CreateAlias',
      { ...alias, FunctionVersion: '1' },
      'ResourceConflictException',
      `Alias already exists: ${arnOf()}:live`,
    );
    expect(await invoked('live')).toMatchObject({ code: 'two', arn: `${arnOf()}:live` });
    await refused(
      'UpdateAlias',
      { ...alias, RoutingConfig: { AdditionalVersionWeights: { '1': 0.5 } } },
      'InvalidParameterValueException',
      'Invalid function version 1. Function version 1 is already included in routing configuration.',
    );
    await call('UpdateAlias', {
      ...alias,
      RoutingConfig: { AdditionalVersionWeights: { '2': 1 } },
    });
    expect((await client.invoke({ name, qualifier: 'live' })).executedVersion).toBe('2');
    await call('UpdateAlias', { ...alias, RoutingConfig: {}, FunctionVersion: '2' });
    expect(await call('GetAlias', alias)).toMatchObject({ FunctionVersion: '2' });
    const { Aliases } = await call('ListAliases', { FunctionName: name });
    expect(Aliases).toEqual([expect.objectContaining({ Name: 'live' })]);
    await refused(
      'GetAlias',
      { FunctionName: name, Name: 'none' },
      'ResourceNotFoundException',
      `Cannot find alias arn: ${arnOf()}:none`,
    );
    await call('CreateAlias', { FunctionName: name, Name: 'old', FunctionVersion: '1' });
    await call('DeleteAlias', { FunctionName: name, Name: 'old' });
    await refused('GetAlias', { FunctionName: name, Name: 'old' }, 'ResourceNotFoundException');
  });

  test('publishes layers and lays them under a function', async () => {
    const published = await call('PublishLayerVersion', {
      LayerName: layer,
      Description: 'a layer',
      Content: { ZipFile: bytes(zipOf({ 'from-layer.txt': 'one' })) },
      CompatibleRuntimes: ['nodejs22.x'],
    });
    expect(published).toMatchObject({
      LayerArn: arnOf(`layer:${layer}`),
      LayerVersionArn: arnOf(`layer:${layer}:1`),
      Version: 1,
    });
    const version = { LayerName: layer, VersionNumber: 1 };
    expect(await call('GetLayerVersion', version)).toMatchObject({ Version: 1 });
    const arn = arnOf(`layer:${layer}:1`);
    expect(await call('GetLayerVersionByArn', { Arn: arn })).toMatchObject({ Version: 1 });
    expect((await call('ListLayerVersions', { LayerName: layer }))['LayerVersions']).toHaveLength(
      1,
    );
    expect((await call('ListLayers'))['Layers']).toContainEqual(
      expect.objectContaining({ LayerName: layer }),
    );
    await call('AddLayerVersionPermission', {
      ...version,
      StatementId: 'all',
      Action: 'lambda:GetLayerVersion',
      Principal: '*',
    });
    const { Policy } = await call('GetLayerVersionPolicy', version);
    expect(JSON.parse(String(Policy))).toMatchObject({ Statement: [{ Sid: 'all' }] });
    await call('RemoveLayerVersionPermission', { ...version, StatementId: 'all' });
    await refused(
      'UpdateFunctionConfiguration',
      { FunctionName: name, Layers: [arnOf(`layer:${layer}:9`)] },
      'InvalidParameterValueException',
      `Layer version ${arnOf(`layer:${layer}:9`)} does not exist.`,
    );
    await call('UpdateFunctionConfiguration', { FunctionName: name, Layers: [arn] });
    await settled();
    expect(await invoked()).toMatchObject({ opt: ['from-layer.txt'] });
    await call('UpdateFunctionConfiguration', { FunctionName: name, Layers: [] });
    await settled();
    await call('DeleteLayerVersion', version);
    await refused('GetLayerVersion', version, 'ResourceNotFoundException');
  });

  test('sets concurrency aside', async () => {
    const { AccountLimit } = await call('GetAccountSettings');
    const before = (AccountLimit as { UnreservedConcurrentExecutions: number })
      .UnreservedConcurrentExecutions;
    await call('PutFunctionConcurrency', { FunctionName: name, ReservedConcurrentExecutions: 0 });
    await expect(client.invoke({ name })).rejects.toMatchObject({
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
    let status: Members;
    do status = await call('GetProvisionedConcurrencyConfig', target);
    while (status['Status'] === 'IN_PROGRESS');
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

  test('deletes versions and the function', async () => {
    await refused(
      'DeleteFunction',
      { FunctionName: name, Qualifier: '2' },
      'ResourceConflictException',
    );
    await call('DeleteAlias', { FunctionName: name, Name: 'live' });
    await call('DeleteFunction', { FunctionName: name, Qualifier: '2' });
    await refused(
      'GetFunction',
      { FunctionName: name, Qualifier: '2' },
      'ResourceNotFoundException',
    );
    await call('DeleteFunction', { FunctionName: name });
    await refused('GetFunction', { FunctionName: name }, 'ResourceNotFoundException');
    await expect(client.invoke({ name })).rejects.toMatchObject({
      code: 'ResourceNotFoundException',
    });
  });

  async function ifKnown(operation: string, run: () => Promise<unknown>): Promise<void> {
    if (client.knows(operation)) await run();
  }
}
