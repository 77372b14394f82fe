import { afterEach, describe, expect, it } from '@jest/globals';
import { Filters } from '../../../src/event-sources/filters.js';
import { mappingOf, type QueueMapping } from '../../../src/event-sources/mapping.js';
import { QueueRunner } from '../../../src/event-sources/queue/queue-runner.js';
import type { MappingDefinition } from '../../../src/stack/mappings.js';
import { succeeded } from '../../support/fake-router.js';
import { FakeQueue } from '../../support/fake-queue.js';
import { ManualClock } from '../../support/manual-clock.js';
import { FAILS, MappingBench, THROTTLED } from '../../support/mapping-bench.js';

const ARN = 'arn:aws:sqs:eu-west-1:000000000000:orders';
const SECOND = 1_000;
const MINUTE = 60 * SECOND;

let runner: QueueRunner | undefined;
afterEach(() => runner?.close());

function setUp(
  definition: Partial<MappingDefinition> = {},
  { arn = ARN, visibilityMs = 30 * SECOND } = {},
) {
  const clock = new ManualClock();
  const queue = new FakeQueue(clock, visibilityMs);
  const bench = new MappingBench(clock);
  const mapping = mappingOf({
    uuid: 'u-1',
    definition: {
      path: '',
      target: { functionName: 'worker' },
      sourceArn: arn,
      enabled: true,
      ...definition,
    },
    told: {},
    tags: {},
    modifiedAtMs: 0,
  }) as QueueMapping;
  const start = (): QueueRunner => {
    runner = new QueueRunner({
      ...bench.parts,
      mapping,
      reader: queue,
      filters: new Filters(mapping.filters, 'body'),
    });
    return runner;
  };
  return { clock, queue, bench, start };
}

const bodyOf = ({ body }: Record<string, unknown>): unknown => body;

