import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { unservedOperations } from '../../../src/control-api/routes.js';
import { model } from '../../../src/control-api/model.js';
import { ControlBench, fileFunction } from '../../support/control-bench.js';

const FUNCTIONS = '/2015-03-31/functions';
const HELLO_ARN = 'arn:aws:lambda:us-east-1:123456789012:function:hello';

const HELLO_SUMMARY = {
  FunctionName: 'hello',
  FunctionArn: HELLO_ARN,
  Runtime: 'nodejs22.x',
  Role: 'arn:aws:iam::123456789012:role/lambda-role',
  Handler: 'index.handler',
  CodeSize: 12,
  Description: '',
  Timeout: 3,
  MemorySize: 128,
  LastModified: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000$/),
  CodeSha256: expect.stringMatching(/^[A-Za-z0-9+/]{43}=$/),
  Version: '$LATEST',
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

let bench: ControlBench;
let project: string;

beforeEach(async () => {
  bench = new ControlBench();
  project = join(bench.directory, 'project');
  mkdirSync(project);
  writeFileSync(join(project, 'index.mjs'), 'export {};  ');
  await bench.start([fileFunction('hello', project)]);
  await bench.router.deployment('hello')?.ready();
});

afterEach(() => bench.close());

const ask = (path: string, options = {}) => bench.running.ask(path, options);
const add = (...names: string[]) =>
  bench.registry.setFiles(['hello', ...names].map((name) => fileFunction(name, project)));

describe('reading a function from a file', () => {
  it('gives its configuration with every default', async () => {
    const answer = await ask(`${FUNCTIONS}/hello/configuration`);
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(answer.headers['x-amzn-requestid']).toBeDefined();
    expect(answer.json).toEqual(HELLO);
  });

  it('gives its configuration, code and reserved concurrency', async () => {
    const { json } = await ask(`${FUNCTIONS}/hello`);
    expect(json).toEqual({
      Configuration: HELLO,
      Code: { RepositoryType: 'S3', Location: expect.stringMatching(/^http:\/\/127\.0\.0\.1:/) },
    });
    bench.registry.setFiles([fileFunction('few', project, { reservedConcurrency: 0 })]);
    expect((await ask(`${FUNCTIONS}/few`)).json).toMatchObject({
      Concurrency: { ReservedConcurrentExecutions: 0 },
    });
  });

  it('shows what was configured', async () => {
    const parts = {
      environment: { STAGE: 'test' },
      layerPaths: ['/project/layers/common'],
      description: 'Does much.',
      architecture: 'arm64',
    } as const;
    bench.registry.setFiles([fileFunction('full', project, parts)]);
    expect((await ask(`${FUNCTIONS}/full/configuration`)).json).toMatchObject({
      Environment: { Variables: { STAGE: 'test' } },
      Layers: [{ Arn: 'arn:aws:lambda:us-east-1:123456789012:layer:common:1' }],
      Description: 'Does much.',
      Architectures: ['arm64'],
    });
  });

  it('repeats the qualifier in the ARN when one was given', async () => {
    for (const path of [`${FUNCTIONS}/hello:%24LATEST`, `${FUNCTIONS}/hello?Qualifier=$LATEST`]) {
      expect((await ask(path)).json).toMatchObject({
        Configuration: { FunctionArn: `${HELLO_ARN}:$LATEST` },
      });
    }
  });

  it('takes ARNs', async () => {
    const answer = await ask(`${FUNCTIONS}/${encodeURIComponent(HELLO_ARN)}/configuration`);
    expect(answer.json).toEqual(HELLO);
  });

  it('changes the revision with the code', async () => {
    const revision = async (): Promise<unknown> => {
      const { json } = await ask(`${FUNCTIONS}/hello/configuration`);
      return (json as { RevisionId: string }).RevisionId;
    };
    const before = await revision();
    expect(await revision()).toBe(before);
    writeFileSync(join(project, 'index.mjs'), 'export const changed = 1;');
    bench.router.deployment('hello')?.codeChanged();
    await bench.router.deployment('hello')?.ready();
    expect(await revision()).not.toBe(before);
  });

  it('is pending while its first version is being made', async () => {
    add('new');
    const { json } = await ask(`${FUNCTIONS}/new/configuration`);
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
    const answer = await ask(`${FUNCTIONS}/${path}`);
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
    add('aloha');
    const { json } = await ask(FUNCTIONS);
    expect(json).toMatchObject({ Functions: [{ FunctionName: 'aloha' }, HELLO_SUMMARY] });
    expect((json as { Functions: object[] }).Functions[1]).toEqual(HELLO_SUMMARY);
    expect(json).not.toHaveProperty('NextMarker');
    expect((await ask(`${FUNCTIONS}/`)).json).toMatchObject({ Functions: [{}, HELLO_SUMMARY] });
  });

  it('qualifies the ARNs when all versions are asked for', async () => {
    expect((await ask(`${FUNCTIONS}?FunctionVersion=ALL`)).json).toMatchObject({
      Functions: [{ FunctionArn: `${HELLO_ARN}:$LATEST` }],
    });
  });

  it('gives pages of at most 50, each marked for the next', async () => {
    add(...Array.from({ length: 119 }, (_, index) => `many-${index}`));
    const names: string[] = [];
    const sizes: number[] = [];
    let marker: string | undefined = '';
    while (marker !== undefined) {
      const path: string = `${FUNCTIONS}?MaxItems=1000&Marker=${encodeURIComponent(marker)}`;
      const page = (await ask(path)).json as {
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
    add('aloha');
    expect((await ask(`${FUNCTIONS}?MaxItems=1`)).json).toMatchObject({
      Functions: [{ FunctionName: 'aloha' }],
      NextMarker: 'aloha',
    });
  });

  it.each([
    ['0', 'greater than or equal to 1'],
    ['-3', 'greater than or equal to 1'],
    ['10001', 'less than or equal to 10000'],
  ])('refuses MaxItems=%s', async (value, bound) => {
    const answer = await ask(`${FUNCTIONS}?MaxItems=${value}`);
    expect(answer.status).toBe(400);
    expect(answer.headers['x-amzn-errortype']).toBe('ValidationException');
    expect(answer.json).toEqual({
      message: `1 validation error detected: Value '${value}' at 'maxItems' failed to satisfy constraint: Member must have value ${bound}`,
    });
  });

  it('says what a number must be', async () => {
    const answer = await ask(`${FUNCTIONS}?MaxItems=many`);
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ message: 'maxItems must be a whole number.' });
  });
});

