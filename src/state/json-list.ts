/** A list as JSON outside of the collector's memory, which only grows. */

const FIRST_BYTES = 16 * 1024;
/** A character takes no more in UTF-8. */
const MOST_BYTES = 3;
const COMMA = 0x2c;

export class JsonList {
  #buffer: Buffer | undefined;
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  add(values: readonly unknown[]): void {
    if (values.length === 0) return;
    const text = JSON.stringify(values);
    const buffer = this.#withRoomFor(MOST_BYTES * text.length);
    // Its first bracket takes the place of the one before it, which does not end the list any more.
    const at = Math.max(0, this.#bytes - 1);
    this.#bytes = at + buffer.write(text, at);
    if (at > 0) buffer[at] = COMMA;
  }

  take(): string {
    const text = this.#buffer?.toString('utf8', 0, this.#bytes) ?? '[]';
    this.#buffer = undefined;
    this.#bytes = 0;
    return text;
  }

  #withRoomFor(bytes: number): Buffer {
    const neededBytes = this.#bytes + bytes;
    const before = this.#buffer;
    if (before !== undefined && before.length >= neededBytes) return before;
    const larger = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, 2 * neededBytes));
    before?.copy(larger, 0, 0, this.#bytes);
    this.#buffer = larger;
    return larger;
  }
}
