/**
 * Clients that keep a connection tend to send the same head again and again. One that is known, byte
 * for byte, is not read again: it means what it meant. Nor are all the other bytes of one that differs
 * in its path only, or in the length of its body.
 */

import { headWith, KnownLines, type Head } from './head.js';

const LONGEST_KNOWN_BYTES = 2048;
/** After so many others in a row nothing is expected to come again. */
const MOST_MISSES = 8;
const LENGTH = /\r\ncontent-length: ?([0-9]+)\r\n/i;

export class KnownHeads {
  /** Others differ from it in the values of some lines. */
  readonly lines = new KnownLines();
  #last: KnownHead | undefined;
  #misses = 0;
  /** The last one was, byte for byte, the one before it. */
  #repeats = false;

  /** What the head at the start of `bytes` is; undefined when it has to be read. */
  find(bytes: Buffer): Head | undefined {
    const last = this.#last;
    if (last === undefined) return undefined;
    if (this.#repeats && last.isAt(bytes)) {
      this.#misses = 0;
      return last.head;
    }
    const head = last.likeAt(bytes);
    if (head !== undefined) this.#misses = 0;
    this.#repeats = head === last.head;
    return head;
  }

  /** Whether that was found to be the same, byte for byte, as an earlier one. */
  repeats(head: Head): boolean {
    return this.#last?.head === head;
  }

  /** It was read at the start of `bytes`. */
  note(head: Head, bytes: Buffer): void {
    if (this.#misses > MOST_MISSES || head.bytes > LONGEST_KNOWN_BYTES) return;
    this.#misses += 1;
    this.#last = this.#misses > MOST_MISSES ? undefined : new KnownHead(head, bytes);
  }
}

class KnownHead {
  readonly head: Head;
  /** A copy of its own: what was received is not ours. */
  readonly #bytes: Buffer;
  /** Made of these bytes, as those that it is compared with: V8 compares no parts of texts itself. */
  readonly #path: string;
  readonly #pathStart: number;
  readonly #pathEnd: number;
  /** Of the digits of its length; both are the end where it has none. */
  readonly #lengthStart: number;
  readonly #lengthEnd: number;

  constructor(head: Head, bytes: Buffer) {
    this.head = head;
    this.#bytes = Buffer.allocUnsafeSlow(head.bytes);
    bytes.copy(this.#bytes, 0, 0, head.bytes);
    this.#pathStart = head.method.length + 1;
    this.#pathEnd = this.#pathStart + head.path.length;
    this.#path = this.#bytes.toString('latin1', this.#pathStart, this.#pathEnd);
    const found = LENGTH.exec(this.#bytes.toString('latin1'));
    const digits = found?.[1] ?? '';
    this.#lengthEnd = found === null ? head.bytes : found.index + found[0].length - '\r\n'.length;
    this.#lengthStart = this.#lengthEnd - digits.length;
  }

  isAt(bytes: Buffer): boolean {
    return this.#isSame(bytes, 0, this.#bytes.length);
  }

  /** The same head, or one that differs as far as it may. */
  likeAt(bytes: Buffer): Head | undefined {
    const all = this.#bytes.length;
    if (bytes.length < all || !this.#begins(bytes)) return undefined;
    const isAsLong = this.#isSame(bytes, this.#pathEnd, all);
    if (!isAsLong && !this.#isSameButForLength(bytes)) return undefined;
    const path = bytes.toString('latin1', this.#pathStart, this.#pathEnd);
    if (isAsLong) return path === this.#path ? this.head : headWith(this.head, path, '');
    const digits = bytes.toString('latin1', this.#lengthStart, this.#lengthEnd);
    return headWith(this.head, path, digits);
  }

  /** Its method is the same. */
  #begins(bytes: Buffer): boolean {
    for (let at = 0; at < this.#pathStart; at += 1) {
      if (bytes[at] !== this.#bytes[at]) return false;
    }
    return true;
  }

  #isSameButForLength(bytes: Buffer): boolean {
    return (
      this.#isSame(bytes, this.#pathEnd, this.#lengthStart) &&
      this.#isSame(bytes, this.#lengthEnd, this.#bytes.length)
    );
  }

  #isSame(bytes: Buffer, start: number, end: number): boolean {
    if (bytes.length < this.#bytes.length) return false;
    return bytes.compare(this.#bytes, start, end, start, end) === 0;
  }
}
