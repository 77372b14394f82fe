import { beforeEach, expect, it } from '@jest/globals';
import { VirtualClock } from '../../../src/async/virtual-clock.js';
import { HOUR, MINUTE, SECOND } from '../../support/event-bench.js';
import { ManualClock } from '../../support/manual-clock.js';

let real: ManualClock;
let ran: string[];
beforeEach(() => {
  real = new ManualClock();
  ran = [];
});

it('is the clock it is made from while nobody moves it', () => {
  real.advance(HOUR);
  const clock = new VirtualClock(real);
  clock.setTimer(MINUTE, () => ran.push('minute'));
  real.advance(MINUTE - 1);
  expect([clock.now(), clock.aheadMs, ran]).toEqual([real.now(), 0, []]);
  real.advance(1);
  expect(ran).toEqual(['minute']);
});

it('passes faster at a rate, its wall clock too', () => {
  const start = real.now();
  const clock = new VirtualClock(real, 3600);
  clock.setTimer(6 * HOUR, () => ran.push('six hours'));
  real.advance(6 * SECOND - 1);
  expect(ran).toEqual([]);
  real.advance(1);
  expect(ran).toEqual(['six hours']);
  expect(clock.now() - start).toBe(6 * HOUR);
  expect(clock.monotonic()).toBe(6 * HOUR);
  expect(clock.aheadMs).toBe(6 * HOUR - 6 * SECOND);
});

it('is moved on at once, and what falls due meanwhile runs in order', () => {
  const clock = new VirtualClock(real);
  clock.setTimer(3 * HOUR, () => ran.push('third'));
  clock.setTimer(2 * HOUR, () => ran.push('second'));
  clock.setTimer(HOUR, () => ran.push('first'));
  clock.setTimer(HOUR, () => ran.push('never')).cancel();
  real.advance(30 * MINUTE);
  clock.advance(90 * MINUTE);
  expect(ran).toEqual([]);
  real.advance(0);
  expect(ran).toEqual(['first', 'second']);
  real.advance(HOUR);
  expect(ran).toEqual(['first', 'second', 'third']);
  expect(real.pending).toBe(0);
});

it('follows corrections of the real wall clock, and its timers do not', () => {
  const clock = new VirtualClock(real);
  clock.advance(HOUR);
  clock.setTimer(MINUTE, () => ran.push('minute'));
  real.jumpWall(-HOUR);
  expect(clock.now()).toBe(real.now() + HOUR);
  real.advance(MINUTE);
  expect(ran).toEqual(['minute']);
});
