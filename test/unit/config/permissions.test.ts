import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { grantText } from '../../../src/stack/permissions.js';
import { ConfigFolder } from '../../support/config-folder.js';

let folder: ConfigFolder;
beforeEach(async () => {
  folder = await ConfigFolder.make();
  await folder.put('code/index.mjs', '');
});
afterEach(() => folder.remove());

const HEAD = `
Transform: AWS::Serverless-2016-10-31
Globals: { Function: { Runtime: nodejs22.x, Handler: a.b, CodeUri: code } }
Resources:
  Table: { Type: AWS::Serverless::SimpleTable }
`;

async function texts(): Promise<unknown> {
  const { permissions } = await folder.load();
  return permissions.map(({ functionName, role, grants }) => [
    functionName,
    ...(role === undefined ? [] : [`role ${role}`]),
    ...grants.map(grantText),
  ]);
}

describe('what roles would allow', () => {
  it('is read from policies of functions, of roles and attached to roles, and from connectors', async () => {
    await folder.put(
      'template.yaml',
      `${HEAD}
  Sam:
    Type: AWS::Serverless::Function
    Connectors: { Orders: { Properties: { Destination: { Id: Table }, Permissions: [Read, Write] } } }
    Properties:
      Policies:
        - AWSLambdaBasicExecutionRole
        - arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
        - DynamoDBCrudPolicy: { TableName: !Ref Table }
        - VPCAccessPolicy: {}
        - Statement: { Effect: Allow, Action: 'sqs:SendMessage', Resource: !Sub 'arn:aws:sqs:\${AWS::Region}:*:x' }
  Plain:
    Type: AWS::Lambda::Function
    Properties: { Runtime: nodejs22.x, Handler: a.b, Code: code, Role: !GetAtt Role.Arn }
  Elsewhere: { Type: AWS::Serverless::Function, Properties: { Role: 'arn:aws:iam::1:role/other' } }
  Nothing: { Type: AWS::Serverless::Function }
  Role:
    Type: AWS::IAM::Role
    Properties:
      ManagedPolicyArns: ['arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole']
      Policies:
        - PolicyName: own
          PolicyDocument: { Statement: [{ Effect: Deny, NotAction: ['s3:*'], Resource: '*' }] }
  Attached:
    Type: AWS::IAM::Policy
    Properties:
      Roles: [!Ref Role]
      PolicyDocument: { Statement: [{ Effect: Allow, Action: ['kms:Decrypt'], NotResource: 'arn:x' }] }
  Connected:
    Type: AWS::Serverless::Connector
    Properties: { Source: { Id: Nothing }, Destination: [{ Id: Sam }, { Arn: 'arn:aws:sqs:::q' }], Permissions: [Write] }
`,
    );
    expect(await texts()).toEqual([
      [
        'Sam',
        'AWSLambdaBasicExecutionRole',
        'AmazonS3ReadOnlyAccess',
        'DynamoDBCrudPolicy (TableName: Table)',
        'VPCAccessPolicy',
        'sqs:SendMessage on arn:aws:sqs:us-east-1:*:x',
        'Read and Write to Table',
      ],
      [
        'Plain',
        'service-role/AWSLambdaBasicExecutionRole',
        'not all but s3:* on *',
        'kms:Decrypt on all but arn:x',
      ],
      ['Elsewhere', 'role arn:aws:iam::1:role/other'],
      ['Nothing', 'Write to Sam', 'Write to arn:aws:sqs:::q'],
    ]);
  });

  it('is told to be of no effect, for one reason', async () => {
    await folder.put(
      'template.yaml',
      `${HEAD}
  F: { Type: AWS::Serverless::Function, Connectors: { C: { Properties: { Destination: { Id: Table }, Permissions: [Read] } } }, Properties: { Policies: AmazonS3FullAccess } }
  Role: { Type: AWS::IAM::Role }
  Allow: { Type: AWS::Lambda::Permission }
`,
    );
    const { notices } = await folder.load();
    expect(new Set(notices.map(({ reason }) => reason))).toEqual(
      new Set(['permissions are not checked here']),
    );
    expect(notices.map(({ path }) => path).sort()).toEqual([
      'Resources.Allow',
      'Resources.F.Connectors',
      'Resources.F.Properties.Policies',
      'Resources.Role',
    ]);
  });

  it('is refused where it is none', async () => {
    await folder.put(
      'template.yaml',
      `${HEAD}
  F:
    Type: AWS::Serverless::Function
    Connectors: { C: { Properties: { Destination: { Id: Tabel }, Permissions: [Reed] } } }
    Properties: { Policies: [5, { Statement: [allow] }] }
`,
    );
    expect((await folder.problems()).map(({ path, value }) => [path, value])).toEqual([
      ['Resources.F.Connectors.C.Properties.Permissions', 'Reed'],
      ['Resources.F.Connectors.C.Properties.Destination.Id', 'Tabel'],
      ['Resources.F.Properties.Policies.0', 5],
      ['Resources.F.Properties.Policies.1.Statement.0', 'allow'],
    ]);
  });
});

