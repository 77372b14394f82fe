/**
 * The log of one execution environment: container output and platform lines in one true order.
 *
 * Output lags the Runtime API, so what the platform has to say waits for the output it belongs
 * after. Our bootstraps mark two places in their output, `\x1e<marker> init\n` and
 * `\x1e<marker> <request id>\n`; platform lines are steps in a queue, and a step is taken when its
 * marker has come, when the processes have exited, or when waiting for it took too long. Other
 * runtimes send no markers: their steps are taken after a short quiet time.
 *
 * Memory is bounded: lines go straight to the sink, a tail of 4 KB is kept, and beyond a budget
 * per invocation lines are counted instead of kept.
 */

import type { LogLine } from '../admin-api/view.js';
import type { Clock, Timer } from '../async/clock.js';
import { LIMITS } from '../config/defaults.js';

export interface LogSink {
  /** Must not throw and must not wait. */
  line(line: LogLine): void;
}

export interface EnvironmentLogOptions {
  readonly clock: Clock;
  readonly sink: LogSink;
  readonly functionName: string;
  readonly environmentId: string;
  /** Secret of this environment's bootstrap; absent for runtimes that do not mark. */
  readonly marker?: string;
}

const MARK = 0x1e;
const NEWLINE = 0x0a;
/** Contract 6.6. */
const TAIL_BYTES = 4096;
const LONGEST_LINE_BYTES = 256 * 1024;
/** Function output kept of one invocation, or between two. */
const KEPT_BYTES = 1024 * 1024;
/** Without markers: output later than this after the response belongs to nothing. */
const QUIET_MS = 20;

type Step =
  | { readonly kind: 'init'; lines: string[] | undefined }
  | { readonly kind: 'begin'; readonly requestId: string; readonly line: string }
  | {
      readonly kind: 'end';
      readonly requestId: string;
      readonly lines: () => string[];
      readonly done: (tail: Buffer) => void;
    };

export class EnvironmentLog {
  readonly #options: EnvironmentLogOptions;
  readonly #prefix: Buffer | undefined;
  readonly #steps: Step[] = [];
  #partial: Buffer | undefined;
  #requestId: string | undefined;
  #tail: string[] = [];
  #tailBytes = 0;
  #kept = 0;
  #dropped = { lines: 0, bytes: 0 };
  #timer: Timer | undefined;
  #closed = false;

  constructor(options: EnvironmentLogOptions) {
    this.#options = options;
    this.#prefix =
      options.marker === undefined ? undefined : Buffer.from(`\x1e${options.marker} `);
  }

  /** New processes: an init marker is due again. */
  processesStarted(): void {
    if (this.#prefix === undefined) return;
    this.#steps.push({ kind: 'init', lines: undefined });
  }

  /** Init ended without a marker; `lines` follow what it wrote. */
  initEnded(lines: string[] = []): void {
    const init = this.#steps.find((step) => step.kind === 'init');
    if (init === undefined) {
      for (const line of lines) this.#platform(line);
      return;
    }
    init.lines = lines;
    this.#awaitMarker();
  }

  /** Bytes as the container wrote them, in any pieces. */
  write(chunk: Buffer, _stream: 'stdout' | 'stderr'): void {
    let bytes = chunk;
    if (this.#partial !== undefined) {
      bytes = Buffer.concat([this.#partial, chunk]);
      this.#partial = undefined;
    }
    this.#scan(bytes);
    if (this.#prefix === undefined && this.#timer !== undefined) this.#armQuiet();
  }

  /** An invocation begins once what came before is complete. */
  begin(requestId: string, line: string): void {
    this.#steps.push({ kind: 'begin', requestId, line });
    this.#advance();
    if (this.#steps.length > 0) this.#awaitMarker();
  }

  /** An invocation ended: `lines` and then `done` follow the last line it wrote. */
  end(requestId: string, lines: () => string[], done: (tail: Buffer) => void): void {
    this.#steps.push({ kind: 'end', requestId, lines, done });
    if (this.#closed) this.#releaseAll();
    else this.#awaitMarker();
  }

  /** Every byte the processes wrote has been handed over. */
  processesExited(): void {
    this.#flushPartial();
    this.#releaseAll();
  }

  close(): void {
    this.#closed = true;
    this.#flushPartial();
    this.#releaseAll();
  }

  // Bytes to lines and markers.

  #scan(bytes: Buffer): void {
    let at = 0;
    let mark = this.#prefix === undefined ? -1 : bytes.indexOf(MARK);
    while (at < bytes.length) {
      const newline = bytes.indexOf(NEWLINE, at);
      if (mark >= 0 && mark < at) mark = bytes.indexOf(MARK, at);
      if (mark >= 0 && (newline < 0 || mark < newline)) {
        const found = this.#markerAt(bytes, mark);
        if (found === 'incomplete') {
          this.#partial = Buffer.from(bytes.subarray(at));
          return;
        }
        if (found !== undefined) {
          if (mark > at) this.#line(bytes.subarray(at, mark));
          at = found.end;
          this.#marked(found.what);
          continue;
        }
        mark = bytes.indexOf(MARK, mark + 1);
        if (mark >= 0 && (newline < 0 || mark < newline)) continue;
      }
      if (newline < 0) {
        this.#keepPartial(bytes.subarray(at));
        return;
      }
      this.#line(bytes.subarray(at, newline));
      at = newline + 1;
    }
  }

  #keepPartial(rest: Buffer): void {
    let left = rest;
    while (left.length > LONGEST_LINE_BYTES) {
      this.#line(left.subarray(0, LONGEST_LINE_BYTES));
      left = left.subarray(LONGEST_LINE_BYTES);
    }
    // A copy: the chunk is a view of a large read buffer that must not be kept alive.
    this.#partial = left.length === 0 ? undefined : Buffer.from(left);
  }

  #markerAt(
    bytes: Buffer,
    at: number,
  ): { readonly what: string; readonly end: number } | 'incomplete' | undefined {
    const prefix = this.#prefix;
    if (prefix === undefined) return undefined;
    const available = Math.min(prefix.length, bytes.length - at);
    if (bytes.compare(prefix, 0, available, at, at + available) !== 0) return undefined;
    if (available < prefix.length) return 'incomplete';
    const end = bytes.indexOf(NEWLINE, at);
    if (end < 0) return bytes.length - at > prefix.length + 64 ? undefined : 'incomplete';
    return { what: bytes.toString('latin1', at + prefix.length, end), end: end + 1 };
  }

  #flushPartial(): void {
    const partial = this.#partial;
    this.#partial = undefined;
    if (partial !== undefined) this.#line(partial);
  }

  // Steps.

  /** The bootstrap said that what came before is all there is of `what`. */
  #marked(what: string): void {
    const index = this.#steps.findIndex((step) =>
      what === 'init' ? step.kind === 'init' : step.kind === 'end' && step.requestId === what,
    );
    if (index < 0) {
      // The marker is ahead of the fact: the response is still on its way to us.
      this.#early = what;
      return;
    }
    for (let taken = 0; taken <= index; taken += 1) this.#take();
    this.#advance();
  }

