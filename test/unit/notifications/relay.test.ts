import { afterEach, expect, it } from '@jest/globals';
import { Relay, type RelayedMessage } from '../../../src/notifications/relay.js';
import { FakeSqs } from '../../support/fake-sqs.js';
import { ManualClock } from '../../support/manual-clock.js';

const clock = new ManualClock();
const warnings: string[] = [];
let relay: Relay | undefined;
afterEach(async () => {
  await relay?.stop();
  warnings.length = 0;
});

function relayOf(queue: FakeSqs, take: (message: RelayedMessage) => Promise<void>): Relay {
  relay = new Relay({
    name: 'messages',
    sqs: () => Promise.resolve(queue.client),
    url: () => Promise.resolve('http://queue'),
    take,
    waitSeconds: 5,
    clock,
    log: { warn: (message) => void warnings.push(message), info: () => undefined },
  });
  return relay;
}

it('a message is deleted once it has been taken, not before', async () => {
  const queue = new FakeSqs();
  queue.put('a');
  let isTaken: () => void = () => undefined;
  const taken: string[] = [];
  relayOf(queue, ({ body }) => {
    taken.push(body);
    return new Promise((resolve) => (isTaken = resolve));
  });
  await clock.advanceAsync(0);
  expect(taken).toEqual(['a']);
  expect(queue.deleted).toEqual([]);
  isTaken();
  await clock.advanceAsync(0);
  expect(queue.deleted).toEqual(['0']);
  expect(relay?.taken).toBe(1);
});

it('one that is not taken stays, and the others go on', async () => {
  const queue = new FakeSqs();
  for (const body of ['a', 'b', 'c']) queue.put(body);
  relayOf(queue, ({ body }) =>
    body === 'b' ? Promise.reject(new Error('full')) : Promise.resolve(),
  );
  await clock.advanceAsync(0);
  expect(queue.deleted).toEqual(['0', '2']);
  expect(warnings).toEqual([expect.stringContaining('comes again: full')]);
});

it('services that are away are told of once and asked with growing pauses, until they are back', async () => {
  const queue = new FakeSqs();
  queue.trouble = new Error('connection refused');
  const taken: string[] = [];
  relayOf(queue, ({ body }) => {
    taken.push(body);
    return Promise.resolve();
  });
  await clock.advanceAsync(4_000);
  expect(queue.polls).toBe(4);
  expect(warnings).toEqual([expect.stringContaining('connection refused')]);
  expect(relay?.trouble).toBe('connection refused');
  queue.trouble = undefined;
  queue.put('late');
  await clock.advanceAsync(10_000);
  expect(taken).toEqual(['late']);
  expect(relay?.trouble).toBeUndefined();
});

it('an idle queue is asked once, and waits', async () => {
  const queue = new FakeSqs();
  relayOf(queue, () => Promise.resolve());
  await clock.advanceAsync(60_000);
  expect(queue.polls).toBe(1);
});
