import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Config, Flags, Problem } from '../../../src/config/config.js';
import { loadConfig } from '../../../src/config/load.js';
import { OrchestratorError } from '../../../src/errors.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'orchestrator-config-'));
  await put('code/index.mjs', '');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function put(file: string, text: string): Promise<void> {
  await mkdir(dirname(join(directory, file)), { recursive: true });
  await writeFile(join(directory, file), text);
}

async function load(file: string, text: string, flags: Flags = {}): Promise<Config> {
  await put(file, text);
  return loadConfig({ directory, flags, environment: {} });
}

async function problems(file: string, text: string, flags: Flags = {}): Promise<Problem[]> {
  try {
    await load(file, text, flags);
  } catch (error) {
    if (!(error instanceof OrchestratorError)) throw error;
    expect(error.code).toBe('config-invalid');
    const list = error.details['problems'] as Problem[];
    for (const problem of list) expect(error.message).toContain(problem.path);
    return list;
  }
  throw new Error('the file was accepted');
}

describe('orchestrator.yaml', () => {
  it('needs four lines', async () => {
    const config = await load(
      'orchestrator.yaml',
      'functions:\n  hello:\n    runtime: nodejs22.x\n    handler: index.handler\n',
    );
    expect(config.functions).toEqual([
      expect.objectContaining({
        name: 'hello',
        runtime: 'nodejs22.x',
        codePath: directory,
        memoryMb: 128,
        timeoutSeconds: 3,
        ephemeralStorageMb: 512,
        environment: {},
      }),
    ]);
    expect(config.settings).toMatchObject({ port: 3001, host: '127.0.0.1', spares: 1 });
  });

  it('takes another rate for streamed responses, within what Lambda has', async () => {
    const text = (rate: number) =>
      `streamingBytesPerSecond: ${rate}\nfunctions: {a: {runtime: python3.13, handler: app.h, code: code}}\n`;
    const { settings } = await load('orchestrator.yaml', text(65_536));
    expect(settings.streamingBytesPerSecond).toBe(65_536);
    await expect(load('orchestrator.yaml', text(1))).rejects.toMatchObject({
      details: { problems: [{ path: 'streamingBytesPerSecond', value: 1 }] },
    });
  });

  it('takes settings, which flags override', async () => {
    const text =
      'port: 4000\nspares: 3\nfunctions: {a: {runtime: python3.13, handler: app.h, code: code}}\n';
    expect((await load('orchestrator.yaml', text)).settings).toMatchObject({
      port: 4000,
      spares: 3,
    });
    expect((await load('orchestrator.yaml', text, { port: 5000 })).settings.port).toBe(5000);
  });

  it('reports every problem at once, with value, expectation and remedy', async () => {
    const list = await problems(
      'orchestrator.yaml',
      `
prot: 1
functions:
  a:
    runtime: nodejs22
    handler: index handler
    memory: 64
    timeoutt: 5
    code: missing
    environment: { AWS_REGION: x, 1bad: y }
  b b:
    runtime: nodejs22.x
`,
    );
    const paths = list.map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining([
        'prot',
        'functions.a.handler',
        'functions.a.memory',
        'functions.a.timeoutt',
        'functions.b b',
        'functions.b b.handler',
      ]),
    );
    const by = (path: string): Problem | undefined => list.find((problem) => problem.path === path);
    expect(by('prot')?.remedy).toBe("Did you mean 'port'?");
    expect(by('functions.a.timeoutt')?.remedy).toBe("Did you mean 'timeout'?");
    expect(by('functions.a.memory')).toMatchObject({
      value: 64,
      expected: 'a whole number from 128 to 10240 (MB)',
    });
    for (const problem of list) expect(problem.remedy).not.toBe('');
  });

  it('needs a handler only where the runtime is not the function’s own', async () => {
    const text = 'functions: {a: {runtime: provided.al2023, code: code}}';
    expect((await load('orchestrator.yaml', text)).functions[0]).toMatchObject({
      runtime: 'provided.al2023',
      handler: 'bootstrap',
    });
    const named = 'functions: {a: {runtime: provided.al2, handler: any/thing, code: code}}';
    expect((await load('orchestrator.yaml', named)).functions[0]?.handler).toBe('any/thing');
    const managed = 'functions: {a: {runtime: nodejs22.x, code: code}, b: {code: code}}';
    expect((await problems('orchestrator.yaml', managed)).map(({ path }) => path)).toEqual([
      'functions.a.handler',
      'functions.b.runtime',
      'functions.b.handler',
    ]);
  });

  it('names the nearest runtime, reserved variables and missing code', async () => {
    const list = await problems(
      'orchestrator.yaml',
      'functions: {a: {runtime: nodejs22, handler: i.h, code: code, environment: {AWS_REGION: x, B1: y}}, c: {runtime: python3.13, handler: a.b, code: gone}}',
    );
    expect(list).toEqual([
      expect.objectContaining({
        path: 'functions.a.runtime',
        value: 'nodejs22',
        remedy: "Did you mean 'nodejs22.x'?",
      }),
      expect.objectContaining({ path: 'functions.a.environment.AWS_REGION' }),
      expect.objectContaining({ path: 'functions.c.code', value: 'gone' }),
    ]);
  });

  it('takes how a function logs, and refuses levels without JSON', async () => {
    const file = (logging: string): string =>
      `functions:\n  a: { runtime: nodejs22.x, handler: index.handler, code: code, logging: ${logging} }\n`;
    const { functions } = await load(
      'orchestrator.yaml',
      file('{ format: JSON, applicationLevel: WARN, group: /my/group }'),
    );
    expect(functions[0]?.logging).toEqual({
      format: 'JSON',
      applicationLevel: 'WARN',
      group: '/my/group',
    });
    expect(await problems('orchestrator.yaml', file('{ systemLevel: DEBUG }'))).toEqual([
      expect.objectContaining({ path: 'functions.a.logging.systemLevel', value: 'DEBUG' }),
    ]);
    const [wrong, unknown] = await problems('orchestrator.yaml', file('{ format: XML, level: 1 }'));
    expect(wrong).toMatchObject({ path: 'functions.a.logging.format', value: 'XML' });
    expect(unknown).toMatchObject({
      path: 'functions.a.logging.level',
      expected: 'one of format, applicationLevel, systemLevel, group',
    });
  });

  it('takes SnapStart for what can have it, and says what cannot and why', async () => {
    const file = (runtime: string, more = ''): string =>
      `functions:\n  a: { runtime: ${runtime}, handler: i.h, code: code, snapStart: PublishedVersions${more} }\n`;
    const { functions } = await load('orchestrator.yaml', file('python3.13'));
    expect(functions[0]?.snapStart).toBe('PublishedVersions');
    expect(await problems('orchestrator.yaml', file('nodejs22.x'))).toEqual([
      expect.objectContaining({
        path: 'functions.a.snapStart',
        value: 'PublishedVersions',
        expected: expect.stringContaining('None for nodejs22.x'),
      }),
    ]);
    const large = file('python3.13', ', ephemeralStorage: 1024');
    expect((await problems('orchestrator.yaml', large))[0]?.expected).toContain('above 512 MB');
    expect(
      await problems('orchestrator.yaml', file('python3.13').replace('PublishedVersions', 'All')),
    ).toEqual([expect.objectContaining({ expected: 'PublishedVersions or None', value: 'All' })]);
  });

  it('takes the limits of concurrency from flags before the file, and has Lambda’s by default', async () => {
    const text = 'functions: {a: {runtime: nodejs22.x, handler: i.h, code: code}}';
    const limits = async (file: string, flags: Flags = {}) => {
      const { settings } = await load('orchestrator.yaml', file, flags);
      const { concurrency, unreservedMinimum, requestRate, scalingRate } = settings;
      return [concurrency, unreservedMinimum, requestRate, scalingRate];
    };
    expect(await limits(text)).toEqual([1000, 100, 10, 1000]);
    expect(await limits(`concurrency: 20\nrequestRate: 5\n${text}`)).toEqual([20, 2, 5, 1000]);
    expect(
      await limits(`unreservedMinimum: 7\n${text}`, { requestRate: 'unlimited', scalingRate: 4 }),
    ).toEqual([1000, 7, 'unlimited', 4]);
    const [wrong] = await problems('orchestrator.yaml', text, { requestRate: Number('fast') });
    expect(wrong).toMatchObject({
      path: '--request-rate',
      expected: expect.stringContaining('or unlimited'),
    });
  });

  it('tells when functions reserve more than the account lets them', async () => {
    const file =
      'concurrency: 20\nfunctions: {a: {runtime: nodejs22.x, handler: i.h, code: code, reservedConcurrency: 19}}';
    const { notices } = await load('orchestrator.yaml', file);
    expect(notices).toEqual([
      expect.objectContaining({
        path: 'concurrency',
        reason: expect.stringContaining('reserve 19'),
      }),
    ]);
    expect((await load('orchestrator.yaml', file.replace('19', '18'))).notices).toEqual([]);
  });

  it('gives the line of a syntax error', async () => {
    const list = await problems('orchestrator.yaml', 'functions:\n  a: {\n');
    expect(list[0]?.path).toMatch(/^line \d+$/);
  });

  it('refuses an address beyond loopback without a token', async () => {
    const text = 'functions: {a: {runtime: nodejs22.x, handler: i.h, code: code}}';
    const list = await problems('orchestrator.yaml', text, { host: '0.0.0.0' });
    expect(list).toEqual([expect.objectContaining({ path: '--host', value: '0.0.0.0' })]);
    const config = await load('orchestrator.yaml', text, { host: '0.0.0.0', authToken: 't' });
    expect(config.settings.authToken).toBe('t');
  });

  it('says what to name when a folder holds no project', async () => {
    await expect(loadConfig({ directory, flags: {}, environment: {} })).rejects.toMatchObject({
      code: 'config-not-found',
      remedy: expect.stringMatching(/template\.yaml.*functions: \{\}/),
    });
  });
});