describe('a mapping of a queue', () => {
  it('hands messages on in the recorded shape and deletes what was taken', async () => {
    const { clock, queue, bench, start } = setUp();
    queue.send('{"foo":1}');
    start();
    await clock.advanceAsync(SECOND);
    expect(JSON.stringify(bench.calls[0]?.event)).toBe(
      JSON.stringify({
        Records: [
          {
            messageId: 'm-0-{"foo":1}',
            receiptHandle: 'r-1',
            body: '{"foo":1}',
            attributes: {
              ApproximateReceiveCount: '1',
              SentTimestamp: '1767607200000',
              SenderId: 'AIDA',
              ApproximateFirstReceiveTimestamp: '1767607200004',
            },
            messageAttributes: {},
            md5OfMessageAttributes: null,
            md5OfBody: 'e4e6',
            eventSource: 'aws:sqs',
            eventSourceARN: ARN,
            awsRegion: 'eu-west-1',
          },
        ],
      }),
    );
    expect(queue.left).toEqual([]);
    expect(bench.results).toEqual(['OK']);
  });

  it('waits with one request as long as there is nothing', async () => {
    const { clock, queue, start } = setUp();
    start();
    await clock.advanceAsync(10 * MINUTE);
    expect(queue.mostOpen).toBe(1);
    // One after the other, each as long as the queue makes it wait.
    expect(queue.requests).toBeLessThanOrEqual(31);
  });

  it('gathers a batch until it is full or its window ends', async () => {
    const { clock, queue, bench, start } = setUp({ batchSize: 15, batchingWindowSeconds: 10 });
    start();
    for (let n = 0; n < 20; n += 1) queue.send(`${n}`);
    await clock.advanceAsync(9 * SECOND);
    expect(bench.batches(bodyOf).map(({ length }) => length)).toEqual([15]);
    await clock.advanceAsync(2 * SECOND);
    expect(bench.batches(bodyOf).map(({ length }) => length)).toEqual([15, 5]);
    expect(queue.left).toEqual([]);
  });

  it('never makes an event of more than 6 MB', async () => {
    const { clock, queue, bench, start } = setUp({ batchSize: 100, batchingWindowSeconds: 20 });
    start();
    const large = 'x'.repeat(1_000_000);
    for (let n = 0; n < 13; n += 1) queue.send(large);
    await clock.advanceAsync(21 * SECOND);
    expect(bench.batches(bodyOf).map(({ length }) => length)).toEqual([6, 6, 1]);
    for (const { event } of bench.calls) {
      expect(JSON.stringify(event).length).toBeLessThanOrEqual(6 * 1024 * 1024);
    }
  });

  it('leaves a failed batch to its visibility timeout, and then to the dead letters', async () => {
    const { clock, queue, bench, start } = setUp();
    queue.maxReceives = 3;
    bench.answer = () => FAILS;
    queue.send('poison');
    start();
    await clock.advanceAsync(29 * SECOND);
    expect(bench.calls).toHaveLength(1);
    await clock.advanceAsync(2 * SECOND);
    expect(bench.calls).toHaveLength(2);
    await clock.advanceAsync(2 * MINUTE);
    expect(bench.calls).toHaveLength(3);
    expect(queue.dead).toEqual(['poison']);
    expect(bench.results.at(-1)).toBe('PROBLEM: Function call failed');
    const counts = bench.calls.map(
      ({ event }) => event.Records.map(({ attributes }) => attributes as Record<string, string>)[0],
    );
    expect(counts).toMatchObject(
      ['1', '2', '3'].map((ApproximateReceiveCount) => ({ ApproximateReceiveCount })),
    );
  });

  it('deletes of a partial failure only what did not fail', async () => {
    const { clock, queue, bench, start } = setUp({ reportBatchItemFailures: true });
    for (const body of ['a', 'b', 'c']) queue.send(body);
    bench.answer = ({ event }, nth) => {
      const bad = event.Records.find(({ body }) => body === 'b');
      if (nth > 1 || bad === undefined) return succeeded('');
      return succeeded(
        JSON.stringify({ batchItemFailures: [{ itemIdentifier: bad['messageId'] }] }),
      );
    };
    start();
    await clock.advanceAsync(SECOND);
    expect(queue.left).toEqual(['b']);
    await clock.advanceAsync(30 * SECOND);
    expect(bench.batches(bodyOf)).toEqual([['a', 'b', 'c'], ['b']]);
    expect(queue.left).toEqual([]);
  });

  it('deletes what no filter wants without calling anybody', async () => {
    const { clock, queue, bench, start } = setUp({ filters: ['{"body":{"kind":["order"]}}'] });
    for (const body of ['{"kind":"order"}', '{"kind":"refund"}', 'no json']) queue.send(body);
    start();
    await clock.advanceAsync(SECOND);
    expect(bench.batches(bodyOf)).toEqual([['{"kind":"order"}']]);
    expect(queue.left).toEqual([]);
  });

  it('runs five batches at once at first, and 300 more in each minute', async () => {
    const { clock, queue, bench, start } = setUp({ batchSize: 1 });
    bench.durationMs = 10 * SECOND;
    for (let n = 0; n < 3_000; n += 1) queue.send(`${n}`);
    start();
    await clock.advanceAsync(100);
    expect(bench.running).toBe(5);
    await clock.advanceAsync(30 * SECOND);
    expect(bench.running).toBeGreaterThan(120);
    expect(bench.running).toBeLessThanOrEqual(5 + 150);
    await clock.advanceAsync(30 * SECOND);
    expect(bench.running).toBeGreaterThan(260);
    expect(bench.running).toBeLessThanOrEqual(5 + 301);
  });

  it('keeps to its maximum concurrency', async () => {
    const { clock, queue, bench, start } = setUp({ batchSize: 1, maximumConcurrency: 2 });
    bench.durationMs = SECOND;
    for (let n = 0; n < 50; n += 1) queue.send(`${n}`);
    start();
    await clock.advanceAsync(2 * MINUTE);
    expect(bench.mostRunning).toBe(2);
    expect(queue.left).toEqual([]);
  });

  it('keeps eight environments busy from one queue', async () => {
    const { clock, queue, bench, start } = setUp({ batchSize: 1, maximumConcurrency: 8 });
    bench.durationMs = 100;
    for (let n = 0; n < 2_000; n += 1) queue.send(`${n}`);
    start();
    await clock.advanceAsync(5 * SECOND);
    const before = bench.calls.length;
    await clock.advanceAsync(10 * SECOND);
    // Eight at once, ten a second each.
    expect(bench.calls.length - before).toBeGreaterThanOrEqual(790);
  });

  it('backs off from throttles, and loses nothing', async () => {
    const { clock, queue, bench, start } = setUp({ batchSize: 1 }, { visibilityMs: 5 * SECOND });
    let room = 0;
    bench.durationMs = 100;
    bench.answer = () => (room > 0 ? succeeded('null') : THROTTLED);
    for (let n = 0; n < 10; n += 1) queue.send(`${n}`);
    start();
    await clock.advanceAsync(MINUTE);
    const throttled = bench.calls.length;
    expect(throttled).toBeGreaterThan(5);
    expect(throttled).toBeLessThan(40);
    expect(bench.results.at(-1)).toBe('PROBLEM: Function was throttled');
    room = 1;
    await clock.advanceAsync(3 * MINUTE);
    expect(queue.left).toEqual([]);
  });

  it('tells once of a queue it cannot reach, and goes on when it can', async () => {
    const { clock, queue, bench, start } = setUp();
    queue.trouble = new Error('ECONNREFUSED');
    start();
    await clock.advanceAsync(5 * MINUTE);
    expect(bench.warnings).toEqual([`${ARN} cannot be read: ECONNREFUSED. It is tried again`]);
    expect(bench.results.at(-1)).toBe('PROBLEM: ECONNREFUSED');
    queue.trouble = undefined;
    queue.send('late');
    await clock.advanceAsync(MINUTE);
    expect(bench.batches(bodyOf)).toEqual([['late']]);
    expect(bench.results.at(-1)).toBe('OK');
  });

  it('finishes what runs when it drains, and gives back what it has not begun', async () => {
    const { clock, queue, bench, start } = setUp({ batchSize: 1, maximumConcurrency: 2 });
    bench.durationMs = 500;
    for (let n = 0; n < 9; n += 1) queue.send(`${n}`);
    const running = start();
    await clock.advanceAsync(700);
    const drained = running.drain();
    await clock.advanceAsync(SECOND);
    await drained;
    expect(queue.left.length + queue.removed.length).toBe(9);
    expect(queue.removed).toHaveLength(4);
    expect(queue.open_).toBe(0);
    expect(queue.released).toBeGreaterThan(0);
  });
});

