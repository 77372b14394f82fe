/**
 * How long environments have been without work between two uses: 240 counts of one minute each,
 * half a kilobyte. What took longer is only counted. Single writer; all it tells is kept up to
 * date with each observation, in constant time.
 */

export const BIN_MS = 60_000;
export const BINS = 240;
const FULL = 65_535;
const HEAD_SHARE = 0.05;
const TAIL_SHARE = 0.99;

export class IdleHistogram {
  readonly #bins = new Uint16Array(BINS);
  #inRange = 0;
  #beyond = 0;
  #squares = 0;
  readonly #head = new Percentile(HEAD_SHARE);
  readonly #tail = new Percentile(TAIL_SHARE);

  /** @param idleMs at least 0 */
  observe(idleMs: number): void {
    const bin = Math.floor(idleMs / BIN_MS);
    if (bin >= BINS) {
      this.#beyond += 1;
      return;
    }
    const before = this.#bins[bin] as number;
    if (before === FULL) {
      this.#halve();
      return this.observe(idleMs);
    }
    this.#bins[bin] = before + 1;
    this.#inRange += 1;
    this.#squares += 2 * before + 1;
    this.#head.counted(this.#bins, bin, this.#inRange);
    this.#tail.counted(this.#bins, bin, this.#inRange);
  }

  get observations(): number {
    return this.#inRange + this.#beyond;
  }

  /** Of the observations, from 0 to 1: longer than all bins together. */
  get beyondShare(): number {
    return this.#beyond === 0 ? 0 : this.#beyond / this.observations;
  }

  /**
   * Coefficient of variation of the counts: 0 when all bins hold the same, 15.5 when one holds
   * everything. Sums of whole numbers, so there is nothing to lose as a running mean would.
   */
  get variation(): number {
    if (this.#inRange === 0) return 0;
    const mean = this.#inRange / BINS;
    return Math.sqrt(Math.max(0, this.#squares / BINS - mean * mean)) / mean;
  }

  /** Where the bin begins that holds the 5th percentile, ms. */
  get headMs(): number {
    return this.#head.bin * BIN_MS;
  }

  /** Where the bin ends that holds the 99th percentile, ms. */
  get tailMs(): number {
    return (this.#tail.bin + 1) * BIN_MS;
  }

  /** Makes room for more, and what was long ago count less. */
  #halve(): void {
    this.#inRange = 0;
    this.#squares = 0;
    this.#beyond >>>= 1;
    this.#head.reset();
    this.#tail.reset();
    for (let bin = 0; bin < BINS; bin += 1) {
      const count = (this.#bins[bin] as number) >>> 1;
      this.#bins[bin] = count;
      this.#inRange += count;
      this.#squares += count * count;
    }
    this.#head.settle(this.#bins, this.#inRange);
    this.#tail.settle(this.#bins, this.#inRange);
  }
}

/** Follows the bin of one percentile: each observation moves it by a bin or two, if at all. */
class Percentile {
  readonly #share: number;
  bin = 0;
  /** Observations in the bins before. */
  #below = 0;

  constructor(share: number) {
    this.#share = share;
  }

  reset(): void {
    this.bin = 0;
    this.#below = 0;
  }

  counted(bins: Uint16Array, bin: number, total: number): void {
    if (bin < this.bin) this.#below += 1;
    this.settle(bins, total);
  }

  /** The first bin with which at least the share is reached. */
  settle(bins: Uint16Array, total: number): void {
    const wanted = this.#share * total;
    while (this.bin > 0 && this.#below >= wanted) {
      this.bin -= 1;
      this.#below -= bins[this.bin] as number;
    }
    while (this.bin < BINS - 1 && this.#below + (bins[this.bin] as number) < wanted) {
      this.#below += bins[this.bin] as number;
      this.bin += 1;
    }
  }
}
