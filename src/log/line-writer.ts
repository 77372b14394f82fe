/**
 * What an environment's log says, on its way to whoever keeps it: what the function writes, up to a
 * budget for an invocation or between two, and what the platform says, which has none. A tail of 4 KB
 * is kept where it is wanted.
 */

import type { Clock } from '../async/clock.js';
import type { PlainEnd, PlainStart, ServedBy } from '../invocation/plain-invocation.js';
import type { PlatformEvent } from '../telemetry/events.js';
import type { SystemLog } from '../telemetry/system-log.js';
import type { LogLine } from '../view.js';
import type { LogSink } from './log-sink.js';
import { LogTail } from './log-tail.js';

/** Whoever is told everything, in the order of the log. Must not throw and must not wait. */
export interface LogObserver {
  platform(event: PlatformEvent): void;
  line(line: LogLine): void;
}

export interface LineWriterOptions {
  readonly clock: Clock;
  readonly sink: LogSink;
  /** How the platform's events appear in it. */
  readonly system: SystemLog;
  /** Whose log it is. */
  readonly by: ServedBy;
}

/** Of an invocation as nearly all are; `timestampMs` is the log's to say. */
export type PlainFacts = Omit<PlainEnd, 'timestampMs'>;

/** Function output kept of one invocation, or between two. */
const KEPT_BYTES = 1024 * 1024;
const NEWLINE = Buffer.from('\n');

export class LineWriter {
  /** Absent costs nothing: most environments have none. */
  observer: LogObserver | undefined;
  /** The budget is used up. */
  full = false;
  readonly #options: LineWriterOptions;
  readonly #tail = new LogTail();
  #keepsTail = false;
  /** Of the invocation that is open, if its START was told by few values. */
  #plainStart: PlainStart | undefined;
  #keptBytes = 0;
  #droppedLines = 0;
  #droppedBytes = 0;

  constructor(options: LineWriterOptions) {
    this.#options = options;
  }

  renewBudget(): void {
    this.#keptBytes = 0;
    this.full = false;
  }

  /** START of an invocation, with a budget and a tail of its own. */
  begin(requestId: string, keepsTail: boolean, event: () => PlatformEvent): void {
    this.renewBudget();
    this.#tail.clear();
    this.#keepsTail = keepsTail;
    const { clock, sink, by, system } = this.#options;
    if (keepsTail || this.observer !== undefined || system.detailed) {
      this.#plainStart = undefined;
      this.platform(event(), requestId);
    } else {
      this.#plainStart = { by, requestId, timestampMs: clock.now() };
      sink.began(this.#plainStart);
    }
  }

  /** END, REPORT and the record of the open invocation; false: not by so few values. */
  endPlainly(facts: PlainFacts): boolean {
    const start = this.#plainStart;
    if (start === undefined || this.observer !== undefined) return false;
    const { clock, sink } = this.#options;
    sink.ended(start, {
      startedAtMs: facts.startedAtMs,
      durationMs: facts.durationMs,
      timestampMs: clock.now(),
      memoryPeakMb: facts.memoryPeakMb,
      start: facts.start,
      served: facts.served,
    });
    return true;
  }

  /** The open invocation has ended; its tail, empty when none was to be kept. */
  end(): Buffer {
    this.#keepsTail = false;
    this.#plainStart = undefined;
    this.renewBudget();
    return this.#tail.take();
  }

  platform(event: PlatformEvent, requestId: string | undefined): void {
    for (const text of this.#options.system.lines(event)) {
      if (this.#keepsTail) this.#tail.line(text);
      this.#emit('platform', text, requestId);
    }
    this.observer?.platform(event);
  }

  /** A line of the function; `isTail`: of the invocation whose tail is kept, if any is. */
  line(bytes: Buffer, requestId: string | undefined, isTail: boolean): void {
    if (!this.#hasRoom(bytes)) {
      this.skipped(bytes, 0, isTail);
      this.skipped(NEWLINE, 1, isTail);
      return;
    }
    const text = bytes.toString('utf8');
    if (this.#options.system.keeps?.(text) === false) return;
    this.#keptBytes += bytes.length + 1;
    if (isTail && this.#keepsTail) this.#tail.line(text);
    this.#emit('function', text, requestId);
  }

  extensionLine(bytes: Buffer, requestId: string | undefined): void {
    if (!this.#hasRoom(bytes)) {
      this.countDropped(bytes, 1);
      return;
    }
    this.#keptBytes += bytes.length + 1;
    this.#emit('extension', bytes.toString('utf8'), requestId);
  }

  /** Bytes of the function that are counted and not passed on; the tail shows the true end all the same. */
  skipped(bytes: Buffer, lines: number, isTail: boolean): void {
    this.countDropped(bytes, lines);
    if (isTail && this.#keepsTail) this.#tail.bytes(bytes);
  }

  countDropped(bytes: Buffer, lines: number): void {
    this.#droppedLines += lines;
    this.#droppedBytes += bytes.length;
  }

  /** How much was left out, if anything was. It is in no tail. */
  sayDropped(requestId: string | undefined): void {
    if (this.#droppedBytes === 0) return;
    const { clock, system } = this.#options;
    const event: PlatformEvent = {
      type: 'platform.logsDropped',
      timeMs: clock.now(),
      record: {
        droppedRecords: this.#droppedLines,
        droppedBytes: this.#droppedBytes,
        reason: 'more than is kept',
      },
    };
    this.#droppedLines = 0;
    this.#droppedBytes = 0;
    for (const text of system.lines(event)) this.#emit('platform', text, requestId);
    this.observer?.platform(event);
  }

  #hasRoom(line: Buffer): boolean {
    if (this.#keptBytes + line.length + 1 <= KEPT_BYTES) return true;
    this.full = true;
    return false;
  }

  #emit(source: LogLine['source'], text: string, requestId: string | undefined): void {
    const { clock, sink, by } = this.#options;
    const { functionName, environmentId } = by;
    const timestampMs = clock.now();
    const line: LogLine =
      requestId === undefined
        ? { timestampMs, functionName, environmentId, source, text }
        : { timestampMs, functionName, environmentId, requestId, source, text };
    sink.line(line);
    if (source !== 'platform') this.observer?.line(line);
  }
}
