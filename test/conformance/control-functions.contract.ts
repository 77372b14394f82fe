/** Functions, versions, aliases and layers, as unmodified clients make and read them. */

import { expect } from '@jest/globals';
import { bytes, type Members } from '../support/aws-clients/client.js';
import type { ControlSubject } from '../support/aws-clients/control-subject.js';
import { zipOf } from '../support/zip-archive.js';

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

/** In this order: each test goes on from the one before. */
export function describeFunctions(subject: ControlSubject): void {
  const { name, test, call, refused, arnOf, settled, invoked } = subject;

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
    expect((await subject.client.invoke({ name, qualifier: 'live' })).executedVersion).toBe('2');
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
      LayerName: `layer-${name}`,
      Description: 'a layer',
      Content: { ZipFile: bytes(zipOf({ 'from-layer.txt': 'one' })) },
      CompatibleRuntimes: ['nodejs22.x'],
    });
    expect(published).toMatchObject({
      LayerArn: arnOf(`layer:layer-${name}`),
      LayerVersionArn: arnOf(`layer:layer-${name}:1`),
      Version: 1,
    });
    const version = { LayerName: `layer-${name}`, VersionNumber: 1 };
    expect(await call('GetLayerVersion', version)).toMatchObject({ Version: 1 });
    const arn = arnOf(`layer:layer-${name}:1`);
    expect(await call('GetLayerVersionByArn', { Arn: arn })).toMatchObject({ Version: 1 });
    expect(
      (await call('ListLayerVersions', { LayerName: `layer-${name}` }))['LayerVersions'],
    ).toHaveLength(1);
    expect((await call('ListLayers'))['Layers']).toContainEqual(
      expect.objectContaining({ LayerName: `layer-${name}` }),
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
      { FunctionName: name, Layers: [arnOf(`layer:layer-${name}:9`)] },
      'InvalidParameterValueException',
      `Layer version ${arnOf(`layer:layer-${name}:9`)} does not exist.`,
    );
    await call('UpdateFunctionConfiguration', { FunctionName: name, Layers: [arn] });
    await settled();
    expect(await invoked()).toMatchObject({ opt: ['from-layer.txt'] });
    await call('UpdateFunctionConfiguration', { FunctionName: name, Layers: [] });
    await settled();
    await call('DeleteLayerVersion', version);
    await refused('GetLayerVersion', version, 'ResourceNotFoundException');
  });
}

/** The last of the tests. */
export function describeDeletion(subject: ControlSubject): void {
  const { name, test, call, refused } = subject;

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
    await expect(subject.client.invoke({ name })).rejects.toMatchObject({
      code: 'ResourceNotFoundException',
    });
  });
}
