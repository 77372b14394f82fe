/**
 * First in, first out, with room in front for what is handed back. Bounded: `push` refuses when
 * `limit` entries wait. Constant time at both ends.
 */
export class Queue<T> {
  readonly #limit: number;
  #front: T[] = [];
  /** Those before `#head` were taken, and are let go of. */
  #items: (T | undefined)[] = [];
  #head = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#front.length + this.#items.length - this.#head;
  }

  push(item: T): boolean {
    if (this.size >= this.#limit) return false;
    this.#items.push(item);
    return true;
  }

  /** Puts back what was taken; never refused, since it has been counted before. */
  pushFront(item: T): void {
    this.#front.push(item);
  }

  shift(): T | undefined {
    if (this.#front.length > 0) return this.#front.pop();
    const item = this.#items[this.#head];
    if (item === undefined) return undefined;
    if (this.#head === this.#items.length - 1) {
      if (this.#head === 0) this.#items.pop();
      else this.#items = [];
      this.#head = 0;
      return item;
    }
    // An invocation holds its payload, and whoever waits for it.
    this.#items[this.#head] = undefined;
    this.#head += 1;
    if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** Takes the oldest entry that is wanted, wherever it stands. */
  takeFirst(wanted: (item: T) => boolean): T | undefined {
    for (let index = this.#front.length - 1; index >= 0; index -= 1) {
      if (wanted(this.#front[index] as T)) return this.#front.splice(index, 1)[0];
    }
    for (let index = this.#head; index < this.#items.length; index += 1) {
      if (wanted(this.#items[index] as T)) return this.#items.splice(index, 1)[0];
    }
    return undefined;
  }

  /** Every entry, in no order. */
  *[Symbol.iterator](): IterableIterator<T> {
    yield* this.#front;
    for (let index = this.#head; index < this.#items.length; index += 1) {
      yield this.#items[index] as T;
    }
  }

  /** Every entry, oldest first, leaving the queue empty. */
  drain(): T[] {
    const all = [...this.#front.reverse(), ...(this.#items.slice(this.#head) as T[])];
    this.#front = [];
    this.#items = [];
    this.#head = 0;
    return all;
  }
}
