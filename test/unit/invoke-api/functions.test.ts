import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RunningInvokeApi } from '../../support/running-invoke-api.js';

const FUNCTIONS = '/2015-03-31/functions';
const HELLO_ARN = 'arn:aws:lambda:us-east-1:123456789012:function:hello';

const HELLO_SUMMARY = {
  FunctionName: 'hello',
  FunctionArn: HELLO_ARN,
  Runtime: 'nodejs22.x',
  Role: 'arn:aws:iam::123456789012:role/lambda-role',
  Handler: 'index.handler',
  CodeSize: 1234,
  Description: '',
  Timeout: 3,
  MemorySize: 128,
  LastModified: '2026-01-05T10:00:00.000+0000',
  CodeSha256: '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=',
  Version: '$LATEST',
  Environment: { Variables: {} },
  TracingConfig: { Mode: 'PassThrough' },
  RevisionId: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
  PackageType: 'Zip',
  Architectures: ['x86_64'],
  EphemeralStorage: { Size: 512 },
  SnapStart: { ApplyOn: 'None', OptimizationStatus: 'Off' },
  LoggingConfig: { LogFormat: 'Text', LogGroup: '/aws/lambda/hello' },
};
const HELLO = {
  ...HELLO_SUMMARY,
  State: 'Active',
  LastUpdateStatus: 'Successful',
  RuntimeVersionConfig: {
    RuntimeVersionArn: expect.stringMatching(/^arn:aws:lambda:us-east-1::runtime:[0-9a-f]{64}$/),
  },
};

let api: RunningInvokeApi;

beforeEach(async () => {
  api = await new RunningInvokeApi({ concurrency: 100 }).start();
  api.router.add({ name: 'hello' });
});

afterEach(() => api.api.destroy());

describe('reading one function', () => {
  it('gives its configuration with every default', async () => {
    const answer = await api.ask(`${FUNCTIONS}/hello/configuration`);
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(answer.headers['x-amzn-requestid']).toBeDefined();
    expect(answer.json).toEqual(HELLO);
  });

  it('gives its configuration, code and reserved concurrency', async () => {
    const plain = await api.ask(`${FUNCTIONS}/hello`);
    expect(plain.json).toEqual({
      Configuration: HELLO,
      Code: { RepositoryType: 'S3', Location: 'file:///project/hello' },
    });
    api.router.add({ name: 'few', reservedConcurrency: 0 });
    expect((await api.ask(`${FUNCTIONS}/few`)).json).toMatchObject({
      Concurrency: { ReservedConcurrentExecutions: 0 },
    });
  });

  it('shows what was configured', async () => {
    api.router.add({
      name: 'full',
      environment: { STAGE: 'test' },
      layerPaths: ['/project/layers/common'],
      description: 'Does much.',
      architecture: 'arm64',
    });
    expect((await api.ask(`${FUNCTIONS}/full/configuration`)).json).toMatchObject({
      Environment: { Variables: { STAGE: 'test' } },
      Layers: [{ Arn: 'arn:aws:lambda:us-east-1:123456789012:layer:common:1' }],
      Description: 'Does much.',
      Architectures: ['arm64'],
    });
  });

  it('repeats the qualifier in the ARN when one was given', async () => {
    for (const path of [`${FUNCTIONS}/hello:%24LATEST`, `${FUNCTIONS}/hello?Qualifier=$LATEST`]) {
      expect((await api.ask(path)).json).toMatchObject({
        Configuration: { FunctionArn: `${HELLO_ARN}:$LATEST` },
      });
    }
  });

  it('takes ARNs', async () => {
    const answer = await api.ask(`${FUNCTIONS}/${encodeURIComponent(HELLO_ARN)}/configuration`);
    expect(answer.json).toEqual(HELLO);
  });

  it('changes the revision with the function', async () => {
    const revision = async (): Promise<unknown> => {
      const { json } = await api.ask(`${FUNCTIONS}/hello/configuration`);
      return (json as { RevisionId: string }).RevisionId;
    };
    const before = await revision();
    expect(await revision()).toBe(before);
    api.router.add({ name: 'hello', key: 'changed' });
    expect(await revision()).not.toBe(before);
  });

  it('is pending while its first version is being made', async () => {
    api.router.add({ name: 'new', key: '' });
    const { json } = await api.ask(`${FUNCTIONS}/new/configuration`);
    expect(json).toMatchObject({
      State: 'Pending',
      StateReason: 'The function is being created.',
      StateReasonCode: 'Creating',
    });
    expect(json).not.toHaveProperty('LastUpdateStatus');
  });

  it.each([
    ['helo', 'helo'],
    ['hello:1', 'hello:1'],
    ['hello?Qualifier=prod', 'hello:prod'],
  ])('answers 404 for %s', async (path, named) => {
    const answer = await api.ask(`${FUNCTIONS}/${path}`);
    expect(answer.status).toBe(404);
    expect(answer.headers['x-amzn-errortype']).toBe('ResourceNotFoundException');
    expect(answer.json).toEqual({
      Type: 'User',
      Message: `Function not found: arn:aws:lambda:us-east-1:123456789012:function:${named}`,
    });
  });
});

