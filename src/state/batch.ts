/**
 * What is written at one time, as one row: an index over single entries would cost each invocation
 * more than everything else that is done for it, and is hardly ever asked.
 *
 * A few entries together are made a text, outside of the collector's memory. Kept as they are until
 * the disk has them, they were most of what it had to carry along. Of an invocation like nearly all the
 * few values are kept that tell its lines and its record (`batch-row.ts`).
 */

import type { PlainEnd, PlainStart, ServedBy } from '../invocation/plain-invocation.js';
import type { InvocationRecord, LogLine } from '../view.js';
import {
  storedInvocation,
  storedLine,
  storedServer,
  storedStart,
  type BatchRow,
  type Entry,
  type Place,
} from './batch-row.js';
import { JsonList } from './json-list.js';

const FULL = { records: 500, lines: 2_000, bytes: 512 * 1024 };
/** Made a text together. */
const TOGETHER = { entries: 64, characters: 64 * 1024 };
/** What an entry takes besides its text, about. */
const ENTRY_BYTES = 100;
const RECORD_BYTES = 600;

export class Batch {
  readonly #lines = new JsonList();
  readonly #records = new JsonList();
  readonly #functions = new Set<string>();
  #lineCount = 0;
  #recordCount = 0;
  /** What is no text yet. */
  #places: Place[] = [];
  #newEntries: Entry[] = [];
  #newCount = 0;
  #newCharacters = 0;
  /** Those of plain invocations, by their number; ended ones are taken out. */
  readonly #starts: (PlainStart | undefined)[] = [];
  /** Whom they name, by number. */
  readonly #served = new Map<ServedBy, number>();

  get entries(): number {
    return this.#lineCount + this.#recordCount;
  }
  /** The memory it takes, roughly. */
  get bytes(): number {
    return this.#lines.bytes + this.#records.bytes + this.#newCharacters;
  }
  /** More would take too long to write at once. */
  get isFull(): boolean {
    return (
      this.#recordCount >= FULL.records || this.#lineCount >= FULL.lines || this.bytes >= FULL.bytes
    );
  }

  line(line: LogLine): void {
    const { functionName, requestId = null, text } = line;
    const stored = storedLine(line);
    const last = this.#places.at(-1);
    if (typeof last === 'object' && last[1] === requestId && last[0] === functionName) {
      last[2].push(stored);
    } else {
      this.#places.push([functionName, requestId, [stored]]);
      this.#functions.add(functionName);
    }
    this.#lineCount += 1;
    this.#added(text.length + ENTRY_BYTES);
  }

  record(record: InvocationRecord): void {
    this.#newEntries.push(record);
    this.#recordCount += 1;
    this.#added(RECORD_BYTES);
  }

  began(start: PlainStart): void {
    this.#places.push(this.#starts.push(start) - 1);
    this.#lineCount += 1;
    this.#added(ENTRY_BYTES);
  }

  /** False: it began elsewhere. */
  ended(start: PlainStart, end: PlainEnd): boolean {
    // It is the last one, or as many before it as run at a time.
    const number = this.#starts.lastIndexOf(start);
    if (number < 0) return false;
    this.#starts[number] = undefined;
    this.#places.push(~number);
    const server = this.#numberOf(start.by);
    this.#newEntries.push(storedInvocation(number, server, start, end));
    this.#lineCount += 2;
    this.#recordCount += 1;
    this.#added(ENTRY_BYTES);
    return true;
  }

  /**
   * Nothing comes to it after this. `functions`: names of those that wrote lines, each between
   * newlines, which no name holds.
   */
  row(): BatchRow & { readonly functions: string } {
    // Those that still run have their START here, and the rest where they end.
    this.#starts.forEach((start, number) => {
      if (start === undefined) return;
      const server = this.#numberOf(start.by);
      this.#newEntries.push(storedStart(number, server, start));
    });
    this.#makeText();
    const functions = `\n${[...this.#functions].join('\n')}\n`;
    return { functions, lines: this.#lines.take(), records: this.#records.take() };
  }

  #numberOf(by: ServedBy): number {
    const known = this.#served.get(by);
    if (known !== undefined) return known;
    const number = this.#served.size;
    this.#served.set(by, number);
    this.#newEntries.push(storedServer(by));
    this.#functions.add(by.functionName);
    return number;
  }

  #added(characters: number): void {
    this.#newCount += 1;
    this.#newCharacters += characters;
    if (this.#newCount >= TOGETHER.entries || this.#newCharacters >= TOGETHER.characters) {
      this.#makeText();
    }
  }

  #makeText(): void {
    this.#lines.add(this.#places);
    this.#records.add(this.#newEntries);
    this.#places = [];
    this.#newEntries = [];
    this.#newCount = 0;
    this.#newCharacters = 0;
  }
}
