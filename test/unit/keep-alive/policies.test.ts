import { describe, expect, it } from '@jest/globals';
import { EvictionClock } from '../../../src/keep-alive/eviction-clock.js';
import { FixedKeepAlive } from '../../../src/keep-alive/fixed.js';
import { GreedyDual } from '../../../src/keep-alive/greedy-dual.js';
import { HybridKeepAlive } from '../../../src/keep-alive/hybrid.js';
import type { Candidate, KeepAlive, Windows } from '../../../src/keep-alive/keep-alive.js';
import { LearnedKeepAlive } from '../../../src/keep-alive/learned.js';
import { keepAliveOf, keepAliveSetting } from '../../../src/keep-alive/named.js';
import { UseHistory } from '../../../src/keep-alive/use-history.js';

const MINUTE = 60_000;
/** Of what is typical, without bound. */
const TERMS = { megabytes: 140, startMs: 250 };
const FIXED = { prewarmAfterMs: 0, keepUntilMs: 10 * MINUTE };

/** One invocation at a time, with so many minutes between them, of which the policy learns. */
function usedAfter(policy: KeepAlive, minutes: readonly number[]): UseHistory {
  const history = new UseHistory(0);
  policy.windows(history, 1, TERMS);
  let now = 0;
  for (const wait of [0, ...minutes]) {
    now += wait * MINUTE;
    history.began(now);
    history.ended(now);
  }
  return history;
}

const candidate = (given: Partial<Candidate>): Candidate => ({
  lastUsedAt: 0,
  uses: 1,
  initMs: 200,
  megabytes: 100,
  ...given,
});

describe('fixed', () => {
  const policy = new FixedKeepAlive(10 * MINUTE);

  it('keeps everything for the same time', () => {
    expect(policy.windows()).toEqual(FIXED);
  });

  it('gives up the least recently used first', () => {
    const older = policy.priority(candidate({ lastUsedAt: 5, uses: 99 }));
    expect(older).toBeLessThan(policy.priority(candidate({ lastUsedAt: 6 })));
  });
});

describe('greedy-dual', () => {
  const policy = new GreedyDual();

  it('keeps until memory is needed', () => {
    expect(policy.windows()).toEqual({ prewarmAfterMs: 0, keepUntilMs: Infinity });
  });

  it('weighs uses and the time of a start against memory', () => {
    expect(policy.priority(candidate({ uses: 3, initMs: 400, megabytes: 200 }), 7)).toBe(13);
  });

  it('lets what was used often and is no more fall behind', () => {
    const clock = new EvictionClock();
    const popular = policy.priority(candidate({ uses: 5 }), clock.now);
    clock.evicted(policy.priority(candidate({ uses: 4 }), clock.now));
    const recent = policy.priority(candidate({ uses: 2 }), clock.now);
    expect([popular, recent]).toEqual([10, 12]);
  });

  it('has a clock that never goes back', () => {
    const clock = new EvictionClock();
    clock.evicted(8);
    clock.evicted(3);
    expect(clock.now).toBe(8);
  });
});

describe('hybrid', () => {
  const policy = new HybridKeepAlive(10 * MINUTE);
  const windows = (minutes: readonly number[]): unknown =>
    policy.windows(usedAfter(policy, minutes), 1);

  it('keeps for the fixed time what it knows nothing of', () => {
    expect(windows([])).toEqual(FIXED);
  });

  it('lets go at once what comes again in half an hour, and has it there before', () => {
    expect(windows(Array<number>(20).fill(30.5))).toEqual({
      prewarmAfterMs: 27 * MINUTE,
      keepUntilMs: 34.1 * MINUTE,
    });
  });

  it('keeps without a break what may come again within a minute', () => {
    const seldom = [...Array<number>(18).fill(0.5), 4.5, 4.5];
    expect(windows(seldom)).toEqual({ prewarmAfterMs: 0, keepUntilMs: 5.5 * MINUTE });
  });

  it('keeps for the fixed time what comes again at any time', () => {
    expect(windows(Array.from({ length: 240 }, (_, minute) => minute + 0.5))).toEqual(FIXED);
  });

  it('keeps for the fixed time what is mostly away for longer than it can count', () => {
    expect(windows([30, 300, 300])).toEqual(FIXED);
    expect(windows([30, 30, 300])).not.toEqual(FIXED);
  });

  it('decides as greedy-dual when memory is short', () => {
    const one = candidate({ uses: 3 });
    expect(policy.priority(one, 5)).toBe(new GreedyDual().priority(one, 5));
  });
});

