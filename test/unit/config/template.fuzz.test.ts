/** Whatever a file holds: a configuration or the problems it has, soon, and nothing else. */

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isOrchestratorError } from '../../../src/errors.js';
import { ConfigFolder } from '../../support/config-folder.js';

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 200);

let folder: ConfigFolder;
beforeAll(async () => {
  folder = await ConfigFolder.make();
  await folder.put('code/index.mjs', '');
  await folder.put(
    'nested.yaml',
    'Resources: {A: {Type: AWS::SQS::Queue}}\nOutputs: {B: {Value: !Ref A}}',
  );
});
afterAll(() => folder.remove());

/** True when it was read or refused as it should be; what else is thrown fails the test. */
async function isHandled(file: string, content: string | Buffer): Promise<boolean> {
  await folder.put(file, content);
  try {
    await folder.load();
  } catch (error) {
    if (!isOrchestratorError(error, 'config-invalid')) throw error;
    const { problems } = error.details;
    for (const { path, expected } of (problems ?? []) as { path: string; expected: string }[]) {
      expect([typeof path, typeof expected]).toEqual(['string', 'string']);
    }
  }
  return true;
}

/** Names as people choose them, and those that all objects have. */
const NAMES = ['A', 'B', 'C', '__proto__', 'constructor', 'toString', 'hasOwnProperty', 'a.b', ''];
const name = fc.constantFrom(...NAMES);
const TYPES = [
  'AWS::Serverless::Function',
  'AWS::Lambda::Function',
  'AWS::Serverless::LayerVersion',
  'AWS::Lambda::Alias',
  'AWS::Lambda::Version',
  'AWS::Lambda::Url',
  'AWS::Lambda::EventInvokeConfig',
  'AWS::Lambda::EventSourceMapping',
  'AWS::Serverless::Api',
  'AWS::Serverless::HttpApi',
  'AWS::Serverless::StateMachine',
  'AWS::Serverless::SimpleTable',
  'AWS::Serverless::Connector',
  'AWS::Serverless::Application',
  'AWS::CloudFormation::Stack',
  'AWS::SQS::Queue',
  'AWS::S3::Bucket',
  'AWS::SNS::Topic',
  'AWS::DynamoDB::Table',
  'AWS::Events::Rule',
  'AWS::Scheduler::Schedule',
  'AWS::StepFunctions::StateMachine',
  'AWS::ApiGateway::RestApi',
  'AWS::ApiGatewayV2::Api',
  'AWS::ElasticLoadBalancingV2::LoadBalancer',
  'AWS::IAM::Role',
  'constructor',
];
const PROPERTIES = [
  'FunctionName',
  'Handler',
  'Runtime',
  'CodeUri',
  'Code',
  'Events',
  'Environment',
  'Layers',
  'Policies',
  'Role',
  'Location',
  'TemplateURL',
  'Parameters',
  'Name',
  'QueueName',
  'BucketName',
  'NotificationConfiguration',
  'DefinitionBody',
  'Definition',
  'Schedule',
  'Auth',
  '__proto__',
  'Fn::ForEach::X',
  'Fn::Transform',
];
const INTRINSICS = [
  'Ref',
  'Fn::GetAtt',
  'Fn::Sub',
  'Fn::Join',
  'Fn::Split',
  'Fn::Select',
  'Fn::FindInMap',
  'Fn::If',
  'Fn::Equals',
  'Fn::And',
  'Fn::Or',
  'Fn::Not',
  'Fn::Cidr',
  'Fn::Base64',
  'Fn::GetAZs',
  'Fn::Length',
  'Fn::ToJsonString',
  'Fn::ImportValue',
  'Fn::GetStackOutput',
  'Fn::Transform',
  'Condition',
];

const { value } = fc.letrec<{ value: unknown; intrinsic: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, depthIdentifier: 'value' },
    fc.oneof(
      name,
      fc.constantFrom('nested.yaml', 'code', 'nodejs22.x', '${A}', '${B.Arn}-${!C}', 'x'),
      fc.integer({ min: -2, max: 300 }),
      fc.boolean(),
      fc.constant(null),
    ),
    tie('intrinsic'),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...NAMES, ...PROPERTIES), tie('value'), { maxKeys: 3 }),
  ),
  intrinsic: fc
    .tuple(fc.constantFrom(...INTRINSICS), tie('value'))
    .map(([key, argument]) => ({ [key]: argument })),
}));
const resource = fc.record(
  {
    Type: fc.oneof(
      { weight: 20, arbitrary: fc.constantFrom(...TYPES) },
      { weight: 1, arbitrary: value },
    ),
    Properties: fc.oneof(
      fc.dictionary(fc.constantFrom(...PROPERTIES), value, { maxKeys: 6 }),
      value,
    ),
    Condition: name,
    DependsOn: value,
    Metadata: value,
    IgnoreGlobals: value,
    Connectors: value,
  },
  { requiredKeys: ['Type'] },
);
const template = fc.record(
  {
    Transform: fc.constantFrom(
      'AWS::Serverless-2016-10-31',
      ['AWS::LanguageExtensions', 'AWS::Serverless-2016-10-31'],
      { Name: 'AWS::Include', Parameters: { Location: 'nested.yaml' } },
    ),
    Parameters: fc.oneof(
      fc.dictionary(name, fc.record({ Type: value, Default: value }, { requiredKeys: [] })),
      value,
    ),
    Mappings: value,
    Conditions: fc.oneof(fc.dictionary(name, value), value),
    Globals: fc.oneof(fc.dictionary(fc.constantFrom('Function', 'Api', 'x'), value), value),
    Resources: fc.oneof(
      { weight: 9, arbitrary: fc.dictionary(name, resource, { minKeys: 1, maxKeys: 6 }) },
      { weight: 1, arbitrary: value },
    ),
    Outputs: value,
  },
  { requiredKeys: ['Resources'] },
);

