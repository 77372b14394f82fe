import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ConfigFolder } from '../../support/config-folder.js';

let folder: ConfigFolder;
beforeEach(async () => {
  folder = await ConfigFolder.make();
  await folder.put('code/index.mjs', '');
});
afterEach(() => folder.remove());

const ARN = 'arn:aws:states:us-east-1:123456789012:stateMachine:nightly';

const template = (events: string): Promise<void> =>
  folder.put(
    'template.yaml',
    `Transform: AWS::Serverless-2016-10-31
Resources:
  Work: { Type: AWS::Serverless::Function, Properties: { Runtime: nodejs22.x, Handler: index.handler, CodeUri: code } }
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties:
      Name: nightly
      Definition: { StartAt: A, States: { A: { Type: Pass, End: true } } }
      Events:
${events}
`,
  );

describe('events of state machines', () => {
  it('are rules and schedules that lead to the machine', async () => {
    await template(`        Night: { Type: Schedule, Properties: { Schedule: rate(1 day), Input: '{"n":1}' } }
        Morning: { Type: ScheduleV2, Properties: { ScheduleExpression: cron(0 6 * * ? *), ScheduleExpressionTimezone: Europe/Berlin } }
        Placed: { Type: EventBridgeRule, Properties: { Pattern: { source: [shop] }, InputPath: $.detail } }
`);
    const { stack } = await folder.load();
    expect(stack.rules).toMatchObject([
      { schedule: 'rate(1 day)', targets: [{ arn: ARN, input: '{"n":1}' }] },
      {
        bus: 'default',
        pattern: { source: ['shop'] },
        targets: [{ arn: ARN, inputPath: '$.detail' }],
      },
    ]);
    expect(stack.schedules).toMatchObject([
      { expression: 'cron(0 6 * * ? *)', timezone: 'Europe/Berlin', target: { arn: ARN } },
    ]);
  });

  it('of other kinds are listed or refused, with the nearest name', async () => {
    await template('        Call: { Type: Api, Properties: { Path: /run, Method: post } }\n');
    const { notices } = await folder.load();
    expect(notices).toContainEqual({
      path: 'Resources.Machine.Properties.Events.Call',
      treatment: 'ignored',
      reason: 'no route leads to a state machine here; StartExecution starts it',
    });
    await template('        Call: { Type: Shedule, Properties: { Schedule: rate(1 day) } }\n');
    expect(await folder.problems()).toMatchObject([
      { path: 'Resources.Machine.Properties.Events.Call.Type', remedy: "Did you mean 'Schedule'?" },
    ]);
  });
});
