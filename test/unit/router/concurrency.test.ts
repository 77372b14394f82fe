import { describe, expect, it } from '@jest/globals';
import { Concurrency } from '../../../src/router/concurrency.js';
import { ManualClock } from '../../support/manual-clock.js';

const RESERVED_LIMIT = 'ReservedFunctionConcurrentInvocationLimitExceeded';
const SHARED_LIMIT = 'ConcurrentInvocationLimitExceeded';
const RESERVED_RATE = 'ReservedFunctionInvocationRateLimitExceeded';
const SHARED_RATE = 'FunctionInvocationRateLimitExceeded';
const LATEST = '$LATEST';

class Bench {
  readonly clock = new ManualClock();
  readonly concurrency: Concurrency;

  constructor(
    limit: number,
    { unreservedMinimum = 0, requestsPerSecond = 'unlimited' as number | 'unlimited' } = {},
  ) {
    const { clock } = this;
    this.concurrency = new Concurrency({ limit, unreservedMinimum, requestsPerSecond, clock });
  }

  /** How many of `count` invocations get in, all staying, and why the next does not. */
  fill(name: string, count: number, version = LATEST): [admitted: number, reason?: unknown] {
    for (let admitted = 0; admitted < count; admitted += 1) {
      try {
        this.concurrency.take(name, version);
      } catch (error) {
        const { code, details } = error as { code: string; details: { reason: string } };
        expect(code).toBe('throttled');
        return [admitted, details.reason];
      }
    }
    return [count];
  }

  /** As `fill`, one after the other. */
  pass(name: string, count: number): [admitted: number, reason?: unknown] {
    for (let admitted = 0; admitted < count; admitted += 1) {
      try {
        this.concurrency.take(name, LATEST)();
      } catch (error) {
        return [admitted, (error as { details: { reason: string } }).details.reason];
      }
    }
    return [count];
  }
}

describe('reserved concurrency', () => {
  it('is the most a function gets', () => {
    const { concurrency } = new Bench(10);
    concurrency.reserve('a', 2);
    const back = concurrency.take('a', LATEST);
    concurrency.take('a', LATEST);
    const refused = expect.objectContaining({
      code: 'throttled',
      details: { reason: RESERVED_LIMIT },
    });
    expect(() => concurrency.take('a', '1')).toThrow(refused);
    back();
    back();
    concurrency.take('a', LATEST);
    expect(() => concurrency.take('a', LATEST)).toThrow(refused);
  });

  it('is kept for it, whatever others do', () => {
    const bench = new Bench(10);
    bench.concurrency.reserve('a', 4);
    expect(bench.fill('b', 10)).toEqual([6, SHARED_LIMIT]);
    expect(bench.fill('a', 10)).toEqual([4, RESERVED_LIMIT]);
  });

  it('stops a function when it is zero', () => {
    const bench = new Bench(4);
    bench.concurrency.reserve('a', 0);
    expect(bench.fill('a', 1)).toEqual([0, RESERVED_LIMIT]);
  });

  it('goes back to all when it is given up', () => {
    const bench = new Bench(4);
    bench.concurrency.reserve('a', 3);
    expect(bench.fill('b', 2)).toEqual([1, SHARED_LIMIT]);
    bench.concurrency.reserve('a', undefined);
    expect(bench.fill('c', 9)).toEqual([3, SHARED_LIMIT]);
  });

  it('leaves a minimum to functions that have reserved nothing', () => {
    const bench = new Bench(10, { unreservedMinimum: 3 });
    bench.concurrency.reserve('a', 10);
    expect(bench.fill('b', 10)).toEqual([3, SHARED_LIMIT]);
  });
});

describe('provisioned concurrency', () => {
  it('is set aside for its version, which spills over to what all share', () => {
    const bench = new Bench(10);
    bench.concurrency.provision('a', new Map([['1', 4]]));
    expect(bench.concurrency.unreserved).toBe(6);
    expect(bench.fill('b', 10)).toEqual([6, SHARED_LIMIT]);
    expect(bench.fill('a', 10, '1')).toEqual([4, SHARED_LIMIT]);
    expect(bench.fill('a', 1, '2')).toEqual([0, SHARED_LIMIT]);
  });

  it('is part of what the function has reserved', () => {
    const bench = new Bench(10);
    bench.concurrency.reserve('a', 5);
    bench.concurrency.provision('a', new Map([['1', 3]]));
    expect(bench.concurrency.unreserved).toBe(5);
    expect(bench.fill('a', 10, '2')).toEqual([2, RESERVED_LIMIT]);
    expect(bench.fill('a', 10, '1')).toEqual([3, RESERVED_LIMIT]);
    expect(bench.fill('b', 10)).toEqual([5, SHARED_LIMIT]);
  });

  it('adds nothing to what runs already when it is set aside', () => {
    const bench = new Bench(10);
    bench.concurrency.reserve('a', 4);
    expect(bench.fill('a', 4)).toEqual([4]);
    expect(bench.fill('b', 6)).toEqual([6]);
    bench.concurrency.provision('a', new Map([['1', 2]]));
    bench.concurrency.provision('b', new Map([['1', 2]]));
    expect(bench.fill('a', 1, '1')).toEqual([0, RESERVED_LIMIT]);
    expect(bench.fill('b', 1, '1')).toEqual([0, SHARED_LIMIT]);
  });

  it('takes its leases back when it is changed meanwhile', () => {
    const { concurrency } = new Bench(10);
    concurrency.provision('a', new Map([['1', 2]]));
    const leases = [concurrency.take('a', '1'), concurrency.take('a', '1')];
    concurrency.provision('a', new Map([['1', 1]]));
    concurrency.provision('a', new Map());
    for (const giveBack of leases) giveBack();
    expect(concurrency.unreserved).toBe(10);
    const bench = new Bench(0);
    expect(bench.fill('a', 1)).toEqual([0, SHARED_LIMIT]);
  });
});

describe('the rate of requests', () => {
  it('is ten a second for each unit of reserved concurrency', () => {
    const bench = new Bench(1000, { requestsPerSecond: 10 });
    bench.concurrency.reserve('a', 2);
    expect(bench.pass('a', 100)).toEqual([20, RESERVED_RATE]);
    bench.clock.advance(500);
    expect(bench.pass('a', 100)).toEqual([10, RESERVED_RATE]);
    // What is not used does not add up.
    bench.clock.advance(3_600_000);
    expect(bench.pass('a', 100)).toEqual([20, RESERVED_RATE]);
  });

  it('is shared by all that have reserved nothing', () => {
    const bench = new Bench(10, { requestsPerSecond: 10 });
    bench.concurrency.reserve('a', 4);
    expect(bench.pass('b', 40)).toEqual([40]);
    expect(bench.pass('c', 40)).toEqual([20, SHARED_RATE]);
    expect(bench.pass('a', 30)).toEqual([30]);
  });

  it('is told only where there is room', () => {
    const bench = new Bench(1, { requestsPerSecond: 1 });
    expect(bench.fill('a', 2)).toEqual([1, SHARED_LIMIT]);
  });

  it('is one of synchronous calls: events do not count', () => {
    const { concurrency } = new Bench(1, { requestsPerSecond: 1 });
    concurrency.take('a', LATEST)();
    for (let events = 0; events < 100; events += 1) concurrency.take('a', LATEST, true)();
    expect(() => concurrency.take('a', LATEST)).toThrow(
      expect.objectContaining({ details: { reason: SHARED_RATE } }),
    );
  });

  it('may be unlimited', () => {
    expect(new Bench(1).pass('a', 100_000)).toEqual([100_000]);
  });
});
