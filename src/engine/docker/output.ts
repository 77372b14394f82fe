/**
 * The engine's attach stream → what the container wrote: frames of one byte stream, three bytes
 * nothing, four bytes length, then the bytes, cut anywhere.
 */

import type { Duplex } from 'node:stream';
import type Docker from 'dockerode';

const HEADER_BYTES = 8;
const LENGTH_AT = 4;
const STDERR = 2;

export type OnOutput = (chunk: Buffer, stream: 'stdout' | 'stderr') => void;

/**
 * The ordinary output of a container, from now on; with `input` what is written to it is read by the
 * main process. Raises what the engine or the connection says.
 */
export async function outputOf(
  container: Docker.Container,
  { input = false, abortSignal }: { input?: boolean; abortSignal: AbortSignal },
): Promise<Duplex> {
  const stream = (await container.attach({
    stream: true,
    stdout: true,
    stderr: true,
    // A bare connection is left: of one that stays an HTTP response, Node.js keeps the parser, the
    // request and all it was asked with, twice as much again as an environment takes otherwise.
    hijack: true,
    ...(input ? { stdin: true } : {}),
    abortSignal,
  })) as unknown as Duplex;
  // It may break while nobody reads it yet; whoever does is told by its end.
  stream.on('error', () => undefined);
  return stream;
}

/** Takes the stream's chunks in order; hands on views of them, without copying payloads. */
export class OutputFrames {
  readonly #onOutput: OnOutput;
  /** The beginning of a header that was cut. */
  #cut: Buffer | undefined;
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
      const cut = this.#cut;
      const end = at + HEADER_BYTES - (cut?.length ?? 0);
      const rest = chunk.subarray(at, end);
      const header = cut === undefined ? rest : Buffer.concat([cut, rest]);
      if (header.length < HEADER_BYTES) {
        this.#cut = Buffer.from(header);
        return;
      }
      this.#cut = undefined;
      this.#stream = header[0] === STDERR ? 'stderr' : 'stdout';
      this.#left = header.readUInt32BE(LENGTH_AT);
      at = end;
    }
  }
}
