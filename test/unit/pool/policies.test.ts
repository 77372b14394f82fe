import { describe, expect, it } from '@jest/globals';
import { MemoryBudget, type MemoryUser } from '../../../src/pool/memory-budget.js';
import { place } from '../../../src/pool/placement.js';
import { Queue } from '../../../src/pool/queue.js';
import { planRetention } from '../../../src/pool/retention.js';
import { lackOf } from '../../../src/pool/scaling.js';
import { StartGate, type Starter, type StartKind } from '../../../src/pool/start-gate.js';

describe('placement', () => {
  it('takes the most recently used environment, and one to restart only without any other', () => {
    expect(place([], ['old', 'new'], ['reset'])).toBe('new');
    expect(place([], [], ['first', 'reset'])).toBe('reset');
    expect(place([], [], [])).toBeUndefined();
  });

  it('prefers what is provisioned, however long it has not been used', () => {
    expect(place(['kept', 'newest kept'], ['newer'], ['reset'])).toBe('newest kept');
  });
});

describe('scaling', () => {
  const facts = {
    waiting: 0,
    starting: 0,
    ready: 0,
    provisionsLacking: 0,
    spares: 1,
    recentlyUsed: true,
  };

  it('starts for what waits beyond what is starting', () => {
    expect(lackOf({ ...facts, waiting: 5, starting: 2 })).toEqual({
      demand: 3,
      provisioned: 0,
      spare: 0,
    });
    expect(lackOf({ ...facts, waiting: 2, starting: 2 })).toEqual({
      demand: 0,
      provisioned: 0,
      spare: 1,
    });
  });

  it('keeps spares ahead of demand, counting those on their way', () => {
    expect(lackOf(facts)).toEqual({ demand: 0, provisioned: 0, spare: 1 });
    expect(lackOf({ ...facts, starting: 1 })).toEqual({ demand: 0, provisioned: 0, spare: 0 });
    expect(lackOf({ ...facts, ready: 1 })).toEqual({ demand: 0, provisioned: 0, spare: 0 });
    expect(lackOf({ ...facts, spares: 0 })).toEqual({ demand: 0, provisioned: 0, spare: 0 });
  });

  it('starts what is provisioned beside what waits, and spares only after both', () => {
    const lack = lackOf({ ...facts, waiting: 3, starting: 1, provisionsLacking: 2 });
    expect(lack).toEqual({ demand: 2, provisioned: 2, spare: 0 });
    expect(lackOf({ ...facts, provisionsLacking: 1, recentlyUsed: false })).toEqual({
      demand: 0,
      provisioned: 1,
      spare: 0,
    });
    expect(lackOf({ ...facts, provisionsLacking: 1 }).spare).toBe(0);
  });

  it('keeps none for a function nobody uses', () => {
    expect(lackOf({ ...facts, recentlyUsed: false })).toEqual({
      demand: 0,
      provisioned: 0,
      spare: 0,
    });
    expect(lackOf({ ...facts, waiting: 1, recentlyUsed: false })).toEqual({
      demand: 1,
      provisioned: 0,
      spare: 0,
    });
  });
});

