import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  CreateAliasCommand,
  CreateFunctionCommand,
  DeleteAliasCommand,
  DeleteFunctionCommand,
  GetAliasCommand,
  InvokeCommand,
  ListAliasesCommand,
  PublishVersionCommand,
  UpdateAliasCommand,
  UpdateFunctionCodeCommand,
  waitUntilFunctionActiveV2,
  waitUntilFunctionUpdatedV2,
} from '@aws-sdk/client-lambda';
import { ACCOUNT_ARN, ControlBench, creation } from '../../support/control-bench.js';
import { zipOf } from '../../support/zip-archive.js';

let bench: ControlBench;
const FunctionName = 'orders';
const ARN = `${ACCOUNT_ARN}:function:orders`;

/** `orders` with the versions 1 and 2. */
beforeEach(async () => {
  bench = await new ControlBench().start();
  const waiting = { client: bench.client, maxWaitTime: 20, minDelay: 0.02, maxDelay: 0.1 };
  await bench.client.send(new CreateFunctionCommand(creation(FunctionName)));
  await waitUntilFunctionActiveV2(waiting, { FunctionName });
  await bench.client.send(new PublishVersionCommand({ FunctionName }));
  const ZipFile = zipOf({ 'index.js': 'two' });
  await bench.client.send(new UpdateFunctionCodeCommand({ FunctionName, ZipFile }));
  await waitUntilFunctionUpdatedV2(waiting, { FunctionName });
  await bench.client.send(new PublishVersionCommand({ FunctionName }));
});

afterEach(() => bench.close());

const create = (Name: string, FunctionVersion: string, weights?: Record<string, number>) =>
  bench.client.send(
    new CreateAliasCommand({
      FunctionName,
      Name,
      FunctionVersion,
      ...(weights === undefined ? {} : { RoutingConfig: { AdditionalVersionWeights: weights } }),
    }),
  );

async function executed(Qualifier: string): Promise<string | undefined> {
  const answer = await bench.client.send(new InvokeCommand({ FunctionName, Qualifier }));
  return answer.ExecutedVersion;
}

describe('an alias', () => {
  it('is made, read, moved and deleted', async () => {
    const made = await create('prod', '1');
    expect(made).toMatchObject({
      AliasArn: `${ARN}:prod`,
      Name: 'prod',
      FunctionVersion: '1',
      Description: '',
    });
    expect(await executed('prod')).toBe('1');
    const moved = await bench.client.send(
      new UpdateAliasCommand({ FunctionName, Name: 'prod', FunctionVersion: '2' }),
    );
    expect(moved.RevisionId).not.toBe(made.RevisionId);
    expect(await executed('prod')).toBe('2');
    await bench.client.send(new DeleteAliasCommand({ FunctionName, Name: 'prod' }));
    await expect(executed('prod')).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: `Function not found: ${ARN}:prod`,
    });
  });

  it('splits what it gets by weight', async () => {
    await create('canary', '1', { '2': 0.25 });
    bench.random = 0.249;
    expect(await executed('canary')).toBe('2');
    bench.random = 0.25;
    expect(await executed('canary')).toBe('1');
  });

  it('is still there after a restart', async () => {
    await create('prod', '2', { '1': 0.5 });
    bench = await bench.restart();
    bench.random = 0.9;
    expect(await executed('prod')).toBe('2');
  });

  it('keeps the versions it points to from being deleted', async () => {
    await create('canary', '1', { '2': 0.25 });
    for (const Qualifier of ['1', '2']) {
      await expect(
        bench.client.send(new DeleteFunctionCommand({ FunctionName, Qualifier })),
      ).rejects.toMatchObject({ name: 'ResourceConflictException' });
    }
  });

  it('is listed by the versions it points to', async () => {
    await create('a', '1');
    await create('b', '2', { '1': 0.1 });
    await create('c', '2');
    const list = async (FunctionVersion?: string) => {
      const answer = await bench.client.send(
        new ListAliasesCommand({ FunctionName, FunctionVersion }),
      );
      return answer.Aliases?.map(({ Name }) => Name);
    };
    expect(await list()).toEqual(['a', 'b', 'c']);
    expect(await list('1')).toEqual(['a', 'b']);
  });

  it.each([
    [
      'two additional versions',
      '1',
      { '2': 0.1, '3': 0.1 },
      'InvalidParameterValueException',
      'Number of items in AdditionalVersionWeights cannot be greater than 1',
    ],
    [
      '$LATEST beside a version',
      '$LATEST',
      { '2': 0.1 },
      'InvalidParameterValueException',
      '$LATEST is not supported for an alias pointing to more than 1 version',
    ],
    [
      'the same version twice',
      '1',
      { '1': 0.1 },
      'InvalidParameterValueException',
      'Invalid function version 1. Function version 1 is already included in routing configuration.',
    ],
    [
      'a version that is not there',
      '7',
      undefined,
      'ResourceNotFoundException',
      `Function not found: ${ARN}:7`,
    ],
  ] as const)('is refused with %s', async (_what, version, weights, name, message) => {
    await expect(create('bad', version, weights)).rejects.toMatchObject({ name, message });
  });

  it('that is not there, or there already, or outdated is told', async () => {
    const missing = { FunctionName, Name: 'none' };
    await expect(bench.client.send(new GetAliasCommand(missing))).rejects.toMatchObject({
      message: `Cannot find alias arn: ${ARN}:none`,
    });
    await expect(bench.client.send(new UpdateAliasCommand(missing))).rejects.toMatchObject({
      message: `Alias not found: ${ARN}:none`,
    });
    await create('prod', '1');
    await expect(create('prod', '2')).rejects.toMatchObject({
      name: 'ResourceConflictException',
      message: `Alias already exists: ${ARN}:prod`,
    });
    const outdated = new UpdateAliasCommand({ FunctionName, Name: 'prod', RevisionId: 'old' });
    await expect(bench.client.send(outdated)).rejects.toMatchObject({
      name: 'PreconditionFailedException',
    });
  });
});
