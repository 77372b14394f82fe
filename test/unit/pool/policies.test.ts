import { describe, expect, it } from '@jest/globals';
import { MemoryBudget, type MemoryUser } from '../../../src/pool/memory-budget.js';
import { place } from '../../../src/pool/placement.js';
import { Queue } from '../../../src/pool/queue.js';
import { planRetention, type FunctionUse } from '../../../src/pool/retention.js';
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
    ahead: 1,
    room: 100,
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
    expect(lackOf({ ...facts, ahead: 0 })).toEqual({ demand: 0, provisioned: 0, spare: 0 });
  });

  it('starts what is provisioned beside what waits, and spares only after both', () => {
    const lack = lackOf({ ...facts, waiting: 3, starting: 1, provisionsLacking: 2 });
    expect(lack).toEqual({ demand: 2, provisioned: 2, spare: 0 });
    expect(lackOf({ ...facts, provisionsLacking: 1, ahead: 0 })).toEqual({
      demand: 0,
      provisioned: 1,
      spare: 0,
    });
    expect(lackOf({ ...facts, provisionsLacking: 1 }).spare).toBe(0);
  });

  it('keeps no more ahead than could ever be in use at once', () => {
    expect(lackOf({ ...facts, ahead: 3, room: 2 }).spare).toBe(2);
    expect(lackOf({ ...facts, room: 0 }).spare).toBe(0);
    expect(lackOf({ ...facts, room: -1 }).spare).toBe(0);
    // Throttling is the business of others: what was let in is served.
    expect(lackOf({ ...facts, waiting: 1, room: 0 }).demand).toBe(1);
  });

  it('keeps none for a function nobody uses', () => {
    expect(lackOf({ ...facts, ahead: 0 })).toEqual({
      demand: 0,
      provisioned: 0,
      spare: 0,
    });
    expect(lackOf({ ...facts, waiting: 1, ahead: 0 })).toEqual({
      demand: 1,
      provisioned: 0,
      spare: 0,
    });
  });
});

describe('retention', () => {
  const FREEZE_AFTER_MS = 100;
  const at = (idleSince: number, running = true, kept = false) => ({
    idleSince,
    running,
    kept,
    keepForMs: 1000,
  });
  const plan = (
    environments: readonly ReturnType<typeof at>[],
    use: FunctionUse,
    now: number,
    freezeAfterMs: number | 'never' = FREEZE_AFTER_MS,
  ) => planRetention(environments, use, freezeAfterMs, now);

  it('freezes what has been quiet long enough and looks again when the next will be', () => {
    const [quiet, busy] = [at(0), at(450)];
    expect(plan([quiet, busy], { ahead: 1, until: 1450 }, 500)).toEqual({
      freeze: [quiet],
      retire: [],
      nextLookAt: 550,
    });
  });

  it('retires what has idled too long but keeps what is wanted ahead', () => {
    const [old, spare] = [at(0, false), at(10, false)];
    expect(plan([old, spare], { ahead: 1, until: 1900 }, 1500)).toEqual({
      freeze: [],
      retire: [old],
      nextLookAt: 1900,
    });
  });

  it('retires everything once nothing is wanted ahead', () => {
    const spare = at(0, false);
    expect(plan([spare], { ahead: 0, until: Infinity }, 1000)).toEqual({
      freeze: [],
      retire: [spare],
      nextLookAt: Infinity,
    });
  });

  it('keeps each of the others as long as it is kept for its own sake', () => {
    const [brief, long] = [
      { ...at(0, false), keepForMs: 0 },
      { ...at(0, false), keepForMs: 5000 },
    ];
    expect(plan([brief, long], { ahead: 0, until: 9000 }, 10)).toEqual({
      freeze: [],
      retire: [brief],
      nextLookAt: 5000,
    });
    const forEver = { ...long, keepForMs: Infinity };
    expect(plan([forEver], { ahead: 0, until: Infinity }, 1e12).retire).toEqual([]);
  });

  it('freezes what is provisioned and lets none of it go, nor counts it among the spares', () => {
    const [kept, old, spare] = [at(0, true, true), at(0, false), at(10, false)];
    expect(plan([kept, old, spare], { ahead: 1, until: 1900 }, 1500)).toEqual({
      freeze: [kept],
      retire: [old],
      nextLookAt: 1900,
    });
    expect(plan([at(0, false, true)], { ahead: 0, until: Infinity }, 1e9)).toEqual({
      freeze: [],
      retire: [],
      nextLookAt: Infinity,
    });
  });

  it('never freezes when told so', () => {
    const planned = plan([at(0)], { ahead: 0, until: Infinity }, 500, 'never');
    expect(planned).toEqual({ freeze: [], retire: [], nextLookAt: 1000 });
  });
});

