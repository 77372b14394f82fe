import { afterEach, expect, it } from '@jest/globals';
import type { SNSClient } from '@aws-sdk/client-sns';
import { TopicSubscriptions } from '../../../src/notifications/topics.js';
import type { NotificationParts } from '../../../src/notifications/part.js';
import { Invoker, type AcceptedEvent } from '../../../src/router/invoker.js';
import type { ServiceClients } from '../../../src/services/clients.js';
import type { SubscriptionDefinition } from '../../../src/stack/service-resources.js';
import { emptyStack, type Stack } from '../../../src/stack/stack.js';
import { TargetError, Targets } from '../../../src/targets/targets.js';
import { FakeSqs } from '../../support/fake-sqs.js';
import { ManualClock } from '../../support/manual-clock.js';

const PLACE = 'us-east-1:123456789012';
const DEAD = `arn:aws:sqs:${PLACE}:dead`;
const NOTICE = JSON.stringify({ Type: 'Notification', TopicArn: `arn:aws:sns:${PLACE}:alerts` });

let topics: TopicSubscriptions;
afterEach(() => topics.stop());

/** One function that subscribes to one topic, and whether there is such a function. */
async function bench(exists: boolean, own: Partial<SubscriptionDefinition> = {}, refusal?: Error) {
  const clock = new ManualClock();
  const queue = new FakeSqs();
  const subscribed: object[] = [];
  const accepted: AcceptedEvent[] = [];
  const letters: string[] = [];
  const warnings: string[] = [];
  const sns = {
    send: ({ constructor: { name }, input }: { constructor: Function; input: object }) => {
      if (name === 'SubscribeCommand') {
        if (refusal !== undefined) return Promise.reject(refusal);
        subscribed.push(input);
      }
      return Promise.resolve({ SubscriptionArn: 'arn:of:subscription' });
    },
  } as unknown as SNSClient;
  const clients = {
    sqs: () => Promise.resolve(queue.client),
    sns: () => Promise.resolve(sns),
  } as unknown as ServiceClients;
  const targets = new Targets();
  targets.serve('sqs', (_, { body }) => {
    letters.push(body.toString());
    return own.deadLetterArn?.endsWith('gone') === true
      ? Promise.reject(new TargetError('NonExistentQueue', 'no such queue', false))
      : Promise.resolve();
  });
  const door = { find: () => (exists ? { functionArn: 'arn:of:fn' } : undefined) };
  topics = new TopicSubscriptions({
    settings: { region: 'us-east-1', accountId: '123456789012', stateDirectory: '/state' },
    clock,
    queueClock: clock,
    invoker: new Invoker({
      door: () => door as never,
      accept: (event) => Promise.resolve(void accepted.push(event)),
      now: () => 0,
    }),
    services: { kind: 'container', clients },
    targets,
    log: { warn: (message: string) => void warnings.push(message), info: () => undefined },
  } as unknown as NotificationParts);
  const target = { kind: 'function', functionName: 'fn' } as const;
  const subscription = { path: 'Resources.Sub', target, ...own };
  const topic = { path: 'T', name: 'alerts', attributes: {}, subscriptions: [subscription] };
  const stack: Stack = { ...emptyStack(), topics: [topic] };
  await topics.prepare(stack, clients);
  await topics.listen(stack);
  queue.put(NOTICE);
  await clock.advanceAsync(0);
  return { queue, subscribed, accepted, letters, warnings };
}

it('a subscription is made with its filter, and messages become events of the function', async () => {
  const { subscribed, accepted, queue } = await bench(true, {
    filterPolicy: { colour: ['red'] },
    filterPolicyScope: 'MessageBody',
  });
  expect(subscribed).toEqual([
    expect.objectContaining({
      TopicArn: `arn:aws:sns:${PLACE}:alerts`,
      Protocol: 'sqs',
      Endpoint: expect.stringMatching(
        /^arn:aws:sqs:us-east-1:123456789012:orchestrator-[0-9a-f]{16}$/,
      ),
      Attributes: { FilterPolicyScope: 'MessageBody', FilterPolicy: '{"colour":["red"]}' },
    }),
  ]);
  const [event] = accepted;
  expect(JSON.parse(event?.payload.toString() ?? '')).toMatchObject({
    Records: [{ EventSource: 'aws:sns', EventSubscriptionArn: 'arn:of:subscription' }],
  });
  expect(queue.deleted).toEqual(['0']);
  expect(topics.status()).toEqual([
    expect.objectContaining({ kind: 'SNS', from: 'alerts', to: 'fn', figures: { events: 1 } }),
  ]);
});

it('a message whose function is gone goes to the subscription’s dead-letter queue', async () => {
  const { letters, queue, warnings } = await bench(false, { deadLetterArn: DEAD });
  expect(letters).toEqual([NOTICE]);
  expect(queue.deleted).toEqual(['0']);
  expect(warnings).toEqual([]);
});

it('without one, or where that is gone as well, it is lost and told of', async () => {
  const none = await bench(false);
  expect(none.warnings).toEqual([expect.stringContaining('Resources.Sub: a message is lost')]);
  await topics.stop();
  const gone = await bench(false, { deadLetterArn: `${DEAD}-gone` });
  expect(gone.warnings).toEqual([expect.stringContaining('no such queue')]);
  expect(gone.queue.deleted).toEqual(['0']);
});

it('a subscription that the services refuse is told with its place and their answer', async () => {
  const refusal = Object.assign(new Error('Invalid parameter: FilterPolicy'), {
    name: 'InvalidParameter',
  });
  const error: unknown = await bench(true, {}, refusal).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    code: 'resource-refused',
    message: expect.stringContaining(
      'Resources.Sub: InvalidParameter: Invalid parameter: FilterPolicy',
    ),
  });
});
