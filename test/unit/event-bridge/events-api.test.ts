/** EventBridge's API through the unmodified SDK. */

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  CreateEventBusCommand,
  DeleteEventBusCommand,
  DeleteRuleCommand,
  DescribeRuleCommand,
  DisableRuleCommand,
  EnableRuleCommand,
  type EventBridgeClient,
  ListEventBusesCommand,
  ListRuleNamesByTargetCommand,
  ListRulesCommand,
  ListTagsForResourceCommand,
  ListTargetsByRuleCommand,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
  StartReplayCommand,
  TagResourceCommand,
  TestEventPatternCommand,
  UntagResourceCommand,
  type PutEventsRequestEntry,
  type Target,
} from '@aws-sdk/client-eventbridge';
import { EventBridgeBench } from '../../support/event-bridge-bench.js';

const FUNCTION = 'arn:aws:lambda:eu-west-1:000000000000:function:hello';
const QUEUE = 'arn:aws:sqs:eu-west-1:000000000000:orders';
const RULE = 'arn:aws:events:eu-west-1:000000000000:rule/orders';

describe('EventBridge through the SDK', () => {
  let bench: EventBridgeBench;
  let client: EventBridgeClient;

  beforeEach(async () => {
    bench = await EventBridgeBench.make();
    client = bench.events();
  });

  afterEach(() => bench.close());

  async function rule(pattern: object, ...targets: Target[]): Promise<void> {
    const { RuleArn } = await client.send(
      new PutRuleCommand({ Name: 'orders', EventPattern: JSON.stringify(pattern) }),
    );
    expect(RuleArn).toBe(RULE);
    await client.send(new PutTargetsCommand({ Rule: 'orders', Targets: targets }));
  }

  const put = (...Entries: PutEventsRequestEntry[]) =>
    client.send(new PutEventsCommand({ Entries }));
  const order = (detail: string): PutEventsRequestEntry => ({
    Source: 'shop',
    DetailType: 'OrderPlaced',
    Detail: detail,
  });

  test('an event reaches the targets of the rules it matches, in its envelope', async () => {
    await rule(
      { source: ['shop'], detail: { total: [{ numeric: ['>', 10] }] } },
      { Id: '1', Arn: FUNCTION },
    );
    const answer = await put(
      {
        ...order('{"total": 12.50, "id":"a"}'),
        Time: new Date('2026-01-05T10:00:00.500Z'),
        Resources: ['arn:x'],
      },
      order('{"total": 9}'),
    );
    expect(answer.FailedEntryCount).toBe(0);
    const [sent, ...others] = await bench.untilSent(1);
    expect(others).toEqual([]);
    expect(sent?.arn).toBe(FUNCTION);
    expect(sent?.body).toBe(
      `{"version":"0","id":"${answer.Entries?.[0]?.EventId}","detail-type":"OrderPlaced","source":"shop",` +
        '"account":"000000000000","time":"2026-01-05T10:00:00Z","region":"eu-west-1","resources":["arn:x"],' +
        '"detail":{"total": 12.50, "id":"a"}}',
    );
  });

  test('entries that are wrong fail by themselves', async () => {
    await rule({ source: [{ exists: true }] }, { Id: '1', Arn: FUNCTION });
    const answer = await put(
      { DetailType: 'T', Detail: '{}' },
      { Source: 's', Detail: '{}' },
      { Source: 's', DetailType: 'T' },
      { Source: 's', DetailType: 'T', Detail: '{' },
      { Source: 's', DetailType: 'T', Detail: '[]' },
      { Source: 'aws.s3', DetailType: 'T', Detail: '{}' },
      { Source: 's', DetailType: 'T', Detail: '{}', EventBusName: 'nowhere' },
      { Source: 's', DetailType: 'T', Detail: '{}' },
    );
    expect(answer.FailedEntryCount).toBe(6);
    expect(
      answer.Entries?.map(
        ({ ErrorCode, ErrorMessage }) => ErrorCode && `${ErrorCode}: ${ErrorMessage}`,
      ),
    ).toEqual([
      'InvalidArgument: Parameter Source is not valid. Reason: Source is a required argument.',
      'InvalidArgument: Parameter DetailType is not valid. Reason: DetailType is a required argument.',
      'InvalidArgument: Parameter Detail is not valid. Reason: Detail is a required argument.',
      'MalformedDetail: Detail is malformed.',
      'MalformedDetail: Detail is malformed.',
      'NotAuthorizedForSourceException: Not authorized for the source.',
      undefined,
      undefined,
    ]);
    expect(await bench.untilSent(1)).toHaveLength(1);
    expect(bench.warnings).toEqual([
      'an event was put onto the bus nowhere, which does not exist; it leads nowhere',
    ]);
  });

  test('too many and too large', async () => {
    await expect(put(...Array.from({ length: 11 }, () => order('{}')))).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining('Member must have length less than or equal to 10'),
    });
    const large = order(JSON.stringify({ text: 'x'.repeat(131_100) }));
    await expect(put(large, large)).rejects.toMatchObject({
      name: 'ValidationException',
      message: 'Total size of the entries in the request is over the limit.',
    });
    await expect(put(large)).resolves.toMatchObject({ FailedEntryCount: 0 });
  });

  test('targets get the event, a part of it, a constant, or a template', async () => {
    await rule(
      { source: ['shop'] },
      { Id: 'all', Arn: FUNCTION },
      { Id: 'part', Arn: `${FUNCTION}1`, InputPath: '$.detail.items[0]' },
      { Id: 'constant', Arn: `${FUNCTION}2`, Input: '{"a":1}' },
      {
        Id: 'template',
        Arn: `${FUNCTION}3`,
        InputTransformer: {
          InputPathsMap: { items: '$.detail.items', name: '$.detail.name', none: '$.detail.none' },
          InputTemplate:
            '{"items":<items>,"text":"<name> has <items>","name":<name>,"none":<none>,"rule":"<aws.events.rule-name>","all":<aws.events.event>}',
        },
      },
      {
        Id: 'text',
        Arn: `${FUNCTION}4`,
        InputTransformer: {
          InputPathsMap: { name: '$.detail.name' },
          InputTemplate: '"Order of <name> by <aws.events.rule-arn>"',
        },
      },
    );
    const answer = await put(order('{"items":["a","b"],"name":"O\\"N"}'));
    await bench.untilSent(5);
    const body = (suffix: string): string =>
      bench.sent.find(({ arn }) => arn === `${FUNCTION}${suffix}`)?.body ?? '';
    expect(body('1')).toBe('"a"');
    expect(body('2')).toBe('{"a":1}');
    expect(JSON.parse(body('3'))).toEqual({
      items: ['a', 'b'],
      text: 'O"N has [a,b]',
      name: 'O"N',
      none: '',
      rule: 'orders',
      all: expect.objectContaining({
        id: answer.Entries?.[0]?.EventId,
        source: 'shop',
        'detail-type': 'OrderPlaced',
      }),
    });
    expect(JSON.parse(body('3')).all).not.toHaveProperty('detail');
    expect(body('4')).toBe(`"Order of O\\"N by ${RULE}"`);
  });

  test('groups of FIFO queues and keys of streams', async () => {
    const stream = 'arn:aws:kinesis:eu-west-1:000000000000:stream/clicks';
    await rule(
      { source: ['shop'] },
      { Id: 'queue', Arn: `${QUEUE}.fifo`, SqsParameters: { MessageGroupId: 'g' } },
      { Id: 'stream', Arn: stream, KinesisParameters: { PartitionKeyPath: '$.detail.id' } },
    );
    await put(order('{"id":"a"}'));
    await bench.untilSent(2);
    expect(bench.sent.find(({ arn }) => arn === `${QUEUE}.fifo`)?.message.groupId).toBe('g');
    expect(bench.sent.find(({ arn }) => arn === stream)?.message.partitionKey).toBe('a');
  });

  test('rules lead from one bus to another, and not for ever', async () => {
    await client.send(new CreateEventBusCommand({ Name: 'other' }));
    const bus = (name: string): string => `arn:aws:events:eu-west-1:000000000000:event-bus/${name}`;
    await rule({ source: ['shop'] }, { Id: 'bus', Arn: bus('other') });
    await client.send(
      new PutRuleCommand({
        Name: 'on',
        EventBusName: 'other',
        EventPattern: '{"source":["shop"]}',
      }),
    );
    await client.send(
      new PutTargetsCommand({
        Rule: 'on',
        EventBusName: 'other',
        Targets: [
          { Id: 'fn', Arn: FUNCTION },
          { Id: 'back', Arn: bus('default') },
        ],
      }),
    );
    const answer = await put(order('{}'));
    await bench.until(() => bench.warnings.length > 0);
    expect(bench.warnings).toEqual([expect.stringContaining('it went through 16 buses already')]);
    await bench.untilSent(8);
    expect(bench.sent.map(({ body }) => (JSON.parse(body) as { id: string }).id)).toEqual(
      Array(8).fill(answer.Entries?.[0]?.EventId),
    );
  });

  test('what is put is there after a kill, and sent again', async () => {
    await rule({ source: ['shop'] }, { Id: '1', Arn: FUNCTION });
    let blocked = 0;
    bench.onSend = () => {
      blocked += 1;
      return new Promise(() => undefined);
    };
    await put(order('{"n":1}'), order('{"n":2}'));
    await bench.untilSent(2);
    expect(blocked).toBe(2);
    bench.onSend = () => Promise.resolve();
    await bench.reopen();
    const sent = (await bench.untilSent(4)).map(
      ({ body }) => (JSON.parse(body) as { detail: object }).detail,
    );
    expect(sent).toEqual([{ n: 1 }, { n: 2 }, { n: 1 }, { n: 2 }]);
    // Rules made through the API are there as well.
    await put(order('{"n":3}'));
    await bench.untilSent(5);
  });

  test('rules are listed, switched and removed', async () => {
    await rule({ source: ['shop'] }, { Id: '1', Arn: FUNCTION }, { Id: '2', Arn: QUEUE });
    await expect(client.send(new DescribeRuleCommand({ Name: 'orders' }))).resolves.toMatchObject({
      Arn: RULE,
      State: 'ENABLED',
      EventPattern: '{"source":["shop"]}',
      EventBusName: 'default',
    });
    await client.send(new DisableRuleCommand({ Name: 'orders' }));
    await put(order('{}'));
    await client.send(new EnableRuleCommand({ Name: 'orders' }));
    expect((await client.send(new ListRulesCommand({ NamePrefix: 'ord' }))).Rules).toMatchObject([
      { Name: 'orders', State: 'ENABLED' },
    ]);
    expect(
      (await client.send(new ListRuleNamesByTargetCommand({ TargetArn: QUEUE }))).RuleNames,
    ).toEqual(['orders']);
    const page = await client.send(new ListTargetsByRuleCommand({ Rule: 'orders', Limit: 1 }));
    expect(page.Targets).toEqual([{ Id: '1', Arn: FUNCTION }]);
    const rest = await client.send(
      new ListTargetsByRuleCommand({ Rule: 'orders', NextToken: page.NextToken }),
    );
    expect(rest.Targets).toEqual([{ Id: '2', Arn: QUEUE }]);
    await expect(client.send(new DeleteRuleCommand({ Name: 'orders' }))).rejects.toMatchObject({
      message: "Rule can't be deleted since it has targets.",
    });
    await client.send(new RemoveTargetsCommand({ Rule: 'orders', Ids: ['1', '2'] }));
    await client.send(new DeleteRuleCommand({ Name: 'orders' }));
    await expect(client.send(new DescribeRuleCommand({ Name: 'orders' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: 'Rule orders does not exist on EventBus default.',
    });
    expect(bench.sent).toEqual([]);
  });

  test('buses are made and removed', async () => {
    await client.send(
      new CreateEventBusCommand({ Name: 'shop', Tags: [{ Key: 'a', Value: 'b' }] }),
    );
    await expect(client.send(new CreateEventBusCommand({ Name: 'shop' }))).rejects.toMatchObject({
      name: 'ResourceAlreadyExistsException',
      message: 'Event bus shop already exists.',
    });
    const { EventBuses } = await client.send(new ListEventBusesCommand({}));
    expect(EventBuses?.map(({ Name }) => Name)).toEqual(['default', 'shop']);
    const ResourceARN = 'arn:aws:events:eu-west-1:000000000000:event-bus/shop';
    await client.send(new TagResourceCommand({ ResourceARN, Tags: [{ Key: 'c', Value: 'd' }] }));
    await client.send(new UntagResourceCommand({ ResourceARN, TagKeys: ['a'] }));
    expect((await client.send(new ListTagsForResourceCommand({ ResourceARN }))).Tags).toEqual([
      { Key: 'c', Value: 'd' },
    ]);
    await client.send(new DeleteEventBusCommand({ Name: 'shop' }));
    await expect(client.send(new DeleteEventBusCommand({ Name: 'default' }))).rejects.toMatchObject(
      {
        message: 'Cannot delete event bus default.',
      },
    );
    await expect(
      client.send(
        new PutRuleCommand({ Name: 'r', EventBusName: 'shop', EventPattern: '{"a":["b"]}' }),
      ),
    ).rejects.toMatchObject({ message: 'Event bus shop does not exist.' });
  });

  test('a rule of a file is changed in the file, and may be switched off', async () => {
    const file = {
      path: 'Resources.R',
      name: 'orders',
      bus: 'default',
      pattern: { source: ['shop'] },
      enabled: true,
      targets: [{ id: '1', arn: FUNCTION }],
    };
    bench.setFiles({ rules: [file] });
    await expect(
      client.send(new PutRuleCommand({ Name: 'orders', EventPattern: '{"a":["b"]}' })),
    ).rejects.toMatchObject({ name: 'ManagedRuleException' });
    await client.send(new DisableRuleCommand({ Name: 'orders' }));
    await put(order('{"n":1}'));
    bench.setFiles({ rules: [{ ...file, description: 'changed' }] });
    await put(order('{"n":2}'));
    const [sent] = await bench.untilSent(1);
    expect(JSON.parse(sent?.body ?? '')).toMatchObject({ detail: { n: 2 } });
  });

  test.each([
    [
      { Name: 'r' },
      'ValidationException',
      'Parameter(s) EventPattern or ScheduleExpression must be specified.',
    ],
    [
      { Name: 'r', ScheduleExpression: 'rate(1 minutes)' },
      'ValidationException',
      'Parameter ScheduleExpression is not valid.',
    ],
    [
      { Name: 'r', EventPattern: '{"a":"b"}' },
      'InvalidEventPatternException',
      'Event pattern is not valid. Reason: "a" must be an object or an array',
    ],
    [
      { Name: 'a b', EventPattern: '{"a":["b"]}' },
      'ValidationException',
      "1 validation error detected: Value 'a b' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [.\\-_A-Za-z0-9]+",
    ],
  ])('PutRule refuses %j', async (input, name, message) => {
    await expect(client.send(new PutRuleCommand(input))).rejects.toMatchObject({ name, message });
  });

  test.each([
    [{ Id: '1', Arn: 'queue' }, 'it is no ARN'],
    [
      { Id: '1', Arn: 'arn:aws:ecs:eu-west-1:000000000000:cluster/c' },
      'targets of ecs are not served here',
    ],
    [{ Id: '1', Arn: FUNCTION, Input: '{' }, 'Parameter Input is not valid'],
    [{ Id: '1', Arn: FUNCTION, InputPath: 'detail' }, 'Parameter InputPath is not valid'],
    [
      { Id: '1', Arn: FUNCTION, InputTransformer: { InputTemplate: 'Hello <x>' } },
      'InputTransformer.InputTemplate is not valid',
    ],
    [
      { Id: '1', Arn: FUNCTION, RetryPolicy: { MaximumRetryAttempts: 186 } },
      'Member must have value less than or equal to 185',
    ],
  ])('PutTargets refuses %j', async (target, reason) => {
    await rule({ source: ['shop'] }, { Id: '0', Arn: FUNCTION });
    await expect(
      client.send(new PutTargetsCommand({ Rule: 'orders', Targets: [target] })),
    ).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining(reason),
    });
  });

  test('a pattern is tried on an event', async () => {
    const Event = JSON.stringify({
      id: '1',
      account: '0',
      source: 'shop',
      time: '2026-01-01T00:00:00Z',
      region: 'r',
      resources: [],
      'detail-type': 't',
    });
    const answer = await client.send(
      new TestEventPatternCommand({ EventPattern: '{"source":["shop"]}', Event }),
    );
    expect(answer.Result).toBe(true);
    await expect(
      client.send(
        new TestEventPatternCommand({ EventPattern: '{"source":["shop"]}', Event: '{}' }),
      ),
    ).rejects.toMatchObject({
      message: 'Parameter Event is not valid. Reason: id is a required field.',
    });
  });

  test('what is not served says so', async () => {
    await expect(
      client.send(
        new StartReplayCommand({
          ReplayName: 'r',
          EventSourceArn: 'arn:a',
          EventStartTime: new Date(0),
          EventEndTime: new Date(1),
          Destination: { Arn: 'arn:b' },
        }),
      ),
    ).rejects.toMatchObject({
      name: 'UnknownOperationException',
      message: 'StartReplay is not served here.',
    });
  });
});
