import { describe, expect, it } from '@jest/globals';
import {
  AWAY,
  EventBench,
  FAILS,
  HOUR,
  OK,
  SECOND,
  THROTTLED,
  type Attempt,
} from '../../support/event-bench.js';
import { Random } from '../../simulation/random.js';

const RUNS = 4;
const EVENTS = 120;
const FUNCTIONS = ['a', 'b', 'c'];

/**
 * One random life of a queue: events come, run for a while, fail, are throttled, meet restarts and
 * an engine that is away; functions have a busy pool now and then.
 */
async function live(seed: number): Promise<void> {
  const random = new Random(seed);
  const pick = <T>(list: readonly T[]): T => random.pick(list);
  const bench = new EventBench();
  const running = new Set<Attempt>();
  const ran = new Map<string, number>();
  const succeeded = new Set<string>();
  const retries = new Map(FUNCTIONS.map((name) => [name, random.below(3)]));
  for (const name of FUNCTIONS) {
    const limit = random.chance(0.5) ? {} : { reservedConcurrency: 1 + random.below(3) };
    bench.define(name, { maximumRetryAttempts: retries.get(name) ?? 2, ...limit });
  }
  const onAttempt = (attempt: Attempt): undefined => {
    const { event } = attempt;
    if (succeeded.has(event.requestId)) throw new Error(`${event.requestId} ran after its end`);
    running.add(attempt);
    const same = [...running].filter((one) => one.event.functionName === event.functionName);
    const most = bench.settings.get(event.functionName)?.reservedConcurrency ?? 100;
    expect(same.length).toBeLessThanOrEqual(most);
    const twice = same.filter((one) => one.event.requestId === event.requestId);
    expect(twice).toHaveLength(1);
    expect(event.attempts).toBeLessThanOrEqual(retries.get(event.functionName) ?? 2);
    return undefined;
  };
  bench.answer = onAttempt;
  const end = (attempt: Attempt, outcome = pick([OK, OK, FAILS, FAILS, THROTTLED, AWAY])): void => {
    running.delete(attempt);
    const { requestId } = attempt.event;
    if (outcome === OK) succeeded.add(requestId);
    if (outcome === OK || outcome === FAILS) ran.set(requestId, (ran.get(requestId) ?? 0) + 1);
    attempt.settle(outcome);
  };
  const accepted = new Map<string, string>();
  try {
    while (accepted.size < EVENTS) {
      const dice = random.next();
      if (dice < 0.4) {
        const name = pick(FUNCTIONS);
        accepted.set(await bench.accept(name, { order: accepted.size }), name);
      } else if (dice < 0.75 && running.size > 0) {
        end(pick([...running]));
      } else if (dice < 0.8) {
        bench.waiting.set(pick(FUNCTIONS), random.chance(0.5) ? 4 : 0);
      } else if (dice < 0.82) {
        running.clear();
        await bench.restart();
      } else {
        await bench.clock.advanceAsync(random.below(90) * SECOND);
      }
    }
    // From here on everything works, so that everything comes to its end.
    bench.waiting.clear();
    for (let hours = 0; hours < 7 && bench.queue.size > 0; hours += 1) {
      for (let minute = 0; minute < 60; minute += 1) {
        while (running.size > 0) end(pick([...running]), pick([OK, FAILS]));
        await bench.clock.advanceAsync(HOUR / 60);
      }
    }
    expect(bench.queue.size).toBe(0);
    for (const [requestId, name] of accepted) {
      const times = ran.get(requestId) ?? 0;
      expect(times).toBeGreaterThan(0);
      expect(times).toBeLessThanOrEqual((retries.get(name) ?? 2) + 1);
    }
    expect(bench.warnings).toEqual([]);
  } finally {
    await bench.close();
  }
}

describe('whatever happens to a queue', () => {
  const first = Math.floor(Math.random() * 1e6);
  it.each(Array.from({ length: RUNS }, (_, index) => first + index))(
    'each event runs, never more often than it may, never twice at once, never after its end (seed %i)',
    (seed) => live(seed),
    60_000,
  );
});
