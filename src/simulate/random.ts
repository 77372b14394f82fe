/**
 * Numbers that look random and are the same for the same seed, on every machine (xoshiro128**). A
 * stream for each purpose keeps what one draws from what another does.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** @param stream tells apart what shares a seed; both are whole numbers */
  constructor(seed: number, stream: number) {
    const mix = mixer(seed, stream);
    [this.#a, this.#b, this.#c, this.#d] = [mix(), mix(), mix(), mix()];
  }

  /** At least 0, less than 1, in steps of 2^-32. */
  next(): number {
    const product = Math.imul(this.#b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9);
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return (result >>> 0) / 2 ** 32;
  }

  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  /** Of mean 1. */
  exponential(): number {
    return -Math.log(1 - this.next());
  }

  /** Of mean 0 and standard deviation 1 (Box and Muller). */
  normal(): number {
    return Math.sqrt(2 * this.exponential()) * Math.cos(2 * Math.PI * this.next());
  }

  /** Of mean `shape`, which is at least 1 (Marsaglia and Tsang). */
  gamma(shape: number): number {
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = this.normal();
      const root = 1 + c * x;
      const cubed = root * root * root;
      if (cubed <= 0) continue;
      const limit = 0.5 * x * x + d - d * cubed + d * Math.log(cubed);
      if (Math.log(1 - this.next()) < limit) return d * cubed;
    }
  }
}

/** Whole numbers of 32 bits from two (splitmix). */
function mixer(seed: number, stream: number): () => number {
  let state = Math.imul(seed, 0x9e3779b1) ^ Math.imul(stream + 1, 0x85ebca6b) ^ (seed / 2 ** 32);
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return mixed ^ (mixed >>> 15);
  };
}