describe('a queue whose server goes on with requests that were given up', () => {
  it('is drained once they have ended, and gets back what they brought', async () => {
    const { clock, queue, bench, start } = setUp();
    queue.takesAborts = false;
    const running = start();
    await clock.advanceAsync(SECOND);
    const drained = running.drain();
    queue.send('late');
    await clock.advanceAsync(MINUTE);
    await drained;
    expect([queue.open_, queue.left, bench.calls]).toEqual([0, ['late'], []]);
    expect(queue.released).toBe(1);
  });
});

describe('a mapping of a FIFO queue', () => {
  const arn = `${ARN}.fifo`;

  it('keeps the order of each group, and runs groups side by side', async () => {
    const { clock, queue, bench, start } = setUp({ batchSize: 1 }, { arn });
    bench.durationMs = SECOND;
    for (let n = 0; n < 5; n += 1)
      for (const group of ['a', 'b']) queue.send(`${group}${n}`, group);
    start();
    await clock.advanceAsync(MINUTE);
    expect(bench.mostRunning).toBe(2);
    const bodies = bench.batches(bodyOf).flat() as string[];
    for (const group of ['a', 'b']) {
      const of = bodies.filter((body) => body.startsWith(group));
      expect(of).toEqual([0, 1, 2, 3, 4].map((n) => `${group}${n}`));
    }
  });

  it('goes no further with a group whose batch failed, and on with the others', async () => {
    const { clock, queue, bench, start } = setUp({ batchSize: 1 }, { arn });
    bench.answer = ({ event }, nth) =>
      event.Records[0]?.['body'] === 'a0' && nth < 3 ? FAILS : succeeded('');
    for (const body of ['a0', 'a1', 'b0', 'b1']) queue.send(body, body.slice(0, 1));
    start();
    await clock.advanceAsync(20 * SECOND);
    expect(bench.batches(bodyOf).flat()).toEqual(['a0', 'b0', 'b1']);
    await clock.advanceAsync(20 * SECOND);
    expect(bench.batches(bodyOf).flat()).toEqual(['a0', 'b0', 'b1', 'a0', 'a1']);
  });
});
