/**
 * Clients that keep a connection tend to send the same head again and again. One that is known, byte
 * for byte, is not read again: it means what it meant.
 */

import { KnownLines, type Head } from './head.js';

const LONGEST_KNOWN_BYTES = 2048;
/** After so many others in a row nothing is expected to come again. */
const MOST_MISSES = 8;

export class KnownHeads {
  /** Others differ from it in the values of some lines. */
  readonly lines = new KnownLines();
  #bytes: Buffer | undefined;
  #head: Head | undefined;
  #misses = 0;

  /** What the head at the start of `bytes` is; undefined when it has to be read. */
  find(bytes: Buffer): Head | undefined {
    const known = this.#bytes;
    if (known === undefined || bytes.length < known.length) return undefined;
    if (bytes.compare(known, 0, known.length, 0, known.length) !== 0) return undefined;
    this.#misses = 0;
    return this.#head;
  }

  /** It was read at the start of `bytes`. */
  note(head: Head, bytes: Buffer): void {
    if (this.#misses > MOST_MISSES || head.bytes > LONGEST_KNOWN_BYTES) return;
    this.#misses += 1;
    if (this.#misses > MOST_MISSES) {
      this.#bytes = undefined;
      this.#head = undefined;
      return;
    }
    // A copy of its own: what was received is large, and kept by what is kept of it.
    this.#bytes = Buffer.allocUnsafeSlow(head.bytes);
    bytes.copy(this.#bytes, 0, 0, head.bytes);
    this.#head = head;
  }
}
