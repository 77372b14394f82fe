import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { OrchestratorError } from '../../../src/errors.js';
import { movedAtLook } from '../../support/moved-clock.js';
import {
  ARN_HEAD,
  AWAY,
  EventBench,
  FAILS,
  HOUR,
  MINUTE,
  OK,
  SECOND,
  THROTTLED,
} from '../../support/event-bench.js';

let bench: EventBench;
beforeEach(() => {
  bench = new EventBench();
  bench.define('fn');
});
afterEach(() => bench.close());

function names(): string[] {
  return bench.attempts.map(({ event }) => event.functionName);
}

describe('an accepted event', () => {
  it('runs at once with what was sent, and is forgotten when it succeeded', async () => {
    bench.answer = () => OK;
    const requestId = await bench.accept('fn', { order: 7 });
    expect(bench.attempts).toEqual([
      expect.objectContaining({
        event: expect.objectContaining({ requestId, functionName: 'fn', attempts: 0 }),
        payload: '{"order":7}',
      }),
    ]);
    expect(bench.queue.size).toBe(0);
    expect(bench.queue.counts).toMatchObject({ accepted: 1, succeeded: 1, failed: 0 });
  });

  it('is tried three times, after one and after two more minutes, under one request id', async () => {
    bench.answer = () => FAILS;
    const requestId = await bench.accept('fn');
    await bench.clock.advanceAsync(HOUR);
    expect(bench.seconds).toEqual([0, 60, 180]);
    expect(new Set(bench.attempts.map(({ event }) => event.requestId))).toEqual(
      new Set([requestId]),
    );
    expect(bench.queue.size).toBe(0);
    expect(bench.logged).toEqual(['fn: RetriesExhausted after 3 attempts: no stock']);
  });

  it('counts the minutes from the end of an attempt', async () => {
    await bench.accept('fn');
    await bench.clock.advanceAsync(10 * SECOND);
    bench.attempts[0]?.settle(FAILS);
    await bench.clock.advanceAsync(MINUTE);
    expect(bench.seconds).toEqual([0, 70]);
  });

  it('that is throttled is tried for six hours, ever more rarely, and no longer', async () => {
    bench.answer = () => THROTTLED;
    await bench.accept('fn');
    await bench.clock.advanceAsync(6 * HOUR - 1);
    expect(bench.seconds.slice(0, 6)).toEqual([0, 1, 3, 7, 15, 31]);
    expect(bench.queue.size).toBe(1);
    const tried = bench.attempts.length;
    await bench.clock.advanceAsync(HOUR);
    expect(bench.attempts).toHaveLength(tried);
    expect(bench.queue.size).toBe(0);
    expect(bench.logged).toEqual(['fn: EventAgeExceeded after 0 attempts: Rate Exceeded.']);
  });

  it('that becomes due between any two looks at the clock runs all the same', async () => {
    for (let look = 1; look <= 40; look += 1) {
      const from = bench.attempts.length;
      await bench.restart({ clock: movedAtLook(bench.clock, look, 2 * SECOND) });
      bench.answer = () => (bench.attempts.length === from + 1 ? THROTTLED : OK);
      await bench.accept('fn');
      await bench.clock.advanceAsync(MINUTE);
      expect([look, bench.queue.size]).toEqual([look, 0]);
    }
  });

  it('survives an engine that is away, and runs when it is back', async () => {
    bench.answer = () => AWAY;
    await bench.accept('fn');
    await bench.clock.advanceAsync(HOUR);
    bench.answer = () => OK;
    await bench.clock.advanceAsync(5 * MINUTE);
    expect(bench.queue.counts.succeeded).toBe(1);
  });

  it('meets the settings of the moment at each attempt', async () => {
    bench.answer = () => FAILS;
    await bench.accept('fn');
    bench.define('fn', { maximumRetryAttempts: 1 });
    await bench.clock.advanceAsync(HOUR);
    expect(bench.seconds).toEqual([0, 60]);
  });

  it('of a function that may never run is over without having run', async () => {
    bench.define('fn', { reservedConcurrency: 0 });
    await bench.accept('fn');
    expect(bench.attempts).toEqual([]);
    expect(bench.queue.size).toBe(0);
    expect(bench.logged).toEqual(['fn: ZeroReservedConcurrency after 0 attempts']);
  });

  it('of a function that is removed meanwhile is dropped, counted and told', async () => {
    bench.answer = () => FAILS;
    await bench.accept('fn');
    bench.settings.delete('fn');
    await bench.clock.advanceAsync(MINUTE);
    expect(bench.attempts).toHaveLength(1);
    expect(bench.queue.counts.dropped).toBe(1);
    expect(bench.warnings).toEqual([expect.stringContaining('fn is no more')]);
  });

  it('of an alias whose version went while it waited runs on what the alias means now', async () => {
    const gone = new OrchestratorError('function-not-found', 'no function is called fn:1');
    bench.answer = ({ event }) => (event.setbacks === 0 ? { kind: 'refused', error: gone } : OK);
    await bench.accept('fn');
    await bench.clock.advanceAsync(2 * SECOND);
    expect(bench.seconds).toEqual([0, 1]);
    expect(bench.queue.counts).toMatchObject({ succeeded: 1, dropped: 0 });
  });

  it('is refused while the orchestrator stops', async () => {
    bench.queue.close();
    await expect(bench.accept('fn')).rejects.toMatchObject({ code: 'shutting-down' });
    expect(bench.queue.size).toBe(0);
  });
});

