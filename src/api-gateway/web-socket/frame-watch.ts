/**
 * Follows the frames of a client's bytes, to know of one that is larger than API Gateway takes: the
 * parser tells of whole messages only.
 */

/** A mask follows the length in whatever clients send. */
const MASK_BYTES = 4;

export class FrameWatch {
  readonly #limit: number;
  #header = Buffer.alloc(0);
  /** Of the frame's payload, bytes that are still to come. */
  #payload = 0;

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  /** Whether a frame beyond the limit begins in these bytes. */
  read(chunk: Buffer): boolean {
    let at = 0;
    while (at < chunk.length) {
      if (this.#payload > 0) {
        const passed = Math.min(this.#payload, chunk.length - at);
        this.#payload -= passed;
        at += passed;
        continue;
      }
      this.#header = Buffer.concat([this.#header, chunk.subarray(at, at + 1)]);
      at += 1;
      const length = lengthOf(this.#header);
      if (length === undefined) continue;
      this.#header = Buffer.alloc(0);
      this.#payload = length;
      if (length > this.#limit) return true;
    }
    return false;
  }
}

/** Undefined: the header is not complete. */
function lengthOf(header: Buffer): number | undefined {
  const second = header[1];
  if (second === undefined) return undefined;
  const short = second & 0x7f;
  const extra = short === 127 ? 8 : short === 126 ? 2 : 0;
  const mask = (second & 0x80) === 0 ? 0 : MASK_BYTES;
  if (header.length < 2 + extra + mask) return undefined;
  if (extra === 0) return short;
  return extra === 2 ? header.readUInt16BE(2) : Number(header.readBigUInt64BE(2));
}
