/**
 * The clock of greedy-dual policies, one for each memory that is shared: it stands at the priority
 * of what was evicted last. What is used later starts from there, so that whatever was once
 * valuable and is never used again falls behind.
 */
export class EvictionClock {
  #now = 0;

  get now(): number {
    return this.#now;
  }

  /** Memory was needed, and an environment of that priority went for it. */
  evicted(priority: number): void {
    this.#now = Math.max(this.#now, priority);
  }
}
