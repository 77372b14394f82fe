import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ConfigFolder } from '../../support/config-folder.js';

let folder: ConfigFolder;
beforeEach(async () => {
  folder = await ConfigFolder.make();
  await folder.put('code/index.mjs', '');
});
afterEach(() => folder.remove());

const HEAD = `
Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]
Globals: { Function: { Runtime: nodejs22.x, Handler: index.handler, CodeUri: code } }
`;
const fn = (properties: string): string =>
  `{ Type: AWS::Serverless::Function, Properties: { ${properties} } }`;

describe('loops', () => {
  it('are written out, in each other and over parameters', async () => {
    await folder.put(
      'template.yaml',
      `${HEAD}Parameters: { Names: { Type: CommaDelimitedList, Default: 'one.a, two' } }
Resources:
  Fn::ForEach::Outer:
    - Name
    - !Ref Names
    - 'F&{Name}': ${fn("FunctionName: !Sub 'f-${AWS::Region}', Handler: !Sub '${Name}.h', Environment: { Variables: { OWN: !Ref Name, 'Fn::ForEach::V': [V, [x1, y1], { '${V}': '${Name}-${V}' }] } }").replace("'f-${AWS::Region}'", "'f-&{Name}'")}
`,
    );
    const { functions } = await folder.load();
    expect(functions.map(({ name, handler, environment }) => [name, handler, environment])).toEqual(
      [
        ['f-onea', 'one.a.h', { OWN: 'one.a', x1: 'one.a-x1', y1: 'one.a-y1' }],
        ['f-two', 'two.h', { OWN: 'two', x1: 'two-x1', y1: 'two-y1' }],
      ],
    );
  });

  it('that are wrong, or make more than a template can hold, are problems', async () => {
    const many = JSON.stringify(Array.from({ length: 60 }, (_, index) => `a${index}`));
    await folder.put(
      'template.yaml',
      `${HEAD}Resources:
  F: ${fn('')}
  Fn::ForEach::A: text
  Fn::ForEach::B: [X, !Ref AWS::Region, {}]
  Fn::ForEach::C: [X, ${many}, { 'Fn::ForEach::D': [Y, ${many}, { 'Q\${X}\${Y}': { Type: AWS::SNS::Topic } }] }]
`,
    );
    const found = (await folder.problems()).map(({ path, expected }) => [path, expected]);
    expect(found.slice(0, 2)).toEqual([
      ['Resources.Fn::ForEach::A', 'a list of an identifier, a collection and a map'],
      ['Resources.Fn::ForEach::B', expect.stringContaining('a list of texts')],
    ]);
    expect(found.slice(2)).toEqual([
      [expect.stringContaining('Fn::ForEach::D'), expect.stringContaining('fewer than 2000')],
    ]);
  });

  it('need the transform of language extensions', async () => {
    await folder.put('template.yaml', 'Resources: { "Fn::ForEach::A": [X, [a], {}] }');
    expect(await folder.problems()).toEqual([
      expect.objectContaining({ expected: expect.stringContaining('AWS::LanguageExtensions') }),
    ]);
  });
});

describe('included files', () => {
  it('stand where they are named, and are watched', async () => {
    await folder.put('parts/variables.yaml', 'GREETING: hi\nREGION: !Ref AWS::Region\n');
    await folder.put(
      'template.yaml',
      `${HEAD}Resources:
  F: ${fn("Environment: { Variables: { OWN: x, 'Fn::Transform': { Name: AWS::Include, Parameters: { Location: parts/variables.yaml } } } }")}
`,
    );
    const { functions, files, notices } = await folder.load();
    expect(functions[0]?.environment).toEqual({ OWN: 'x', GREETING: 'hi', REGION: 'us-east-1' });
    expect(files).toContain(join(folder.path, 'parts/variables.yaml'));
    expect(notices).toEqual([]);
  });

  it('that are not there, include themselves or lie in buckets are told with their path', async () => {
    const include = (location: string): string =>
      `{ 'Fn::Transform': { Name: AWS::Include, Parameters: { Location: '${location}' } } }`;
    await folder.put('self.yaml', include('self.yaml'));
    await folder.put(
      'template.yaml',
      `${HEAD}Resources:
  F: ${fn(`Description: ${include('gone.yaml')}, Tags: ${include('self.yaml')}, Environment: { Variables: ${include('s3://b/k')} }`)}
`,
    );
    expect((await folder.problems()).map(({ path, expected }) => [path, expected])).toEqual(
      expect.arrayContaining([
        [
          'Resources.F.Properties.Description.Fn::Transform.Parameters.Location',
          expect.stringContaining('a readable file'),
        ],
        [
          expect.stringMatching(/Tags\.Fn::Transform/),
          expect.stringContaining('include each other'),
        ],
      ]),
    );
  });
});

