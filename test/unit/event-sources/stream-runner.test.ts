import { afterEach, describe, expect, it } from '@jest/globals';
import type { MappingDefinition } from '../../../src/stack/mappings.js';
import { succeeded } from '../../support/fake-router.js';
import { FAILS, THROTTLED } from '../../support/mapping-bench.js';
import { StreamBench } from '../../support/stream-bench.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

let bench: StreamBench;
afterEach(() => bench.close());

function setUp(
  definition: Partial<MappingDefinition> = {},
  shards?: readonly string[],
): StreamBench {
  bench = new StreamBench(definition, shards);
  return bench;
}

function putAll(texts: string, key?: string): void {
  for (const text of texts.split(' ')) {
    bench.stream.put(text, key === undefined ? { key: text.slice(0, 1) } : { key });
  }
}

/** Answers that these records failed, as far as they are in the batch. */
function failing(...texts: readonly string[]) {
  return ({ event }: { event: { Records: readonly Record<string, unknown>[] } }) => {
    const batchItemFailures = event.Records.filter(({ text }) => texts.includes(String(text))).map(
      ({ sequenceNumber }) => ({ itemIdentifier: sequenceNumber }),
    );
    return succeeded(JSON.stringify({ batchItemFailures }));
  };
}

describe('a mapping of a stream', () => {
  it('begins with the oldest, and goes on after what it has done when it was killed', async () => {
    const { clock } = setUp({ batchSize: 2 });
    putAll('a b c d e');
    bench.start();
    await clock.advanceAsync(SECOND);
    expect(bench.batches).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
    putAll('f g');
    bench.bench.durationMs = SECOND;
    await clock.advanceAsync(1_500);
    // `f g` is under way and not done.
    expect(bench.batches.at(-1)).toEqual(['f', 'g']);
    bench.kill();
    await clock.advanceAsync(5 * SECOND);
    expect(bench.batches.slice(3)).toEqual([
      ['f', 'g'],
      ['f', 'g'],
    ]);
  });

  it('begins with the newest, and passes nothing over that came while it was dead', async () => {
    const { clock } = setUp({ startingPosition: 'LATEST' });
    putAll('old');
    await clock.advanceAsync(5 * SECOND);
    bench.start();
    await clock.advanceAsync(5 * SECOND);
    expect(bench.batches).toEqual([]);
    putAll('new');
    bench.kill();
    await clock.advanceAsync(5 * SECOND);
    expect(bench.batches).toEqual([['new']]);
  });

  it('begins at a time', async () => {
    const { clock } = setUp();
    putAll('early');
    await clock.advanceAsync(MINUTE);
    const startingTimestamp = clock.now() / SECOND;
    bench.close();
    setUp({ startingPosition: 'AT_TIMESTAMP', startingTimestamp });
    putAll('early');
    await bench.clock.advanceAsync(MINUTE + 1);
    putAll('late');
    bench.start();
    await bench.clock.advanceAsync(SECOND);
    expect(bench.batches).toEqual([['late']]);
  });

  it('asks once a second, and counts on the window for its batches', async () => {
    const { clock, stream } = setUp({ batchingWindowSeconds: 10 });
    bench.start();
    await clock.advanceAsync(5 * SECOND);
    const before = stream.requests;
    await clock.advanceAsync(5 * SECOND);
    expect(stream.requests - before).toBeLessThanOrEqual(7);
    putAll('a b');
    await clock.advanceAsync(5 * SECOND);
    putAll('c');
    await clock.advanceAsync(5 * SECOND);
    expect(bench.batches).toEqual([]);
    await clock.advanceAsync(2 * SECOND);
    expect(bench.batches).toEqual([['a', 'b', 'c']]);
  });

  it('tries a failed batch again and again before anything behind it', async () => {
    const { clock } = setUp({ batchSize: 1 });
    let fails = true;
    bench.bench.answer = ({ event }) =>
      fails && event.Records[0]?.['text'] === 'a' ? FAILS : succeeded('');
    putAll('a b');
    bench.start();
    await clock.advanceAsync(10 * MINUTE);
    expect(new Set(bench.batches.flat())).toEqual(new Set(['a']));
    // A minute between attempts at most.
    expect(bench.batches.length).toBeGreaterThan(12);
    expect(bench.batches.length).toBeLessThan(20);
    expect(bench.bench.results.at(-1)).toBe('PROBLEM: Function call failed');
    fails = false;
    await clock.advanceAsync(2 * MINUTE);
    expect(bench.batches.slice(-2)).toEqual([['a'], ['b']]);
  });

  it('gives a batch up after its attempts, tells of it and goes on', async () => {
    const { clock } = setUp({ batchSize: 2, maximumRetryAttempts: 2 });
    bench.bench.answer = ({ event }) =>
      event.Records.some(({ text }) => text === 'b') ? FAILS : succeeded('');
    putAll('a b c');
    bench.start();
    await clock.advanceAsync(MINUTE);
    expect(bench.batches).toEqual([['a', 'b'], ['a', 'b'], ['a', 'b'], ['c']]);
    expect(bench.discarded).toHaveLength(1);
    expect(bench.discarded[0]).toMatchObject({
      condition: 'RetryAttemptsExhausted',
      calls: 3,
      shardId: 's-0',
      last: { executedVersion: '$LATEST' },
    });
    expect(bench.discarded[0]?.entries.map(({ record }) => record.text)).toEqual(['a', 'b']);
    // What was given up is done: it is not tried after a restart.
    bench.kill();
    await clock.advanceAsync(MINUTE);
    expect(bench.batches).toHaveLength(4);
  });

  it('halves a batch that fails, at no cost of attempts, down to the record that is at fault', async () => {
    const { clock } = setUp({ bisectOnError: true, maximumRetryAttempts: 1 });
    bench.bench.answer = ({ event }) =>
      event.Records.some(({ text }) => text === 'c') ? FAILS : succeeded('');
    putAll('a b c d');
    bench.start();
    await clock.advanceAsync(MINUTE);
    expect(bench.batches).toEqual([
      ['a', 'b', 'c', 'd'],
      ['a', 'b'],
      ['c', 'd'],
      ['c'],
      ['c'],
      ['d'],
    ]);
    expect(bench.discarded.map(({ entries }) => entries.map(({ record }) => record.text))).toEqual([
      ['c'],
    ]);
  });

  it('goes on from the lowest record that the function names', async () => {
    const { clock } = setUp({ reportBatchItemFailures: true });
    let attempts = 0;
    bench.bench.answer = (called) => (++attempts < 3 ? failing('d', 'b')(called) : succeeded(''));
    putAll('a b c d');
    bench.start();
    await clock.advanceAsync(SECOND);
    bench.kill();
    await clock.advanceAsync(MINUTE);
    expect(bench.batches).toEqual([
      ['a', 'b', 'c', 'd'],
      ['b', 'c', 'd'],
      ['b', 'c', 'd'],
    ]);
  });

  it('gives up records that are too old, and does not count throttles', async () => {
    const { clock } = setUp({ maximumRecordAgeSeconds: 120, maximumRetryAttempts: 0 });
    bench.bench.answer = () => THROTTLED;
    putAll('a');
    bench.start();
    await clock.advanceAsync(5 * MINUTE);
    expect(bench.batches.length).toBeGreaterThan(5);
    expect(bench.discarded).toHaveLength(1);
    expect(bench.discarded[0]).toMatchObject({ condition: 'RecordAgeExceeded', calls: 0 });
    expect(bench.discarded[0]?.last).toBeUndefined();
  });

  it('runs several batches of a shard at once, each key in order', async () => {
    const { clock } = setUp({ parallelizationFactor: 4, batchSize: 1 });
    bench.bench.durationMs = SECOND;
    for (let n = 0; n < 5; n += 1)
      for (const key of 'abcdefgh') bench.stream.put(`${key}${n}`, { key });
    bench.start();
    await clock.advanceAsync(MINUTE);
    expect(bench.bench.mostRunning).toBeGreaterThan(2);
    expect(bench.bench.mostRunning).toBeLessThanOrEqual(4);
    const texts = bench.batches.flat();
    for (const key of 'abcdefgh') {
      expect(texts.filter((text) => text.startsWith(key))).toEqual(
        [0, 1, 2, 3, 4].map((n) => `${key}${n}`),
      );
    }
  });

  it('leaves out what no filter wants, and remembers that it did', async () => {
    const { clock } = setUp({ filters: ['{"data":["a","c"]}'] });
    putAll('a b c d');
    bench.start();
    await clock.advanceAsync(SECOND);
    expect(bench.batches).toEqual([['a', 'c']]);
    bench.kill();
    await clock.advanceAsync(SECOND);
    expect(bench.batches).toEqual([['a', 'c']]);
  });

  it('reads children after their parents are done', async () => {
    const { clock, stream } = setUp({ batchSize: 1 }, ['s-0']);
    let fails = true;
    bench.bench.answer = ({ event }) =>
      fails && event.Records[0]?.['text'] === 'b' ? FAILS : succeeded('');
    putAll('a b');
    stream.endShard('s-0');
    stream.addShard('s-1', ['s-0']);
    stream.addShard('s-2', ['s-0']);
    stream.put('c', { shard: 's-1' });
    stream.put('d', { shard: 's-2' });
    bench.start();
    await clock.advanceAsync(MINUTE);
    expect(bench.batches.flat()).not.toContain('c');
    fails = false;
    await clock.advanceAsync(2 * MINUTE);
    expect(bench.batches.flat().slice(-3).sort()).toEqual(['b', 'c', 'd']);
    bench.kill();
    const before = bench.batches.length;
    await clock.advanceAsync(MINUTE);
    expect(bench.batches).toHaveLength(before);
  });

  it('begins anew with a stream that was made anew', async () => {
    const { clock, stream } = setUp();
    putAll('a b');
    bench.start();
    await clock.advanceAsync(SECOND);
    stream.life = 'second';
    bench.kill();
    await clock.advanceAsync(SECOND);
    expect(bench.batches).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
  });

  it('tells once of a stream it cannot reach, and goes on when it can', async () => {
    const { clock, stream } = setUp();
    putAll('a');
    stream.trouble = new Error('ECONNREFUSED');
    bench.start();
    await clock.advanceAsync(5 * MINUTE);
    expect(bench.bench.warnings).toHaveLength(1);
    stream.trouble = undefined;
    await clock.advanceAsync(MINUTE);
    expect(bench.batches).toEqual([['a']]);
    stream.trouble = new Error('reset');
    await clock.advanceAsync(MINUTE);
    stream.trouble = undefined;
    putAll('b');
    await clock.advanceAsync(MINUTE);
    expect(bench.batches).toEqual([['a'], ['b']]);
    expect(bench.bench.warnings).toHaveLength(2);
  });

  it('ends what runs when it drains, and keeps its checkpoint', async () => {
    const { clock } = setUp({ batchSize: 1 });
    bench.bench.durationMs = SECOND;
    putAll('a b');
    const runner = bench.start();
    await clock.advanceAsync(500);
    const drained = runner.drain();
    await clock.advanceAsync(5 * SECOND);
    await drained;
    expect(bench.batches).toEqual([['a']]);
    bench.kill();
    await clock.advanceAsync(5 * SECOND);
    expect(bench.batches).toEqual([['a'], ['b']]);
  });
});

