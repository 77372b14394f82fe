import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  AddLayerVersionPermissionCommand,
  CreateFunctionCommand,
  DeleteLayerVersionCommand,
  GetFunctionConfigurationCommand,
  GetLayerVersionByArnCommand,
  GetLayerVersionCommand,
  GetLayerVersionPolicyCommand,
  InvokeCommand,
  ListLayersCommand,
  ListLayerVersionsCommand,
  PublishLayerVersionCommand,
  RemoveLayerVersionPermissionCommand,
  waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda';
import { ACCOUNT_ARN, ControlBench, creation } from '../../support/control-bench.js';
import { zipOf } from '../../support/zip-archive.js';

let bench: ControlBench;

beforeEach(async () => {
  bench = await new ControlBench().start();
});

afterEach(() => bench.close());

const publish = (LayerName: string, files: Record<string, string>, more = {}) =>
  bench.client.send(
    new PublishLayerVersionCommand({ LayerName, Content: { ZipFile: zipOf(files) }, ...more }),
  );

async function optOf(FunctionName: string): Promise<string> {
  const { Payload } = await bench.client.send(new InvokeCommand({ FunctionName }));
  const { optDirectory } = JSON.parse(Buffer.from(Payload ?? []).toString()) as {
    optDirectory: string;
  };
  return optDirectory;
}

describe('layers', () => {
  it('are published in numbered versions and read back', async () => {
    const first = await publish('tools', { 'a.txt': 'one' }, { Description: 'first' });
    expect(first).toMatchObject({
      LayerArn: `${ACCOUNT_ARN}:layer:tools`,
      LayerVersionArn: `${ACCOUNT_ARN}:layer:tools:1`,
      Version: 1,
      Description: 'first',
    });
    const second = await publish(
      'tools',
      { 'a.txt': 'two' },
      { CompatibleRuntimes: ['nodejs22.x'] },
    );
    expect(second.Version).toBe(2);
    const got = await bench.client.send(
      new GetLayerVersionCommand({ LayerName: 'tools', VersionNumber: 1 }),
    );
    const content = await fetch(got.Content?.Location ?? '');
    expect(Buffer.from(await content.arrayBuffer())).toEqual(zipOf({ 'a.txt': 'one' }));
    const byArn = await bench.client.send(
      new GetLayerVersionByArnCommand({ Arn: `${ACCOUNT_ARN}:layer:tools:2` }),
    );
    expect(byArn.Version).toBe(2);
    const versions = await bench.client.send(new ListLayerVersionsCommand({ LayerName: 'tools' }));
    expect(versions.LayerVersions?.map(({ Version }) => Version)).toEqual([2, 1]);
    const suiting = await bench.client.send(
      new ListLayersCommand({ CompatibleRuntime: 'nodejs22.x' }),
    );
    expect(suiting.Layers).toMatchObject([
      { LayerName: 'tools', LatestMatchingVersion: { Version: 2 } },
    ]);
  });

  it('are laid over each other in order, and kept by functions that use them', async () => {
    await publish('under', { 'a.txt': 'under', 'b.txt': 'under' });
    await publish('over', { 'b.txt': 'over' });
    const Layers = [`${ACCOUNT_ARN}:layer:under:1`, `${ACCOUNT_ARN}:layer:over:1`];
    await bench.client.send(new CreateFunctionCommand({ ...creation('orders'), Layers }));
    const FunctionName = 'orders';
    await waitUntilFunctionActiveV2(
      { client: bench.client, maxWaitTime: 20, minDelay: 0.02, maxDelay: 0.1 },
      { FunctionName },
    );
    const opt = await optOf(FunctionName);
    expect(readFileSync(join(opt, 'a.txt'), 'utf8')).toBe('under');
    expect(readFileSync(join(opt, 'b.txt'), 'utf8')).toBe('over');
    const shown = await bench.client.send(new GetFunctionConfigurationCommand({ FunctionName }));
    expect(shown.Layers?.map(({ Arn }) => Arn)).toEqual(Layers);
    await bench.client.send(
      new DeleteLayerVersionCommand({ LayerName: 'under', VersionNumber: 1 }),
    );
    bench = await bench.restart();
    expect(readFileSync(join(await optOf(FunctionName), 'a.txt'), 'utf8')).toBe('under');
  });

  it('never use a number twice', async () => {
    await publish('tools', { 'a.txt': '1' });
    const gone = { LayerName: 'tools', VersionNumber: 1 };
    await bench.client.send(new DeleteLayerVersionCommand(gone));
    await expect(bench.client.send(new GetLayerVersionCommand(gone))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: 'The resource you requested does not exist.',
    });
    expect((await publish('tools', { 'a.txt': '1' })).Version).toBe(2);
  });

  it('say who may use them', async () => {
    await publish('tools', { 'a.txt': '1' });
    const version = { LayerName: 'tools', VersionNumber: 1 };
    const statement = {
      ...version,
      StatementId: 'all',
      Action: 'lambda:GetLayerVersion',
      Principal: '*',
    };
    const added = await bench.client.send(new AddLayerVersionPermissionCommand(statement));
    expect(JSON.parse(added.Statement ?? '')).toEqual({
      Sid: 'all',
      Effect: 'Allow',
      Principal: '*',
      Action: 'lambda:GetLayerVersion',
      Resource: `${ACCOUNT_ARN}:layer:tools:1`,
    });
    await expect(
      bench.client.send(new AddLayerVersionPermissionCommand(statement)),
    ).rejects.toMatchObject({ name: 'ResourceConflictException' });
    const removal = { ...version, StatementId: 'all' };
    await expect(
      bench.client.send(new RemoveLayerVersionPermissionCommand({ ...removal, RevisionId: 'old' })),
    ).rejects.toMatchObject({
      name: 'PreconditionFailedException',
      message: expect.stringContaining('Call the GetLayerPolicy API'),
    });
    await bench.client.send(new RemoveLayerVersionPermissionCommand(removal));
    await expect(
      bench.client.send(new GetLayerVersionPolicyCommand(version)),
    ).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  it.each([
    [
      'more than five',
      Array.from({ length: 6 }, (_, index) => `${ACCOUNT_ARN}:layer:l${index}:1`),
      'Cannot reference more than 5 layers.',
    ],
    [
      'two versions of one',
      [`${ACCOUNT_ARN}:layer:tools:1`, `${ACCOUNT_ARN}:layer:tools:2`],
      `Two different versions of the same layer are not allowed to be referenced in the same function. ${ACCOUNT_ARN}:layer:tools:1 and ${ACCOUNT_ARN}:layer:tools:2 are versions of the same layer.`,
    ],
    [
      'one that is not there',
      [`${ACCOUNT_ARN}:layer:none:1`],
      `Layer version ${ACCOUNT_ARN}:layer:none:1 does not exist.`,
    ],
    [
      'one of another region',
      ['arn:aws:lambda:eu-west-1:123456789012:layer:tools:1'],
      'Layers are not in the same region as the function. Layers are expected to be in region us-east-1.',
    ],
  ])('are refused: %s', async (_what, Layers, message) => {
    await publish('tools', { 'a.txt': '1' });
    await publish('tools', { 'a.txt': '2' });
    await expect(
      bench.client.send(new CreateFunctionCommand({ ...creation('orders'), Layers })),
    ).rejects.toMatchObject({ name: 'InvalidParameterValueException', message });
  });
});
