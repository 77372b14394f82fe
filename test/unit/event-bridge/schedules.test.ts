/** Scheduled rules and Scheduler under a clock that is moved on, and its API through the SDK. */

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import {
  CreateScheduleCommand,
  CreateScheduleGroupCommand,
  DeleteScheduleCommand,
  DeleteScheduleGroupCommand,
  GetScheduleCommand,
  GetScheduleGroupCommand,
  ListScheduleGroupsCommand,
  ListSchedulesCommand,
  ListTagsForResourceCommand,
  TagResourceCommand,
  UpdateScheduleCommand,
  type CreateScheduleCommandInput,
} from '@aws-sdk/client-scheduler';
import type { RuleDefinition, ScheduleDefinition } from '../../../src/stack/event-bridge.js';
import { EventBridgeBench } from '../../support/event-bridge-bench.js';

const FUNCTION = 'arn:aws:lambda:eu-west-1:000000000000:function:hello';
const QUEUE = 'arn:aws:sqs:eu-west-1:000000000000:orders';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const RULE: RuleDefinition = {
  path: 'Resources.R',
  name: 'nightly',
  bus: 'default',
  schedule: 'rate(20 minutes)',
  enabled: true,
  targets: [{ id: '1', arn: FUNCTION }],
};
const SCHEDULE: ScheduleDefinition = {
  path: 'Resources.S',
  name: 'report',
  group: 'default',
  expression: 'cron(0 * * * ? *)',
  timezone: 'UTC',
  enabled: true,
  target: { arn: FUNCTION },
};

