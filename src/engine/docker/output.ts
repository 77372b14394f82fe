/**
 * The engine's attach stream → what the container wrote: frames of one byte stream, three bytes
 * nothing, four bytes length, then the bytes, cut anywhere.
 */

const HEADER_BYTES = 8;
const STDERR = 2;

export type OnOutput = (chunk: Buffer, stream: 'stdout' | 'stderr') => void;

/** Takes the stream's chunks in order; hands on views of them, without copying payloads. */
export class OutputFrames {
  readonly #onOutput: OnOutput;
  #header = Buffer.alloc(HEADER_BYTES);
  #headerBytes = 0;
  #left = 0;
  #stream: 'stdout' | 'stderr' = 'stdout';

  constructor(onOutput: OnOutput) {
    this.#onOutput = onOutput;
  }

  write(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#left > 0) {
        const end = Math.min(chunk.length, at + this.#left);
        this.#left -= end - at;
        this.#onOutput(chunk.subarray(at, end), this.#stream);
        at = end;
        continue;
      }
      const copied = chunk.copy(
        this.#header,
        this.#headerBytes,
        at,
        at + HEADER_BYTES - this.#headerBytes,
      );
      this.#headerBytes += copied;
      at += copied;
      if (this.#headerBytes < HEADER_BYTES) return;
      this.#headerBytes = 0;
      this.#stream = this.#header[0] === STDERR ? 'stderr' : 'stdout';
      this.#left = this.#header.readUInt32BE(4);
    }
  }
}
