import { describe, expect, it } from '@jest/globals';
import { Bandwidth } from '../../../src/environment/bandwidth.js';
import { ManualClock } from '../../support/manual-clock.js';

const MIB = 2 ** 20;
const PIECE = 64 * 1024;

/** Milliseconds that `bytes` take in pieces, each as soon as it may go. */
function timeOf(bandwidth: Bandwidth, clock: ManualClock, bytes: number): number {
  const from = clock.monotonic();
  for (let sent = 0; sent < bytes; sent += PIECE) clock.advance(bandwidth.take(PIECE));
  return clock.monotonic() - from;
}

describe('the rate of a streamed response', () => {
  it('does not hold the first 6 MiB up', () => {
    const clock = new ManualClock();
    const bandwidth = new Bandwidth(clock, 2 * MIB);
    expect(timeOf(bandwidth, clock, 6 * MIB - PIECE)).toBe(0);
    expect(bandwidth.take(PIECE)).toBe(125);
  });

  it.each([
    [2 * MIB, 10_000],
    [8 * MIB, 2500],
    [32 * 1024, 640_000],
  ])('is %p bytes a second from then on', (bytesPerSecond, expectedMs) => {
    const clock = new ManualClock();
    const bandwidth = new Bandwidth(clock, bytesPerSecond);
    timeOf(bandwidth, clock, 6 * MIB);
    const tookMs = timeOf(bandwidth, clock, 20 * MIB);
    expect(Math.abs(tookMs - expectedMs)).toBeLessThanOrEqual(
      2 * Math.max(125, (PIECE / bytesPerSecond) * 1000),
    );
  });

  it('saves no more than 6 MiB while nothing is sent', () => {
    const clock = new ManualClock();
    const bandwidth = new Bandwidth(clock, 2 * MIB);
    timeOf(bandwidth, clock, 6 * MIB);
    clock.advance(3_600_000);
    expect(timeOf(bandwidth, clock, 6 * MIB - PIECE)).toBe(0);
    expect(bandwidth.take(PIECE)).toBeGreaterThan(0);
  });

  it('lets a piece larger than the bucket through and makes the next wait for it', () => {
    const clock = new ManualClock();
    const bandwidth = new Bandwidth(clock, 2 * MIB);
    expect(bandwidth.take(10 * MIB)).toBe(2125);
  });
});
