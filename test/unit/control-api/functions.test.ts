import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  CreateFunctionCommand,
  DeleteFunctionCommand,
  GetFunctionCommand,
  GetFunctionConfigurationCommand,
  InvokeCommand,
  ListVersionsByFunctionCommand,
  PublishVersionCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionActiveV2,
  waitUntilFunctionUpdatedV2,
} from '@aws-sdk/client-lambda';
import { ACCOUNT_ARN, ControlBench, creation, ROLE } from '../../support/control-bench.js';
import { zipOf } from '../../support/zip-archive.js';

let bench: ControlBench;

beforeEach(async () => {
  bench = await new ControlBench().start();
});

afterEach(() => bench.close());

const waiting = () => ({ client: bench.client, maxWaitTime: 20, minDelay: 0.02, maxDelay: 0.1 });

async function made(name: string): Promise<void> {
  await bench.client.send(new CreateFunctionCommand(creation(name)));
  await waitUntilFunctionActiveV2(waiting(), { FunctionName: name });
}

async function invoked(name: string, qualifier?: string) {
  const { Payload, ExecutedVersion } = await bench.client.send(
    new InvokeCommand({ FunctionName: name, Qualifier: qualifier }),
  );
  const answer = JSON.parse(Buffer.from(Payload ?? []).toString()) as Record<string, unknown>;
  return { ...answer, ExecutedVersion } as Record<string, unknown>;
}

describe('creating a function', () => {
  it('answers Pending with every default, and is Active once it was built', async () => {
    const created = await bench.client.send(new CreateFunctionCommand(creation('orders')));
    expect(created).toMatchObject({
      $metadata: { httpStatusCode: 201 },
      FunctionName: 'orders',
      FunctionArn: `${ACCOUNT_ARN}:function:orders`,
      State: 'Pending',
      StateReason: 'The function is being created.',
      StateReasonCode: 'Creating',
      Timeout: 3,
      MemorySize: 128,
      Role: ROLE,
      Version: '$LATEST',
      PackageType: 'Zip',
      EphemeralStorage: { Size: 512 },
      TracingConfig: { Mode: 'PassThrough' },
      SnapStart: { ApplyOn: 'None', OptimizationStatus: 'Off' },
      LoggingConfig: { LogFormat: 'Text', LogGroup: '/aws/lambda/orders' },
    });
    const zip = creation('orders').Code.ZipFile;
    expect(created.CodeSha256).toBe(createHash('sha256').update(zip).digest('base64'));
    expect(created.CodeSize).toBe(zip.length);
    await waitUntilFunctionActiveV2(waiting(), { FunctionName: 'orders' });
    expect(await invoked('orders')).toMatchObject({ version: '$LATEST' });
  });

  it('cannot be invoked or changed while it is pending', async () => {
    let built: (image: string) => void = () => undefined;
    bench.image = new Promise((resolve) => (built = resolve));
    await bench.client.send(new CreateFunctionCommand(creation('orders')));
    const message =
      'The operation cannot be performed at this time. The function is currently in the following state: Pending';
    await expect(invoked('orders')).rejects.toMatchObject({
      name: 'ResourceConflictException',
      message,
    });
    const update = new UpdateFunctionConfigurationCommand({ FunctionName: 'orders', Timeout: 5 });
    await expect(bench.client.send(update)).rejects.toMatchObject({ message });
    built('image:1');
    await waitUntilFunctionActiveV2(waiting(), { FunctionName: 'orders' });
    expect(await invoked('orders')).toMatchObject({ version: '$LATEST' });
  });

  it('has failed when it cannot be built, with the reason', async () => {
    bench.image = Promise.reject(new Error('no such image'));
    bench.image.catch(() => undefined);
    await bench.client.send(new CreateFunctionCommand(creation('orders')));
    await expect(
      waitUntilFunctionActiveV2(waiting(), { FunctionName: 'orders' }),
    ).rejects.toThrow();
    const got = await bench.client.send(new GetFunctionCommand({ FunctionName: 'orders' }));
    expect(got.Configuration).toMatchObject({
      State: 'Failed',
      StateReason: expect.stringContaining('no such image'),
    });
  });

  it('refuses a name that is taken', async () => {
    await made('orders');
    await expect(
      bench.client.send(new CreateFunctionCommand(creation('orders'))),
    ).rejects.toMatchObject({
      name: 'ResourceConflictException',
      message: 'Function already exist: orders',
    });
  });

  it('gives its code back as it was sent', async () => {
    await made('orders');
    const { Code } = await bench.client.send(new GetFunctionCommand({ FunctionName: 'orders' }));
    const answer = await fetch(Code?.Location ?? '');
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(creation('orders').Code.ZipFile);
    const forged = (Code?.Location ?? '').replace(/.$/, (last) => (last === '0' ? '1' : '0'));
    expect((await fetch(forged)).status).toBe(403);
  });
});