const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: { Type: String, Default: dev }
  Names: { Type: CommaDelimitedList, Default: 'a,b' }
Mappings:
  Sizes: { dev: { memory: 256 }, prod: { memory: 1024 } }
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
Globals:
  Function:
    Runtime: nodejs22.x
    Timeout: 7
    Environment: { Variables: { STAGE: !Ref Stage, SHARED: global } }
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: code/
      Handler: index.handler
      MemorySize: !FindInMap [Sizes, !Ref Stage, memory]
      Timeout: !If [IsProd, 30, 5]
      EphemeralStorage: { Size: 1024 }
      Layers: [!Ref Tools]
      Events: { Skill: { Type: AlexaSkill } }
      Environment:
        Variables:
          SHARED: own
          NAME: !Sub 'hello-\${Stage}-\${AWS::Region}-\${!Literal}'
          ARN: !GetAtt Plain.Arn
          OTHER: !Ref Plain
          JOINED: !Join ['-', !Ref Names]
          SECOND: !Select [1, !Ref Names]
          UNKNOWN: !ImportValue elsewhere
  Plain:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: plain-one
      Code: ./code
      Handler: index.handler
      Runtime: python3.13
      Role: arn:aws:iam::123456789012:role/x
  Tools:
    Type: AWS::Serverless::LayerVersion
    Properties: { ContentUri: layer }
  Table: { Type: AWS::Timestream::Table }