describe('schedules', () => {
  let bench: EventBridgeBench;

  beforeEach(async () => {
    bench = await EventBridgeBench.make();
  });

  afterEach(() => bench.close());

  const times = (): string[] =>
    bench.sent.map(({ body }) => (JSON.parse(body) as { time: string }).time.slice(11, 16));
  const nextOf = (id: string): string | undefined => {
    const at = bench.runtime.status().find((status) => status.id === id)?.next?.atMs;
    return at === undefined ? undefined : new Date(at).toISOString();
  };

  test('a rule that is due gives its targets the event of a schedule', async () => {
    bench.setFiles({ rules: [RULE] });
    await bench.advance(20 * MINUTE);
    const [sent] = await bench.untilSent(1);
    expect(sent?.arn).toBe(FUNCTION);
    const event = JSON.parse(sent?.body ?? '') as { id: string };
    expect(event).toEqual({
      version: '0',
      id: event.id,
      'detail-type': 'Scheduled Event',
      source: 'aws.events',
      account: '000000000000',
      time: '2026-01-01T00:20:00Z',
      region: 'eu-west-1',
      resources: ['arn:aws:events:eu-west-1:000000000000:rule/nightly'],
      detail: {},
    });
  });

  test('an hour that is passed over runs what was due in it, each once, in order', async () => {
    const hourly = {
      ...RULE,
      name: 'half',
      schedule: 'cron(30 * * * ? *)',
      targets: [{ id: '1', arn: QUEUE }],
    };
    bench.setFiles({ rules: [RULE, hourly] });
    await bench.advance(HOUR);
    await bench.untilSent(4);
    expect(times()).toEqual(['00:20', '00:30', '00:40', '01:00']);
    await bench.advance(HOUR);
    await bench.untilSent(8);
    expect(times().slice(4)).toEqual(['01:20', '01:30', '01:40', '02:00']);
  });

  test('a jump that would run one a thousand times and more is cut short, and said', async () => {
    bench.setFiles({ rules: [{ ...RULE, schedule: 'rate(1 minute)' }] });
    await bench.advance(1500 * MINUTE);
    await bench.untilSent(1000);
    expect(bench.warnings).toEqual([expect.stringContaining('the rule nightly was due too often')]);
    await bench.advance(MINUTE);
    await bench.untilSent(1001);
    expect(times().at(-1)).toBe('01:01');
  });

  test('a change leaves what stays the same undisturbed', async () => {
    bench.setFiles({ rules: [RULE] });
    await bench.advance(10 * MINUTE);
    bench.setFiles({
      rules: [
        { ...RULE, targets: [{ id: '1', arn: QUEUE }] },
        { ...RULE, name: 'second' },
      ],
    });
    await bench.advance(10 * MINUTE);
    await bench.untilSent(1);
    await bench.advance(10 * MINUTE);
    await bench.untilSent(2);
    expect(bench.sent.map(({ arn }) => arn)).toEqual([QUEUE, FUNCTION]);
    bench.setFiles({ rules: [{ ...RULE, enabled: false }] });
    await bench.advance(HOUR);
    expect(bench.sent).toHaveLength(2);
  });

  test('what fell due while nothing ran is not made up, and rates go on counting', async () => {
    bench.setFiles({ rules: [RULE] });
    await bench.advance(10 * MINUTE);
    await bench.reopen();
    bench.setFiles({ rules: [RULE] });
    expect(nextOf('nightly')).toBe('2026-01-01T00:20:00.000Z');
    await bench.advance(20 * MINUTE);
    await bench.untilSent(1);
    expect(times()).toEqual(['00:20']);
  });

  test('what is due is on the disk before it is sent', async () => {
    bench.onSend = () => new Promise(() => undefined);
    bench.setFiles({ rules: [RULE] });
    await bench.advance(20 * MINUTE);
    await bench.untilSent(1);
    bench.onSend = () => Promise.resolve();
    await bench.reopen();
    await bench.untilSent(2);
    expect(bench.sent[1]?.body).toBe(bench.sent[0]?.body);
  });

  test('Scheduler without an input tells of itself', async () => {
    bench.setFiles({ schedules: [SCHEDULE] });
    await bench.advance(HOUR);
    const [sent] = await bench.untilSent(1);
    expect(JSON.parse(sent?.body ?? '')).toMatchObject({
      'detail-type': 'Scheduled Event',
      source: 'aws.scheduler',
      time: '2026-01-01T01:00:00Z',
      resources: ['arn:aws:scheduler:eu-west-1:000000000000:schedule/default/report'],
      detail: '{}',
    });
  });

  test('context attributes stand for what a run is', async () => {
    const input =
      '{"arn":"<aws.scheduler.schedule-arn>","at":"<aws.scheduler.scheduled-time>","run":"<aws.scheduler.execution-id>","try":"<aws.scheduler.attempt-number>"}';
    bench.setFiles({ schedules: [{ ...SCHEDULE, target: { arn: FUNCTION, input } }] });
    let failures = 1;
    bench.onSend = () => {
      failures -= 1;
      return failures >= 0 ? Promise.reject(new Error('away')) : Promise.resolve();
    };
    await bench.advance(HOUR);
    await bench.until(() => bench.warnings.length > 0);
    await bench.advance(MINUTE);
    const [first, second] = (await bench.untilSent(2)).map(
      ({ body }) => JSON.parse(body) as Record<string, string>,
    );
    expect(first).toEqual({
      arn: 'arn:aws:scheduler:eu-west-1:000000000000:schedule/default/report',
      at: '2026-01-01T01:00:00Z',
      run: expect.stringMatching(/^[0-9a-f]{16}$/),
      try: '1',
    });
    expect(second).toEqual({ ...first, try: '2' });
  });

  test('a flexible window moves a run, at most so far', async () => {
    bench.setFiles({ schedules: [{ ...SCHEDULE, flexibleWindowMinutes: 15 }] });
    await bench.advance(HOUR - 1);
    expect(bench.sent).toEqual([]);
    await bench.advance(15 * MINUTE + 1);
    await bench.untilSent(1);
    expect(times()).toEqual(['01:00']);
  });

  test('universal targets are sent to as the operation says', async () => {
    const queue = 'arn:aws:scheduler:::aws-sdk:sqs:sendMessage';
    const lambda = 'arn:aws:scheduler:::aws-sdk:lambda:invoke';
    bench.setFiles({
      schedules: [
        {
          ...SCHEDULE,
          target: {
            arn: queue,
            input:
              '{"QueueUrl":"https://sqs.eu-west-1.amazonaws.com/000000000000/orders","MessageBody":"hi"}',
          },
        },
        {
          ...SCHEDULE,
          name: 'call',
          target: { arn: lambda, input: '{"FunctionName":"hello","Payload":"{\\"a\\":1}"}' },
        },
      ],
    });
    await bench.advance(HOUR);
    await bench.untilSent(2);
    const sent = new Map(bench.sent.map(({ arn, body }) => [arn, body]));
    expect(sent).toEqual(
      new Map([
        [QUEUE, 'hi'],
        [FUNCTION, '{"a":1}'],
      ]),
    );
  });

  test('one can be run by hand', async () => {
    bench.setFiles({ rules: [{ ...RULE, enabled: false }], schedules: [SCHEDULE] });
    expect(bench.runtime.run('nightly')).toBe(true);
    expect(bench.runtime.run('default/report')).toBe(true);
    expect(bench.runtime.run('nothing')).toBe(false);
    await bench.untilSent(2);
    expect(times()).toEqual(['00:00', '00:00']);
  });

  test('a rule made through the API is due from then on, and after a restart', async () => {
    const client = bench.events();
    await client.send(new PutRuleCommand({ Name: 'made', ScheduleExpression: 'rate(5 minutes)' }));
    await client.send(
      new PutTargetsCommand({ Rule: 'made', Targets: [{ Id: '1', Arn: FUNCTION }] }),
    );
    await bench.advance(5 * MINUTE);
    await bench.untilSent(1);
    await bench.reopen();
    await bench.advance(5 * MINUTE);
    await bench.untilSent(2);
    expect(times()).toEqual(['00:05', '00:05']);
  });

  describe('through the API of Scheduler', () => {
    const base: CreateScheduleCommandInput = {
      Name: 'made',
      ScheduleExpression: 'rate(10 minutes)',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: { Arn: FUNCTION, RoleArn: 'arn:aws:iam::000000000000:role/r' },
    };
    const send = (input: Partial<CreateScheduleCommandInput>) =>
      bench.scheduler().send(new CreateScheduleCommand({ ...base, ...input }));

    test('a rate begins at once, a start date begins it then', async () => {
      const { ScheduleArn } = await send({});
      expect(ScheduleArn).toBe('arn:aws:scheduler:eu-west-1:000000000000:schedule/default/made');
      await send({
        Name: 'later',
        StartDate: new Date(bench.time('00:15:00')),
        EndDate: new Date(bench.time('00:30:00')),
      });
      await bench.advance(0);
      await bench.untilSent(1);
      await bench.advance(40 * MINUTE);
      await bench.untilSent(7);
      expect(times()).toEqual(['00:00', '00:10', '00:15', '00:20', '00:25', '00:30', '00:40']);
    });

    test('one that is switched on again makes up for nothing', async () => {
      const client = bench.scheduler();
      const rate = { ...SCHEDULE, expression: 'rate(10 minutes)' };
      await send({});
      bench.setFiles({ schedules: [rate] });
      await bench.advance(0);
      await bench.untilSent(2);
      await client.send(new UpdateScheduleCommand({ ...base, State: 'DISABLED' }));
      bench.setFiles({ schedules: [{ ...rate, enabled: false }] });
      await bench.advance(25 * MINUTE);
      bench.setFiles({ schedules: [rate] });
      expect(nextOf('report')).toBe('2026-01-01T00:30:00.000Z');
      await bench.advance(5 * MINUTE);
      await bench.untilSent(3);
      expect(times()).toEqual(['00:00', '00:00', '00:30']);
    });

    test('one that is due once goes when it is over', async () => {
      await send({
        ScheduleExpression: 'at(2026-01-01T02:00:00)',
        ScheduleExpressionTimezone: 'Europe/Berlin',
        ActionAfterCompletion: 'DELETE',
      });
      expect(nextOf('made')).toBe('2026-01-01T01:00:00.000Z');
      await bench.advance(HOUR);
      await bench.untilSent(1);
      await expect(
        bench.scheduler().send(new GetScheduleCommand({ Name: 'made' })),
      ).rejects.toMatchObject({
        name: 'ResourceNotFoundException',
        message: 'Schedule made does not exist.',
      });
    });

    test('schedules are shown, changed and removed, in groups', async () => {
      const client = bench.scheduler();
      await expect(send({ GroupName: 'shop' })).rejects.toMatchObject({
        message: 'Schedule group shop does not exist.',
      });
      const { ScheduleGroupArn } = await client.send(
        new CreateScheduleGroupCommand({ Name: 'shop' }),
      );
      await send({
        GroupName: 'shop',
        Description: 'd',
        StartDate: new Date(bench.time('03:00:00')),
      });
      await expect(send({ GroupName: 'shop' })).rejects.toMatchObject({
        name: 'ConflictException',
        message: 'Schedule made already exists.',
      });
      await expect(
        client.send(new GetScheduleCommand({ Name: 'made', GroupName: 'shop' })),
      ).resolves.toMatchObject({
        Arn: 'arn:aws:scheduler:eu-west-1:000000000000:schedule/shop/made',
        Description: 'd',
        State: 'ENABLED',
        ActionAfterCompletion: 'NONE',
        ScheduleExpressionTimezone: 'UTC',
        StartDate: new Date(bench.time('03:00:00')),
        Target: base.Target,
      });
      await client.send(
        new UpdateScheduleCommand({ ...base, GroupName: 'shop', State: 'DISABLED' }),
      );
      const listed = await client.send(
        new ListSchedulesCommand({ GroupName: 'shop', State: 'DISABLED' }),
      );
      expect(listed.Schedules).toMatchObject([
        { Name: 'made', State: 'DISABLED', Target: { Arn: FUNCTION } },
      ]);
      await client.send(
        new TagResourceCommand({ ResourceArn: ScheduleGroupArn, Tags: [{ Key: 'a', Value: 'b' }] }),
      );
      const tags = await client.send(
        new ListTagsForResourceCommand({ ResourceArn: ScheduleGroupArn }),
      );
      expect(tags.Tags).toEqual([{ Key: 'a', Value: 'b' }]);
      await client.send(new DeleteScheduleCommand({ Name: 'made', GroupName: 'shop' }));
      await send({ GroupName: 'shop', State: 'DISABLED' });
      await client.send(new DeleteScheduleGroupCommand({ Name: 'shop' }));
      await expect(
        client.send(new GetScheduleGroupCommand({ Name: 'shop' })),
      ).rejects.toMatchObject({
        name: 'ResourceNotFoundException',
      });
      expect((await client.send(new ListSchedulesCommand({}))).Schedules).toEqual([]);
      const groups = await client.send(new ListScheduleGroupsCommand({}));
      expect(groups.ScheduleGroups?.map(({ Name }) => Name)).toEqual(['default']);
    });

    test('a schedule of a file is changed in the file', async () => {
      bench.setFiles({ schedules: [{ ...SCHEDULE, name: 'made' }] });
      await expect(
        bench.scheduler().send(new DeleteScheduleCommand({ Name: 'made' })),
      ).rejects.toMatchObject({
        name: 'ConflictException',
      });
      await expect(
        bench.scheduler().send(new GetScheduleCommand({ Name: 'made' })),
      ).resolves.toMatchObject({
        ScheduleExpression: SCHEDULE.expression,
        FlexibleTimeWindow: { Mode: 'OFF' },
      });
    });

    test.each([
      [
        { ScheduleExpression: 'cron(0 10 * * * *)' },
        'Invalid Schedule Expression cron(0 10 * * * *).',
      ],
      [{ ScheduleExpressionTimezone: 'Europe/Atlantis' }, 'Invalid Timezone Europe/Atlantis.'],
      [
        { FlexibleTimeWindow: { Mode: 'FLEXIBLE' as const } },
        'MaximumWindowInMinutes is required when the FlexibleTimeWindow is FLEXIBLE.',
      ],
      [
        { StartDate: new Date(2), EndDate: new Date(1) },
        'The EndDate you specify must come after the StartDate.',
      ],
      [
        {
          Target: {
            Arn: 'arn:aws:scheduler:::aws-sdk:ec2:runInstances',
            RoleArn: 'arn:aws:iam::0:role/r',
          },
        },
        'Provided Arn arn:aws:scheduler:::aws-sdk:ec2:runInstances cannot be used: the universal target ec2:runinstances is not served here (lambda:invoke, sqs:sendmessage, sns:publish, sfn:startexecution, eventbridge:putevents are).',
      ],
      [
        { Name: 'a b' },
        "1 validation error detected: Value 'a b' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [0-9a-zA-Z\\-_.]+",
      ],
    ])('refused: %j', async (input, message) => {
      await expect(send(input)).rejects.toMatchObject({ name: 'ValidationException', message });
    });
  });
});