describe('retention', () => {
  const rules = { freezeAfterMs: 100, idleTimeoutMs: 1000, spares: 1 } as const;
  const at = (idleSince: number, running = true, kept = false) => ({ idleSince, running, kept });

  it('freezes what has been quiet long enough and looks again when the next will be', () => {
    const [quiet, busy] = [at(0), at(450)];
    const plan = planRetention([quiet, busy], 450, rules, 500);
    expect(plan).toEqual({ freeze: [quiet], retire: [], nextLookAt: 550 });
  });

  it('retires what has idled too long but keeps the spares of a function in use', () => {
    const [old, spare] = [at(0, false), at(10, false)];
    const plan = planRetention([old, spare], 900, rules, 1500);
    expect(plan).toEqual({ freeze: [], retire: [old], nextLookAt: 1900 });
  });

  it('retires the spares too once the function is out of use', () => {
    const spare = at(0, false);
    expect(planRetention([spare], 0, rules, 1000)).toEqual({
      freeze: [],
      retire: [spare],
      nextLookAt: undefined,
    });
  });

  it('freezes what is provisioned and lets none of it go, nor counts it among the spares', () => {
    const [kept, old, spare] = [at(0, true, true), at(0, false), at(10, false)];
    const plan = planRetention([kept, old, spare], 900, rules, 1500);
    expect(plan).toEqual({ freeze: [kept], retire: [old], nextLookAt: 1900 });
    expect(planRetention([at(0, false, true)], 0, rules, 1e9)).toEqual({
      freeze: [],
      retire: [],
      nextLookAt: undefined,
    });
  });

  it('never freezes when told so', () => {
    const plan = planRetention([at(0)], 0, { ...rules, freezeAfterMs: 'never' }, 500);
    expect(plan.freeze).toEqual([]);
    expect(plan.nextLookAt).toBe(1000);
  });
});

describe('the start gate', () => {
  class Asker implements Starter {
    readonly turns: StartKind[] = [];
    readonly releases: (() => void)[] = [];
    readonly wants: () => boolean;
    constructor(wants: () => boolean = () => true) {
      this.wants = wants;
    }
    turn(kind: StartKind, release: () => void): boolean {
      if (!this.wants()) return false;
      this.turns.push(kind);
      this.releases.push(release);
      return true;
    }
  }

  it('lets only so many start at a time, waiting invocations before spares', () => {
    const gate = new StartGate(1);
    const [first, spare, demand] = [new Asker(), new Asker(), new Asker()];
    gate.request(first, 'demand');
    gate.request(spare, 'spare');
    gate.request(demand, 'demand');
    expect([spare.turns, demand.turns]).toEqual([[], []]);
    first.releases[0]?.();
    expect([spare.turns, demand.turns]).toEqual([[], ['demand']]);
    demand.releases[0]?.();
    demand.releases[0]?.();
    expect(spare.turns).toEqual(['spare']);
    expect(gate.running).toBe(1);
  });

  it('passes the turn on when it is declined', () => {
    const gate = new StartGate(1);
    const taker = new Asker();
    gate.request(new Asker(() => false), 'demand');
    gate.request(taker, 'demand');
    expect(taker.turns).toEqual(['demand']);
  });

  it('forgets who has withdrawn', () => {
    const gate = new StartGate(1);
    const [first, second] = [new Asker(), new Asker()];
    gate.request(first, 'demand');
    gate.request(second, 'demand');
    gate.withdraw(second);
    first.releases[0]?.();
    expect(second.turns).toEqual([]);
  });
});

describe('the queue', () => {
  it('is first in, first out, with room in front, and bounded', () => {
    const queue = new Queue<number>(3);
    expect([1, 2, 3, 4].map((item) => queue.push(item))).toEqual([true, true, true, false]);
    expect(queue.shift()).toBe(1);
    queue.pushFront(1);
    expect(queue.size).toBe(3);
    expect(queue.drain()).toEqual([1, 2, 3]);
    expect(queue.shift()).toBeUndefined();
  });

  it('keeps its order over many entries', () => {
    const queue = new Queue<number>(100_000);
    let next = 0;
    for (let item = 0; item < 50_000; item += 1) {
      queue.push(item);
      if (item % 3 === 0) expect(queue.shift()).toBe(next++);
    }
    while (queue.size > 0) expect(queue.shift()).toBe(next++);
    expect(next).toBe(50_000);
  });
});

