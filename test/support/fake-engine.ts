/**
 * An engine of programs instead of processes, on a clock of the test. Honest enough to pass the
 * engine contract that the real one passes; light enough for a million invocations. Faults and
 * delays come from whoever builds it.
 */

import type { Clock } from '../../src/async/clock.js';
import type {
  Container,
  ContainerEngine,
  ContainerObserver,
  ContainerSpec,
  EngineDescription,
  EngineNetwork,
} from '../../src/engine/engine.js';
import { OrchestratorError, type ErrorCode } from '../../src/errors.js';

export type EngineCall = 'create' | 'start' | 'freeze' | 'thaw' | 'terminate' | 'kill' | 'remove';

/** What runs in a container: told of its own start, acts through the process it is given. */
export type Program = (process: FakeProcess) => void;

export interface FakeEngineOptions {
  readonly clock: Clock;
  /** The program of a spec; undefined: there is no such image. */
  program(spec: ContainerSpec): Program | undefined;
  /** Milliseconds a call takes. */
  delayMs?(call: EngineCall): number;
  /** Whether the call fails, after its time. */
  fails?(call: EngineCall): boolean;
  /**
   * Whether what the call brings about is there before the call returns, as when processes speak
   * or die before a start has been confirmed. Not even a failure takes it back then.
   */
  early?(call: EngineCall): boolean;
  /** Thawing is a call that takes time, not a write to a file. */
  readonly slowThaw?: boolean;
  /** How late a piece of output is handed over; all of it is before an exit. */
  outputLagMs?(): number;
  /** What the processes of a container need. */
  peakBytes?(spec: ContainerSpec): number;
}

export class FakeEngine implements ContainerEngine {
  readonly options: FakeEngineOptions;
  readonly containers = new Set<FakeContainer>();
  /** What no caller may do and somebody did. */
  readonly misuse: string[] = [];
  #closed = false;

  constructor(options: FakeEngineOptions) {
    this.options = options;
  }

  describe(): Promise<EngineDescription> {
    return Promise.resolve({
      name: 'fake',
      version: '0',
      apiVersion: '0',
      tested: true,
      cpus: 2,
      memoryBytes: 8 * 2 ** 30,
      architecture: 'x86_64',
      cgroup: 'v2',
      freezer: 'cgroup-v2',
      freezerReason: 'it is a fake',
      ahead: 'nothing',
      aheadReason: 'it is a fake',
      runtime: 'none',
      reclaim: { kind: 'cgroup-v2', pays: true, reason: 'it is a fake' },
      scratch: 'loop',
      local: true,
      warnings: [],
    });
  }

  open(): Promise<EngineNetwork> {
    return Promise.resolve({ hostAddress: '10.0.0.1', listenAddress: '127.0.0.1' });
  }

  async create(spec: ContainerSpec, observer: ContainerObserver): Promise<Container> {
    await this.call('create');
    const program = this.options.program(spec);
    if (program === undefined) throw failure('image-missing', 'create');
    const container = new FakeContainer(this, spec, program, observer);
    this.containers.add(container);
    return container;
  }

  /** Nothing of the machine's memory is held. */
  heldBytes(): Promise<ReadonlyMap<string, number>> {
    return Promise.resolve(new Map());
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.all([...this.containers].map((container) => container.remove()));
  }

  /** Brings `effect` about at the moment that call has. */
  async perform(call: EngineCall, effect: () => void): Promise<void> {
    const early = this.options.early?.(call) ?? false;
    if (early) effect();
    await this.call(call);
    if (!early) effect();
  }

  /** Takes the call's time, then succeeds or fails. */
  call(call: EngineCall): Promise<void> {
    const { options } = this;
    const { clock } = options;
    const delay = options.delayMs?.(call) ?? 0;
    const failed = options.fails?.(call) ?? false;
    if (delay === 0) {
      return failed ? Promise.reject(failure('engine-refused', call)) : Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      clock.setTimer(delay, () => (failed ? reject(failure('engine-refused', call)) : resolve()));
    });
  }
}

/** The processes of one start. Everything they do waits while they are frozen. */
export class FakeProcess {
  readonly container: FakeContainer;
  readonly scratch: Map<string, string>;
  /** Set by the program: the runtime wakes. */
  onThaw: () => void = () => undefined;
  /** Set by the program: what is written to it, and what SIGTERM does; it ends by it otherwise. */
  onInput: (text: string) => void = () => undefined;
  onTerminate: () => void = () => this.exit(143);
  alive = true;
  frozen = false;
  readonly #clock: Clock;
  #waiting: (() => void)[] = [];

  constructor(container: FakeContainer, clock: Clock) {
    this.container = container;
    this.scratch = container.scratch;
    this.#clock = clock;
  }

  /** Runs `action` after `delayMs` if the process still lives, and not while it is frozen. */
  after(delayMs: number, action: () => void): void {
    this.#clock.setTimer(delayMs, () => this.whenRunning(action));
  }

  whenRunning(action: () => void): void {
    if (!this.alive) return;
    if (this.frozen) this.#waiting.push(action);
    else action();
  }

  /** Runs `action` once what we do now is done: another process never runs in the middle of it. */
  soon(action: () => void): void {
    queueMicrotask(() => this.whenRunning(action));
  }

  write(text: string): void {
    if (this.alive) this.container.output(Buffer.from(text));
  }

