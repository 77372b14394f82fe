import { afterEach, expect, it } from '@jest/globals';
import { TargetError } from '../../../src/targets/targets.js';
import { EventBench, FAILS, HOUR, MINUTE, SECOND } from '../../support/event-bench.js';

const QUEUE = 'arn:aws:sqs:us-east-1:1:q';
const OTHER = 'arn:aws:sqs:us-east-1:1:other';
const AWAY = new TargetError('ServiceUnavailable', 'the queue is away', true);

let bench: EventBench;
afterEach(() => bench.close());

/** Fails with what `answer` gives, if anything. */
function benchWith(answer: (arn: string, atMs: number) => Error | undefined) {
  const sent: { arn: string; second: number }[] = [];
  bench = new EventBench({
    sender: {
      send: (arn) => {
        const atMs = bench.clock.now() - bench.startedAtMs;
        sent.push({ arn, second: atMs / SECOND });
        const error = answer(arn, atMs);
        return error === undefined ? Promise.resolve() : Promise.reject(error);
      },
    },
  });
  bench.answer = () => FAILS;
  bench.define('fn', { maximumRetryAttempts: 0, onFailureArn: QUEUE });
  bench.define('other', { maximumRetryAttempts: 0, onFailureArn: OTHER });
  return sent;
}

it('a target that is away for a while is tried again, with growing pauses, and told once', async () => {
  const sent = benchWith((_, atMs) => (atMs < 5 * SECOND ? AWAY : undefined));
  await bench.accept('fn');
  await bench.clock.advanceAsync(MINUTE);
  expect(sent.map(({ second }) => second)).toEqual([0, 1, 3, 7]);
  expect(bench.queue.counts.undelivered).toBe(0);
  expect(bench.warnings).toEqual([expect.stringContaining('the queue is away; it is tried again')]);
  expect(bench.store.deliveries(10)).toEqual([]);
});

it('one that is away holds nobody else up', async () => {
  const sent = benchWith((arn) => (arn === QUEUE ? AWAY : undefined));
  for (let count = 0; count < 60; count += 1) await bench.accept('fn');
  await bench.accept('other');
  await bench.clock.advanceAsync(0);
  expect(sent.filter(({ arn }) => arn === OTHER)).toHaveLength(1);
});

it('what is still away after six hours is given up, said and counted', async () => {
  benchWith(() => AWAY);
  await bench.accept('fn');
  await bench.clock.advanceAsync(5 * HOUR);
  expect(bench.queue.counts.undelivered).toBe(0);
  await bench.clock.advanceAsync(2 * HOUR);
  expect(bench.queue.counts.undelivered).toBe(1);
  expect(bench.store.deliveries(10)).toEqual([]);
  expect(bench.warnings.at(-1)).toContain(`cannot be told to ${QUEUE}: the queue is away`);
});

it('what a target will never take is over at once', async () => {
  const sent = benchWith(() => new TargetError('AccessDenied', 'not for you', false));
  await bench.accept('fn');
  await bench.clock.advanceAsync(HOUR);
  expect(sent).toHaveLength(1);
  expect(bench.queue.counts.undelivered).toBe(1);
});
