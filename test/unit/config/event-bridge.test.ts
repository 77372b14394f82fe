/** Buses, rules and schedules of templates. */

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { TemplateBench } from '../../support/template-bench.js';

const place = 'us-east-1:123456789012';
const FN = expect.stringMatching(/^arn:aws:lambda:[\w-]+:\d{12}:function:Fn$/) as unknown;
const QUEUE = { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'dead' } };

describe('EventBridge in templates', () => {
  let bench: TemplateBench;

  beforeAll(async () => {
    bench = await TemplateBench.make();
  });

  afterAll(() => bench.remove());

  const events = (Events: object, resources: object = {}) => ({ own: { Events }, resources });

  test('events of functions', async () => {
    const { stack } = await bench.load(
      events(
        {
          Nightly: {
            Type: 'Schedule',
            Properties: {
              Schedule: 'cron(0 2 * * ? *)',
              Input: '{"a":1}',
              Description: 'd',
              Enabled: false,
              RetryPolicy: { MaximumRetryAttempts: 4, MaximumEventAgeInSeconds: 400 },
              DeadLetterConfig: { Arn: { 'Fn::GetAtt': ['Dead', 'Arn'] } },
            },
          },
          Later: {
            Type: 'ScheduleV2',
            Properties: {
              Name: 'later',
              ScheduleExpression: 'cron(0 9 ? * MON-FRI)',
              ScheduleExpressionTimezone: 'Europe/Berlin',
              FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 5 },
              StartDate: '2026-01-01T00:00:00Z',
              GroupName: 'shop',
              State: 'ENABLED',
              DeadLetterConfig: { Type: 'SQS', QueueLogicalId: 'Late' },
            },
          },
          Placed: {
            Type: 'EventBridgeRule',
            Properties: {
              RuleName: 'placed',
              EventBusName: { Ref: 'Bus' },
              Pattern: { source: ['shop'], detail: { total: [{ numeric: ['>', 10] }] } },
              InputTransformer: {
                InputPathsMap: { total: '$.detail.total' },
                InputTemplate: '{"total":<total>}',
              },
              Target: { Id: 'mine' },
            },
          },
          Old: {
            Type: 'CloudWatchEvent',
            Properties: { Pattern: { source: ['aws.ec2'] }, InputPath: '$.detail' },
          },
        },
        { Dead: QUEUE, Bus: { Type: 'AWS::Events::EventBus', Properties: { Name: 'shop-bus' } } },
      ),
    );
    expect(stack.buses).toMatchObject([{ name: 'shop-bus' }]);
    expect(stack.rules).toMatchObject([
      {
        name: 'FnNightly',
        bus: 'default',
        schedule: 'cron(0 2 * * ? *)',
        enabled: false,
        description: 'd',
        targets: [
          {
            arn: FN,
            input: '{"a":1}',
            retry: { maximumAttempts: 4, maximumAgeSeconds: 400 },
            deadLetterArn: expect.stringMatching(/:dead$/),
          },
        ],
      },
      {
        name: 'placed',
        bus: 'shop-bus',
        pattern: { source: ['shop'], detail: { total: [{ numeric: ['>', 10] }] } },
        enabled: true,
        targets: [
          {
            id: 'mine',
            arn: FN,
            inputTransformer: { paths: { total: '$.detail.total' }, template: '{"total":<total>}' },
          },
        ],
      },
      { name: 'FnOld', targets: [{ arn: FN, inputPath: '$.detail' }] },
    ]);
    expect(stack.schedules).toMatchObject([
      {
        name: 'later',
        group: 'shop',
        expression: 'cron(0 9 ? * MON-FRI)',
        timezone: 'Europe/Berlin',
        flexibleWindowMinutes: 5,
        startDate: '2026-01-01T00:00:00.000Z',
        enabled: true,
        target: { arn: FN, deadLetterArn: expect.stringMatching(/:Late$/) },
      },
    ]);
    expect(stack.queues.map(({ name }) => name).sort()).toEqual(['Late', 'dead']);
  });

  test('resources', async () => {
    const { stack, notices } = await bench.load({
      resources: {
        Dead: QUEUE,
        Rule: {
          Type: 'AWS::Events::Rule',
          Properties: {
            EventPattern: { source: ['shop'] },
            ScheduleExpression: 'rate(5 minutes)',
            State: 'DISABLED',
            Targets: [
              { Id: '1', Arn: { 'Fn::GetAtt': ['Fn', 'Arn'] }, Input: '{}' },
              {
                Id: '2',
                Arn: { 'Fn::GetAtt': ['Dead', 'Arn'] },
                SqsParameters: { MessageGroupId: 'g' },
              },
              { Id: '3', Arn: `arn:aws:ecs:${place}:cluster/c`, RoleArn: 'r', EcsParameters: {} },
            ],
          },
        },
        Group: { Type: 'AWS::Scheduler::ScheduleGroup', Properties: { Name: 'g' } },
        Schedule: {
          Type: 'AWS::Scheduler::Schedule',
          Properties: {
            GroupName: { Ref: 'Group' },
            ScheduleExpression: 'at(2030-01-01T00:00:00)',
            ActionAfterCompletion: 'DELETE',
            FlexibleTimeWindow: { Mode: 'OFF' },
            Target: {
              Arn: { 'Fn::GetAtt': ['Fn', 'Arn'] },
              RoleArn: 'arn:aws:iam::123456789012:role/r',
              Input: { 'Fn::Sub': '{"rule":"${Rule}","arn":"${Rule.Arn}"}' },
            },
          },
        },
        Archive: { Type: 'AWS::Events::Archive', Properties: {} },
      },
    });
    expect(stack.rules).toMatchObject([
      {
        name: 'Rule',
        pattern: { source: ['shop'] },
        schedule: 'rate(5 minutes)',
        enabled: false,
        targets: [
          { id: '1', arn: FN, input: '{}' },
          { id: '2', arn: expect.stringMatching(/:dead$/), messageGroupId: 'g' },
        ],
      },
    ]);
    expect(stack.scheduleGroups).toMatchObject([{ name: 'g' }]);
    expect(stack.schedules).toMatchObject([
      {
        name: 'Schedule',
        group: 'g',
        timezone: 'UTC',
        deleteAfterCompletion: true,
        target: {
          arn: FN,
          input: expect.stringMatching(
            /^{"rule":"Rule","arn":"arn:aws:events:[\w-]+:\d{12}:rule\/Rule"}$/,
          ),
        },
      },
    ]);
    expect(notices.map(({ path, reason }) => `${path}: ${reason}`)).toEqual(
      expect.arrayContaining([
        'Resources.Rule.Properties.Targets.2.Arn: targets of ecs are not served here; the target is left out',
        'Resources.Archive: events are not archived here',
      ]),
    );
  });

  test('names that are taken', async () => {
    const nightly = { Type: 'Schedule', Properties: { Name: 'n', Schedule: 'rate(1 hour)' } };
    const paths = await bench.refused(events({ A: nightly, B: nightly }));
    expect(paths).toEqual(['Resources.Fn.Properties.Events.B']);
  });

  test('everything that is wrong, at once', async () => {
    const paths = await bench.refused(
      events(
        {
          A: { Type: 'Schedule', Properties: { Schedule: 'rate(1 minutes)' } },
          B: { Type: 'Schedule', Properties: {} },
          C: { Type: 'ScheduleV2', Properties: { ScheduleExpression: 'cron(0 9 * * * *)' } },
          D: {
            Type: 'ScheduleV2',
            Properties: {
              ScheduleExpression: 'rate(1 hour)',
              ScheduleExpressionTimezone: 'Mars/Base',
            },
          },
          E: { Type: 'EventBridgeRule', Properties: { Pattern: { source: 'shop' } } },
          F: { Type: 'EventBridgeRule', Properties: {} },
          G: {
            Type: 'EventBridgeRule',
            Properties: {
              Pattern: { source: ['shop'] },
              InputTransformer: { InputTemplate: 'Hello' },
            },
          },
          H: {
            Type: 'CloudWatchEvent',
            Properties: {
              Pattern: { source: ['shop'] },
              RetryPolicy: { MaximumRetryAttempts: 500 },
            },
          },
          I: {
            Type: 'Schedule',
            Properties: { Schedule: 'rate(1 hour)', Input: JSON.stringify('x'.repeat(8192)) },
          },
        },
        {
          Rule: {
            Type: 'AWS::Events::Rule',
            Properties: { EventBusName: 'b', ScheduleExpression: 'rate(5 minutes)', State: 'ON' },
          },
          Empty: { Type: 'AWS::Events::Rule', Properties: { Targets: [{ Arn: 'x' }] } },
        },
      ),
    );
    const event = (name: string): string => `Resources.Fn.Properties.Events.${name}.Properties`;
    expect(paths).toEqual([
      'Resources.Empty.Properties.EventPattern',
      'Resources.Empty.Properties.Targets.0.Id',
      `${event('A')}.Schedule`,
      `${event('B')}.Schedule`,
      `${event('C')}.ScheduleExpression`,
      `${event('D')}.ScheduleExpressionTimezone`,
      `${event('E')}.Pattern`,
      `${event('F')}.Pattern`,
      `${event('G')}.InputTransformer.InputTemplate`,
      `${event('H')}.RetryPolicy.MaximumRetryAttempts`,
      `${event('I')}.Input`,
      'Resources.Rule.Properties.ScheduleExpression',
      'Resources.Rule.Properties.State',
    ]);
  });
});
