/**
 * The log of one execution environment: container output and platform lines in one true order.
 *
 * Output lags the Runtime API, so what the platform has to say waits for the output it belongs
 * after. Our bootstraps mark two places in their output, `\x1e<marker> init\n` before they first
 * ask for work and `\x1e<marker> <request id>\n` before they post a response. Where output can be
 * read at that very moment, whoever sees the response says so instead of a mark.
 *
 *  1. What the platform says are steps in a queue. START waits for what came before it; END and
 *     REPORT wait for the mark of their invocation.
 *  2. A wait is bounded: 500 ms without a byte, 5 s in all. Without marks, because the runtime
 *     sets none or has stopped setting them, a short quiet time has to do.
 *  3. Processes that exited have said everything: nothing waits any more.
 *  4. Output belongs to the invocation whose mark has not come, also when its END had to be
 *     written before; after the mark it belongs to the next invocation or to none.
 *
 * Memory is bounded: lines go straight to the sink, a tail of 4 KB is kept where it is wanted, and
 * beyond 1 MB for an invocation, or between two, lines are counted and not passed on; a line
 * `LOGS_DROPPED` says how many. The tail shows the true end all the same.
 */

import type { LogLine } from '../view.js';
import type { Clock } from '../async/clock.js';
import { LIMITS } from '../config/defaults.js';
import type { OutputStream } from '../engine/engine.js';
import type { PlatformEvent } from '../telemetry/events.js';
import type { SystemLog } from '../telemetry/system-log.js';
import { DrainTimer, type DrainRule } from './drain-timer.js';
import { LineScanner, type LineReceiver } from './line-scanner.js';
import { LogTail } from './log-tail.js';

export interface LogSink {
  /** Must not throw and must not wait. */
  line(line: LogLine): void;
}

/** Whoever is told everything, in the order of the log. Must not throw and must not wait. */
export interface LogObserver {
  platform(event: PlatformEvent): void;
  line(line: LogLine): void;
}

export interface EnvironmentLogOptions {
  readonly clock: Clock;
  readonly sink: LogSink;
  /** How the platform's events appear in it. */
  readonly system: SystemLog;
  readonly functionName: string;
  readonly environmentId: string;
  /** Secret of this environment's bootstrap; absent for runtimes that do not mark. */
  readonly marker?: string;
  /** Output never lags, as in a simulation: no step waits. Only without a marker. */
  readonly drainless?: boolean;
}

/** Function output kept of one invocation, or between two. */
const KEPT_BYTES = 1024 * 1024;
const NEWLINE = Buffer.from('\n');
/** After so many marks that did not come the runtime is taken for one that sets none. */
const MOST_MISSED_MARKS = 2;

const FOR_MARK: DrainRule = { quietMs: LIMITS.logDrainMs, mostMs: 10 * LIMITS.logDrainMs };
/** What the engine passes on is rarely later than this, on a busy machine too. */
const FOR_QUIET: DrainRule = { quietMs: 100, mostMs: LIMITS.logDrainMs };
/** The next event is out already: only what we have not read yet can still be of the last. */
const FOR_READ: DrainRule = { quietMs: 0, mostMs: 0 };
/** Init may go on while START waits for it. */
const FOR_INIT: DrainRule = { quietMs: LIMITS.initMs, mostMs: LIMITS.initMs };

interface Step {
  readonly kind: 'init' | 'begin' | 'end';
  /** What it waited for has come. */
  ready: boolean;
}

interface InitStep extends Step {
  readonly kind: 'init';
  readonly events: PlatformEvent[];
  /** Init is known to be over, though its mark has not come. */
  over: boolean;
}

interface BeginStep extends Step {
  readonly kind: 'begin';
  readonly requestId: string;
  readonly start: PlatformEvent;
  readonly keepTail: boolean;
}

interface EndStep extends Step {
  readonly kind: 'end';
  readonly requestId: string;
  readonly events: () => readonly PlatformEvent[];
  /** Absent: the runtime is done with the invocation, others are not. */
  readonly done?: (tail: Buffer) => void;
}

/** The invocation between its START and its END. */
interface OpenInvocation {
  readonly requestId: string;
  readonly keepTail: boolean;
  /** Its mark is here: what comes now is not its own. */
  marked: boolean;
}