describe('a tumbling window', () => {
  interface WindowEvent {
    readonly window: { readonly start: string; readonly end: string };
    readonly state: Record<string, unknown>;
    readonly shardId: string;
    readonly eventSourceARN: string;
    readonly isFinalInvokeForWindow: boolean;
    readonly isWindowTerminatedEarly: boolean;
  }
  const eventAt = (nth: number): WindowEvent =>
    bench.bench.calls[nth]?.event as unknown as WindowEvent;
  const counting = ({
    event,
  }: {
    event: { Records: readonly unknown[] } & Record<string, unknown>;
  }) => {
    const { count = 0 } = event['state'] as { count?: number };
    return succeeded(JSON.stringify({ state: { count: count + event.Records.length } }));
  };

  it('hands the state from batch to batch, and ends when its time is over', async () => {
    const { clock } = setUp({ tumblingWindowSeconds: 60, batchSize: 2 });
    bench.bench.answer = counting;
    putAll('a b c');
    bench.start();
    await clock.advanceAsync(MINUTE + 5 * SECOND);
    expect(bench.batches).toEqual([['a', 'b'], ['c'], []]);
    expect(Object.keys(bench.bench.calls[0]?.event ?? {})).toEqual([
      'Records',
      'window',
      'state',
      'shardId',
      'eventSourceARN',
      'isFinalInvokeForWindow',
      'isWindowTerminatedEarly',
    ]);
    expect(eventAt(0)).toMatchObject({
      window: { start: '2026-01-01T00:00:00Z', end: '2026-01-01T00:01:00Z' },
      state: {},
      shardId: 's-0',
      eventSourceARN: 'arn:stream',
      isFinalInvokeForWindow: false,
      isWindowTerminatedEarly: false,
    });
    expect(eventAt(1).state).toEqual({ count: 2 });
    expect(eventAt(2)).toMatchObject({
      state: { count: 3 },
      isFinalInvokeForWindow: true,
      isWindowTerminatedEarly: false,
    });
    putAll('d');
    await clock.advanceAsync(5 * SECOND);
    expect(eventAt(3)).toMatchObject({
      window: { start: '2026-01-01T00:01:00Z', end: '2026-01-01T00:02:00Z' },
      state: {},
    });
  });

  it('keeps its state over a kill', async () => {
    const { clock } = setUp({ tumblingWindowSeconds: 60 });
    bench.bench.answer = counting;
    putAll('a b');
    bench.start();
    await clock.advanceAsync(SECOND);
    bench.kill();
    putAll('c');
    await clock.advanceAsync(MINUTE + 5 * SECOND);
    expect(eventAt(1).state).toEqual({ count: 2 });
    expect(eventAt(2)).toMatchObject({ state: { count: 3 }, isFinalInvokeForWindow: true });
  });

  it('ends early when its state grows too large', async () => {
    const { clock } = setUp({ tumblingWindowSeconds: 60 });
    bench.bench.answer = () => succeeded(JSON.stringify({ state: { much: 'x'.repeat(2 ** 20) } }));
    putAll('a');
    bench.start();
    await clock.advanceAsync(5 * SECOND);
    expect(bench.batches).toEqual([['a'], []]);
    expect(eventAt(1)).toMatchObject({
      isFinalInvokeForWindow: true,
      isWindowTerminatedEarly: true,
    });
  });
});
