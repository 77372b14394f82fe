/**
 * The log of one execution environment: container output and platform lines in one true order, which
 * is decided here; what is written, and how much of it, is `line-writer.ts`'s.
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
 * Memory is bounded: lines go straight to the sink, and beyond 1 MB for an invocation, or between two,
 * they are counted and not passed on; a line `LOGS_DROPPED` says how many. The tail shows the true end
 * all the same.
 */

import { LIMITS } from '../config/defaults.js';
import type { OutputStream } from '../engine/engine.js';
import type { PlatformEvent } from '../telemetry/events.js';
import { DrainTimer, type DrainRule } from './drain-timer.js';
import { LineScanner, type LineReceiver } from './line-scanner.js';
import {
  LineWriter,
  type LineWriterOptions,
  type LogObserver,
  type PlainFacts,
} from './line-writer.js';

export interface EnvironmentLogOptions extends LineWriterOptions {
  /** Secret of this environment's bootstrap; absent for runtimes that do not mark. */
  readonly marker?: string;
  /** Output never lags, as in a simulation: no step waits. Only without a marker. */
  readonly drainless?: boolean;
}

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
  readonly start: () => PlatformEvent;
  readonly keepTail: boolean;
}

interface EndStep extends Step {
  readonly kind: 'end';
  readonly requestId: string;
  readonly events: () => readonly PlatformEvent[];
  /** What tells the same, where so little can. */
  readonly plain?: PlainFacts | undefined;
  /** Absent: the runtime is done with the invocation, others are not. */
  readonly done?: Done;
}

/** `isRecorded`: the sink has its record as well. */
type Done = (tail: Buffer, isRecorded: boolean) => void;

/** The invocation between its START and its END. */
interface OpenInvocation {
  readonly requestId: string;
  /** Its mark is here: what comes now is not its own. */
  marked: boolean;
}

export class EnvironmentLog {
  readonly #options: EnvironmentLogOptions;
  readonly #writer: LineWriter;
  readonly #stdout: LineScanner;
  readonly #stderr: LineScanner;
  /** What extensions write, by stream; none until they do. */
  #extensions: Map<OutputStream, LineScanner> | undefined;
  readonly #drain: DrainTimer;
  readonly #steps: (InitStep | BeginStep | EndStep)[] = [];
  #taking = false;
  #life: 'running' | 'ending' | 'exited' | 'closed' = 'running';
  #open: OpenInvocation | undefined;
  /** Its END was written although its mark had not come: output is still its own. */
  #late: string | undefined;
  #missedMarks = 0;

  constructor(options: EnvironmentLogOptions) {
    this.#options = options;
    const writer = new LineWriter(options);
    this.#writer = writer;
    const receiver = new Receiver(writer, {
      line: (bytes) => this.#line(bytes),
      skipped: (bytes, lines) => writer.skipped(bytes, lines, this.#isOwn()),
      marked: (what) => this.#marked(what),
    });
    this.#stdout = new LineScanner(receiver, options.marker);
    this.#stderr = new LineScanner(receiver, options.marker);
    this.#drain = new DrainTimer(options.clock, () => this.#drained());
  }

  /** Who is told everything, if anybody is. */
  get observer(): LogObserver | undefined {
    return this.#writer.observer;
  }
  set observer(observer: LogObserver | undefined) {
    this.#writer.observer = observer;
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
    this.#writer.renewBudget();
    if (initStart !== undefined) this.#writer.platform(initStart, undefined);
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
    if (this.#life !== 'closed') this.#writer.platform(event, undefined);
  }

  /** Bytes as the container wrote them, in any pieces. They are not kept. */
  write(chunk: Buffer, stream: OutputStream): void {
    if (this.#life === 'closed') return;
    this.#drain.touch();
    (stream === 'stderr' ? this.#stderr : this.#stdout).scan(chunk);
  }

  /**
   * What extensions wrote. It comes by another way than the function's output and keeps no order
   * with it: nothing waits for it, and it is in no tail.
   */
  writeExtension(chunk: Buffer, stream: OutputStream): void {
    if (this.#life === 'closed') return;
    this.#extensions ??= new Map();
    let scanner = this.#extensions.get(stream);
    if (scanner === undefined) {
      const writer = this.#writer;
      const receiver = new Receiver(writer, {
        line: (bytes) => writer.extensionLine(bytes, this.#open?.requestId),
        skipped: (bytes, lines) => writer.countDropped(bytes, lines),
        marked: () => undefined,
      });
      scanner = new LineScanner(receiver, undefined);
      this.#extensions.set(stream, scanner);
    }
    scanner.scan(chunk);
  }

  /**
   * All that was written by now has been handed over: nothing waits for more of it. With `what`, that
   * ends there: as if its mark had come.
   */
  outputIsHere(what?: string): void {
    this.#stdout.endLine();
    if (what !== undefined) return this.#marked(what);
    this.#stderr.endLine();
    this.#releaseAll();
  }

  /** An invocation begins once what came before is complete. */
  begin(requestId: string, start: () => PlatformEvent, keepTail = true): void {
    this.#push({ kind: 'begin', requestId, start, keepTail, ready: true });
  }

  /** The runtime is done with an invocation that others still work on. */
  runtimeDone(requestId: string, events: () => readonly PlatformEvent[]): void {
    this.#push({ kind: 'end', requestId, events, ready: this.#isMarked(requestId) });
  }

  /**
   * An invocation ended: `events` and then `done` follow the last line it wrote. `done` is called
   * once, with an empty tail when none was to be kept. `plain` may take the place of `events`, and is
   * the record then.
   */
  end(
    requestId: string,
    events: () => readonly PlatformEvent[],
    done: Done,
    plain?: PlainFacts,
  ): void {
    this.#push({ kind: 'end', requestId, events, plain, done, ready: this.#isMarked(requestId) });
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
    const writer = this.#writer;
    writer.sayDropped(this.#open?.requestId);
    switch (step.kind) {
      case 'init':
        for (const event of step.events) writer.platform(event, undefined);
        return;
      case 'begin':
        this.#open = { requestId: step.requestId, marked: false };
        writer.begin(step.requestId, step.keepTail, step.start);
        return;
      case 'end':
        return this.#end(step);
    }
  }

  #end({ requestId, events, plain, done }: EndStep): void {
    const writer = this.#writer;
    const isRecorded =
      plain !== undefined && this.#open?.requestId === requestId && writer.endPlainly(plain);
    if (!isRecorded) for (const event of events()) writer.platform(event, requestId);
    if (done === undefined) return this.#runtimeIsDone(requestId);
    this.#open = undefined;
    done(writer.end(), isRecorded);
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

  /** What comes now is of the invocation that is open. */
  #isOwn(): boolean {
    return this.#open?.marked === false && this.#late === undefined;
  }

  #line(bytes: Buffer): void {
    const owner = this.#owner();
    if (this.#life === 'ending' && owner === undefined) return;
    this.#writer.line(bytes, owner, this.#isOwn());
  }
}

/** A class: V8 makes a hash table of an object with a getter. */
class Receiver implements LineReceiver {
  readonly line: LineReceiver['line'];
  readonly skipped: LineReceiver['skipped'];
  readonly marked: LineReceiver['marked'];
  readonly #writer: LineWriter;

  constructor(writer: LineWriter, { line, skipped, marked }: Omit<LineReceiver, 'full'>) {
    this.#writer = writer;
    this.line = line;
    this.skipped = skipped;
    this.marked = marked;
  }

  get full(): boolean {
    return this.#writer.full;
  }
}
