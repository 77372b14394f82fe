import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ConfigFolder } from '../../support/config-folder.js';

let folder: ConfigFolder;
beforeEach(async () => {
  folder = await ConfigFolder.make();
  await folder.put('code/index.mjs', '');
});
afterEach(() => folder.remove());

const ORDERS = `
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: { Type: String, Default: dev, AllowedValues: [dev, prod] }
  Owner: { Type: String }
  Secret: { Type: 'AWS::SSM::Parameter::Value<String>', Default: /orders/secret }
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
Globals:
  Function: { Runtime: nodejs22.x, Handler: index.handler, CodeUri: code }
Resources:
  Api:
    Type: AWS::Serverless::Function
    Metadata: { BuildMethod: esbuild }
    Properties:
      FunctionName: !Sub '\${AWS::StackName}-\${Stage}-api'
      Timeout: !ImportValue timeout
      ReservedConcurrentExecutions: !If [IsProd, 100, !Ref AWS::NoValue]
      Environment:
        Variables:
          NAME: !Ref Worker
          WORKER: !GetAtt Worker.Arn
          KEY: !GetAtt Key.Arn
  Worker:
    Type: AWS::Serverless::Function
    Properties: { FunctionName: !Sub '\${Stage}-worker' }
  OnlyInProduction:
    Type: AWS::Serverless::Function
    Condition: IsProd
    Properties: { CodeUri: not-in-this-checkout }
  Key: { Type: AWS::Timestream::Table }
  Nested: { Type: AWS::Serverless::Application, Properties: { Location: 'https://s3.amazonaws.com/b/nested.yaml' } }
  Mistyped: { Type: AWS::Serverless::Funktion }
  Number: 5
`;

describe('a template from the wild', () => {
  beforeEach(() => folder.put('template.yaml', ORDERS));

  it('leaves out functions whose condition does not hold', async () => {
    const names = (await folder.load()).functions.map(({ name }) => name);
    expect(names).toEqual(['local-dev-api', 'dev-worker']);
    expect(await folder.problems({ parameters: { Stage: 'prod' } })).toEqual([
      expect.objectContaining({ path: 'Resources.OnlyInProduction.Properties.CodeUri' }),
    ]);
  });

  it('refers to functions by the names that intrinsics give them', async () => {
    const [api] = (await folder.load()).functions;
    expect(api?.environment).toEqual({
      NAME: 'dev-worker',
      WORKER: 'arn:aws:lambda:us-east-1:123456789012:function:dev-worker',
      KEY: '',
    });
  });

  it('lists all that is not as it would be in a stack', async () => {
    const { notices } = await folder.load();
    const reasons = Object.fromEntries(notices.map(({ path, reason }) => [path, reason]));
    expect(reasons).toEqual({
      'Parameters.Owner': expect.stringContaining('--parameter Owner=value'),
      'Parameters.Secret': expect.stringContaining('--parameter Secret=value'),
      'Resources.Api.Metadata.BuildMethod': expect.stringContaining('sam build'),
      'Resources.Api.Properties.Timeout': expect.stringContaining('cannot be known'),
      'Resources.Api.Properties.Environment.Variables.KEY': expect.stringContaining('empty'),
      'Resources.Key': expect.stringContaining('AWS::Timestream::Table'),
      'Resources.Nested': expect.stringContaining('local file'),
      'Resources.Mistyped': expect.stringContaining('did you mean AWS::Serverless::Function?'),
      'Resources.Number': 'it has no Type',
    });
  });

  it('refuses a parameter value that it does not allow', async () => {
    expect(await folder.problems({ parameters: { Stage: 'production' } })).toEqual([
      expect.objectContaining({
        path: '--parameter Stage',
        value: 'production',
        expected: 'one of dev, prod',
      }),
    ]);
  });
});

describe('templates', () => {
  it('say which parameter a function name lacks', async () => {
    await folder.put(
      'template.yaml',
      `Parameters: {Env: {Type: String}}
Resources:
  F: {Type: AWS::Serverless::Function, Properties: {FunctionName: !Sub '\${Env}-f', Runtime: nodejs22.x, Handler: a.b, CodeUri: code}}
`,
    );
    expect(await folder.problems()).toEqual([
      expect.objectContaining({
        path: 'Resources.F.Properties.FunctionName',
        remedy: 'Give Env a value, as with --parameter Env=value.',
      }),
    ]);
  });

  it('name code in S3 as the template calls it', async () => {
    await folder.put(
      'template.yaml',
      `Resources:
  Stored: {Type: AWS::Lambda::Function, Properties: {Runtime: nodejs22.x, Handler: a.b, Code: {S3Bucket: b, S3Key: k}}}
`,
    );
    expect(await folder.problems()).toEqual([
      expect.objectContaining({
        path: 'Resources.Stored.Properties.Code',
        remedy: 'Download it, and give the path here.',
      }),
    ]);
  });
});
