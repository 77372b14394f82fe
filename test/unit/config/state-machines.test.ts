import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ConfigFolder } from '../../support/config-folder.js';

let folder: ConfigFolder;
beforeEach(async () => {
  folder = await ConfigFolder.make();
  await folder.put('code/index.mjs', '');
});
afterEach(() => folder.remove());

const HEAD = `
Transform: AWS::Serverless-2016-10-31
Globals: { Function: { Runtime: nodejs22.x, Handler: index.handler, CodeUri: code } }
Resources:
  Work: { Type: AWS::Serverless::Function }
`;
const WORK = 'arn:aws:lambda:us-east-1:123456789012:function:Work';

const template = (text: string): Promise<void> => folder.put('template.yaml', `${HEAD}${text}`);

describe('state machines of templates', () => {
  it('have their definition from a file, with substitutions', async () => {
    await folder.put(
      'refunds.asl.yaml',
      'StartAt: Pay\nStates:\n  Pay: { Type: Task, Resource: "${Function}", TimeoutSeconds: ${Limit}, End: true }\n',
    );
    await template(`  Refunds:
    Type: AWS::Serverless::StateMachine
    Properties:
      Name: !Sub 'refunds-\${AWS::Region}'
      Type: EXPRESS
      DefinitionUri: refunds.asl.yaml
      DefinitionSubstitutions: { Function: !GetAtt Work.Arn, Limit: 9 }
      Policies: [LambdaInvokePolicy: { FunctionName: !Ref Work }]
`);
    const { stack, notices } = await folder.load();
    expect(stack.stateMachines).toEqual([
      {
        path: 'Resources.Refunds',
        name: 'refunds-us-east-1',
        type: 'EXPRESS',
        definition: {
          StartAt: 'Pay',
          States: { Pay: { Type: 'Task', Resource: WORK, TimeoutSeconds: 9, End: true } },
        },
      },
    ]);
    expect(notices.map(({ path }) => path)).toContain('Resources.Refunds.Properties.Policies');
  });

  it('have it inline, as an object or as text, and give their ARN', async () => {
    await template(`  One:
    Type: AWS::Serverless::StateMachine
    Properties:
      Definition: { StartAt: A, States: { A: { Type: Task, Resource: !GetAtt Work.Arn, End: true } } }
  Two:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      StateMachineName: second
      StateMachineType: STANDARD
      RoleArn: arn:aws:iam::123456789012:role/any
      DefinitionString: !Sub '{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"arn:aws:states:::states:startExecution","Parameters":{"StateMachineArn":"\${One}"},"End":true}}}'
  Pack: { Type: AWS::StepFunctions::Activity, Properties: { Name: pack } }
  Caller:
    Type: AWS::Serverless::Function
    Properties: { Environment: { Variables: { MACHINE: !Ref Two, NAME: !GetAtt Two.Name, ACTIVITY: !Ref Pack } } }
`);
    const { stack, functions } = await folder.load();
    expect(stack.stateMachines.map(({ name, type }) => [name, type])).toEqual([
      ['One', 'STANDARD'],
      ['second', 'STANDARD'],
    ]);
    expect(stack.stateMachines[1]?.definition).toMatchObject({
      States: {
        A: {
          Parameters: {
            StateMachineArn: 'arn:aws:states:us-east-1:123456789012:stateMachine:One',
          },
        },
      },
    });
    expect(stack.activities.map(({ name }) => name)).toEqual(['pack']);
    expect(functions.find(({ name }) => name === 'Caller')?.environment).toEqual({
      MACHINE: 'arn:aws:states:us-east-1:123456789012:stateMachine:second',
      NAME: 'second',
      ACTIVITY: 'arn:aws:states:us-east-1:123456789012:activity:pack',
    });
  });

  it('are told everything that is wrong with them', async () => {
    await folder.put('broken.asl.json', '{ "StartAt": "A", ');
    await template(`  One:
    Type: AWS::Serverless::StateMachine
    Properties:
      Definition:
        StartAt: A
        States:
          A: { Type: Task, Resource: arn:aws:states:::batch:submitJob.sync, Next: B }
          C: { Type: Pas, End: true }
  Two: { Type: AWS::Serverless::StateMachine, Properties: { DefinitionUri: nowhere.json } }
  Three: { Type: AWS::Serverless::StateMachine, Properties: { DefinitionUri: broken.asl.json } }
  Four: { Type: AWS::Serverless::StateMachine, Properties: { Type: FAST } }
  Five: { Type: AWS::Serverless::StateMachine }
`);
    const problems = await folder.problems();
    expect(problems.map(({ path }) => path)).toEqual([
      'Resources.One.Properties.Definition.States.A.Next',
      'Resources.One.Properties.Definition.States.A.Resource',
      'Resources.One.Properties.Definition.States.C.Type',
      'Resources.One.Properties.Definition.States.C',
      'Resources.Two.Properties.DefinitionUri',
      'Resources.Three.Properties.DefinitionUri (broken.asl.json) line 1',
      'Resources.Four.Properties.Type',
      'Resources.Five.Properties.Definition',
    ]);
    expect(problems[1]?.expected).toContain('the service integration batch does not run here');
  });

  it('in S3 are left out and listed', async () => {
    await template(`  One: { Type: AWS::StepFunctions::StateMachine, Properties: { DefinitionS3Location: { Bucket: b, Key: k } } }
`);
    const { stack, notices } = await folder.load();
    expect(stack.stateMachines).toEqual([]);
    expect(notices).toContainEqual({
      path: 'Resources.One.Properties.DefinitionS3Location',
      treatment: 'ignored',
      reason:
        'a definition in S3 is not read, so the state machine does not run; a local DefinitionUri is read',
    });
  });

  it('with values that nothing here can know are a problem, not a surprise at run time', async () => {
    await template(`  One:
    Type: AWS::Serverless::StateMachine
    Properties:
      Definition: { StartAt: A, States: { A: { Type: Task, Resource: !ImportValue other, End: true } } }
`);
    expect((await folder.problems()).map(({ path }) => path)).toEqual([
      'Resources.One.Properties.Definition.States.A.Resource',
    ]);
  });
});
