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
    if (last === undefined || bytes.length < last.head.bytes) return undefined;
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

/** Where a head differs from others like it. */
interface Places {
  /** Made of the same bytes as those that it is compared with: V8 compares no parts of texts itself. */
  readonly path: string;
  readonly pathStart: number;
  readonly pathEnd: number;
  /** Of the digits of its length; both are the end where it has none. */
  readonly lengthStart: number;
  readonly lengthEnd: number;
}

class KnownHead {
  readonly head: Head;
  /** A copy of its own: what was received is not ours. */
  readonly #bytes: Buffer;
  /** Found when another comes: on many a connection none does. */
  #places: Places | undefined;

  constructor(head: Head, bytes: Buffer) {
    this.head = head;
    this.#bytes = Buffer.allocUnsafeSlow(head.bytes);
    bytes.copy(this.#bytes, 0, 0, head.bytes);
  }

  /** Of `bytes` there are as many, at least, here and below. */
  isAt(bytes: Buffer): boolean {
    return this.#isSame(bytes, 0, this.#bytes.length);
  }

  /** The same head, or one that differs as far as it may. */
  likeAt(bytes: Buffer): Head | undefined {
    const { head } = this;
    this.#places ??= placesIn(head, this.#bytes);
    const { pathStart, pathEnd, lengthStart, lengthEnd } = this.#places;
    if (!this.#begins(bytes, pathStart)) return undefined;
    const isAsLong = this.#isSame(bytes, pathEnd, head.bytes);
    const isLike =
      isAsLong ||
      (this.#isSame(bytes, pathEnd, lengthStart) && this.#isSame(bytes, lengthEnd, head.bytes));
    if (!isLike) return undefined;
    const path = bytes.toString('latin1', pathStart, pathEnd);
    if (isAsLong) return path === this.#places.path ? head : headWith(head, path, '');
    return headWith(head, path, bytes.toString('latin1', lengthStart, lengthEnd));
  }

  /** Its method is the same. */
  #begins(bytes: Buffer, end: number): boolean {
    for (let at = 0; at < end; at += 1) {
      if (bytes[at] !== this.#bytes[at]) return false;
    }
    return true;
  }

  #isSame(bytes: Buffer, start: number, end: number): boolean {
    return bytes.compare(this.#bytes, start, end, start, end) === 0;
  }
}

function placesIn(head: Head, bytes: Buffer): Places {
  const pathStart = head.method.length + 1;
  const pathEnd = pathStart + head.path.length;
  const found = LENGTH.exec(bytes.toString('latin1'));
  const digits = found?.[1] ?? '';
  const lengthEnd = found === null ? head.bytes : found.index + found[0].length - '\r\n'.length;
  return {
    path: bytes.toString('latin1', pathStart, pathEnd),
    pathStart,
    pathEnd,
    lengthStart: lengthEnd - digits.length,
    lengthEnd,
  };
}
