import { afterEach, expect, it } from '@jest/globals';
import type { S3Client } from '@aws-sdk/client-s3';
import { BucketNotifications } from '../../../src/notifications/buckets.js';
import type { NotificationParts } from '../../../src/notifications/part.js';
import { Invoker, type AcceptedEvent } from '../../../src/router/invoker.js';
import type { ServiceClients } from '../../../src/services/clients.js';
import type { BucketDefinition } from '../../../src/stack/service-resources.js';
import { emptyStack, type Stack } from '../../../src/stack/stack.js';
import { TargetError, Targets, type TargetMessage } from '../../../src/targets/targets.js';
import { FakeSqs } from '../../support/fake-sqs.js';
import { ManualClock } from '../../support/manual-clock.js';

const PLACE = 'us-east-1:123456789012';
const QUEUE = `arn:aws:sqs:${PLACE}:told`;
const TOPIC = `arn:aws:sns:${PLACE}:told`;
const BUS = `arn:aws:events:${PLACE}:event-bus/default`;

type Sent = TargetMessage & { readonly arn: string; readonly json: unknown };

let buckets: BucketNotifications;
afterEach(() => buckets.stop());

function bench() {
  const clock = new ManualClock();
  const queue = new FakeSqs();
  const configured: { Bucket?: string; NotificationConfiguration?: object }[] = [];
  const accepted: AcceptedEvent[] = [];
  const sent: Sent[] = [];
  const warnings: string[] = [];
  let refusal: TargetError | undefined;
  const s3 = {
    send: ({ constructor: { name }, input }: { constructor: Function; input: object }) => {
      if (name.startsWith('Put')) configured.push(input);
      return Promise.resolve({ QueueConfigurations: [] });
    },
  } as unknown as S3Client;
  const clients = {
    sqs: () => Promise.resolve(queue.client),
    s3: () => Promise.resolve(s3),
  } as unknown as ServiceClients;
  const targets = new Targets();
  for (const service of ['sqs', 'sns', 'events']) {
    targets.serve(service, (arn, message) => {
      sent.push({ ...message, arn, json: JSON.parse(message.body.toString()) });
      return refusal === undefined ? Promise.resolve() : Promise.reject(refusal);
    });
  }
  const find = (name: string) => (name === 'gone' ? undefined : { functionArn: 'arn:of:fn' });
  buckets = new BucketNotifications({
    settings: { region: 'us-east-1', accountId: '123456789012', stateDirectory: '/state' },
    clock,
    queueClock: clock,
    invoker: new Invoker({
      door: () => ({ find }) as never,
      accept: (event) => Promise.resolve(void accepted.push(event)),
      now: () => 0,
    }),
    services: { kind: 'container', clients },
    targets,
    log: { warn: (message: string) => void warnings.push(message), info: () => undefined },
  } as unknown as NotificationParts);
  const apply = async (bucket: Partial<BucketDefinition>): Promise<void> => {
    const inbox = { path: 'Resources.Inbox', name: 'inbox', notifications: [], ...bucket };
    const stack: Stack = { ...emptyStack(), buckets: [inbox] };
    await buckets.prepare(stack, clients);
    await buckets.listen(stack);
  };
  const tell = async (eventName: string, key: string, bucket = 'inbox'): Promise<void> => {
    const s3 = { bucket: { name: bucket }, object: { key, size: 1, eTag: 'e' } };
    queue.put(JSON.stringify({ Records: [{ eventName, awsRegion: 'us-east-1', s3 }] }));
    await clock.advanceAsync(0);
  };
  const refuse = (error: TargetError | undefined): void => void (refusal = error);
  return { queue, clock, configured, accepted, sent, warnings, apply, tell, refuse };
}

const toFunction = { kind: 'function', functionName: 'fn' } as const;