/** On a busy machine. */
const LIMIT_MS = 60_000;

describe('a template', () => {
  it.each([
    { Layers: [[{ Ref: {} }]] },
    { Runtime: [[{ Ref: {} }]], InlineCode: 'export {}' },
    { CodeUri: { Bucket: [{ Ref: {} }], Key: 'k' } },
    { FunctionName: [[{ Ref: {} }]] },
    { Role: { 'Fn::Join': [[[{ Ref: {} }]], ['a', 'b']] } },
  ])('with what is not known deep inside a property: %j', async (properties) => {
    const resource = { Type: 'AWS::Serverless::Function', Properties: properties };
    const document = JSON.stringify({ Resources: { A: resource } });
    expect(await isHandled('template.yaml', document)).toBe(true);
  });

  it(
    'of any shape',
    async () => {
      await fc.assert(
        fc.asyncProperty(template, (document) =>
          isHandled('template.yaml', JSON.stringify(document)),
        ),
        { numRuns: RUNS },
      );
    },
    LIMIT_MS,
  );

  it('of any text', async () => {
    const text = fc.array(
      fc.constantFrom(
        'Resources:',
        ' A:',
        '\n',
        '  ',
        '- ',
        '&a ',
        '*a',
        '!Sub ',
        '!Ref',
        ' x',
        ': ',
        '{',
        '}',
        '[',
        ']',
        '|',
        '"',
        '<<: ',
        '? ',
        '\t',
        '#',
        ',',
      ),
      { maxLength: 60 },
    );
    await fc.assert(
      fc.asyncProperty(text, (parts) => isHandled('template.yaml', parts.join(''))),
      { numRuns: RUNS },
    );
  });

  const fn = '{ Type: AWS::Lambda::Function, Properties: { FunctionName: ';
  it.each<[string, string]>([
    ['brackets', `Resources: ${'['.repeat(100_000)}`],
    ['maps', `Resources: ${'{a: '.repeat(50_000)}1${'}'.repeat(50_000)}`],
    ['lists', `Resources:\n${'- '.repeat(50_000)}x`],
    ['short forms', `Resources: ${'!Sub ['.repeat(50_000)}${']'.repeat(50_000)}`],
    ['an anchor in itself', 'Resources: &a { A: *a }'],
    ['a merge of itself', 'Resources: &a { <<: *a, B: 1 }'],
    [
      'aliases of aliases',
      `Resources:\n${Array.from({ length: 30 }, (_, index) => `  a${index}: &a${index} [${Array.from({ length: 9 }, () => (index === 0 ? 'x' : `*a${index - 1}`)).join(', ')}]`).join('\n')}`,
    ],
    [
      'conditions of conditions',
      `Conditions:\n${Array.from({ length: 60 }, (_, index) => `  C${index}: !And [!Condition C${index + 1}, !Condition C${index + 1}]`).join('\n')}\n  C60: !Equals [a, a]\nResources: { A: { Type: AWS::SQS::Queue, Condition: C0 } }`,
    ],
    [
      'names of names',
      `Resources:\n${Array.from({ length: 60 }, (_, index) => `  F${index}: ${fn}!Sub '\${F${index + 1}}\${F${index + 1}}' } }`).join('\n')}\n  F60: ${fn}ab } }`,
    ],
    [
      'a long chain of names',
      `Resources:\n${Array.from({ length: 2000 }, (_, index) => `  F${index}: { Type: AWS::SQS::Queue, Properties: { QueueName: !Ref F${index + 1} } }`).join('\n')}\n  F2000: { Type: AWS::SQS::Queue }`,
    ],
    [
      'outputs of outputs',
      'Resources: { A: { Type: AWS::CloudFormation::Stack, Properties: { TemplateURL: nested.yaml, Parameters: { X: !GetAtt A.Outputs.B } } } }',
    ],
  ])('that is a bomb of %s', async (_, text) => {
    expect(await isHandled('template.yaml', text)).toBe(true);
  });
});