describe('nested stacks', () => {
  const CHILD = `
Transform: AWS::Serverless-2016-10-31
Parameters: { Stage: { Type: String }, List: { Type: CommaDelimitedList, Default: 'x,y' } }
Conditions: { Dev: !Equals [!Ref Stage, dev], Prod: !Not [!Condition Dev] }
Mappings: { Sizes: { all: { memory: 300 } } }
Globals: { Function: { Runtime: python3.13, Handler: a.b, CodeUri: src } }
Resources:
  Worker:
    Type: AWS::Serverless::Function
    Condition: Dev
    Properties:
      MemorySize: !FindInMap [Sizes, all, memory]
      Environment:
        Variables:
          STAGE: !Ref Stage
          TEXT: !Sub ['\${Stage}-\${Own}-\${Other}-\${AWS::StackName}-\${!Stage}', { Own: !Ref Stage }]
          SECOND: !Select [1, !Ref List]
          OTHER: !GetAtt Other.Arn
          WHEN: !If [Dev, !Ref Stage, no]
  Other: { Type: AWS::Serverless::Function, DependsOn: Gone, Properties: { FunctionName: !Sub '\${Stage}-other' } }
  Gone: { Type: AWS::Serverless::Function, Condition: Prod }
Outputs:
  WorkerArn: { Value: !GetAtt Worker.Arn }
  Stage: { Value: !Sub '\${Stage}x' }
`;

  beforeEach(async () => {
    await folder.put('child/src/a.py', '');
    await folder.put('child/template.yaml', CHILD);
  });

  it('lie in the template that holds them: parameters in, outputs out', async () => {
    await folder.put(
      'template.yaml',
      `${HEAD}Parameters: { Stage: { Type: String, Default: dev } }
Resources:
  Caller: ${fn("Environment: { Variables: { WORKER: !GetAtt Nested.Outputs.WorkerArn, SUB: !Sub 'a-${Nested.Outputs.Stage}-${Again.Outputs.Stage}' } }")}
  Nested:
    Type: AWS::Serverless::Application
    Properties: { Location: child, Parameters: { Stage: !Ref Stage } }
  Again:
    Type: AWS::CloudFormation::Stack
    Properties: { TemplateURL: child/template.yaml, Parameters: { Stage: !GetAtt Nested.Outputs.Stage } }
`.replace('Location: child,', 'Location: child/template.yaml,'),
    );
    const { functions, files } = await folder.load();
    const arn = (name: string): string => `arn:aws:lambda:us-east-1:123456789012:function:${name}`;
    expect(functions.map(({ name }) => name)).toEqual([
      'Caller',
      'NestedWorker',
      'dev-other',
      'devx-other',
      'AgainGone',
    ]);
    expect(functions[0]?.environment).toEqual({ WORKER: arn('NestedWorker'), SUB: 'a-devx-devxx' });
    expect(functions[1]).toMatchObject({
      runtime: 'python3.13',
      memoryMb: 300,
      codePath: join(folder.path, 'child/src'),
      environment: {
        STAGE: 'dev',
        TEXT: 'dev-dev-dev-other-local-Nested-${Stage}',
        SECOND: 'y',
        OTHER: arn('dev-other'),
        WHEN: 'dev',
      },
    });
    expect(files).toContain(join(folder.path, 'child/template.yaml'));
  });

  it('tell what is wrong with them where it is written', async () => {
    await folder.put('child/template.yaml', CHILD.replace('src', 'gone'));
    await folder.put('list.yaml', '[1]');
    await folder.put(
      'self.yaml',
      'Resources: { S: { Type: AWS::CloudFormation::Stack, Properties: { TemplateURL: self.yaml } } }',
    );
    const nested = (location: string, more = ''): string =>
      `{ Type: AWS::CloudFormation::Stack, Properties: { TemplateURL: ${location} ${more} } }`;
    await folder.put(
      'template.yaml',
      `${HEAD}Resources:
  F: ${fn('Environment: { Variables: { AA: !GetAtt Nested.Outputs.WorkerArm } }')}
  Nested: ${nested('child/template.yaml', ', Parameters: { Stage: dev, Stagee: x }')}
  Missing: ${nested('nowhere.yaml')}
  List: ${nested('list.yaml')}
  Self: ${nested('self.yaml')}
`,
    );
    const found = (await folder.problems()).map(({ path, remedy }) => [path, remedy]);
    const child = 'child/template.yaml';
    expect(found).toEqual(
      expect.arrayContaining([
        ['Resources.Nested.Properties.Parameters.Stagee', "Did you mean 'Stage'?"],
        ['Resources.Missing.Properties.TemplateURL', expect.stringContaining('Correct the path')],
        ['Resources.List.Properties.TemplateURL', expect.stringContaining('nested stack')],
        ['Resources.S.Properties.TemplateURL', 'Does a template nest itself?'],
        ['Resources.Nested', "Did you mean 'WorkerArn'?"],
        [`${child}, Resources.Worker.Properties.CodeUri`, expect.anything()],
      ]),
    );
  });
});