describe('the start gate', () => {
  class Asker implements Starter {
    readonly turns: StartKind[] = [];
    readonly releases: (() => void)[] = [];
    readonly wants: () => boolean;
    environmentCount = 0;
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

  it('lets those take turns that wait for several', () => {
    const gate = new StartGate(1);
    const order: string[] = [];
    const releases: (() => void)[] = [];
    const many = (name: string, count: number): Starter => {
      let left = count;
      const starter = {
        environmentCount: 0,
        turn: (kind: StartKind, release: () => void) => {
          order.push(name);
          releases.push(release);
          left -= 1;
          if (left > 0) gate.request(starter, kind);
          return true;
        },
      };
      return starter;
    };
    gate.request(many('-', 1), 'demand');
    for (const name of ['a', 'b', 'c']) gate.request(many(name, 3), 'demand');
    while (releases.length > 0) releases.shift()?.();
    expect(order.join('')).toBe('-abcabcabc');
  });

  it('makes the first spare of anybody before the second of somebody', () => {
    const gate = new StartGate(1);
    const first = new Asker();
    const askers = Array.from({ length: 100 }, () => new Asker());
    askers.forEach((asker, index) => (asker.environmentCount = index % 4));
    gate.request(first, 'demand');
    for (const asker of askers) gate.request(asker, 'spare');
    const order: number[] = [];
    let release = first.releases[0];
    while (release !== undefined) {
      const before = new Set(askers.filter(({ turns }) => turns.length > 0));
      release();
      const next = askers.find((asker) => asker.turns.length > 0 && !before.has(asker));
      if (next !== undefined) order.push(next.environmentCount);
      release = next?.releases[0];
    }
    expect(order).toHaveLength(100);
    expect(order).toEqual([...order].sort((a, b) => a - b));
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
    lowestPriority: number | undefined;
    wantsRoom = true;
    evicted = 0;
    called = 0;
    readonly #budget: MemoryBudget;
    constructor(budget: MemoryBudget) {
      this.#budget = budget;
      budget.join(this);
    }
    has(facts: Partial<Omit<MemoryUser, 'evict' | 'roomMayBeFree'>>): void {
      Object.assign(this, facts);
      this.#budget.recount(this);
    }
    evict(): void {
      this.evicted += 1;
    }
    roomMayBeFree(): void {
      this.called += 1;
    }
  }

  it('admits up to its limit, then retires the least recently used of anybody', () => {
    const budget = new MemoryBudget(250);
    const [asking, older, newer] = [new User(budget), new User(budget), new User(budget)];
    expect(budget.admit(asking, true, 0)).toBe(true);
    older.has({ environmentCount: 1, lowestPriority: 5 });
    newer.has({ environmentCount: 1, lowestPriority: 9 });
    expect(budget.admit(asking, true, 0)).toBe(false);
    expect([older.evicted, newer.evicted]).toEqual([1, 0]);
    older.has({ environmentCount: 0 });
    budget.changed();
    expect(asking.called).toBe(1);
    expect(budget.admit(asking, true, 0)).toBe(true);
  });

  it('lets nobody who has more go before one that has waited long, for as long as it waits', () => {
    const budget = new MemoryBudget(300);
    const [large, small] = [new User(budget), new User(budget)];
    large.has({ footprintBytes: 250 });
    small.has({ environmentCount: 1 });
    expect(budget.admit(large, true, 0)).toBe(false);
    expect(budget.admit(small, true, 1_000)).toBe(true);
    expect(budget.admit(small, true, 5_000)).toBe(false);
    budget.changed();
    expect([large.called, small.called]).toEqual([1, 1]);
    large.wantsRoom = false;
    expect(budget.admit(small, true, 5_000)).toBe(true);
    large.wantsRoom = true;
    small.has({ environmentCount: 0 });
    expect(budget.admit(large, true, 6_000)).toBe(true);
  });

  it('gives room that somebody waits for to no spare of others, and tells how full it is', () => {
    const budget = new MemoryBudget(300);
    const [large, small] = [new User(budget), new User(budget)];
    large.has({ footprintBytes: 250, wantsRoom: true });
    small.has({ environmentCount: 1 });
    expect(budget.fill).toBeCloseTo(1 / 3);
    expect(budget.admit(small, false, 0)).toBe(true);
    expect(budget.admit(large, true, 0)).toBe(false);
    expect(budget.admit(small, false, 0)).toBe(false);
    large.has({ wantsRoom: false });
    expect(budget.admit(small, false, 0)).toBe(true);
  });

  it('retires no more than it takes, however often it is asked', () => {
    const budget = new MemoryBudget(200);
    const [asking, idle] = [new User(budget), new User(budget)];
    idle.has({ environmentCount: 2, lowestPriority: 5 });
    expect(budget.admit(asking, true, 0)).toBe(false);
    idle.has({ leavingCount: 1 });
    expect(budget.admit(asking, true, 0)).toBe(false);
    expect(idle.evicted).toBe(1);
    idle.has({ environmentCount: 1, leavingCount: 0 });
    budget.changed();
    expect([asking.called, budget.admit(asking, true, 0)]).toEqual([1, true]);
  });

  it('has room to keep what others do not keep already', () => {
    const budget = new MemoryBudget(1000);
    const [asking, keeping] = [new User(budget), new User(budget)];
    asking.has({ toKeepCount: 9 });
    keeping.has({ environmentCount: 10, toKeepCount: 3, footprintBytes: 200 });
    // One of the largest is left for what is not kept.
    expect(budget.roomToKeep(asking)).toBe(2);
  });

  it('lets one in beside what is kept, or it would wait for ever', () => {
    const budget = new MemoryBudget(200);
    const [asking, keeping] = [new User(budget), new User(budget)];
    keeping.has({ environmentCount: 3, keptCount: 3 });
    expect(budget.admit(asking, true, 0)).toBe(true);
    asking.has({ environmentCount: 1 });
    expect(budget.admit(asking, true, 0)).toBe(false);
  });

  it('retires nothing for a spare and lets one in when nothing runs, however large', () => {
    const budget = new MemoryBudget(50);
    const [asking, idle] = [new User(budget), new User(budget)];
    expect(budget.admit(asking, false, 0)).toBe(true);
    idle.has({ environmentCount: 1, lowestPriority: 1 });
    expect(budget.admit(asking, false, 0)).toBe(false);
    expect(idle.evicted).toBe(0);
    budget.changed();
    expect(asking.called).toBe(0);
  });
});
