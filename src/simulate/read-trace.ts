/**
 * A trace out of CSV, as it comes in: memory is taken for the invocations, never for the text. All
 * problems are found, each with its line; what cannot be used is left out then.
 */

import { LONGEST_MS, TraceBuilder, type Trace, type TraceFunction } from './trace.js';

export interface TraceProblem {
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

export interface ReadTrace {
  readonly trace: Trace;
  /** The first ones. */
  readonly problems: readonly TraceProblem[];
  readonly problemCount: number;
}

const REQUIRED = ['t', 'fn', 'duration_ms', 'memory_mb'] as const;
const OPTIONAL = ['payload_bytes', 'init_ms'] as const;
type Column = (typeof REQUIRED)[number] | (typeof OPTIONAL)[number];
const COLUMNS: readonly string[] = [...REQUIRED, ...OPTIONAL];

const MOST_PROBLEMS = 20;
const LONGEST_LINE = 4096;
const LONGEST_NAME = 256;
const LONGEST_DURATION_MS = 30 * 86_400_000;

/** @param chunks text of the file, cut anywhere */
export async function readTrace(chunks: AsyncIterable<string>): Promise<ReadTrace> {
  const reader = new TraceReader();
  let rest = '';
  for await (const chunk of chunks) {
    const text = rest + chunk;
    let from = 0;
    for (
      let end = text.indexOf('\n');
      end >= 0 && !reader.hopeless;
      end = text.indexOf('\n', from)
    ) {
      reader.line(text.slice(from, end));
      from = end + 1;
    }
    rest = text.slice(from);
    if (reader.hopeless || rest.length > LONGEST_LINE) break;
  }
  if (rest !== '' && !reader.hopeless) reader.line(rest);
  return reader.result();
}

class TraceReader {
  readonly #builder = new TraceBuilder();
  readonly #functions: TraceFunction[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #problems: TraceProblem[] = [];
  #problemCount = 0;
  #line = 0;
  /** Where each column stands; undefined before the header. */
  #columns: Map<Column, number> | undefined;
  #width = 0;
  hopeless = false;

  line(text: string): void {
    this.#line += 1;
    const line = text.endsWith('\r') ? text.slice(0, -1) : text;
    if (line.length > LONGEST_LINE) {
      this.#problem(`is longer than ${LONGEST_LINE} characters; this may be no CSV file`);
      this.hopeless = true;
    } else if (this.#columns === undefined) this.#header(line.replace(/^\uFEFF/, ''));
    else if (line !== '') this.#row(line.split(','));
  }

  result(): ReadTrace {
    if (this.#line === 0) {
      this.#line = 1;
      this.#problem('is missing: the first line names the columns');
    } else if (this.#builder.length === 0 && this.#problemCount === 0) {
      this.#line += 1;
      this.#problem('is missing: there is no invocation');
    }
    return {
      trace: this.#builder.build(this.#functions),
      problems: this.#problems,
      problemCount: this.#problemCount,
    };
  }

  #header(line: string): void {
    const names = line.split(',').map((name) => name.trim());
    this.#columns = new Map(names.map((name, index) => [name as Column, index]));
    this.#width = names.length;
    const lacking = REQUIRED.filter((name) => !names.includes(name));
    const unknown = names.filter((name) => !COLUMNS.includes(name));
    if (lacking.length > 0) this.#problem(`names no column ${lacking.join(', ')}`);
    if (unknown.length > 0) {
      const shown = unknown.map((name) => JSON.stringify(name.slice(0, 40))).join(', ');
      this.#problem(`names columns that mean nothing here: ${shown}`);
    }
    if (this.#columns.size < names.length) this.#problem('names a column twice');
    this.hopeless = this.#problemCount > 0;
  }

  #row(fields: readonly string[]): void {
    if (fields.length !== this.#width) {
      this.#problem(`has ${fields.length} fields, not ${this.#width}`);
      return;
    }
    const before = this.#problemCount;
    const seconds = this.#number(fields, 't', 0, LONGEST_MS / 1000);
    const durationMs = this.#number(fields, 'duration_ms', 0, LONGEST_DURATION_MS);
    const memoryMb = this.#number(fields, 'memory_mb', 1, 1_000_000);
    const initMs = this.#number(fields, 'init_ms', 0, LONGEST_DURATION_MS);
    this.#number(fields, 'payload_bytes', 0, Number.MAX_SAFE_INTEGER);
    const name = fields[this.#columns?.get('fn') ?? 0] ?? '';
    if (name === '' || name.length > LONGEST_NAME) {
      this.#problem(`fn has ${name.length} characters, not 1 to ${LONGEST_NAME}`);
    }
    if (this.#problemCount > before) return;
    const fn = this.#functionOf(name, memoryMb as number, initMs);
    this.#builder.add(Math.floor((seconds as number) * 1000 + 1e-6), fn, durationMs as number);
  }

  /** A function holds the most it is seen to hold, and starts as slowly as it is seen to. */
  #functionOf(name: string, memoryMb: number, initMs: number | undefined): number {
    let number = this.#numbers.get(name);
    if (number === undefined) {
      number = this.#functions.length;
      this.#numbers.set(name, number);
      this.#functions.push({ name, memoryMb });
    }
    const known = this.#functions[number] as TraceFunction;
    if (memoryMb > known.memoryMb) known.memoryMb = memoryMb;
    if (initMs !== undefined && initMs > (known.initMs ?? -1)) known.initMs = initMs;
    return number;
  }

  /** Undefined where there is no such column, or no such number: then it has been told. */
  #number(
    fields: readonly string[],
    name: Column,
    least: number,
    most: number,
  ): number | undefined {
    const index = this.#columns?.get(name);
    if (index === undefined) return undefined;
    const text = (fields[index] as string).trim();
    const value = text === '' ? NaN : Number(text);
    if (value >= least && value <= most) return value;
    const shown = JSON.stringify(text.slice(0, 40));
    this.#problem(`${name} is ${shown}, not a number from ${least} to ${most}`);
    return undefined;
  }

  #problem(message: string): void {
    this.#problemCount += 1;
    if (this.#problems.length < MOST_PROBLEMS) this.#problems.push({ line: this.#line, message });
  }
}
