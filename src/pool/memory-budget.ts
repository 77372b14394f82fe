/**
 * The memory all environments together may take, by estimate: what a pool's environments have
 * been seen to need at their peak, times how many there are. A pool that finds no room is called
 * again when some may have come free. One that has waited for a while goes before those that have
 * more, or a large environment would never find the room that small ones take again and again.
 */

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
  /** Monotonic ms of the least recently used environment that could go; undefined when none. */
  readonly oldestIdleSince: number | undefined;
  /** Invocations wait that only a further environment can take. */
  readonly wantsRoom: boolean;
  /** Retires that environment. */
  retireOldest(): void;
  /** Memory may have come free. */
  roomMayBeFree(): void;
}

/** So long others may start what fits while somebody with less waits for room. */
const PATIENCE_MS = 2_000;

export class MemoryBudget {
  readonly #limitBytes: number;
  readonly #users = new Set<MemoryUser>();
  /** With the moment of the first refusal. */
  readonly #refused = new Map<MemoryUser, number>();

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get limitBytes(): number {
    return this.#limitBytes;
  }

  get usedBytes(): number {
    let used = 0;
    for (const user of this.#users) used += bytesOf(user);
    return used;
  }

  join(user: MemoryUser): void {
    this.#users.add(user);
  }

  leave(user: MemoryUser): void {
    this.#users.delete(user);
    this.#refused.delete(user);
    this.changed();
  }

  /**
   * Whether `user` may start one more environment. When not, and `mayEvict`, the least recently
   * used idle environment of anybody is retired, and `user` is told when to ask again. One
   * environment is always let in when nothing runs but what is kept, however large.
   */
  admit(user: MemoryUser, mayEvict: boolean, now: number): boolean {
    const used = this.usedBytes;
    const fits = used === this.#keptBytes || used + user.footprintBytes <= this.#limitBytes;
    if (fits && !this.#othersGoFirst(user, now)) {
      this.#refused.delete(user);
      return true;
    }
    if (mayEvict) {
      if (!this.#refused.has(user)) this.#refused.set(user, now);
      // What is going already may be all the room it takes.
      if (used - this.#leavingBytes + user.footprintBytes > this.#limitBytes) this.#evictOldest();
    }
    return false;
  }

  /** How many environments `user` could keep beside what others keep, and one that is not kept. */
  roomToKeep(user: MemoryUser): number {
    let room = this.#limitBytes;
    let largest = 0;
    for (const other of this.#users) {
      largest = Math.max(largest, other.footprintBytes);
      if (other !== user) room -= other.toKeepCount * other.footprintBytes;
    }
    return Math.max(0, Math.floor((room - largest) / user.footprintBytes));
  }

  /** An environment became idle or went: those who found no room may find some now. */
  changed(): void {
    // Who has least comes first: an idle environment may go before its own pool uses it again.
    for (const user of [...this.#refused.keys()].sort((a, b) => bytesOf(a) - bytesOf(b))) {
      if (user.wantsRoom) user.roomMayBeFree();
      else this.#refused.delete(user);
    }
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

  get #keptBytes(): number {
    let kept = 0;
    for (const user of this.#users) kept += user.keptCount * user.footprintBytes;
    return kept;
  }

  get #leavingBytes(): number {
    let leaving = 0;
    for (const user of this.#users) leaving += user.leavingCount * user.footprintBytes;
    return leaving;
  }

  #evictOldest(): void {
    let oldest: MemoryUser | undefined;
    for (const user of this.#users) {
      if (user.oldestIdleSince === undefined) continue;
      if (oldest === undefined || user.oldestIdleSince < (oldest.oldestIdleSince ?? Infinity)) {
        oldest = user;
      }
    }
    oldest?.retireOldest();
  }
}

function bytesOf(user: MemoryUser): number {
  return user.environmentCount * user.footprintBytes;
}
