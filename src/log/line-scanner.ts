/**
 * One stream of bytes to lines and marks, whatever pieces the bytes come in: any way of cutting
 * the same bytes gives the same calls.
 *
 * A mark is `\x1e<token> <what>\n`; it ends a half line before it. Lines longer than 256 KB are
 * handed over in pieces, cut between characters. A receiver that says `full` gets no lines any
 * more, only stretches of bytes with the number of lines in them, which costs next to nothing.
 */

export interface LineReceiver {
  /** Nothing more is to be kept. */
  readonly full: boolean;
  /** Without its newline. The bytes are valid during the call only. */
  line(bytes: Buffer): void;
  /** Bytes nobody keeps, newlines included, and how many lines end in them. */
  skipped(bytes: Buffer, lines: number): void;
  marked(what: string): void;
}

const MARK = 0x1e;
const NEWLINE = 0x0a;
const LONGEST_LINE_BYTES = 256 * 1024;
/** What follows the token: `init` or a request id. */
const LONGEST_WHAT_BYTES = 64;
const SMALL_BYTES = 4096;
const END_OF_LINE = Buffer.from('\n');

export class LineScanner {
  readonly #receiver: LineReceiver;
  readonly #prefix: string | undefined;
  /** A line whose end has not come: the first `#halfLength` bytes. */
  #half: Buffer | undefined;
  #halfLength = 0;
  /** The last byte skipped was not a newline. */
  #skippedHalf = false;
  /** The beginning of what may become a mark. */
  #held: Buffer | undefined;

  /** `token` is ASCII; without it nothing is a mark. */
  constructor(receiver: LineReceiver, token: string | undefined) {
    this.#receiver = receiver;
    this.#prefix = token === undefined ? undefined : `\x1e${token} `;
  }

  scan(chunk: Buffer): void {
    if (this.#prefix === undefined) {
      this.#text(chunk);
      return;
    }
    const bytes = this.#held === undefined ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = undefined;
    let done = 0;
    for (let at = bytes.indexOf(MARK); at >= 0; at = bytes.indexOf(MARK, at)) {
      const end = markEnd(bytes, at, this.#prefix);
      if (end === 'none') {
        at += 1;
        continue;
      }
      this.#text(bytes.subarray(done, at));
      if (end === 'incomplete') {
        this.#held = Buffer.from(bytes.subarray(at));
        return;
      }
      this.endLine();
      this.#receiver.marked(bytes.toString('latin1', at + this.#prefix.length, end - 1));
      done = end;
      at = end;
    }
    this.#text(bytes.subarray(done));
  }

  /** What has come of the present line is all there is of it. */
  endLine(): void {
    if (this.#skippedHalf) {
      this.#skippedHalf = false;
      this.#receiver.skipped(END_OF_LINE, 1);
    }
    if (this.#halfLength > 0) this.#finishHalf();
  }

  /** No more bytes will come. */
  end(): void {
    const held = this.#held;
    this.#held = undefined;
    // With its whole prefix it is a mark cut short by the end of the process, and no text.
    if (held !== undefined && held.length < (this.#prefix?.length ?? 0)) this.#text(held);
    this.endLine();
  }

  /** Forgets every half line. */
  reset(): void {
    this.#held = undefined;
    this.#half = undefined;
    this.#halfLength = 0;
    this.#skippedHalf = false;
  }

  #text(text: Buffer): void {
    let at = 0;
    while (at < text.length) {
      if (this.#receiver.full) {
        this.#skip(text.subarray(at));
        return;
      }
      const newline = text.indexOf(NEWLINE, at);
      const end = newline < 0 ? text.length : newline;
      if (newline < 0 || this.#halfLength > 0 || end - at > LONGEST_LINE_BYTES) {
        at = this.#extendHalf(text, at, end);
        if (at < end || newline < 0) continue;
        if (this.#halfLength > 0) this.#finishHalf();
      } else {
        this.#receiver.line(text.subarray(at, end));
      }
      at = end + 1;
    }
  }

  /** Takes bytes up to `end`, or fewer when a piece was handed over; returns where it stopped. */
  #extendHalf(text: Buffer, from: number, end: number): number {
    const length = Math.min(end - from, LONGEST_LINE_BYTES + 1 - this.#halfLength);
    const needed = this.#halfLength + length;
    const half = grown(this.#half, this.#halfLength, needed);
    text.copy(half, this.#halfLength, from, from + length);
    this.#half = half;
    this.#halfLength = needed;
    if (needed > LONGEST_LINE_BYTES) {
      const cut = characterStart(half, LONGEST_LINE_BYTES);
      this.#receiver.line(half.subarray(0, cut));
      half.copy(half, 0, cut, needed);
      this.#halfLength = needed - cut;
    }
    return from + length;
  }

  #finishHalf(): void {
    const half = this.#half;
    const length = this.#halfLength;
    this.#halfLength = 0;
    if (half === undefined) return;
    if (half.length > SMALL_BYTES) this.#half = undefined;
    this.#receiver.line(half.subarray(0, length));
  }

  #skip(text: Buffer): void {
    if (this.#halfLength > 0 && this.#half !== undefined) {
      const half = this.#half.subarray(0, this.#halfLength);
      this.#half = undefined;
      this.#halfLength = 0;
      this.#receiver.skipped(half, 0);
    }
    let lines = 0;
    // A plain loop: calls to indexOf cost more than the bytes of short lines.
    for (let at = 0; at < text.length; at += 1) if (text[at] === NEWLINE) lines += 1;
    this.#skippedHalf = text[text.length - 1] !== NEWLINE;
    this.#receiver.skipped(text, lines);
  }
}

/** Where the mark at `at` ends, after its newline. */
function markEnd(bytes: Buffer, at: number, prefix: string): number | 'incomplete' | 'none' {
  if (!prefix.startsWith(bytes.toString('latin1', at, at + prefix.length))) return 'none';
  const limit = at + prefix.length + LONGEST_WHAT_BYTES + 1;
  const newline = bytes.subarray(at, limit).indexOf(NEWLINE);
  if (newline >= 0) return at + newline + 1;
  return bytes.length < limit ? 'incomplete' : 'none';
}

/** A buffer of at least `needed` bytes that begins with the first `length` of `old`. */
function grown(old: Buffer | undefined, length: number, needed: number): Buffer {
  if (old !== undefined && old.length >= needed) return old;
  const size = Math.min(Math.max(256, needed * 2), Math.max(needed, LONGEST_LINE_BYTES + 1));
  const larger = Buffer.allocUnsafeSlow(size);
  old?.copy(larger, 0, 0, length);
  return larger;
}

/** `at`, or the start of the character that `at` is in the middle of. */
function characterStart(bytes: Buffer, at: number): number {
  for (let start = at; start > at - 4; start -= 1) {
    if (((bytes[start] ?? 0) & 0xc0) !== 0x80) return start;
  }
  return at;
}
