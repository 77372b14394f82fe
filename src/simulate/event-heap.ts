/**
 * Moments, each with a whole number: the earliest first, equal moments in no promised but always
 * the same order. A binary heap in two typed arrays.
 */

const FIRST_CAPACITY = 1024;

export class EventHeap {
  #keys = new Float64Array(FIRST_CAPACITY);
  #values = new Int32Array(FIRST_CAPACITY);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The earliest moment; `Infinity` when there is none. */
  get firstKey(): number {
    return this.#size === 0 ? Infinity : (this.#keys[0] as number);
  }

  /** What comes with `firstKey`; not to be asked of an empty heap. */
  get firstValue(): number {
    return this.#values[0] as number;
  }

  push(key: number, value: number): void {
    if (this.#size === this.#keys.length) this.#grow();
    const keys = this.#keys;
    const values = this.#values;
    let index = this.#size;
    this.#size += 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = keys[parent] as number;
      if (above <= key) break;
      keys[index] = above;
      values[index] = values[parent] as number;
      index = parent;
    }
    keys[index] = key;
    values[index] = value;
  }

  removeFirst(): void {
    this.#size -= 1;
    const size = this.#size;
    const keys = this.#keys;
    const values = this.#values;
    const key = keys[size] as number;
    let index = 0;
    for (let child = 1; child < size; child = 2 * index + 1) {
      const right = child + 1;
      if (right < size && (keys[right] as number) < (keys[child] as number)) child = right;
      const below = keys[child] as number;
      if (below >= key) break;
      keys[index] = below;
      values[index] = values[child] as number;
      index = child;
    }
    keys[index] = key;
    values[index] = values[size] as number;
  }

  #grow(): void {
    const [keys, values] = [this.#keys, this.#values];
    this.#keys = new Float64Array(keys.length * 2);
    this.#values = new Int32Array(values.length * 2);
    this.#keys.set(keys);
    this.#values.set(values);
  }
}
