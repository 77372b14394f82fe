/**
 * The last 4096 bytes of an invocation's log (contract 6.6). Adding only keeps a reference; bytes
 * are put together once, when somebody asks.
 */

import { isUtf8 } from 'node:buffer';

const TAIL_BYTES = 4096;
/** What may pile up before it is cut back to a tail. */
const MOST_PARTS = 1024;
const MOST_BYTES = 4 * TAIL_BYTES;
const EMPTY = Buffer.alloc(0);

export class LogTail {
  #parts: (string | Buffer)[] = [];
  /** Of strings the UTF-16 units: never more than the parts have bytes. */
  #length = 0;

  /** Bytes held or referred to: under 16 KB once `line` or `bytes` has returned. */
  get length(): number {
    return this.#length;
  }

  /** A line without its newline. */
  line(text: string): void {
    this.#add(`${text}\n`);
  }

  /** Text as it was written, in any pieces. What matters of it is copied. */
  bytes(bytes: Buffer): void {
    this.#add(Buffer.from(last(bytes)));
  }

  /** The tail, valid UTF-8 save for a character cut at its beginning; then starts anew. */
  take(): Buffer {
    if (this.#parts.length === 0) return EMPTY;
    const tail = last(this.#joined());
    this.clear();
    const valid = isUtf8(tail.subarray(continuationBytes(tail)));
    return valid ? tail : last(Buffer.from(tail.toString()));
  }

  clear(): void {
    if (this.#parts.length > 0) this.#parts = [];
    this.#length = 0;
  }

  #add(part: string | Buffer): void {
    this.#parts.push(part);
    this.#length += part.length;
    if (this.#length < MOST_BYTES && this.#parts.length < MOST_PARTS) return;
    const tail = Buffer.from(last(this.#joined()));
    this.#parts = [tail];
    this.#length = tail.length;
  }

  #joined(): Buffer {
    if (this.#parts.every((part) => typeof part === 'string')) {
      return Buffer.from(this.#parts.join(''));
    }
    return Buffer.concat(
      this.#parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)),
    );
  }
}

function last(bytes: Buffer): Buffer {
  return bytes.subarray(Math.max(0, bytes.length - TAIL_BYTES));
}

/** Bytes of a character whose beginning was cut off. */
function continuationBytes(bytes: Buffer): number {
  let count = 0;
  while (count < 3 && ((bytes[count] ?? 0) & 0xc0) === 0x80) count += 1;
  return count;
}
