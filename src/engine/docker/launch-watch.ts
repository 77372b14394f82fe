/**
 * The engine's init process starts the program of a container, and is the one who hears when the
 * system refuses. It says so in one line on the error output, before anything else was written, and
 * ends: that line is about the launch, not output of the container. Pure.
 */

const EMPTY = Buffer.alloc(0);
const BEGINNING = '[FATAL ';
const REFUSAL = /^\[FATAL [a-z-]+ \(\d+\)\] exec .* failed: (.+)\n$/s;

export class LaunchWatch {
  /** The beginning of the error output while it may still be such a line. */
  #held: Buffer | undefined = EMPTY;
  #refusal: string | undefined;

  /** The system's words, when it refused the program. */
  get refusal(): string | undefined {
    return this.#refusal;
  }

  /** New processes. */
  reset(): void {
    this.#held = EMPTY;
    this.#refusal = undefined;
  }

  /** Of a piece what is output of the container; it may come later, with the next piece. */
  output(chunk: Buffer, stream: 'stdout' | 'stderr'): Buffer | undefined {
    if (this.#held === undefined || stream === 'stdout') return chunk;
    const held = Buffer.concat([this.#held, chunk]);
    const text = held.toString('latin1');
    this.#held = undefined;
    this.#refusal = REFUSAL.exec(text)?.[1];
    if (this.#refusal !== undefined) return undefined;
    const isUndecided = text.length < BEGINNING.length || !text.includes('\n');
    const mayStillBe = text.slice(0, BEGINNING.length) === BEGINNING.slice(0, text.length);
    if (!isUndecided || !mayStillBe) return held;
    this.#held = held;
    return undefined;
  }

  /** The processes have ended: what was held is output after all. */
  end(): Buffer | undefined {
    const held = this.#held;
    this.#held = undefined;
    return held === undefined || held.length === 0 ? undefined : held;
  }
}