describe('learned', () => {
  const policy = new LearnedKeepAlive(10 * MINUTE);
  const windows = (minutes: readonly number[]): Windows =>
    policy.windows(usedAfter(policy, minutes), 1, TERMS);

  it('keeps for the time it is given what it knows nothing of', () => {
    expect(policy.windows(new UseHistory(0), 1, TERMS)).toEqual(FIXED);
    expect(policy.windows(usedAfter(policy, []), 2, TERMS)).toEqual(FIXED);
  });

  it('keeps what was called once the longer the sooner that was: it is called often then', () => {
    const kept = (hours: number): number => {
      const history = new UseHistory(0);
      history.began(hours * 60 * MINUTE);
      history.ended(hours * 60 * MINUTE);
      return policy.windows(history, 1, TERMS).keepUntilMs;
    };
    expect(kept(0.1)).toBeGreaterThan(kept(2));
  });

  it('knows a clock after four calls, and does not take two for one', () => {
    const clock = windows([47, 47, 47]);
    expect(clock.prewarmAfterMs).toBeGreaterThan(35 * MINUTE);
    expect(clock.keepUntilMs).toBeGreaterThan(47 * MINUTE);
    expect(clock.keepUntilMs).toBeLessThan(180 * MINUTE);
    expect(windows([0.1, 47]).prewarmAfterMs).toBe(0);
  });

  it('has one there just before what comes again in half an hour, sooner the surer it is', () => {
    const { prewarmAfterMs, keepUntilMs } = windows(Array<number>(20).fill(30));
    expect(prewarmAfterMs).toBeGreaterThan(25 * MINUTE);
    expect(prewarmAfterMs).toBeLessThan(30 * MINUTE);
    expect(keepUntilMs).toBeGreaterThan(30 * MINUTE);
    expect(keepUntilMs).toBeLessThan(40 * MINUTE);
  });

  it('keeps longer what is called often, at any time, and lets go what is called seldom', () => {
    const spread = (mean: number): number[] =>
      Array.from({ length: 40 }, (_, index) => -mean * Math.log((index + 0.5) / 40));
    const often = windows(spread(5));
    const seldom = windows(spread(200));
    expect(often.prewarmAfterMs).toBe(0);
    expect(often.keepUntilMs).toBeGreaterThan(15 * MINUTE);
    expect(seldom.keepUntilMs).toBeLessThan(5 * MINUTE);
  });

  it('keeps longer what is small, and what was never seen too', () => {
    const times = Array.from({ length: 40 }, (_, index) => -5 * Math.log((index + 0.5) / 40));
    const kept = (megabytes: number, minutes: readonly number[]): number =>
      policy.windows(usedAfter(policy, minutes), 1, { ...TERMS, megabytes }).keepUntilMs;
    expect(kept(100, times)).toBeGreaterThan(kept(400, times));
    expect(kept(100, [])).toBeGreaterThan(kept(400, []));
  });

  it('keeps longer while memory lies free, but not for ever, and shorter while it is short', () => {
    const kept = (fill: number): number =>
      policy.windows(new UseHistory(0), 1, { ...TERMS, fill }).keepUntilMs;
    expect(kept(0.1)).toBe(kept(0.5));
    expect(kept(0.1) / MINUTE).toBeCloseTo(40, 1);
    expect(kept(0.95) / MINUTE).toBeCloseTo(10, 1);
    expect(kept(1) / MINUTE).toBeLessThan(3);
  });

  it('has one there when the event comes, however long a start takes', () => {
    const slow = { ...TERMS, startMs: 20_000 };
    const history = usedAfter(policy, Array<number>(20).fill(30));
    const { prewarmAfterMs } = policy.windows(history, 1, TERMS);
    const sooner = policy.windows(usedAfter(policy, Array<number>(20).fill(30)), 1, slow);
    expect(prewarmAfterMs - sooner.prewarmAfterMs).toBe(slow.startMs - TERMS.startMs);
  });

  it('has one more ready where the next event soon came beside the last, and nowhere else', () => {
    const bursts = new UseHistory(0);
    const single = usedAfter(policy, Array<number>(20).fill(30));
    expect(policy.readyForMs(bursts, TERMS)).toBe(0);
    for (let now = 0; now < 600 * MINUTE; now += 60 * MINUTE) {
      bursts.began(now);
      bursts.began(now + 20_000);
      bursts.ended(now + 40_000);
      bursts.ended(now + 40_000);
    }
    bursts.began(600 * MINUTE);
    expect(policy.readyForMs(bursts, TERMS)).toBeGreaterThan(20_000);
    expect(policy.readyForMs(bursts, TERMS)).toBeLessThan(5 * MINUTE);
    bursts.began(600 * MINUTE + 1);
    expect(policy.readyForMs(bursts, TERMS)).toBe(0);
    single.began(600 * MINUTE);
    expect(policy.readyForMs(single, TERMS)).toBe(0);
  });

  it('starts none ahead for a further event at the same time', () => {
    const history = new UseHistory(0);
    policy.windows(history, 1, TERMS);
    for (let now = 0; now < 600 * MINUTE; now += 30 * MINUTE) {
      history.began(now);
      history.began(now);
      history.ended(now);
      history.ended(now);
    }
    expect(policy.windows(history, 1, TERMS).prewarmAfterMs).toBeGreaterThan(0);
    expect(policy.windows(history, 2, TERMS).prewarmAfterMs).toBe(0);
  });

  it('plans anew when enough is new, and not before', () => {
    const history = usedAfter(policy, Array<number>(100).fill(30));
    const before = policy.windows(history, 1, TERMS);
    history.began(1e12);
    history.ended(1e12);
    expect(policy.windows(history, 1, TERMS)).toBe(before);
  });
});

