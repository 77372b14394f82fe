/** Invocations in columns, in the order of time: ten million of them take 120 MB. */

export interface TraceFunction {
  readonly name: string;
  /** What one environment holds, MB. */
  memoryMb: number;
  /** Of a start; undefined: the default. */
  initMs?: number;
}

export interface Trace {
  readonly functions: readonly TraceFunction[];
  /** Positions in the three columns. */
  readonly length: number;
  /** Whole milliseconds from the beginning of the trace. */
  readonly at: Uint32Array;
  /** Which function. */
  readonly fn: Uint32Array;
  readonly durationMs: Float32Array;
}

const FIRST_CAPACITY = 1 << 16;
/** Some 49 days. */
export const LONGEST_MS = 2 ** 32 - 1;

/** Collects invocations in any order. */
export class TraceBuilder {
  #at = new Uint32Array(FIRST_CAPACITY);
  #fn = new Uint32Array(FIRST_CAPACITY);
  #durationMs = new Float32Array(FIRST_CAPACITY);
  #length = 0;
  #sorted = true;

  get length(): number {
    return this.#length;
  }

  /** @param atMs rounded down to a whole millisecond, at most `LONGEST_MS` */
  add(atMs: number, fn: number, durationMs: number): void {
    const index = this.#length;
    if (index === this.#at.length) this.#grow();
    this.#at[index] = atMs;
    this.#fn[index] = fn;
    this.#durationMs[index] = durationMs;
    this.#length += 1;
    if (index > 0 && (this.#at[index] as number) < (this.#at[index - 1] as number)) {
      this.#sorted = false;
    }
  }

  /** What comes at the same moment stays in the order in which it was added. */
  build(functions: readonly TraceFunction[]): Trace {
    const length = this.#length;
    const at = this.#at.subarray(0, length);
    const fn = this.#fn.subarray(0, length);
    const durationMs = this.#durationMs.subarray(0, length);
    if (this.#sorted) return { functions, length, at, fn, durationMs };
    const order = sortedOrder(at);
    const sorted = {
      functions,
      length,
      at: new Uint32Array(length),
      fn: new Uint32Array(length),
      durationMs: new Float32Array(length),
    };
    for (let position = 0; position < length; position += 1) {
      const index = order[position] as number;
      sorted.at[position] = at[index] as number;
      sorted.fn[position] = fn[index] as number;
      sorted.durationMs[position] = durationMs[index] as number;
    }
    return sorted;
  }

  #grow(): void {
    const capacity = this.#at.length * 2;
    const [at, fn, durationMs] = [this.#at, this.#fn, this.#durationMs];
    this.#at = new Uint32Array(capacity);
    this.#fn = new Uint32Array(capacity);
    this.#durationMs = new Float32Array(capacity);
    this.#at.set(at);
    this.#fn.set(fn);
    this.#durationMs.set(durationMs);
  }
}

const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;

/** Positions by rising key, equal keys by position (radix sort, three passes). */
function sortedOrder(keys: Uint32Array): Uint32Array {
  const { length } = keys;
  let from = new Uint32Array(length);
  for (let index = 0; index < length; index += 1) from[index] = index;
  let to = new Uint32Array(length);
  for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
    const places = placesOfDigits(keys, shift);
    for (let position = 0; position < length; position += 1) {
      const index = from[position] as number;
      const digit = ((keys[index] as number) >>> shift) & (DIGITS - 1);
      const place = places[digit] as number;
      places[digit] = place + 1;
      to[place] = index;
    }
    [from, to] = [to, from];
  }
  return from;
}

/** Where the first key with each digit goes. */
function placesOfDigits(keys: Uint32Array, shift: number): Uint32Array {
  const counts = new Uint32Array(DIGITS);
  for (let index = 0; index < keys.length; index += 1) {
    const digit = ((keys[index] as number) >>> shift) & (DIGITS - 1);
    counts[digit] = (counts[digit] as number) + 1;
  }
  let sum = 0;
  return counts.map((count) => (sum += count) - count);
}