`;

describe('templates', () => {
  beforeEach(() => put('layer/nodejs/x.js', ''));

  it('map to functions with their intrinsics evaluated and Globals laid under', async () => {
    const { functions } = await load('template.yaml', TEMPLATE);
    expect(functions).toEqual([
      expect.objectContaining({
        name: 'Hello',
        runtime: 'nodejs22.x',
        memoryMb: 256,
        timeoutSeconds: 5,
        ephemeralStorageMb: 1024,
        codePath: join(directory, 'code'),
        layerPaths: [join(directory, 'layer')],
        environment: {
          STAGE: 'dev',
          SHARED: 'own',
          NAME: 'hello-dev-us-east-1-${Literal}',
          ARN: 'arn:aws:lambda:us-east-1:123456789012:function:plain-one',
          OTHER: 'plain-one',
          JOINED: 'a-b',
          SECOND: 'b',
          UNKNOWN: '',
        },
      }),
      expect.objectContaining({ name: 'plain-one', logicalId: 'Plain', timeoutSeconds: 3 }),
    ]);
  });

  it('say how functions log, Globals included, and are told of slips in their own words', async () => {
    const file = (logging: string): string => `
Globals: { Function: { LoggingConfig: { LogFormat: JSON, SystemLogLevel: WARN } } }
Resources:
  Group: { Type: AWS::Logs::LogGroup }
  A:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: nodejs22.x
      Handler: index.handler
      CodeUri: code
      LoggingConfig: ${logging}