  #early: string | undefined;

  /** Takes what waits for nothing. */
  #advance(): void {
    for (let step = this.#steps[0]; step !== undefined; step = this.#steps[0]) {
      const ready =
        step.kind === 'begin' ||
        (step.kind === 'end' && this.#early === step.requestId) ||
        (step.kind === 'init' && this.#early === 'init');
      if (!ready) return;
      if (step.kind !== 'begin') this.#early = undefined;
      this.#take();
    }
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #take(): void {
    const step = this.#steps.shift();
    if (step === undefined) return;
    switch (step.kind) {
      case 'init':
        for (const line of step.lines ?? []) this.#platform(line);
        return;
      case 'begin':
        this.#sayDropped();
        this.#requestId = step.requestId;
        this.#tail = [];
        this.#tailBytes = 0;
        this.#kept = 0;
        this.#platform(step.line);
        return;
      case 'end':
        this.#sayDropped();
        for (const line of step.lines()) this.#platform(line);
        this.#requestId = undefined;
        this.#kept = 0;
        step.done(this.#takeTail());
    }
  }

  #releaseAll(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    while (this.#steps.length > 0) this.#take();
    this.#early = undefined;
  }

  #awaitMarker(): void {
    this.#advance();
    if (this.#steps.length === 0 || this.#timer !== undefined) return;
    if (this.#prefix === undefined) this.#armQuiet();
    else this.#arm(LIMITS.logDrainMs);
  }

  #armQuiet(): void {
    this.#timer?.cancel();
    this.#arm(QUIET_MS);
  }

  #arm(delayMs: number): void {
    this.#timer = this.#options.clock.setTimer(delayMs, () => {
      this.#timer = undefined;
      this.#flushPartial();
      this.#releaseAll();
    });
  }

  // Lines.

  #line(bytes: Buffer): void {
    const text = bytes.toString('utf8');
    if (this.#requestId !== undefined) this.#remember(text);
    if (this.#kept + bytes.length > KEPT_BYTES) {
      this.#dropped.lines += 1;
      this.#dropped.bytes += bytes.length;
      return;
    }
    this.#kept += bytes.length + 1;
    this.#emit('function', text);
  }

  #platform(text: string): void {
    if (this.#requestId !== undefined) this.#remember(text);
    this.#emit('platform', text);
  }

  #sayDropped(): void {
    const { lines, bytes } = this.#dropped;
    if (lines === 0) return;
    this.#dropped = { lines: 0, bytes: 0 };
    this.#emit('platform', `LOGS_DROPPED ${lines} lines, ${bytes} bytes: more than is kept`);
  }

  #emit(source: LogLine['source'], text: string): void {
    const { clock, sink, functionName, environmentId } = this.#options;
    sink.line({
      timestampMs: clock.now(),
      functionName,
      environmentId,
      ...(this.#requestId === undefined ? {} : { requestId: this.#requestId }),
      source,
      text,
    });
  }

  #remember(text: string): void {
    this.#tail.push(text);
    this.#tailBytes += text.length + 1;
    while (this.#tail.length > 1 && this.#tailBytes - (this.#tail[0]?.length ?? 0) > TAIL_BYTES * 2) {
      this.#tailBytes -= (this.#tail.shift()?.length ?? 0) + 1;
    }
  }

  #takeTail(): Buffer {
    const all = Buffer.from(this.#tail.map((line) => `${line}\n`).join(''));
    this.#tail = [];
    this.#tailBytes = 0;
    return all.length <= TAIL_BYTES ? all : all.subarray(all.length - TAIL_BYTES);
  }
}