describe('the account', () => {
  it('shows its limits and what is used', async () => {
    const few = fileFunction('few', project, { reservedConcurrency: 30 });
    bench.registry.setFiles([fileFunction('hello', project), few]);
    await bench.router.deployment('few')?.ready();
    expect((await ask('/2016-08-19/account-settings')).json).toEqual({
      AccountLimit: {
        TotalCodeSize: 80_530_636_800,
        CodeSizeUnzipped: 262_144_000,
        CodeSizeZipped: 52_428_800,
        ConcurrentExecutions: 1000,
        UnreservedConcurrentExecutions: 970,
      },
      AccountUsage: { TotalCodeSize: 24, FunctionCount: 2 },
    });
  });
});

describe('what is not served', () => {
  it.each([
    ['GET', '/2015-03-31/functions/hello/invocations'],
    ['GET', '/'],
    ['GET', '/2015-03-31/functions/hello/../hello/invocations'],
  ])('answers %s %s with 404', async (method, path) => {
    const answer = await ask(path, { method });
    expect(answer.status).toBe(404);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(answer.headers['x-amzn-errortype']).toBe('UnknownOperationException');
    expect(answer.json).toEqual({
      Type: 'User',
      Message: `${method} ${path} is not an operation of the Lambda API.`,
    });
  });

  it('names each operation of Lambda that is not served', async () => {
    expect(unservedOperations().length).toBeGreaterThan(0);
    for (const name of unservedOperations()) {
      const { method, path } = model().operations[name] ?? { method: '', path: '' };
      const answer = await ask(path.replace(/\{\w+\}/g, 'x'), { method });
      expect(answer.headers['x-amzn-errortype']).toBe('UnsupportedOperationException');
      expect(answer.json).toMatchObject({ message: expect.stringContaining(name) });
    }
  });
});