describe('Globals', () => {
  it('are refused for sections and properties that SAM does not have', async () => {
    await folder.put(
      'template.yaml',
      `
Globals:
  Funktion: { Runtime: nodejs22.x }
  Function: { FunctionName: x, MemorySise: 1 }
  Api: { StageName: x, Cors: "'*'" }
  WebSocketApi: { Anything: 1 }
  HttpApi: text
Resources: { F: { Type: AWS::Serverless::Function, Properties: { Runtime: nodejs22.x, Handler: a.b, CodeUri: code } } }
`,
    );
    expect((await folder.problems()).map(({ path, remedy }) => [path, remedy])).toEqual([
      ['Globals.Funktion', "Did you mean 'Function'?"],
      ['Globals.Function.FunctionName', 'Set it at each resource.'],
      ['Globals.Function.MemorySise', "Did you mean 'MemorySize'?"],
      ['Globals.Api.StageName', expect.anything()],
      ['Globals.HttpApi', 'Set it at each resource.'],
    ]);
  });
});

it('templates and orchestrator.yaml say whether loops through a function are stopped', async () => {
  await folder.put(
    'template.yaml',
    `${HEAD}
  F: { Type: AWS::Serverless::Function, Properties: { RecursiveLoop: Allow } }
`,
  );
  const { functions, notices } = await folder.load();
  expect([functions[0]?.recursiveLoop, notices]).toEqual(['Allow', []]);
  await folder.put(
    'orchestrator.yaml',
    'functions: { f: { runtime: nodejs22.x, handler: a.b, code: code, recursiveLoop: Never } }',
  );
  expect(await folder.problems()).toEqual([
    expect.objectContaining({ path: 'functions.f.recursiveLoop', expected: 'Allow or Terminate' }),
  ]);
});

describe('resources that configure functions', () => {
  it('are its alias with provisioned concurrency, its versions and its address', async () => {
    await folder.put(
      'template.yaml',
      `${HEAD}
  F: { Type: AWS::Lambda::Function, Properties: { Runtime: nodejs22.x, Handler: a.b, Code: code } }
  V: { Type: AWS::Lambda::Version, Properties: { FunctionName: !Ref F } }
  Live:
    Type: AWS::Lambda::Alias
    Properties:
      FunctionName: !GetAtt F.Arn
      FunctionVersion: !GetAtt V.Version
      Name: live
      ProvisionedConcurrencyConfig: { ProvisionedConcurrentExecutions: '2' }
  Url: { Type: AWS::Lambda::Url, Properties: { TargetFunctionArn: !Ref F, AuthType: NONE, Cors: { AllowCredentials: 'true' } } }
  G: { Type: AWS::Serverless::Function, Properties: { Environment: { Variables: { LIVE: !Ref Live } } } }
`,
    );
    const { functions, notices } = await folder.load();
    expect(functions[0]).toMatchObject({
      name: 'F',
      autoPublish: { alias: 'live', provisionedConcurrency: 2 },
      url: { authType: 'NONE', cors: { AllowCredentials: true } },
    });
    expect(functions[1]?.environment['LIVE']).toMatch(/:function:F:live$/);
    expect(notices).toEqual([]);
  });

  it('are listed where they say more than one thing, or belong to no function', async () => {
    await folder.put(
      'template.yaml',
      `${HEAD}
  F: { Type: AWS::Serverless::Function, Properties: { AutoPublishAlias: live, FunctionUrlConfig: { AuthType: NONE } } }
  G: { Type: AWS::Serverless::Function }
  Other: { Type: AWS::Lambda::Alias, Properties: { FunctionName: !Ref F, Name: other, FunctionVersion: '1' } }
  Weighted: { Type: AWS::Lambda::Alias, Properties: { FunctionName: !Ref F, Name: live, FunctionVersion: '1', RoutingConfig: {} } }
  Second: { Type: AWS::Lambda::Url, Properties: { TargetFunctionArn: !Ref F, AuthType: NONE } }
  Qualified: { Type: AWS::Lambda::Url, Properties: { TargetFunctionArn: !Ref F, Qualifier: live, AuthType: NONE } }
  Alone: { Type: AWS::Lambda::Version, Properties: { FunctionName: !Ref G } }
  Strange: { Type: AWS::Lambda::Version, Properties: { FunctionName: stranger } }
`,
    );
    const { notices } = await folder.load();
    expect(notices.map(({ path }) => path)).toEqual([
      'Resources.Other.Properties.Name',
      'Resources.Weighted.Properties.RoutingConfig',
      'Resources.Second.Properties.TargetFunctionArn',
      'Resources.Qualified.Properties.Qualifier',
      'Resources.Alone.Properties.FunctionName',
      'Resources.Strange',
    ]);
  });
});