describe('what CreateFunction refuses', () => {
  const base = creation('orders');
  it.each([
    [
      'an unknown runtime',
      { ...base, Runtime: 'cobol85' },
      'InvalidParameterValueException',
      /^Value cobol85 at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: \[nodejs20\.x, .*\] or be a valid ARN$/,
    ],
    [
      'a retired runtime',
      { ...base, Runtime: 'nodejs14.x' },
      'InvalidParameterValueException',
      'The runtime parameter of nodejs14.x is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions.',
    ],
    [
      'a zip that is none',
      { ...base, Code: { ZipFile: Buffer.from('not a zip') } },
      'InvalidParameterValueException',
      'Could not unzip uploaded file. Please check your file, then try to upload again.',
    ],
    [
      'a zip that leads out of its folder',
      { ...base, Code: { ZipFile: zipOf({ '../../evil.js': '' }) } },
      'InvalidParameterValueException',
      'Could not unzip uploaded file. Please check your file, then try to upload again.',
    ],
    [
      'code in a bucket',
      { ...base, Code: { S3Bucket: 'bucket', S3Key: 'key' } },
      'InvalidParameterValueException',
      'Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist.',
    ],
    [
      'an image for a zip package',
      { ...base, Code: { ImageUri: 'x' } },
      'InvalidParameterValueException',
      /ImageUri/,
    ],
    [
      'a name that is too long',
      { ...base, FunctionName: 'x'.repeat(65) },
      'InvalidParameterValueException',
      `1 validation error detected: Value '${'x'.repeat(65)}' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to 64`,
    ],
    [
      'several broken rules at once',
      { ...base, Timeout: 901, MemorySize: 64 },
      'ValidationException',
      "2 validation errors detected: Value '901' at 'timeout' failed to satisfy constraint: Member must have value less than or equal to 900; Value '64' at 'memorySize' failed to satisfy constraint: Member must have value greater than or equal to 128",
    ],
    [
      'reserved variables',
      { ...base, Environment: { Variables: { AWS_REGION: 'x' } } },
      'InvalidParameterValueException',
      /Reserved keys used in this request: AWS_REGION$/,
    ],
    [
      'too many variables',
      { ...base, Environment: { Variables: { BIG: 'x'.repeat(5000) } } },
      'InvalidParameterValueException',
      `Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit. String measured: {"BIG":"${'x'.repeat(5000)}"}`,
    ],
    [
      'SnapStart for Node.js',
      { ...base, SnapStart: { ApplyOn: 'PublishedVersions' } },
      'InvalidParameterValueException',
      'nodejs22.x is not supported for SnapStart enabled functions.',
    ],
    [
      'too many tags',
      { ...base, Tags: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`k${i}`, 'v'])) },
      'InvalidParameterValueException',
      'Number of tags exceeds resource tag limit.',
    ],
  ] as const)('%s', async (_what, input, name, message) => {
    const refused = bench.client.send(new CreateFunctionCommand(input as never));
    await expect(refused).rejects.toMatchObject({
      name,
      message: typeof message === 'string' ? message : expect.stringMatching(message),
    });
    expect(bench.registry.names()).toEqual([]);
  });

  it('a request without what is required, and one that is no JSON', async () => {
    const empty = await bench.running.ask('/2015-03-31/functions', { method: 'POST', body: '{}' });
    expect(empty.headers['x-amzn-errortype']).toBe('ValidationException');
    expect(empty.json).toEqual({
      message:
        "3 validation errors detected: Value null at 'functionName' failed to satisfy constraint: Member must not be null; Value null at 'role' failed to satisfy constraint: Member must not be null; Value null at 'code' failed to satisfy constraint: Member must not be null",
    });
    const broken = await bench.running.ask('/2015-03-31/functions', { method: 'POST', body: '{' });
    expect(broken.status).toBe(400);
    expect(broken.headers['x-amzn-errortype']).toBe('SerializationException');
  });
});

