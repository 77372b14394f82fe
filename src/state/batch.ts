/**
 * What is written at one time, as one row: an index over single entries would cost each invocation
 * more than everything else that is done for it, and is hardly ever asked.
 *
 * A few entries together are made a text, outside of the collector's memory. Kept as they are until
 * the disk has them, they were most of what it had to carry along.
 */

import type { InvocationRecord, LogLine } from '../view.js';

/** JSON texts: of groups, and of records. */
export interface BatchRow {
  readonly lines: string;
  readonly records: string;
}

/** Lines that followed each other, of one invocation or of one function between two. */
type Group = [functionName: string, requestId: string | null, lines: StoredLine[]];

/** Time, environment, whose it is, text. */
type StoredLine = [timestampMs: number, environmentId: string, source: number, text: string];

/** Their places are what is stored. */
const SOURCES: readonly LogLine['source'][] = ['function', 'platform', 'extension'];
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
  #groups: Group[] = [];
  #newRecords: InvocationRecord[] = [];
  #newEntries = 0;
  #newCharacters = 0;

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
  /** Names of functions that wrote lines, each between newlines: no name holds one. */
  get functions(): string {
    return `\n${[...this.#functions].join('\n')}\n`;
  }

  line(line: LogLine): void {
    const { functionName, requestId = null, text } = line;
    const stored = storedLine(line);
    const last = this.#groups.at(-1);
    if (last?.[1] === requestId && last[0] === functionName) {
      last[2].push(stored);
    } else {
      this.#groups.push([functionName, requestId, [stored]]);
      this.#functions.add(functionName);
    }
    this.#lineCount += 1;
    this.#added(text.length + ENTRY_BYTES);
  }

  record(record: InvocationRecord): void {
    this.#newRecords.push(record);
    this.#recordCount += 1;
    this.#added(RECORD_BYTES);
  }

  /** Nothing comes to it after this. */
  row(): BatchRow {
    this.#makeText();
    return { lines: this.#lines.take(), records: this.#records.take() };
  }

  #added(characters: number): void {
    this.#newEntries += 1;
    this.#newCharacters += characters;
    if (this.#newEntries >= TOGETHER.entries || this.#newCharacters >= TOGETHER.characters) {
      this.#makeText();
    }
  }

  #makeText(): void {
    this.#lines.add(this.#groups);
    this.#records.add(this.#newRecords);
    this.#groups = [];
    this.#newRecords = [];
    this.#newEntries = 0;
    this.#newCharacters = 0;
  }
}

const FIRST_BYTES = 16 * 1024;
/** A character takes no more in UTF-8. */
const MOST_BYTES = 3;
const COMMA = 0x2c;

/** A list as JSON, which only grows. */
class JsonList {
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

export function recordsOf(row: Pick<BatchRow, 'records'>): InvocationRecord[] {
  return JSON.parse(row.records) as InvocationRecord[];
}

/** In the order in which they were kept, as far as their times tell. */
export function linesOf(row: Pick<BatchRow, 'lines'>): LogLine[] {
  return (JSON.parse(row.lines) as Group[])
    .flatMap(([functionName, requestId, lines]) =>
      lines.map(([timestampMs, environmentId, source, text]): LogLine => ({
        timestampMs,
        functionName,
        environmentId,
        ...(requestId === null ? {} : { requestId }),
        source: SOURCES[source] ?? 'function',
        text,
      })),
    )
    .sort((one, other) => one.timestampMs - other.timestampMs);
}

function storedLine(line: LogLine): StoredLine {
  return [line.timestampMs, line.environmentId, SOURCES.indexOf(line.source), line.text];
}
