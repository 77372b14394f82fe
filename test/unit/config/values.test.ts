/** Values from beside a template: parameters, SAM's configuration file, variables. */

import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { overrides } from '../../../src/config/sam-config.js';
import { Problems } from '../../../src/config/problems.js';
import { ConfigFolder } from '../../support/config-folder.js';

let folder: ConfigFolder;
beforeEach(async () => {
  folder = await ConfigFolder.make();
  await folder.put('code/index.mjs', '');
  await folder.put('template.yaml', TEMPLATE);
});
afterEach(() => folder.remove());

const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: { Type: String, Default: dev, AllowedValues: [dev, test, prod] }
  Memory: { Type: Number, Default: 128 }
  Names: { Type: CommaDelimitedList, Default: none }
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: nodejs22.x
      Handler: a.b
      CodeUri: code
      MemorySize: !Ref Memory
      Environment: { Variables: { STAGE: !Ref Stage, NAMES: !Join [+, !Ref Names], OWN: template } }
`;

const loaded = async (flags = {}) => {
  const { functions, settings, notices, files } = await folder.load(flags);
  const [{ memoryMb, environment } = {}] = functions;
  return { memoryMb, environment, settings, notices, files };
};

describe('parameter files', () => {
  it.each([
    [
      'CloudFormation’s list',
      '[{"ParameterKey": "Stage", "ParameterValue": "test"}, {"ParameterKey": "Memory", "ParameterValue": "256"}]',
    ],
    ['a map', '{"Stage": "test", "Memory": 256}'],
    ['CodePipeline’s', '{"Parameters": {"Stage": "test", "Memory": "256"}, "Tags": {}}'],
    ['a list of Name=value', '["Stage=test", "Memory=256"]'],
    ['YAML', 'Stage: test\nMemory: 256\n'],
  ])('may be %s', async (_, content) => {
    await folder.put('values.file', content);
    const file = join(folder.path, 'values.file');
    const { memoryMb, environment, files } = await loaded({ parameterFiles: [file] });
    expect([memoryMb, environment?.['STAGE']]).toEqual([256, 'test']);
    expect(files).toContain(file);
  });

  it('come after each other, flags after all, and lists are joined', async () => {
    await folder.put('one.json', '{"Stage": "test", "Memory": 200, "Names": ["a", "b"]}');
    await folder.put('two.json', '{"Memory": 300}');
    const { memoryMb, environment } = await loaded({
      parameterFiles: ['one.json', 'two.json'].map((name) => join(folder.path, name)),
      parameters: { Stage: 'prod' },
    });
    expect([memoryMb, environment]).toEqual([
      300,
      { STAGE: 'prod', NAMES: 'a+b', OWN: 'template' },
    ]);
  });

  it('are told with what is wrong in them', async () => {
    const names = ['gone', 'text', 'odd', 'unknown'];
    await folder.put('text', 'just text');
    await folder.put('odd', '{"Stage": {"a": 1}, "Memory": null}');
    await folder.put('unknown', '{"Stagee": "x", "Stage": "production"}');
    const parameterFiles = names.map((name) => join(folder.path, name));
    const found = (await folder.problems({ parameterFiles })).map(({ path }) =>
      path.replace(folder.path, ''),
    );
    expect(found).toEqual([
      '--parameter-file /gone',
      '--parameter-file /text',
      '--parameter-file /odd, Stage',
      '--parameter-file /odd, Memory',
      '--parameter-file /unknown, Stagee',
      '--parameter-file /unknown, Stage',
    ]);
  });
});

describe('SAM’s configuration file', () => {
  const SAM = `