export class EnvironmentLog {
  /** Absent costs nothing: most environments have none. */
  observer: LogObserver | undefined;
  readonly #options: EnvironmentLogOptions;
  readonly #stdout: LineScanner;
  readonly #stderr: LineScanner;
  /** What extensions write, by stream; none until they do. */
  #extensions: Map<OutputStream, LineScanner> | undefined;
  readonly #drain: DrainTimer;
  readonly #tail = new LogTail();
  readonly #steps: (InitStep | BeginStep | EndStep)[] = [];
  #taking = false;
  /** A step that could be taken waits for something more urgent. */
  #putOff = false;
  #life: 'running' | 'ending' | 'exited' | 'closed' = 'running';
  #open: OpenInvocation | undefined;
  /** Its END was written although its mark had not come: output is still its own. */
  #late: string | undefined;
  #missedMarks = 0;
  #keptBytes = 0;
  readonly #receiver: LineReceiver & { full: boolean };
  #droppedLines = 0;
  #droppedBytes = 0;

  constructor(options: EnvironmentLogOptions) {
    this.#options = options;
    // A value rather than a getter: V8 makes a hash table of an object with one.
    const receiver = {
      full: false,
      line: (bytes: Buffer) => this.#line(bytes),
      skipped: (bytes: Buffer, lines: number) => this.#skipped(bytes, lines),
      marked: (what: string) => this.#marked(what),
    };
    this.#receiver = receiver;
    this.#stdout = new LineScanner(receiver, options.marker);
    this.#stderr = new LineScanner(receiver, options.marker);
    this.#drain = new DrainTimer(options.clock, () => this.#drained());
  }

