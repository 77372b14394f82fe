/** Lines of the printing function (fixture `bench-logs`) where they are shown: which, and how late. */

import type { Readable } from 'node:stream';

/** `<tag:number:monotonic ns>`, wherever in a line. The clock is the same in every process. */
const PRINTED = /<([\w-]+):(\d+):(\d+)>/g;

export class Printed {
  /** From `write` to here, in milliseconds, in the order of arrival. */
  readonly latenciesMs: number[] = [];
  /** Numbers in the order of arrival, by tag. */
  readonly numbers = new Map<string, number[]>();
  #rest = '';
  #count = 0;
  #waiting: (() => void) | undefined;

  constructor(stream: Readable) {
    stream.on('data', (chunk: Buffer) => this.#take(chunk.toString('latin1')));
  }

  get count(): number {
    return this.#count;
  }

  /** Forgets what has been seen. */
  clear(): void {
    this.latenciesMs.length = 0;
    this.numbers.clear();
    this.#count = 0;
  }

  /** Resolves once so many have come, or nothing has come for `quietMs`. */
  async settled(count: number, quietMs: number): Promise<void> {
    while (this.#count < count) {
      const before = this.#count;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, quietMs);
        this.#waiting = () => {
          if (this.#count < count) return;
          clearTimeout(timer);
          resolve();
        };
      });
      this.#waiting = undefined;
      if (this.#count === before) return;
    }
  }

  /** How many of `count` lines of each tag came: each once and in order. */
  whole(tags: readonly string[], count: number): number {
    return tags.reduce((sum, tag) => {
      const numbers = this.numbers.get(tag) ?? [];
      const inOrder = numbers.every(
        (number, index) => index === 0 || number > (numbers[index - 1] ?? 0),
      );
      return sum + (inOrder ? Math.min(numbers.length, count) : 0);
    }, 0);
  }

  #take(text: string): void {
    const now = process.hrtime.bigint();
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const [, tag = '', number, at] of lines.join('\n').matchAll(PRINTED)) {
      this.latenciesMs.push(Number(now - BigInt(at ?? 0)) / 1e6);
      const numbers = this.numbers.get(tag) ?? [];
      numbers.push(Number(number));
      this.numbers.set(tag, numbers);
      this.#count += 1;
    }
    this.#waiting?.();
  }
}