describe('after a restart', () => {
  it('events go on where they were, with the attempts they have left', async () => {
    bench.answer = () => FAILS;
    const requestId = await bench.accept('fn', { order: 7 });
    await bench.clock.advanceAsync(30 * SECOND);
    await bench.restart();
    await bench.clock.advanceAsync(HOUR);
    expect(bench.seconds).toEqual([0, 60, 180]);
    expect(bench.attempts.at(-1)).toMatchObject({
      event: { requestId, attempts: 2 },
      payload: '{"order":7}',
    });
  });

  it('an attempt that was under way is made again and was none', async () => {
    await bench.accept('fn');
    expect(bench.attempts).toHaveLength(1);
    await bench.restart();
    expect(bench.attempts).toHaveLength(2);
    expect(bench.attempts[1]?.event.attempts).toBe(0);
  });

  it('an attempt that the stop refused is made again at once', async () => {
    await bench.accept('fn');
    bench.queue.close();
    const error = new OrchestratorError('shutting-down', 'the orchestrator is stopping');
    bench.attempts[0]?.settle({ kind: 'refused', error });
    await bench.restart();
    expect(bench.seconds).toEqual([0, 0]);
  });

  it('what was over before does not come back', async () => {
    bench.answer = () => OK;
    await bench.accept('fn');
    await bench.restart();
    await bench.clock.advanceAsync(7 * HOUR);
    expect(bench.attempts).toHaveLength(1);
  });
});

