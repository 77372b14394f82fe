/**
 * What has come before it can be read, in memory of its own: small pieces are put together, or each
 * would be kept apart.
 */

const EMPTY = Buffer.alloc(0);
/** Pieces below this are copied into blocks. */
const SMALL_BYTES = 8 * 1024;
const FIRST_BLOCK_BYTES = 1024;
const LARGEST_BLOCK_BYTES = 64 * 1024;

export class Backlog {
  #pieces: Buffer[] = [];
  /** Where the next small piece goes, and how far it is filled; the last of what is kept. */
  #block: Buffer = EMPTY;
  #filledBytes = 0;
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  add(piece: Buffer): void {
    this.#bytes += piece.length;
    if (piece.length >= SMALL_BYTES) {
      this.#endBlock();
      this.#pieces.push(Buffer.from(piece));
      return;
    }
    const filledBytes = this.#filledBytes + piece.length;
    if (filledBytes > this.#block.length) this.#grow(filledBytes);
    piece.copy(this.#block, this.#filledBytes);
    this.#filledBytes = filledBytes;
    if (filledBytes >= LARGEST_BLOCK_BYTES) this.#endBlock();
  }

  /** The oldest of what is kept, without its end if that came apart; empty when there is none. */
  next(): Buffer {
    if (this.#pieces.length === 0) this.#endBlock();
    const next = this.#pieces.shift() ?? EMPTY;
    this.#bytes -= next.length;
    return next;
  }

  /** All of it, behind `first`. */
  takeBehind(first: Buffer): Buffer {
    this.#endBlock();
    const pieces = this.#pieces;
    this.clear();
    return pieces.length === 0 ? first : Buffer.concat([first, ...pieces]);
  }

  clear(): void {
    this.#pieces = [];
    this.#block = EMPTY;
    this.#filledBytes = 0;
    this.#bytes = 0;
  }

  #endBlock(): void {
    if (this.#filledBytes > 0) this.#pieces.push(this.#block.subarray(0, this.#filledBytes));
    this.#block = EMPTY;
    this.#filledBytes = 0;
  }

  #grow(neededBytes: number): void {
    const larger = Buffer.allocUnsafe(Math.max(FIRST_BLOCK_BYTES, neededBytes * 2));
    this.#block.copy(larger, 0, 0, this.#filledBytes);
    this.#block = larger;
  }
}
