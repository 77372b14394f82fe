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
const variables = (text: string): string =>
  `${HEAD}Resources:\n  F: ${fn(`Environment: { Variables: {${text.replaceAll('\n', '\n    ')}} }`)}\n`;

describe('names of resources', () => {
  it('are found in the order they need each other, whatever that of the file', async () => {
    await folder.put(
      'template.yaml',
      `${HEAD}Resources:
  Last: ${fn("FunctionName: !Sub '${Middle}-last', Environment: { Variables: { ROLE: !GetAtt Role.Arn, ALIAS: !Ref First.Alias } }")}
  Middle: ${fn("FunctionName: !Join ['-', [!Select [6, !Split [':', !GetAtt First.Arn]], middle]]")}
  First: ${fn('FunctionName: first, AutoPublishAlias: live')}
  Role: { Type: AWS::IAM::Role, Properties: { RoleName: !Sub '\${Middle}-role' } }
`,
    );
    const [last] = (await folder.load()).functions;
    expect(last).toMatchObject({
      name: 'first-middle-last',
      environment: {
        ROLE: 'arn:aws:iam::123456789012:role/first-middle-role',
        ALIAS: 'arn:aws:lambda:us-east-1:123456789012:function:first:live',
      },
    });
  });

  it('that need each other are a problem which tells the whole circle, once', async () => {
    await folder.put(
      'template.yaml',
      `${HEAD}Conditions: { P: !Not [!Condition Q], Q: !Condition P }
Resources:
  A: ${fn("FunctionName: !Sub '${B}-a'")}
  B: ${fn("FunctionName: !Sub '${C}-b'")}
  C: ${fn('Environment: { Variables: { AA: !GetAtt A.Arn } }')}
  Own: ${fn('Environment: { Variables: { OWN: !Ref Own } }')}
`,
    );
    expect(
      (await folder.problems()).map(({ path, expected }) => [path, expected.split('; ')[1]]),
    ).toEqual([
      ['Conditions.P', 'P needs Q needs P'],
      ['Resources.A', 'A needs B needs C needs A'],
      ['Resources.Own', 'Own needs its own name before it is made'],
    ]);
  });

  it('that nothing has are problems with the nearest name; what SAM generates is none', async () => {
    await folder.put(
      'template.yaml',
      `${HEAD}Conditions: { Never: !Equals [a, b] }
Resources:
  Orders: ${fn('FunctionName: orders')}
  Left: { Type: AWS::SQS::Queue, Condition: Never }
  Typo: { Type: AWS::SQS::Queue, Condition: Nevr }
  F:
    Type: AWS::Serverless::Function
    DependsOn: [Ordes]
    Properties:
      Environment:
        Variables:
          A1: !Ref Oders
          B1: !Sub 'x-\${Nothing.Arn}-\${!Literal}-\${AWS::Region}'
          C1: !GetAtt OrdersRole.Arn
          D1: !Ref ServerlessRestApi
          E1: !Ref Left
          G1: !If [Never, !Ref Gone, !Ref Orders]
          H1: !GetAtt [constructor, name]
`,
    );
    const list = await folder.problems();
    expect(list.map(({ path, value, remedy }) => [path.split('.').at(-1), value, remedy])).toEqual([
      ['Condition', 'Nevr', "Did you mean 'Never'?"],
      ['A1', 'Oders', "Did you mean 'Orders'?"],
      ['B1', 'Nothing', 'Correct the name, or declare it.'],
      ['E1', 'Left', expect.stringContaining('Fn::If')],
      ['H1', 'constructor', 'Correct the name, or declare it.'],
      ['DependsOn', 'Ordes', "Did you mean 'Orders'?"],
    ]);
  });
});

describe('intrinsic functions', () => {
  it('are those of CloudFormation and its language extensions', async () => {
    await folder.put(
      'template.yaml',
      `Mappings: { Sizes: { small: { memory: 256 } } }
Parameters: { Zones: { Type: CommaDelimitedList, Default: 'a, b' }, Count: { Type: Number, Default: 1 } }
Conditions: { One: !Equals [!Ref Count, '1'] }
${variables(`
  CIDR: !Select [2, !Cidr [10.1.0.0/16, 3, 5]],
  CIDR6: !Select [1, !Cidr ['2001:db8::/56', 2, 64]],
  ZONE: !Select [1, !GetAZs ''],
  LENGTH: {'Fn::Length': !Ref Zones},
  JSON: {'Fn::ToJsonString': {list: !Ref Zones, one: !If [One, yes, no]}},
  MAPPED: !FindInMap [Sizes, large, memory, {DefaultValue: 512}],
  SUB: !Sub ['\${Who}-\${!Who}-\${AWS::Partition}', {Who: !Join ['', !Ref Zones]}]`)}`,
    );
    expect((await folder.load()).functions[0]?.environment).toEqual({
      CIDR: '10.1.0.64/27',
      CIDR6: '2001:db8:0:1::/64',
      ZONE: 'us-east-1b',
      LENGTH: '2',
      JSON: '{"list":["a","b"],"one":"yes"}',
      MAPPED: '512',
      SUB: 'ab-${Who}-aws',
    });
  });

  it('that CloudFormation refuses are problems, each with its path', async () => {
    await folder.put(
      'template.yaml',
      variables(`
  A1: !Select [9, [a, b]],
  B1: !FindInMap [Sizes, large, memory],
  C1: !Cidr [10.0.0.0/30, 6, 5],
  D1: !Join [[','], [a, b]],
  E1: !Split [{ by: ':' }, 'a:b'],
  F1: !Join []`),
    );
    expect((await folder.problems()).map(({ path, expected }) => [path, expected])).toEqual([
      [expect.stringMatching(/Variables\.A1$/), expect.stringContaining('no item 9')],
      [expect.stringMatching(/Variables\.B1$/), expect.stringContaining('Sizes::large::memory')],
      [expect.stringMatching(/Variables\.C1$/), expect.stringContaining('10.0.0.0/30')],
      [expect.stringMatching(/Variables\.D1$/), expect.stringContaining('it is [","]')],
      [expect.stringMatching(/Variables\.E1$/), expect.stringContaining('it is {"by":":"}')],
      [expect.stringMatching(/Variables\.F1$/), expect.stringContaining('it is none')],
    ]);
  });

  it.each(['!Join [SEPARATOR, [a, b]]', '!Select [0, !Split [SEPARATOR, a-b]]'])(
    'around a separator that is not known here are not known either: %s',
    async (written) => {
      const separator = "{ 'Fn::ImportValue': other-separator }";
      await folder.put(
        'template.yaml',
        variables(`A1: ${written.replace('SEPARATOR', separator)}`),
      );
      expect((await folder.load()).functions[0]?.environment).toEqual({ A1: '' });
    },
  );

  it('of language extensions need their transform', async () => {
    await folder.put(
      'template.yaml',
      `Resources:
  F: { Type: AWS::Lambda::Function, Properties: { Runtime: nodejs22.x, Handler: a.b, Code: code,
    Environment: { Variables: { NN: { 'Fn::Length': [1, 2] } } } } }
`,
    );
    expect(await folder.problems()).toEqual([
      expect.objectContaining({ expected: expect.stringContaining('AWS::LanguageExtensions') }),
    ]);
  });
});