describe('listing functions', () => {
  it('gives them by name, without their state', async () => {
    api.router.add({ name: 'aloha' });
    const { json } = await api.ask(FUNCTIONS);
    expect(json).toMatchObject({ Functions: [{ FunctionName: 'aloha' }, HELLO_SUMMARY] });
    expect((json as { Functions: object[] }).Functions[1]).toEqual(HELLO_SUMMARY);
    expect(json).not.toHaveProperty('NextMarker');
    expect((await api.ask(`${FUNCTIONS}/`)).json).toEqual(json);
  });

  it('qualifies the ARNs when all versions are asked for', async () => {
    expect((await api.ask(`${FUNCTIONS}?FunctionVersion=ALL`)).json).toMatchObject({
      Functions: [{ FunctionArn: `${HELLO_ARN}:$LATEST` }],
    });
  });

  it('gives pages of at most 50, each marked for the next', async () => {
    for (let index = 0; index < 119; index += 1) api.router.add({ name: `many-${index}` });
    const names: string[] = [];
    const sizes: number[] = [];
    let marker: string | undefined = '';
    while (marker !== undefined) {
      const path: string = `${FUNCTIONS}?MaxItems=1000&Marker=${encodeURIComponent(marker)}`;
      const page = (await api.ask(path)).json as {
        Functions: { FunctionName: string }[];
        NextMarker?: string;
      };
      sizes.push(page.Functions.length);
      names.push(...page.Functions.map(({ FunctionName }) => FunctionName));
      marker = page.NextMarker;
    }
    expect(sizes).toEqual([50, 50, 20]);
    expect(new Set(names).size).toBe(120);
    expect(names).toEqual([...names].sort());
  });

  it('gives as few as are asked for', async () => {
    api.router.add({ name: 'aloha' });
    expect((await api.ask(`${FUNCTIONS}?MaxItems=1`)).json).toMatchObject({
      Functions: [{ FunctionName: 'aloha' }],
      NextMarker: 'aloha',
    });
  });

  it.each([
    ['0', 'greater than or equal to 1'],
    ['-3', 'greater than or equal to 1'],
    ['many', 'greater than or equal to 1'],
    ['10001', 'less than or equal to 10000'],
  ])('refuses MaxItems=%s', async (value, bound) => {
    const answer = await api.ask(`${FUNCTIONS}?MaxItems=${value}`);
    expect(answer.status).toBe(400);
    expect(answer.headers['x-amzn-errortype']).toBe('ValidationException');
    expect(answer.json).toEqual({
      message: `1 validation error detected: Value '${value}' at 'maxItems' failed to satisfy constraint: Member must have value ${bound}`,
    });
  });
});

describe('the account', () => {
  it('shows its limits and what is used', async () => {
    api.router.add({ name: 'few', reservedConcurrency: 30 });
    expect((await api.ask('/2016-08-19/account-settings')).json).toEqual({
      AccountLimit: {
        TotalCodeSize: 80_530_636_800,
        CodeSizeUnzipped: 262_144_000,
        CodeSizeZipped: 52_428_800,
        ConcurrentExecutions: 100,
        UnreservedConcurrentExecutions: 70,
      },
      AccountUsage: { TotalCodeSize: 2468, FunctionCount: 2 },
    });
  });
});

describe('what is not served', () => {
  it.each([
    ['POST', '/2015-03-31/functions'],
    ['DELETE', '/2015-03-31/functions/hello'],
    ['GET', '/2015-03-31/functions/hello/invocations'],
    ['PUT', '/2015-03-31/functions/hello/code'],
    ['GET', '/2021-11-15/functions/hello/response-streaming-invocations'],
    ['GET', '/'],
    ['GET', '/2015-03-31/functions/hello/../hello/invocations'],
  ])('answers %s %s with 404, naming what is', async (method, path) => {
    const answer = await api.ask(path, { method });
    expect(answer.status).toBe(404);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(answer.headers['x-amzn-errortype']).toBe('UnknownOperationException');
    expect(answer.json).toEqual({
      Type: 'User',
      Message: `${method} ${path} is not an operation served here. Served: Invoke, InvokeWithResponseStream, InvokeAsync, ListFunctions, GetFunction, GetFunctionConfiguration, GetAccountSettings.`,
    });
  });
});