it('a bucket is asked for what somebody wants, and each is told what it asked for', async () => {
  const { configured, accepted, sent, queue, apply, tell } = bench();
  await apply({
    notifications: [
      { path: 'A', events: ['s3:ObjectCreated:*'], suffix: '.txt', target: toFunction },
      { path: 'B', events: ['s3:ObjectRemoved:*'], target: { kind: 'queue', arn: QUEUE } },
      { path: 'C', events: ['s3:ObjectTagging:Put'], target: { kind: 'topic', arn: TOPIC } },
    ],
  });
  expect(configured).toEqual([
    {
      Bucket: 'inbox',
      NotificationConfiguration: {
        QueueConfigurations: [
          expect.objectContaining({
            Events: ['s3:ObjectCreated:*', 's3:ObjectRemoved:*', 's3:ObjectTagging:Put'],
          }),
        ],
      },
    },
  ]);
  await tell('ObjectCreated:Put', 'a.png');
  await tell('ObjectCreated:Put', 'a.txt');
  await tell('ObjectRemoved:Delete', 'a.txt');
  await tell('ObjectTagging:Put', 'a.txt');
  expect(accepted.map(({ functionName }) => functionName)).toEqual(['fn']);
  expect(sent.map(({ arn, subject }) => [arn, subject])).toEqual([
    [QUEUE, undefined],
    [TOPIC, 'Amazon S3 Notification'],
  ]);
  expect(queue.deleted).toEqual(['0', '1', '2', '3']);
});

it('with EventBridge on, the default bus is told as well', async () => {
  const { sent, accepted, apply, tell } = bench();
  await apply({
    eventBridge: true,
    notifications: [{ path: 'A', events: ['s3:ObjectCreated:Put'], target: toFunction }],
  });
  await tell('ObjectCreated:Put', 'in/a.txt');
  expect(accepted).toHaveLength(1);
  expect(sent).toEqual([
    expect.objectContaining({
      arn: BUS,
      event: {
        source: 'aws.s3',
        detailType: 'Object Created',
        resources: ['arn:aws:s3:::inbox'],
      },
      json: expect.objectContaining({
        bucket: { name: 'inbox' },
        object: expect.objectContaining({ key: 'in/a.txt' }),
      }),
    }),
  ]);
});

it('test events are for queues and topics; what is no bucket of ours is for nobody', async () => {
  const { sent, accepted, queue, clock, apply, tell } = bench();
  await apply({
    notifications: [
      { path: 'A', events: ['s3:ObjectCreated:*'], target: toFunction },
      { path: 'B', events: ['s3:ObjectRemoved:*'], target: { kind: 'queue', arn: QUEUE } },
    ],
  });
  queue.put(JSON.stringify({ Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'inbox' }));
  await clock.advanceAsync(0);
  await tell('ObjectCreated:Put', 'a', 'another');
  queue.put('no JSON');
  await clock.advanceAsync(0);
  expect(accepted).toEqual([]);
  expect(sent.map(({ arn, json }) => [arn, json])).toEqual([
    [QUEUE, expect.objectContaining({ Event: 's3:TestEvent', Bucket: 'inbox' })],
  ]);
  expect(queue.deleted).toEqual(['0', '1', '2']);
});

it('what cannot be told is lost and said; what cannot be told now comes again', async () => {
  const { queue, warnings, apply, tell, refuse } = bench();
  await apply({
    notifications: [
      { path: 'A', events: ['s3:ObjectCreated:*'], target: { kind: 'queue', arn: QUEUE } },
      {
        path: 'B',
        events: ['s3:ObjectRemoved:*'],
        target: { kind: 'function', functionName: 'gone' },
      },
    ],
  });
  refuse(new TargetError('NonExistentQueue', 'no such queue', false));
  await tell('ObjectCreated:Put', 'a');
  await tell('ObjectRemoved:Delete', 'a');
  expect(queue.deleted).toEqual(['0', '1']);
  refuse(new TargetError('ServiceUnavailable', 'busy', true));
  await tell('ObjectCreated:Put', 'b');
  expect(queue.deleted).toEqual(['0', '1']);
  expect(warnings).toEqual([
    expect.stringContaining('A: an event is lost: no such queue'),
    expect.stringContaining('B: an event is lost: there is no function gone'),
    expect.stringContaining('comes again: busy'),
  ]);
});
