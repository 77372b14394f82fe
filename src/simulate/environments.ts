/**
 * The environments of a replay, in columns. Each has a number, given again once it is gone; those
 * without work hang in a list of their function, the most recently used first.
 */

const FIRST_CAPACITY = 1024;
const NONE = -1;

export class Environments {
  /** By environment. */
  fn = new Int32Array(FIRST_CAPACITY);
  bornAt = new Float64Array(FIRST_CAPACITY);
  /** Milliseconds of invocations that have ended. */
  busyMs = new Float64Array(FIRST_CAPACITY);
  /** When its invocation began; `NaN` without one. */
  busySince = new Float64Array(FIRST_CAPACITY);
  /** The invocation it has or had last; -1 before the first. */
  invocation = new Int32Array(FIRST_CAPACITY);
  /** When it goes for its own sake, if it is without work. */
  goesAt = new Float64Array(FIRST_CAPACITY);
  #older = new Int32Array(FIRST_CAPACITY);
  #newer = new Int32Array(FIRST_CAPACITY);
  /** By function. */
  readonly #newest: Int32Array;
  readonly #counts: Int32Array;
  readonly #free: number[] = [];
  #made = 0;
  #count = 0;

  constructor(functions: number) {
    this.#newest = new Int32Array(functions).fill(NONE);
    this.#counts = new Int32Array(functions);
  }

  get count(): number {
    return this.#count;
  }

  countOf(fn: number): number {
    return this.#counts[fn] as number;
  }

  create(fn: number, now: number): number {
    const id = this.#free.pop() ?? this.#made++;
    if (id === this.fn.length) this.#grow();
    this.fn[id] = fn;
    this.bornAt[id] = now;
    this.busyMs[id] = 0;
    this.busySince[id] = NaN;
    this.invocation[id] = NONE;
    this.#counts[fn] = this.countOf(fn) + 1;
    this.#count += 1;
    return id;
  }

  /** It is not, or no longer, in its function's list. */
  remove(id: number): void {
    const fn = this.fn[id] as number;
    this.fn[id] = NONE;
    this.#counts[fn] = this.countOf(fn) - 1;
    this.#count -= 1;
    this.#free.push(id);
  }

  hasIdle(fn: number): boolean {
    return this.#newest[fn] !== NONE;
  }

  /** Of those of its function without work it is the most recently used. */
  isNewest(id: number): boolean {
    return this.#newest[this.fn[id] as number] === id;
  }

  /** Calls `visit` with each of the function that is without work. */
  forEachIdle(fn: number, visit: (id: number) => void): void {
    for (let id = this.#newest[fn] as number; id !== NONE; id = this.#older[id] as number) {
      visit(id);
    }
  }

  /** It is without work, the most recently used one of its function. */
  putIdle(id: number): void {
    const fn = this.fn[id] as number;
    const before = this.#newest[fn] as number;
    this.#older[id] = before;
    this.#newer[id] = NONE;
    if (before !== NONE) this.#newer[before] = id;
    this.#newest[fn] = id;
  }

  /** Takes the most recently used one of those without work; -1 when there is none. */
  takeIdle(fn: number): number {
    const id = this.#newest[fn] as number;
    if (id !== NONE) this.dropIdle(id);
    return id;
  }

  /** Takes that one out of the list. */
  dropIdle(id: number): void {
    const older = this.#older[id] as number;
    const newer = this.#newer[id] as number;
    if (older !== NONE) this.#newer[older] = newer;
    if (newer !== NONE) this.#older[newer] = older;
    else this.#newest[this.fn[id] as number] = older;
  }

  /** Calls `visit` with each environment there is. */
  forEach(visit: (id: number) => void): void {
    for (let id = 0; id < this.#made; id += 1) {
      if (this.fn[id] !== NONE) visit(id);
    }
  }

  #grow(): void {
    const length = this.fn.length * 2;
    this.fn = copied(this.fn, new Int32Array(length));
    this.bornAt = copied(this.bornAt, new Float64Array(length));
    this.busyMs = copied(this.busyMs, new Float64Array(length));
    this.busySince = copied(this.busySince, new Float64Array(length));
    this.goesAt = copied(this.goesAt, new Float64Array(length));
    this.invocation = copied(this.invocation, new Int32Array(length));
    this.#older = copied(this.#older, new Int32Array(length));
    this.#newer = copied(this.#newer, new Int32Array(length));
  }
}

function copied<T extends Int32Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
