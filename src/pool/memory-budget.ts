/**
 * The memory all environments together may take, by estimate: what a pool's environments have
 * been seen to need at their peak, times how many there are. A pool that finds no room is called
 * again when some may have come free. One that has waited for a while goes before those that have
 * more, or a large environment would never find the room that small ones take again and again.
 * What goes for it is what the policy of keep-alive holds the least dear.
 */

import { EvictionClock } from '../keep-alive/eviction-clock.js';

/** Tells `recount` whenever one of its numbers of bytes and environments may have changed. */
export interface MemoryUser {
  /** Estimate for one environment, bytes. */
  readonly footprintBytes: number;
  /** Environments that hold memory now. */
  readonly environmentCount: number;
  /** Of those, how many are going already. */
  readonly leavingCount: number;
  /** Of those, how many are kept whatever others need. */
  readonly keptCount: number;
  /** How many are to be kept once there is room. */
  readonly toKeepCount: number;
  /** Of the environment that could go first; the lowest of anybody goes. Undefined when none can. */
  readonly lowestPriority: number | undefined;
  /** Invocations wait that only a further environment can take. */
  readonly wantsRoom: boolean;
  /** Retires that environment. */
  evict(): void;
  /** Memory may have come free. */
  roomMayBeFree(): void;
}

/** So long others may start what fits while somebody with less waits for room. */
const PATIENCE_MS = 2_000;

interface Account {
  readonly usedBytes: number;
  readonly leavingBytes: number;
  readonly keptBytes: number;
}

const NOTHING = { usedBytes: 0, leavingBytes: 0, keptBytes: 0 };

export class MemoryBudget {
  /** Of the policies that order what goes when memory is needed. */
  readonly evictions = new EvictionClock();
  readonly #limitBytes: number;
  readonly #users = new Map<MemoryUser, Account>();
  /** Sums over all users. */
  #total = { ...NOTHING };
  /** With the moment of the first refusal. */
  readonly #refused = new Map<MemoryUser, number>();

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get limitBytes(): number {
    return this.#limitBytes;
  }

  /** How much of it all environments take, 0 to 1 and, where one alone is too large, more. */
  get fill(): number {
    return this.#total.usedBytes / this.#limitBytes;
  }

  get usedBytes(): number {
    return this.#total.usedBytes;
  }

  join(user: MemoryUser): void {
    this.#account(user, accountOf(user));
  }

  /** Its numbers may have changed. */
  recount(user: MemoryUser): void {
    if (this.#users.has(user)) this.#account(user, accountOf(user));
  }

  leave(user: MemoryUser): void {
    this.#account(user, NOTHING);
    this.#users.delete(user);
    this.#refused.delete(user);
    this.changed();
  }

  /**
   * Whether `user` may start one more environment. When not, and `mayEvict`, the idle environment
   * of anybody that is held the least dear is retired, and `user` is told when to ask again. One
   * environment is always let in when nothing runs but what is kept, however large.
   */
  admit(user: MemoryUser, mayEvict: boolean, now: number): boolean {
    const { usedBytes, keptBytes, leavingBytes } = this.#total;
    const fits = usedBytes === keptBytes || usedBytes + user.footprintBytes <= this.#limitBytes;
    if (fits && !this.#othersGoFirst(user, now) && (mayEvict || !this.#othersWait(user))) {
      this.#refused.delete(user);
      return true;
    }
    if (mayEvict) {
      if (!this.#refused.has(user)) this.#refused.set(user, now);
      // What is going already may be all the room it takes.
      if (usedBytes - leavingBytes + user.footprintBytes > this.#limitBytes) this.#evict();
    }
    return false;
  }

  /** How many environments `user` could keep beside what others keep, and one that is not kept. */
  roomToKeep(user: MemoryUser): number {
    let room = this.#limitBytes;
    let largest = 0;
    for (const other of this.#users.keys()) {
      largest = Math.max(largest, other.footprintBytes);
      if (other !== user) room -= other.toKeepCount * other.footprintBytes;
    }
    return Math.max(0, Math.floor((room - largest) / user.footprintBytes));
  }

  /** An environment became idle or went: those who found no room may find some now. */
  changed(): void {
    if (this.#refused.size === 0) return;
    // Who has least comes first: an idle environment may go before its own pool uses it again.
    for (const user of [...this.#refused.keys()].sort((a, b) => bytesOf(a) - bytesOf(b))) {
      if (user.wantsRoom) user.roomMayBeFree();
      else this.#refused.delete(user);
    }
  }

  /** What is started ahead takes no room that is being made for somebody's waiting invocations. */
  #othersWait(user: MemoryUser): boolean {
    for (const other of this.#refused.keys()) {
      if (other !== user && other.wantsRoom) return true;
    }
    return false;
  }

  /** Who has less does, and of those with as much whoever has waited longer. */
  #othersGoFirst(user: MemoryUser, now: number): boolean {
    const mine = { bytes: bytesOf(user), since: this.#refused.get(user) ?? now };
    for (const [other, since] of this.#refused) {
      if (other === user || now - since < PATIENCE_MS || !other.wantsRoom) continue;
      const bytes = bytesOf(other);
      if (bytes < mine.bytes || (bytes === mine.bytes && since < mine.since)) return true;
    }
    return false;
  }

  #account(user: MemoryUser, account: Account): void {
    const before = this.#users.get(user) ?? NOTHING;
    this.#users.set(user, account);
    this.#total.usedBytes += account.usedBytes - before.usedBytes;
    this.#total.leavingBytes += account.leavingBytes - before.leavingBytes;
    this.#total.keptBytes += account.keptBytes - before.keptBytes;
  }

  #evict(): void {
    let first: MemoryUser | undefined;
    let lowest = Infinity;
    for (const user of this.#users.keys()) {
      const priority = user.lowestPriority;
      if (priority === undefined || priority >= lowest) continue;
      first = user;
      lowest = priority;
    }
    if (first === undefined) return;
    this.evictions.evicted(lowest);
    first.evict();
  }
}

function bytesOf(user: MemoryUser): number {
  return user.environmentCount * user.footprintBytes;
}

function accountOf(user: MemoryUser): Account {
  const { footprintBytes } = user;
  return {
    usedBytes: bytesOf(user),
    leavingBytes: user.leavingCount * footprintBytes,
    keptBytes: user.keptCount * footprintBytes,
  };
}
