/**
 * The memory all environments together may take, by estimate: what a pool's environments have
 * been seen to need at their peak, times how many there are. A pool that finds no room is called
 * again when some may have come free.
 */

export interface MemoryUser {
  /** Estimate for one environment, bytes. */
  readonly footprintBytes: number;
  /** Environments that hold memory now. */
  readonly environmentCount: number;
  /** Of those, how many are going already. */
  readonly leavingCount: number;
  /** Monotonic ms of the least recently used environment that could go; undefined when none. */
  readonly oldestIdleSince: number | undefined;
  /** Retires that environment. */
  retireOldest(): void;
  /** Memory may have come free. */
  roomMayBeFree(): void;
}

export class MemoryBudget {
  readonly #limitBytes: number;
  readonly #users = new Set<MemoryUser>();
  readonly #refused = new Set<MemoryUser>();

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get limitBytes(): number {
    return this.#limitBytes;
  }

  get usedBytes(): number {
    let used = 0;
    for (const user of this.#users) used += user.environmentCount * user.footprintBytes;
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
   * environment is always let in when nothing else runs, however large.
   */
  admit(user: MemoryUser, mayEvict: boolean): boolean {
    const used = this.usedBytes;
    if (used === 0 || used + user.footprintBytes <= this.#limitBytes) return true;
    if (mayEvict) {
      this.#refused.add(user);
      // What is going already may be all the room it takes.
      if (used - this.#leavingBytes + user.footprintBytes > this.#limitBytes) this.#evictOldest();
    }
    return false;
  }

  /** An environment became idle or went: those who found no room may find some now. */
  changed(): void {
    if (this.#refused.size === 0) return;
    const refused = [...this.#refused];
    this.#refused.clear();
    for (const user of refused) user.roomMayBeFree();
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
