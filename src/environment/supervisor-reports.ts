/**
 * What the supervisor in a container says (runtimes/supervisor), told from the output it comes
 * with, whatever pieces that comes in. Everything else is passed on as it came.
 */

import type { OutputStream } from '../engine/engine.js';

export type SupervisorReport =
  /** Where the runtime's output goes: down the platform's pipe, or with everybody else's. */
  | { readonly kind: 'ready'; readonly way: 'pipe' | 'plain' }
  /** The extension of that number cannot be executed. */
  | { readonly kind: 'refused'; readonly who: number }
  /** Nor can the program: there is no such file, or none that may be executed. */
  | { readonly kind: 'unrunnable'; readonly why: 'missing' | 'locked' }
  | { readonly kind: 'started'; readonly who: 'runtime' | number; readonly pid: number }
  /** 0–255; 128 + n when ended by signal n. */
  | { readonly kind: 'exited'; readonly who: 'runtime' | number; readonly exitCode: number };

type OnOutput = (chunk: Buffer, stream: OutputStream) => void;

const MARK = 0x1e;
const NEWLINE = 0x0a;
/** What follows the token. */
const LONGEST_REPORT_BYTES = 64;

export class SupervisorReports {
  readonly #prefix: Buffer;
  readonly #onReport: (report: SupervisorReport) => void;
  readonly #onOutput: OnOutput;
  /** The beginning of what may become a report, by stream. */
  readonly #held = new Map<OutputStream, Buffer>();

  constructor(token: string, onReport: (report: SupervisorReport) => void, onOutput: OnOutput) {
    this.#prefix = Buffer.from(`\x1e${token} `);
    this.#onReport = onReport;
    this.#onOutput = onOutput;
  }

  scan(chunk: Buffer, stream: OutputStream): void {
    const held = this.#held.get(stream);
    const bytes = held === undefined ? chunk : Buffer.concat([held, chunk]);
    this.#held.delete(stream);
    let done = 0;
    for (let at = bytes.indexOf(MARK); at >= 0; at = bytes.indexOf(MARK, at)) {
      const end = this.#reportEnd(bytes, at);
      if (end === 'none') {
        at += 1;
        continue;
      }
      this.#pass(bytes.subarray(done, at), stream);
      if (end === 'incomplete') {
        this.#held.set(stream, Buffer.from(bytes.subarray(at)));
        return;
      }
      const report = reportOf(bytes.toString('latin1', at + this.#prefix.length, end - 1));
      if (report !== undefined) this.#onReport(report);
      done = end;
      at = end;
    }
    this.#pass(bytes.subarray(done), stream);
  }

  #pass(bytes: Buffer, stream: OutputStream): void {
    if (bytes.length > 0) this.#onOutput(bytes, stream);
  }

  /** Where the report at `at` ends, after its newline. */
  #reportEnd(bytes: Buffer, at: number): number | 'incomplete' | 'none' {
    const prefix = this.#prefix;
    const present = Math.min(prefix.length, bytes.length - at);
    if (bytes.compare(prefix, 0, present, at, at + present) !== 0) return 'none';
    const limit = at + prefix.length + LONGEST_REPORT_BYTES;
    const newline = bytes.subarray(at, limit).indexOf(NEWLINE);
    if (newline >= 0) return at + newline + 1;
    return bytes.length < limit ? 'incomplete' : 'none';
  }
}

function reportOf(text: string): SupervisorReport | undefined {
  const [, kind, first = '', second = ''] = /^(\w+) (\w+)(?: (\d+))?$/.exec(text) ?? [];
  const who = first === 'runtime' ? first : Number(first);
  switch (kind) {
    case 'ready':
      return { kind, way: first === 'pipe' ? 'pipe' : 'plain' };
    case 'refused':
      return { kind, who: Number(first) };
    case 'unrunnable':
      return { kind, why: first === 'missing' ? 'missing' : 'locked' };
    case 'started':
      return { kind, who, pid: Number(second) };
    case 'exited':
      return { kind, who, exitCode: Number(second) };
    default:
      return undefined;
  }
}