  /** New processes: half lines of the old ones are forgotten, an init mark is due again. */
  processesStarted(initStart?: PlatformEvent): void {
    if (this.#life === 'closed') return;
    this.#stdout.reset();
    this.#stderr.reset();
    this.#extensions = undefined;
    this.#releaseAll();
    this.#life = 'running';
    this.#late = undefined;
    this.#missedMarks = 0;
    this.#renewBudget();
    if (initStart !== undefined) this.#platform(initStart, undefined);
    if (this.#options.marker !== undefined) {
      this.#push({ kind: 'init', events: [], over: false, ready: false });
    }
  }

  /** Init is over; if it went well its mark is on its way. Events follow the last it wrote. */
  initEnded(events: readonly PlatformEvent[] = []): void {
    const init = this.#steps.find((step) => step.kind === 'init');
    if (init !== undefined) {
      init.events.push(...events);
      init.over = true;
      this.#await();
    } else if (events.length > 0) {
      // With a mark: it has come, so all of the output is here.
      const ready = this.#options.marker !== undefined;
      this.#push({ kind: 'init', events: [...events], over: true, ready });
    }
  }

  /** Something the platform has to say that waits for no output. */
  say(event: PlatformEvent): void {
    if (this.#putOff) this.#advance();
    if (this.#life !== 'closed') this.#platform(event, undefined);
  }

  /** Bytes as the container wrote them, in any pieces. They are not kept. */
  write(chunk: Buffer, stream: OutputStream): void {
    if (this.#life === 'closed') return;
    if (this.#putOff) this.#advance();
    this.#drain.touch();
    (stream === 'stderr' ? this.#stderr : this.#stdout).scan(chunk);
  }

  /**
   * What extensions wrote. It comes by another way than the function's output and keeps no order
   * with it: nothing waits for it, and it is in no tail.
   */
  writeExtension(chunk: Buffer, stream: OutputStream): void {
    if (this.#life === 'closed') return;
    if (this.#putOff) this.#advance();
    this.#extensions ??= new Map();
    let scanner = this.#extensions.get(stream);
    if (scanner === undefined) {
      const isFull = (): boolean => this.#receiver.full;
      scanner = new LineScanner(
        {
          get full() {
            return isFull();
          },
          line: (bytes) => this.#extensionLine(bytes),
          skipped: (bytes, lines) => this.#countDropped(bytes, lines),
          marked: () => undefined,
        },
        undefined,
      );
      this.#extensions.set(stream, scanner);
    }
    scanner.scan(chunk);
  }

  /**
   * All that was written by now has been handed over: nothing waits for more of it. With `what`, that
   * ends there: as if its mark had come.
   */
  outputIsHere(what?: string): void {
    if (this.#putOff) this.#advance();
    this.#stdout.endLine();
    if (what !== undefined) return this.#marked(what);
    this.#stderr.endLine();
    this.#releaseAll();
  }

  /**
   * An invocation begins once what came before is complete. It is written behind `meanwhile`, but
   * before whatever that leads to.
   */
  begin(requestId: string, start: PlatformEvent, keepTail = true, meanwhile?: () => void): void {
    this.#steps.push({ kind: 'begin', requestId, start, keepTail, ready: true });
    this.#putOff = true;
    try {
      meanwhile?.();
    } finally {
      this.#advance();
    }
  }

  /** The runtime is done with an invocation that others still work on. */
  runtimeDone(requestId: string, events: () => readonly PlatformEvent[]): void {
    this.#push({ kind: 'end', requestId, events, ready: this.#isMarked(requestId) });
  }

  /**
   * An invocation ended: `events` and then `done` follow the last line it wrote. `done` is called
   * once, with an empty tail when none was to be kept.
   */
  end(
    requestId: string,
    events: () => readonly PlatformEvent[],
    done: (tail: Buffer) => void,
  ): void {
    this.#push({ kind: 'end', requestId, events, done, ready: this.#isMarked(requestId) });
  }

  /** The processes are about to be ended: what they write besides invocations is about that. */
  processesEnding(): void {
    if (this.#life === 'running') this.#life = 'ending';
  }

  /** Every byte the processes wrote has been handed over. */
  processesExited(): void {
    for (const scanner of this.#extensions?.values() ?? []) scanner.end();
    if (!this.#runs()) return;
    this.#stdout.end();
    this.#stderr.end();
    this.#life = 'exited';
    this.#late = undefined;
    this.#releaseAll();
  }

  /** Nothing waits any more; later bytes are ignored, later steps are taken at once. */
  close(): void {
    this.processesExited();
    this.#life = 'closed';
  }

  // Steps.

  /** The mark may be here before the response is. */
  #isMarked(requestId: string): boolean {
    return this.#open?.requestId === requestId && this.#open.marked;
  }

  #push(step: InitStep | BeginStep | EndStep): void {
    this.#steps.push(step);
    this.#advance();
  }

  #advance(): void {
    // `done` may lead to new steps; they are taken after this one, here.
    if (this.#taking) return;
    this.#taking = true;
    this.#putOff = false;
    try {
      for (let step = this.#steps[0]; step !== undefined; step = this.#steps[0]) {
        if (!step.ready && !this.#waitsForNothing()) break;
        this.#steps.shift();
        this.#drain.stop();
        this.#take(step);
      }
    } finally {
      this.#taking = false;
    }
    this.#await();
  }

  #runs(): boolean {
    return this.#life === 'running' || this.#life === 'ending';
  }

  #waitsForNothing(): boolean {
    const { drainless, marker } = this.#options;
    return !this.#runs() || (drainless === true && marker === undefined);
  }

  #take(step: InitStep | BeginStep | EndStep): void {
    this.#sayDropped();
    switch (step.kind) {
      case 'init':
        for (const event of step.events) this.#platform(event, undefined);
        return;
      case 'begin':
        this.#renewBudget();
        this.#tail.clear();
        this.#open = { requestId: step.requestId, keepTail: step.keepTail, marked: false };
        this.#platform(step.start, step.requestId);
        return;
      case 'end':
        for (const event of step.events()) this.#platform(event, step.requestId);
        if (step.done === undefined) return this.#runtimeIsDone(step.requestId);
        this.#open = undefined;
        this.#renewBudget();
        step.done(this.#tail.take());
    }
  }

  /** Its end need not wait for what this has waited for. */
  #runtimeIsDone(requestId: string): void {
    if (this.#open?.requestId === requestId) this.#open.marked = true;
    for (const step of this.#steps) {
      if (step.kind === 'end' && step.requestId === requestId) step.ready = true;
    }
  }

  #releaseAll(): void {
    for (const step of this.#steps) step.ready = true;
    this.#advance();
  }

  /** The stream is past the end of init, or of an invocation. */
  #marked(what: string): void {
    this.#missedMarks = 0;
    this.#late = undefined;
    this.#stderr.endLine();
    if (this.#steps.length > 0) this.#release(what);
    if (this.#open?.requestId === what) this.#open.marked = true;
  }

  /** Whatever waited for that end. */
  #release(what: string): void {
    const ended = this.#steps.findIndex((step) =>
      step.kind === 'init' ? what === 'init' : step.kind === 'end' && step.requestId === what,
    );
    const passed =
      ended >= 0
        ? ended
        : this.#steps.findIndex((step) => step.kind === 'begin' && step.requestId === what);
    for (const step of this.#steps.slice(0, passed + 1)) step.ready = true;
    this.#advance();
  }

  /** Sees to it that the first step does not wait for ever. */
  #await(): void {
    const [head] = this.#steps;
    if (head === undefined || head.ready) return;
    const rule = this.#drainRule(head);
    if (rule !== undefined) this.#drain.start(rule);
  }

  #drainRule(head: Step | InitStep): DrainRule | undefined {
    if ('over' in head && !head.over && !this.#steps.some((step) => step.kind === 'end')) {
      return this.#steps.length > 1 ? FOR_INIT : undefined;
    }
    if (this.#expectsMarks()) return FOR_MARK;
    return this.#steps.length > 1 ? FOR_READ : FOR_QUIET;
  }

  #expectsMarks(): boolean {
    return this.#options.marker !== undefined && this.#missedMarks < MOST_MISSED_MARKS;
  }

  #drained(): void {
    const [head] = this.#steps;
    if (head === undefined) return;
    this.#stdout.endLine();
    this.#stderr.endLine();
    if (this.#expectsMarks()) {
      this.#missedMarks += 1;
      this.#late = head.kind === 'end' && this.#expectsMarks() ? head.requestId : undefined;
    }
    head.ready = true;
    this.#advance();
  }

  // Lines.

  /** The invocation whose output comes now. */
  #owner(): string | undefined {
    if (this.#late !== undefined) return this.#late;
    return this.#open?.marked === false ? this.#open.requestId : undefined;
  }

  #feedsTail(): boolean {
    return this.#open?.keepTail === true && !this.#open.marked && this.#late === undefined;
  }

  #line(bytes: Buffer): void {
    if (this.#life === 'ending' && this.#owner() === undefined) return;
    if (this.#keptBytes + bytes.length + 1 > KEPT_BYTES) {
      this.#receiver.full = true;
      this.#skipped(bytes, 0);
      this.#skipped(NEWLINE, 1);
      return;
    }
    const text = bytes.toString('utf8');
    if (this.#options.system.keeps?.(text) === false) return;
    this.#keptBytes += bytes.length + 1;
    if (this.#feedsTail()) this.#tail.line(text);
    this.#emit('function', text, this.#owner());
  }

  #extensionLine(bytes: Buffer): void {
    if (this.#keptBytes + bytes.length + 1 > KEPT_BYTES) {
      this.#receiver.full = true;
      this.#countDropped(bytes, 1);
      return;
    }
    this.#keptBytes += bytes.length + 1;
    this.#emit('extension', bytes.toString('utf8'), this.#open?.requestId);
  }

  #countDropped(bytes: Buffer, lines: number): void {
    this.#droppedLines += lines;
    this.#droppedBytes += bytes.length;
  }

  #skipped(bytes: Buffer, lines: number): void {
    this.#countDropped(bytes, lines);
    if (this.#feedsTail()) this.#tail.bytes(bytes);
  }

  #platform(event: PlatformEvent, requestId: string | undefined): void {
    for (const text of this.#options.system.lines(event)) {
      if (this.#open?.keepTail === true) this.#tail.line(text);
      this.#emit('platform', text, requestId);
    }
    this.observer?.platform(event);
  }

  #sayDropped(): void {
    if (this.#droppedBytes === 0) return;
    const event: PlatformEvent = {
      type: 'platform.logsDropped',
      timeMs: this.#options.clock.now(),
      record: {
        droppedRecords: this.#droppedLines,
        droppedBytes: this.#droppedBytes,
        reason: 'more than is kept',
      },
    };
    this.#droppedLines = 0;
    this.#droppedBytes = 0;
    for (const text of this.#options.system.lines(event)) {
      this.#emit('platform', text, this.#open?.requestId);
    }
    this.observer?.platform(event);
  }

  #renewBudget(): void {
    this.#keptBytes = 0;
    this.#receiver.full = false;
  }

  #emit(source: LogLine['source'], text: string, requestId: string | undefined): void {
    const { clock, sink, functionName, environmentId } = this.#options;
    const timestampMs = clock.now();
    const line: LogLine =
      requestId === undefined
        ? { timestampMs, functionName, environmentId, source, text }
        : { timestampMs, functionName, environmentId, requestId, source, text };
    sink.line(line);
    if (source !== 'platform') this.observer?.line(line);
  }
}
