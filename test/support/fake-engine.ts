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

export type EngineCall = 'create' | 'start' | 'freeze' | 'thaw' | 'kill' | 'remove';

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
  /** Thawing is a call that takes time, not a write to a file. */
  readonly slowThaw?: boolean;
}

export class FakeEngine implements ContainerEngine {
  readonly options: FakeEngineOptions;
  readonly containers = new Set<FakeContainer>();
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
    const container = new FakeContainer(this, program, observer);
    this.containers.add(container);
    return container;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.all([...this.containers].map((container) => container.remove()));
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

  write(text: string): void {
    if (this.alive) this.container.observer.output(Buffer.from(text), 'stdout');
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
  startedAtMs: number | undefined;
  readonly #engine: FakeEngine;
  readonly #program: Program;
  #process: FakeProcess | undefined;
  #removal: Promise<void> | undefined;
  #removed = false;

  constructor(engine: FakeEngine, program: Program, observer: ContainerObserver) {
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
    const { clock } = this.#engine.options;
    await this.#engine.call('start');
    if (this.#removed) throw failure('engine-not-found', 'start');
    this.startedAtMs = clock.now();
    const process = new FakeProcess(this, clock);
    this.#process = process;
    this.#program(process);
  }

  async freeze(): Promise<void> {
    const process = this.#process;
    if (process === undefined || !process.alive) return;
    process.frozen = true;
    await this.#engine.call('freeze').catch((error: unknown) => {
      process.thaw();
      throw error;
    });
  }

  thaw(): Promise<void> | undefined {
    const process = this.#process;
    const { slowThaw } = this.#engine.options;
    if (slowThaw === true) return this.#engine.call('thaw').then(() => process?.thaw());
    if (this.#engine.options.fails?.('thaw') === true) throw failure('engine-refused', 'thaw');
    process?.thaw();
    return undefined;
  }

  async kill(): Promise<void> {
    const process = this.#process;
    if (process?.alive !== true) return;
    await this.#engine.call('kill');
    process.exit(137);
  }

  remove(): Promise<void> {
    this.#removal ??= this.#engine
      .call('remove')
      .catch(() => undefined)
      .then(() => {
        this.#removed = true;
        this.#engine.containers.delete(this);
        this.#process?.exit(137);
      });
    return this.#removal;
  }

  limitCpu(): void {
    // Fake processes take the time their program says.
  }

  peakMemoryBytes(): number | undefined {
    return this.#process?.alive === true ? 20 * 2 ** 20 : undefined;
  }

  /** Told by the process, once. */
  ended(process: FakeProcess, exitCode: number, outOfMemory: boolean): void {
    if (process === this.#process) this.observer.exited({ exitCode, outOfMemory });
  }
}

function failure(code: ErrorCode, call: string): OrchestratorError {
  return new OrchestratorError(code, `the fake engine failed to ${call}`);
}
