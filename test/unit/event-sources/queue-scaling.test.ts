import { describe, expect, it } from '@jest/globals';
import type { QueueMapping } from '../../../src/event-sources/mapping.js';
import { pollersWanted } from '../../../src/event-sources/queue/queue-pollers.js';
import {
  grown,
  recovered,
  reduced,
  rested,
  scalingRules,
  startScaling,
} from '../../../src/event-sources/queue/queue-scaling.js';

const MINUTE = 60_000;
const rulesOf = (mapping: Partial<QueueMapping> = {}) => scalingRules(mapping as QueueMapping);

/** Contract 11.8. */
describe('the concurrency of a queue', () => {
  it('begins with five and grows by 300 in a minute to 1,250', () => {
    const rules = rulesOf();
    let scaling = startScaling(rules, 0);
    expect(scaling.limit).toBe(5);
    scaling = grown(scaling, rules, MINUTE);
    expect(scaling.limit).toBe(305);
    expect(grown(scaling, rules, 10 * MINUTE).limit).toBe(1_250);
  });

  it('does not grow while there is room', () => {
    const rules = rulesOf();
    const scaling = rested(startScaling(rules, 0), MINUTE);
    expect(grown(scaling, rules, MINUTE + 1_000).limit).toBe(10);
  });

  it('keeps to its maximum, and begins there when it is small', () => {
    const rules = rulesOf({ maximumConcurrency: 2 });
    expect(startScaling(rules, 0).limit).toBe(2);
    expect(grown(startScaling(rules, 0), rules, MINUTE).limit).toBe(2);
  });

  it('is ten for each provisioned poller', () => {
    const rules = rulesOf({ pollers: { minimum: 3, maximum: 20 } });
    expect(startScaling(rules, 0).limit).toBe(30);
    expect(grown(startScaling(rules, 0), rules, MINUTE).limit).toBe(200);
  });

  it('is halved by failures, and waits longer with each in a row', () => {
    const rules = rulesOf();
    let scaling = grown(startScaling(rules, 0), rules, MINUTE);
    scaling = reduced(scaling, MINUTE);
    expect([scaling.limit, scaling.heldUntilMs]).toEqual([152, MINUTE + 1_000]);
    expect(grown(scaling, rules, MINUTE + 1_000).limit).toBe(152);
    scaling = reduced(scaling, MINUTE);
    expect(scaling.heldUntilMs).toBe(MINUTE + 2_000);
    for (let n = 0; n < 20; n += 1) scaling = reduced(scaling, MINUTE);
    expect([scaling.limit, scaling.heldUntilMs]).toEqual([1, 2 * MINUTE]);
    expect(reduced(recovered(scaling), MINUTE).heldUntilMs).toBe(MINUTE + 1_000);
  });
});

describe('requests for messages', () => {
  const idle = {
    allowed: 5,
    running: 0,
    ready: 0,
    flowing: false,
    single: false,
    lastRunMs: undefined,
  };
  it.each([
    ['one while there is nothing', idle, 1],
    ['five while there are messages', { ...idle, flowing: true }, 5],
    ['as many as may run, up to twenty', { ...idle, flowing: true, allowed: 300 }, 20],
    ['one at a time of a FIFO queue', { ...idle, flowing: true, single: true }, 1],
    ['no more than may run', { ...idle, flowing: true, running: 3 }, 2],
    ['none when all run', { ...idle, flowing: true, running: 5 }, 0],
    ['five ahead of quick functions', { ...idle, flowing: true, running: 5, lastRunMs: 100 }, 5],
    ['none ahead of slow ones', { ...idle, flowing: true, running: 5, lastRunMs: 5_000 }, 0],
  ])('are %s', (_what, situation, wanted) => {
    expect(pollersWanted(situation)).toBe(wanted);
  });
});