describe('updating a function', () => {
  it('gives new code to the next invocation', async () => {
    await made('orders');
    const before = await invoked('orders');
    const update = { FunctionName: 'orders', ZipFile: zipOf({ 'index.js': 'other' }) };
    const updated = await bench.client.send(new UpdateFunctionCodeCommand(update));
    expect(updated).toMatchObject({ State: 'Active', LastUpdateStatus: 'InProgress' });
    await waitUntilFunctionUpdatedV2(waiting(), { FunctionName: 'orders' });
    expect((await invoked('orders'))['taskDirectory']).not.toBe(before['taskDirectory']);
  });

  it('lays a configuration over the one before', async () => {
    await made('orders');
    await bench.client.send(
      new UpdateFunctionConfigurationCommand({
        FunctionName: 'orders',
        Environment: { Variables: { STAGE: 'test' } },
        MemorySize: 256,
        DeadLetterConfig: { TargetArn: 'arn:aws:sqs:us-east-1:123456789012:dead' },
      }),
    );
    await waitUntilFunctionUpdatedV2(waiting(), { FunctionName: 'orders' });
    expect(await invoked('orders')).toMatchObject({
      environment: { STAGE: 'test' },
      memoryMb: 256,
    });
    const got = await bench.client.send(
      new GetFunctionConfigurationCommand({ FunctionName: 'orders' }),
    );
    expect(got).toMatchObject({
      Timeout: 3,
      MemorySize: 256,
      DeadLetterConfig: { TargetArn: 'arn:aws:sqs:us-east-1:123456789012:dead' },
    });
    expect(bench.registry.eventInvokeConfig('orders')).toEqual({
      deadLetterTargetArn: 'arn:aws:sqs:us-east-1:123456789012:dead',
    });
  });

  it('refuses a second update while one is in progress', async () => {
    await made('orders');
    let built: (image: string) => void = () => undefined;
    bench.image = new Promise((resolve) => (built = resolve));
    const update = new UpdateFunctionConfigurationCommand({ FunctionName: 'orders', Timeout: 9 });
    await bench.client.send(update);
    await expect(bench.client.send(update)).rejects.toMatchObject({
      name: 'ResourceConflictException',
      message: `The operation cannot be performed at this time. An update is in progress for resource: ${ACCOUNT_ARN}:function:orders`,
    });
    built('image:2');
    await waitUntilFunctionUpdatedV2(waiting(), { FunctionName: 'orders' });
  });

  it('refuses an outdated RevisionId', async () => {
    await made('orders');
    const { RevisionId } = await bench.client.send(
      new GetFunctionConfigurationCommand({ FunctionName: 'orders' }),
    );
    const update = { FunctionName: 'orders', Timeout: 9, RevisionId };
    await bench.client.send(new UpdateFunctionConfigurationCommand(update));
    await waitUntilFunctionUpdatedV2(waiting(), { FunctionName: 'orders' });
    await expect(
      bench.client.send(new UpdateFunctionConfigurationCommand(update)),
    ).rejects.toMatchObject({
      name: 'PreconditionFailedException',
      message:
        'The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id',
    });
  });

  it('changes nothing in a dry run', async () => {
    await made('orders');
    const zip = zipOf({ 'index.js': 'other' });
    const dry = await bench.client.send(
      new UpdateFunctionCodeCommand({ FunctionName: 'orders', ZipFile: zip, DryRun: true }),
    );
    expect(dry.CodeSha256).toBe(createHash('sha256').update(zip).digest('base64'));
    const got = await bench.client.send(
      new GetFunctionConfigurationCommand({ FunctionName: 'orders' }),
    );
    expect(got.CodeSha256).not.toBe(dry.CodeSha256);
  });
});