describe('a policy in writing', () => {
  it('is a name, and a time where one is kept', () => {
    expect(keepAliveSetting('fixed')).toEqual({ name: 'fixed' });
    expect(keepAliveSetting('fixed:90s')).toEqual({ name: 'fixed', idleMs: 90_000 });
    expect(keepAliveSetting('hybrid:1.5h')).toEqual({ name: 'hybrid', idleMs: 5_400_000 });
    expect(keepAliveSetting('greedy-dual')).toEqual({ name: 'greedy-dual' });
  });

  it.each(['', 'lru', 'fixed:', 'fixed:10', 'fixed:0s', 'fixed:25h', 'greedy-dual:5m', ' hybrid'])(
    'is not %p',
    (text) => {
      expect(keepAliveSetting(text)).toBeUndefined();
    },
  );

  it('takes the idle timeout where it names no time', () => {
    const history = new UseHistory(0);
    const kept = (text: string): number => {
      const setting = keepAliveSetting(text);
      if (setting === undefined) throw new Error(`${text} is a policy`);
      return keepAliveOf(setting, 7_000).windows(history, 1, TERMS).keepUntilMs;
    };
    expect([kept('fixed'), kept('fixed:1s'), kept('hybrid'), kept('greedy-dual')]).toEqual([
      7_000,
      1_000,
      7_000,
      Infinity,
    ]);
  });
});