  exit(exitCode: number, outOfMemory = false): void {
    if (!this.alive) return;
    this.alive = false;
    this.container.ended(this, exitCode, outOfMemory);
  }

  thaw(): void {
    this.frozen = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const action of waiting) if (this.alive) action();
    if (this.alive) this.onThaw();
  }
}

export class FakeContainer implements Container {
  static made = 0;
  readonly id: string;
  readonly observer: ContainerObserver;
  readonly scratch = new Map<string, string>();
  readonly address = '10.0.0.2';
  startedAtMs: number | undefined;
  /** How often the memory of frozen processes was given back. */
  reclaims = 0;
  /** The last removal was refused, or is under way. */
  refusedRemoval = false;
  readonly #engine: FakeEngine;
  readonly #spec: ContainerSpec;
  readonly #program: Program;
  #process: FakeProcess | undefined;
  #removal: Promise<void> | undefined;
  #removed = false;
  #starting = false;
  #thawing: Promise<void> | undefined;
  readonly #lagging: Buffer[] = [];

  constructor(
    engine: FakeEngine,
    spec: ContainerSpec,
    program: Program,
    observer: ContainerObserver,
  ) {
    this.#spec = spec;
    FakeContainer.made += 1;
    this.id = `fake-${FakeContainer.made}`;
    this.#engine = engine;
    this.#program = program;
    this.observer = observer;
  }

  get process(): FakeProcess | undefined {
    return this.#process;
  }

  async start(): Promise<void> {
    const { misuse } = this.#engine;
    if (this.#starting) misuse.push(`${this.id} was started while a start was under way`);
    if (this.#process?.alive === true) misuse.push(`${this.id} was started while it ran`);
    this.#starting = true;
    try {
      await this.#engine.perform('start', () => this.#run());
    } finally {
      this.#starting = false;
    }
    if (this.#removed) throw failure('engine-not-found', 'start');
  }

  #run(): void {
    if (this.#removed) return;
    const { clock } = this.#engine.options;
    this.startedAtMs = clock.now();
    const process = new FakeProcess(this, clock);
    this.#process = process;
    this.#program(process);
  }

  async freeze(): Promise<void> {
    const process = this.#process;
    if (process === undefined || !process.alive) return;
    // Where thawing is a call, one way waits for the other.
    if (this.#thawing !== undefined) await this.#thawing;
    process.frozen = true;
    await this.#engine.call('freeze').catch((error: unknown) => {
      process.thaw();
      throw error;
    });
  }

  thaw(): Promise<void> | undefined {
    const process = this.#process;
    const { slowThaw } = this.#engine.options;
    if (slowThaw === true) {
      const thawing = this.#engine.perform('thaw', () => process?.thaw());
      this.#thawing = thawing.catch(() => undefined);
      return thawing;
    }
    if (this.#engine.options.fails?.('thaw') === true) throw failure('engine-refused', 'thaw');
    process?.thaw();
    return undefined;
  }

  async terminate(): Promise<void> {
    const process = this.#process;
    if (process?.alive !== true) return;
    if (process.frozen) process.thaw();
    await this.#engine.perform('terminate', () => process.whenRunning(() => process.onTerminate()));
  }

  write(text: string): void {
    const process = this.#process;
    if (this.#spec.input !== true) this.#engine.misuse.push(`${this.id} has no input`);
    process?.whenRunning(() => process.onInput(text));
  }

  async kill(): Promise<void> {
    const process = this.#process;
    if (process?.alive !== true) return;
    await this.#engine.perform('kill', () => process.exit(137));
  }

  remove(): Promise<void> {
    this.#removal ??= this.#remove().catch((error: unknown) => {
      this.#removal = undefined;
      throw error;
    });
    return this.#removal;
  }

  async #remove(): Promise<void> {
    this.refusedRemoval = true;
    await this.#engine.call('remove');
    this.refusedRemoval = false;
    this.#removed = true;
    this.#engine.containers.delete(this);
    this.#process?.exit(137);
  }

  reclaim(): Promise<void> {
    if (this.#process?.frozen === true) this.reclaims += 1;
    return Promise.resolve();
  }

  limitCpu(): void {
    // Fake processes take the time their program says.
  }

  peakMemoryBytes(): number | undefined {
    if (this.#process?.alive !== true) return undefined;
    return this.#engine.options.peakBytes?.(this.#spec) ?? 20 * 2 ** 20;
  }

  output(chunk: Buffer): void {
    const { clock, outputLagMs } = this.#engine.options;
    const lagMs = outputLagMs?.() ?? 0;
    if (lagMs === 0 && this.#lagging.length === 0) {
      this.observer.output(chunk, 'stdout');
      return;
    }
    this.#lagging.push(chunk);
    clock.setTimer(lagMs, () => this.#handOver(chunk));
  }

  /** In order: up to the piece that is due, or everything. */
  #handOver(last?: Buffer): void {
    const due = last === undefined ? this.#lagging.length : this.#lagging.indexOf(last) + 1;
    for (const chunk of this.#lagging.splice(0, due)) this.observer.output(chunk, 'stdout');
  }

  /** Told by the process, once. */
  ended(process: FakeProcess, exitCode: number, outOfMemory: boolean): void {
    this.#handOver();
    if (process === this.#process) this.observer.exited({ exitCode, outOfMemory });
  }
}

function failure(code: ErrorCode, call: string): OrchestratorError {
  return new OrchestratorError(code, `the fake engine failed to ${call}`);
}
