import { EventHeap } from './event-heap.js';

/**
 * A number for each of many things (a moment, a priority), and which is lowest. Numbers that rise
 * again and again, as those of what is used all the time, cost nothing until their turn comes.
 */
export class Deadlines {
  readonly #heap = new EventHeap();
  /** What holds; `NaN`: nothing. */
  #current = new Float64Array(1024).fill(NaN);
  /** The one entry of the heap that counts; it may be lower than what holds, never higher. */
  #entered = new Float64Array(1024).fill(NaN);

  set(id: number, value: number): void {
    if (id >= this.#current.length) this.#grow(id);
    this.#current[id] = value;
    const entered = this.#entered[id] as number;
    if (entered <= value || value === Infinity) return;
    this.#entered[id] = value;
    this.#heap.push(value, id);
  }

  clear(id: number): void {
    if (id < this.#current.length) this.#current[id] = NaN;
  }

  /** The lowest; `Infinity` when there is none. */
  get first(): number {
    for (;;) {
      const key = this.#heap.firstKey;
      if (key === Infinity) return key;
      const id = this.#heap.firstValue;
      const current = this.#current[id] as number;
      const counts = key === this.#entered[id];
      if (counts && current === key) return key;
      this.#heap.removeFirst();
      if (!counts) continue;
      this.#entered[id] = NaN;
      if (current < Infinity) this.set(id, current);
    }
  }

  /** Whose `first` is; to be asked after it, when there is one. */
  get firstId(): number {
    return this.#heap.firstValue;
  }

  #grow(id: number): void {
    const length = 2 ** Math.ceil(Math.log2(id + 1));
    const [current, entered] = [this.#current, this.#entered];
    this.#current = new Float64Array(length).fill(NaN);
    this.#entered = new Float64Array(length).fill(NaN);
    this.#current.set(current);
    this.#entered.set(entered);
  }
}
