import { expect, it } from '@jest/globals';
import { live } from './scenario.js';

const LIMIT_MS = 15 * 60_000;
const TOTAL = 1_000_000;
const PER_SEED = 20_000;
const FIRST_SEED = 1;

it(
  'keeps every promise through a million invocations with faults',
  async () => {
    const outcomes = new Map<string, number>();
    let invocations = 0;
    for (let seed = FIRST_SEED; invocations < TOTAL; seed += 1) {
      const life = await live(seed, PER_SEED).catch((error: unknown) => {
        throw new Error(
          `seed ${seed}: ${String(error)}\nreplay it with: node dist/test/simulation/replay.js ${seed} ${PER_SEED}`,
          { cause: error },
        );
      });
      invocations += life.invocations;
      for (const [kind, count] of life.outcomes) {
        outcomes.set(kind, (outcomes.get(kind) ?? 0) + count);
      }
    }
    expect(invocations).toBeGreaterThanOrEqual(TOTAL);
    expect([...outcomes.values()].reduce((sum, count) => sum + count, 0)).toBe(invocations);
    // Every way to end has been seen: the faults do reach what they are aimed at.
    for (const kind of [
      'succeeded',
      'function-failed',
      'throttled',
      'environment-failed',
      'restore-failed',
      'restore-timed-out',
      'shutting-down',
      'Extension.Crash',
      'Extension.InitError',
      'Extension.ExitError',
      'Extension.LaunchError',
    ]) {
      expect(outcomes.get(kind) ?? 0).toBeGreaterThan(0);
    }
  },
  LIMIT_MS,
);

it(
  'is the same life for the same seed',
  async () => {
    const [first, second] = [await live(7, 2_000), await live(7, 2_000)];
    expect([...first.outcomes]).toEqual([...second.outcomes]);
  },
  LIMIT_MS,
);