describe('versions', () => {
  it('are numbered, never change, and are invoked by their numbers', async () => {
    await made('orders');
    const first = await bench.client.send(
      new PublishVersionCommand({ FunctionName: 'orders', Description: 'one' }),
    );
    expect(first).toMatchObject({
      Version: '1',
      Description: 'one',
      FunctionArn: `${ACCOUNT_ARN}:function:orders:1`,
      State: 'Active',
    });
    const again = await bench.client.send(new PublishVersionCommand({ FunctionName: 'orders' }));
    expect(again.Version).toBe('1');
    await bench.client.send(
      new UpdateFunctionCodeCommand({
        FunctionName: 'orders',
        ZipFile: zipOf({ 'index.js': 'two' }),
      }),
    );
    await waitUntilFunctionUpdatedV2(waiting(), { FunctionName: 'orders' });
    const second = await bench.client.send(new PublishVersionCommand({ FunctionName: 'orders' }));
    expect(second.Version).toBe('2');
    const one = await invoked('orders', '1');
    expect(one).toMatchObject({
      version: '1',
      ExecutedVersion: '1',
      invokedFunctionArn: `${ACCOUNT_ARN}:function:orders:1`,
    });
    expect(one['taskDirectory']).not.toBe((await invoked('orders'))['taskDirectory']);
    const { Versions } = await bench.client.send(
      new ListVersionsByFunctionCommand({ FunctionName: 'orders' }),
    );
    expect(Versions?.map(({ Version }) => Version)).toEqual(['$LATEST', '1', '2']);
  });

  it('are not published from other code than the caller means', async () => {
    await made('orders');
    await expect(
      bench.client.send(new PublishVersionCommand({ FunctionName: 'orders', CodeSha256: 'x' })),
    ).rejects.toMatchObject({
      name: 'InvalidParameterValueException',
      message: expect.stringMatching(
        /^CodeSHA256 \(x\) is different from current CodeSHA256 in \$LATEST \(.{44}\)\. Please try again with the CodeSHA256 in \$LATEST\.$/,
      ),
    });
  });

  it('go one by one, $LATEST with the function', async () => {
    await made('orders');
    await bench.client.send(new PublishVersionCommand({ FunctionName: 'orders' }));
    const gone = (Qualifier?: string) =>
      bench.client.send(new DeleteFunctionCommand({ FunctionName: 'orders', Qualifier }));
    await expect(gone('$LATEST')).rejects.toMatchObject({
      message: '$LATEST version cannot be deleted without deleting the function.',
    });
    expect((await gone('1')).$metadata.httpStatusCode).toBe(204);
    await expect(invoked('orders', '1')).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: `Function not found: ${ACCOUNT_ARN}:function:orders:1`,
    });
    await gone();
    await expect(invoked('orders')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});

describe('after a restart', () => {
  it('everything is there again', async () => {
    await made('orders');
    await bench.client.send(new PublishVersionCommand({ FunctionName: 'orders' }));
    const before = await bench.client.send(
      new GetFunctionConfigurationCommand({ FunctionName: 'orders' }),
    );
    bench = await bench.restart();
    expect(await invoked('orders', '1')).toMatchObject({ version: '1' });
    expect(await invoked('orders')).toMatchObject({ version: '$LATEST' });
    const after = await bench.client.send(
      new GetFunctionConfigurationCommand({ FunctionName: 'orders' }),
    );
    const { $metadata: _before, ...was } = before;
    const { $metadata: _after, ...is } = after;
    expect(is).toEqual(was);
  });
});
