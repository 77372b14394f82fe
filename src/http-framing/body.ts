/**
 * A body of announced length while it comes, put together once: what that takes follows what has
 * come, never what was announced or into how many pieces it was cut.
 */

import { Backlog } from './backlog.js';
import { giveUp } from './used-up.js';

const EMPTY = Buffer.alloc(0);
/** All that was announced is set aside when it is no more than this, */
const SMALL_BYTES = 16 * 1024;
/** or once one part in so many is here. */
const PARTS = 8;

export class Body {
  readonly #announcedBytes: number;
  /** Of one that comes in pieces. */
  #beginning: Backlog | undefined;
  #bytes: Buffer = EMPTY;
  #filledBytes = 0;

  constructor(announcedBytes: number) {
    this.#announcedBytes = announcedBytes;
  }

  /**
   * No more than is missing. It is copied: whoever has it may write over it when this returns.
   */
  add(piece: Buffer): void {
    if (piece.length === this.#announcedBytes) {
      this.#bytes = Buffer.from(piece);
      return;
    }
    if (this.#bytes.length > 0) {
      this.#filledBytes += piece.copy(this.#bytes, this.#filledBytes);
      return;
    }
    this.#beginning ??= new Backlog();
    const beginning = this.#beginning;
    beginning.add(piece);
    if (this.#announcedBytes > Math.max(SMALL_BYTES, beginning.bytes * PARTS)) return;
    this.#bytes = Buffer.allocUnsafe(this.#announcedBytes);
    for (let next = beginning.next(); next.length > 0; next = beginning.next()) {
      this.#filledBytes += next.copy(this.#bytes, this.#filledBytes);
      giveUp(next);
    }
  }

  /** The whole body; to be asked for once all of it has been added. */
  get bytes(): Buffer {
    return this.#bytes;
  }
}