version = 0.1
[default.global.parameters]
stack_name = "shop"
region = "eu-west-1"
[default.deploy.parameters]
capabilities = "CAPABILITY_IAM"
parameter_overrides = "Stage=test Memory=\\"192\\" Elsewhere=x"
[default.local_start_api.parameters]
port = 3456
warm_containers = "EAGER"
env_vars = "vars.json"
[default.local_start_lambda.parameters]
port = 4567
parameter_overrides = ["Names='a b,c'"]
[prod.deploy.parameters]
parameter_overrides = "ParameterKey=Stage,ParameterValue=prod"
`;

  it('gives parameters, region, ports and variables, flags before it', async () => {
    await folder.put('samconfig.toml', SAM);
    await folder.put('vars.json', '{"F": {"OWN": "file"}}');
    const first = await loaded();
    expect(first.memoryMb).toBe(192);
    expect(first.environment).toEqual({ STAGE: 'test', NAMES: 'a b+c', OWN: 'file' });
    expect(first.settings).toMatchObject({ region: 'eu-west-1', port: 4567, httpPort: 3456 });
    expect(first.notices.map(({ path }) => path)).toEqual([
      'samconfig.toml default.local_start_api.parameters.warm_containers',
    ]);
    expect(first.files).toEqual(
      expect.arrayContaining(
        ['samconfig.toml', 'vars.json', '.env'].map((one) => join(folder.path, one)),
      ),
    );
    const flags = {
      region: 'us-west-2',
      port: 1,
      parameters: { Stage: 'dev' },
      configEnvironment: 'default',
    };
    const second = await loaded(flags);
    expect(second.settings).toMatchObject({ region: 'us-west-2', port: 1 });
    expect(second.environment).toMatchObject({ STAGE: 'dev' });
    const third = await loaded({ configEnvironment: 'prod' });
    expect(third.environment).toMatchObject({ STAGE: 'prod' });
  });

  it('says where the template is, and may lie elsewhere and be YAML', async () => {
    await folder.put('infra/app.yaml', TEMPLATE.replace('CodeUri: code', 'CodeUri: ../code'));
    await folder.put(
      'other.yaml',
      'default: { global: { parameters: { template_file: infra/app.yaml, parameter_overrides: { Stage: prod } } } }',
    );
    const config = await folder.load({ configFile: join(folder.path, 'other.yaml') });
    expect(config.source).toBe(join(folder.path, 'infra/app.yaml'));
    expect(config.projectDirectory).toBe(folder.path);
    expect(config.functions[0]?.environment).toMatchObject({ STAGE: 'prod' });
  });

  it('is of no concern to an orchestrator.yaml', async () => {
    await folder.put('orchestrator.yaml', 'functions: {}');
    await folder.put('samconfig.toml', 'broken = ');
    expect((await folder.load()).functions).toEqual([]);
  });

  it.each([
    ['broken = \n', {}, /samconfig\.toml, line 1$/],
    ['[default.global.parameters]\nregion = "nowhere"', {}, /^samconfig\.toml\.region$/],
    ['[default.deploy.parameters]\nparameter_overrides = "Stage"', {}, /parameter_overrides$/],
    ['[prod.global.parameters]\n', { configEnvironment: 'prd' }, /^--config-env prd$/],
    ['', { configFile: '/gone.toml' }, /gone\.toml$/],
  ])('is refused when it says %j', async (text, flags, path) => {
    await folder.put('samconfig.toml', text);
    expect(await folder.problems(flags)).toEqual([
      expect.objectContaining({ path: expect.stringMatching(path) }),
    ]);
  });

  it.each([
    ["A=1 B=\"two words\" C='it\\'s'", { A: '1', B: 'two words', C: "it's" }],
    ['ParameterKey=A,ParameterValue=x ParameterKey=B,ParameterValue="y z"', { A: 'x', B: 'y z' }],
    ['  A=  ', { A: '' }],
    ['', {}],
    [['A=1', 'B=2=3'], { A: '1', B: '2=3' }],
    [
      { A: 1, B: [1, 2] },
      { A: '1', B: '1,2' },
    ],
  ])('overrides may be written %j', (written, expected) => {
    const problems = new Problems();
    expect(overrides(written, 'x', problems)).toEqual(expected);
    expect(problems.list).toEqual([]);
  });
});

describe('variables', () => {
  it('that functions declare get values from .env, and before it from --env-vars', async () => {
    await folder.put('.env', '# mine\nOWN="from .env"\nSTAGE=env\nUNDECLARED=x\n');
    expect((await loaded()).environment).toEqual({ OWN: 'from .env', STAGE: 'env', NAMES: 'none' });
    await folder.put('vars', 'export STAGE=all\n');
    expect((await loaded({ envVars: 'vars' })).environment).toMatchObject({ STAGE: 'all' });
    await folder.put('vars.json', '{"Parameters": {"STAGE": "json"}, "F": {"OWN": "F"}}');
    const { environment } = await loaded({ envVars: 'vars.json' });
    expect(environment).toMatchObject({ STAGE: 'json', OWN: 'F' });
  });

  it('of orchestrator.yaml as well', async () => {
    await folder.put('.env', 'STAGE=env');
    await folder.put(
      'orchestrator.yaml',
      'functions: { f: { runtime: nodejs22.x, handler: a.b, code: code, environment: { STAGE: file } } }',
    );
    expect((await loaded()).environment).toEqual({ STAGE: 'env' });
  });

  it.each(['[1]', '{"F": 1}', 'no variables here'])(
    'files that hold %s are refused',
    async (text) => {
      await folder.put('vars', text);
      expect(await folder.problems({ envVars: 'vars' })).toEqual([
        expect.objectContaining({ path: '--env-vars' }),
      ]);
    },
  );
});