describe('the memory budget', () => {
  class User implements MemoryUser {
    footprintBytes = 100;
    environmentCount = 0;
    keptCount = 0;
    toKeepCount = 0;
    leavingCount = 0;
    oldestIdleSince: number | undefined;
    wantsRoom = true;
    retired = 0;
    called = 0;
    retireOldest(): void {
      this.retired += 1;
    }
    roomMayBeFree(): void {
      this.called += 1;
    }
  }

  it('admits up to its limit, then retires the least recently used of anybody', () => {
    const budget = new MemoryBudget(250);
    const [asking, older, newer] = [new User(), new User(), new User()];
    for (const user of [asking, older, newer]) budget.join(user);
    expect(budget.admit(asking, true, 0)).toBe(true);
    Object.assign(older, { environmentCount: 1, oldestIdleSince: 5 });
    Object.assign(newer, { environmentCount: 1, oldestIdleSince: 9 });
    expect(budget.admit(asking, true, 0)).toBe(false);
    expect([older.retired, newer.retired]).toEqual([1, 0]);
    older.environmentCount = 0;
    budget.changed();
    expect(asking.called).toBe(1);
    expect(budget.admit(asking, true, 0)).toBe(true);
  });

  it('lets nobody who has more go before one that has waited long, for as long as it waits', () => {
    const budget = new MemoryBudget(300);
    const [large, small] = [new User(), new User()];
    for (const user of [large, small]) budget.join(user);
    large.footprintBytes = 250;
    small.environmentCount = 1;
    expect(budget.admit(large, true, 0)).toBe(false);
    expect(budget.admit(small, true, 1_000)).toBe(true);
    expect(budget.admit(small, true, 5_000)).toBe(false);
    budget.changed();
    expect([large.called, small.called]).toEqual([1, 1]);
    large.wantsRoom = false;
    expect(budget.admit(small, true, 5_000)).toBe(true);
    large.wantsRoom = true;
    small.environmentCount = 0;
    expect(budget.admit(large, true, 6_000)).toBe(true);
  });

  it('retires no more than it takes, however often it is asked', () => {
    const budget = new MemoryBudget(200);
    const [asking, idle] = [new User(), new User()];
    budget.join(asking);
    budget.join(idle);
    Object.assign(idle, { environmentCount: 2, oldestIdleSince: 5 });
    expect(budget.admit(asking, true, 0)).toBe(false);
    idle.leavingCount = 1;
    expect(budget.admit(asking, true, 0)).toBe(false);
    expect(idle.retired).toBe(1);
    Object.assign(idle, { environmentCount: 1, leavingCount: 0 });
    budget.changed();
    expect([asking.called, budget.admit(asking, true, 0)]).toEqual([1, true]);
  });

  it('has room to keep what others do not keep already', () => {
    const budget = new MemoryBudget(1000);
    const [asking, keeping] = [new User(), new User()];
    budget.join(asking);
    budget.join(keeping);
    Object.assign(asking, { toKeepCount: 9 });
    Object.assign(keeping, { environmentCount: 10, toKeepCount: 3, footprintBytes: 200 });
    // One of the largest is left for what is not kept.
    expect(budget.roomToKeep(asking)).toBe(2);
  });

  it('lets one in beside what is kept, or it would wait for ever', () => {
    const budget = new MemoryBudget(200);
    const [asking, keeping] = [new User(), new User()];
    budget.join(asking);
    budget.join(keeping);
    Object.assign(keeping, { environmentCount: 3, keptCount: 3 });
    expect(budget.admit(asking, true, 0)).toBe(true);
    asking.environmentCount = 1;
    expect(budget.admit(asking, true, 0)).toBe(false);
  });

  it('retires nothing for a spare and lets one in when nothing runs, however large', () => {
    const budget = new MemoryBudget(50);
    const [asking, idle] = [new User(), new User()];
    budget.join(asking);
    expect(budget.admit(asking, false, 0)).toBe(true);
    budget.join(idle);
    Object.assign(idle, { environmentCount: 1, oldestIdleSince: 1 });
    expect(budget.admit(asking, false, 0)).toBe(false);
    expect(idle.retired).toBe(0);
    budget.changed();
    expect(asking.called).toBe(0);
  });
});