`;
    const { functions } = await load('template.yaml', file('{ ApplicationLogLevel: DEBUG }'));
    expect(functions[0]?.logging).toEqual({
      format: 'JSON',
      applicationLevel: 'DEBUG',
      systemLevel: 'WARN',
    });
    const [wrong, unknown] = await problems('template.yaml', file('{ LogFormat: XML, Level: 1 }'));
    expect(wrong).toMatchObject({
      path: 'Resources.A.Properties.LoggingConfig.LogFormat',
      value: 'XML',
    });
    expect(unknown).toMatchObject({
      path: 'Resources.A.Properties.LoggingConfig.Level',
      expected: 'one of LogFormat, ApplicationLogLevel, SystemLogLevel, LogGroup',
    });
  });

  it('say which functions have SnapStart', async () => {
    const file = (runtime: string): string => `
Globals: { Function: { SnapStart: { ApplyOn: PublishedVersions } } }
Resources:
  A:
    Type: AWS::Serverless::Function
    Properties: { Runtime: ${runtime}, Handler: i.h, CodeUri: code }
`;
    const { functions, notices } = await load('template.yaml', file('python3.13'));
    expect([functions[0]?.snapStart, notices]).toEqual(['PublishedVersions', []]);
    expect(await problems('template.yaml', file('nodejs24.x'))).toEqual([
      expect.objectContaining({ path: 'Resources.A.Properties.SnapStart.ApplyOn' }),
    ]);
  });

  it('take parameters from flags and refuse those they do not have', async () => {
    const { functions } = await load('template.yaml', TEMPLATE, { parameters: { Stage: 'prod' } });
    expect(functions[0]).toMatchObject({ memoryMb: 1024, timeoutSeconds: 30 });
    const list = await problems('template.yaml', TEMPLATE, { parameters: { Stagee: 'x' } });
    expect(list).toEqual([expect.objectContaining({ remedy: "Did you mean 'Stage'?" })]);
  });

  it('list what has no effect, and --strict refuses it', async () => {
    const { notices } = await load('template.yaml', TEMPLATE);
    expect(notices.map(({ path }) => path)).toEqual(
      expect.arrayContaining([
        'Resources.Table',
        'Resources.Hello.Properties.Events.Skill',
        'Resources.Plain.Properties.Role',
      ]),
    );
    for (const { reason } of notices) expect(reason).not.toBe('');
    const list = await problems('template.yaml', TEMPLATE, { strict: true });
    expect(list).toHaveLength(notices.length);
  });

  it('keep inline code as a file', async () => {
    const { functions } = await load(
      'template.yaml',
      'Resources: {F: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.13, Handler: index.h, Code: {ZipFile: "def h(e, c): return 1"}}}}',
    );
    expect(functions[0]?.codePath).toContain(join('.orchestrator', 'inline'));
  });

  it('name S3 code as what it cannot be here', async () => {
    const list = await problems(
      'template.yaml',
      `Resources:
  A: {Type: AWS::Serverless::Function, Properties: {Runtime: nodejs22.x, Handler: i.h, CodeUri: 's3://bucket/key'}}
`,
    );
    expect(list).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          path: 'Resources.A.Properties.CodeUri',
          value: 's3://bucket/key',
        }),
      ]),
    );
  });

  it('take values of declared variables from an --env-vars file', async () => {
    await put(
      'vars.json',
      '{"Hello": {"STAGE": "file"}, "Parameters": {"SHARED": "all", "NOT": "declared"}}',
    );
    const { functions } = await load('template.yaml', TEMPLATE, { envVars: 'vars.json' });
    expect(functions[0]?.environment).toMatchObject({ STAGE: 'file', SHARED: 'all' });
    expect(functions[0]?.environment).not.toHaveProperty('NOT');
  });
});
