import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { sleep } from '../../../src/async/clock.js';
import { ManualClock } from '../../support/manual-clock.js';

describe('the manual clock', () => {
  it('runs timers in the order of their moments and equal ones in the order they were set', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20), { maxLength: 60 }), (delays) => {
        const clock = new ManualClock();
        const ran: { delay: number; order: number; at: number }[] = [];
        delays.forEach((delay, order) =>
          clock.setTimer(delay, () => ran.push({ delay, order, at: clock.monotonic() })),
        );
        expect(clock.runUntilIdle()).toBe(delays.length);
        const sorted = delays
          .map((delay, order) => ({ delay, order, at: delay }))
          .sort((one, other) => one.delay - other.delay || one.order - other.order);
        expect(ran).toEqual(sorted);
      }),
    );
  });

  it('never runs a cancelled timer, and keeps nothing of it', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(20), fc.boolean()), { maxLength: 60 }), (timers) => {
        const clock = new ManualClock();
        const ran: number[] = [];
        const set = timers.map(([delay], index) => clock.setTimer(delay, () => ran.push(index)));
        timers.forEach(([, cancelled], index) => {
          if (!cancelled) return;
          set[index]!.cancel();
          set[index]!.cancel();
        });
        const left = timers.flatMap(([, cancelled], index) => (cancelled ? [] : [index]));
        expect(clock.pending).toBe(left.length);
        clock.runUntilIdle();
        expect([...ran].sort((one, other) => one - other)).toEqual(left);
      }),
    );
  });

  it('shows each timer its own moment and then stands at the end of the step', () => {
    const clock = new ManualClock();
    const start = clock.now();
    const seen: number[] = [];
    clock.setTimer(10, () => {
      seen.push(clock.monotonic());
      clock.setTimer(5, () => seen.push(clock.monotonic()));
      clock.setTimer(500, () => seen.push(clock.monotonic()));
    });
    expect(clock.nextInMs).toBe(10);
    expect(clock.advance(100)).toBe(2);
    expect(seen).toEqual([10, 15]);
    expect(clock.monotonic()).toBe(100);
    expect(clock.now() - start).toBe(100);
    expect(clock.nextInMs).toBe(410);
  });

  it('lets promises settle between timers when driven asynchronously', async () => {
    const clock = new ManualClock();
    const steps: string[] = [];
    const work = async (): Promise<void> => {
      for (const step of ['one', 'two', 'three']) {
        await sleep(clock, 10);
        steps.push(`${step} at ${clock.monotonic()}`);
      }
    };
    const done = work();
    await clock.advanceAsync(25);
    expect(steps).toEqual(['one at 10', 'two at 20']);
    await clock.runUntilIdleAsync();
    await done;
    expect(clock.monotonic()).toBe(30);
  });

  it('leaves timers alone when the wall clock jumps', () => {
    const clock = new ManualClock();
    let ran = 0;
    clock.setTimer(10, () => (ran += 1));
    clock.jumpWall(-3_600_000);
    expect(clock.advance(9)).toBe(0);
    clock.advance(1);
    expect(ran).toBe(1);
  });

  it('refuses to be moved by one of its timers', () => {
    const clock = new ManualClock();
    clock.setTimer(1, () => clock.advance(1));
    expect(() => clock.runUntilIdle()).toThrow('may not move the clock');
  });
});