describe('many events', () => {
  it('run in the order in which they came', async () => {
    bench.define('fn', { reservedConcurrency: 1 });
    for (const order of [1, 2, 3, 4]) await bench.accept('fn', { order });
    for (let next = 0; next < 4; next += 1) bench.attempts[next]?.settle(OK);
    expect(bench.attempts.map(({ payload }) => payload)).toEqual(
      [1, 2, 3, 4].map((order) => `{"order":${order}}`),
    );
  });

  it('of one function are run a bounded number at a time; the rest stays on disk', async () => {
    await Promise.all(Array.from({ length: 300 }, () => bench.accept('fn')));
    expect(bench.attempts).toHaveLength(100);
    for (let next = 0; next < 300; next += 1) bench.attempts[next]?.settle(OK);
    expect(bench.attempts).toHaveLength(300);
    await bench.clock.runUntilIdleAsync();
    expect(bench.queue.counts.succeeded).toBe(300);
    expect(bench.queue.size).toBe(0);
  });

  it('are no more at once than the concurrency that is reserved', async () => {
    bench.define('fn', { reservedConcurrency: 2 });
    for (let count = 0; count < 5; count += 1) await bench.accept('fn');
    expect(bench.attempts).toHaveLength(2);
    bench.attempts[0]?.settle(OK);
    expect(bench.attempts).toHaveLength(3);
  });

  it('hold back while a few invocations wait for an environment', async () => {
    bench.waiting.set('fn', 4);
    for (let count = 0; count < 5; count += 1) await bench.accept('fn');
    await bench.clock.advanceAsync(SECOND);
    expect(bench.attempts).toEqual([]);
    bench.waiting.set('fn', 3);
    await bench.clock.advanceAsync(20);
    expect(bench.attempts).toHaveLength(5);
  });

  it('of one function do not hold up another’s', async () => {
    bench.define('busy', { reservedConcurrency: 1 });
    for (let count = 0; count < 50; count += 1) await bench.accept('busy');
    await bench.accept('fn');
    expect(names()).toEqual(['busy', 'fn']);
  });

  it('take turns when there is work for several functions at once', async () => {
    bench.define('other');
    bench.waiting.set('fn', 4);
    bench.waiting.set('other', 4);
    for (let count = 0; count < 3; count += 1) await bench.accept('fn');
    for (let count = 0; count < 3; count += 1) await bench.accept('other');
    bench.waiting.clear();
    await bench.clock.advanceAsync(20);
    expect(names()).toEqual(['fn', 'other', 'fn', 'other', 'fn', 'other']);
  });

  it('that are on their way to the disk hide none that is due', async () => {
    bench.answer = ({ event, payload }) =>
      payload === '"retry"' && event.attempts === 0 ? FAILS : OK;
    await bench.accept('fn', 'retry');
    await bench.clock.advanceAsync(MINUTE - 1);
    const flood = Array.from({ length: 60 }, () => bench.accept('fn', 'flood'));
    // None of the flood has reached the disk.
    bench.clock.advance(1);
    await Promise.all(flood);
    expect(bench.attempts).toHaveLength(62);
    expect(bench.queue.size).toBe(0);
  });

  it('rest for a second after a throttle instead of being throttled one by one', async () => {
    bench.waiting.set('fn', 4);
    for (let count = 0; count < 20; count += 1) await bench.accept('fn');
    bench.answer = () => THROTTLED;
    bench.waiting.clear();
    await bench.clock.advanceAsync(20);
    expect(bench.attempts).toHaveLength(1);
    bench.answer = () => OK;
    await bench.clock.advanceAsync(SECOND);
    expect(bench.queue.counts.succeeded).toBe(20);
  });
});

describe('a person', () => {
  it('sees what waits: since when, how often it was tried, why it failed', async () => {
    bench.answer = () => FAILS;
    const requestId = await bench.accept('fn', { order: 7 });
    expect(bench.queue.list(10)).toEqual([
      {
        id: 1,
        requestId,
        functionName: 'fn',
        invokedFunctionArn: `${ARN_HEAD}fn`,
        traceId: expect.any(String),
        acceptedAtMs: bench.startedAtMs,
        dueAtMs: bench.startedAtMs + MINUTE,
        attempts: 1,
        setbacks: 0,
        last: { status: 200, error: 'no stock', executedVersion: '$LATEST' },
        payloadBytes: 11,
        running: false,
      },
    ]);
  });

  it('can have an event tried now', async () => {
    bench.answer = () => FAILS;
    const requestId = await bench.accept('fn');
    await bench.clock.advanceAsync(10 * SECOND);
    expect(bench.queue.retry(requestId)).toBe('done');
    expect(bench.seconds).toEqual([0, 10]);
    expect(bench.queue.retry('unknown')).toBe('unknown');
  });

  it('can drop an event, unless it is being run', async () => {
    const requestId = await bench.accept('fn');
    expect(bench.queue.drop(requestId)).toBe('running');
    bench.attempts[0]?.settle(FAILS);
    expect(bench.queue.drop(requestId)).toBe('done');
    await bench.clock.advanceAsync(HOUR);
    expect(bench.attempts).toHaveLength(1);
    expect(bench.queue.size).toBe(0);
  });
});
