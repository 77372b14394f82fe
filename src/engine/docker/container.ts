/** One container on Docker, with what is opened on the host for each of its starts. */

import type { Duplex } from 'node:stream';
import type Docker from 'dockerode';
import type { Clock } from '../../async/clock.js';
import type { Container, ContainerObserver, ContainerSpec, FreezerKind } from '../engine.js';
import { cgroupOf, type CgroupPaths } from '../host/cgroup.js';
import { writeCpuLimit } from '../host/cpu-limit.js';
import { freezerFiles, openEngineFreezer, openFileFreezer, type Freezer } from '../host/freezer.js';
import type { LogPipe } from '../host/log-pipe.js';
import { PeakMemory } from '../host/memory.js';
import type { ScratchDisk } from '../host/scratch.js';
import { engineError, isConflict, isNotFound, isRefusal } from './errors.js';
import { OutputFrames } from './output.js';

export interface ContainerContext {
  readonly clock: Clock;
  readonly spec: ContainerSpec;
  readonly observer: ContainerObserver;
  readonly freezer: FreezerKind;
  /** The engine's processes can be seen from here. */
  readonly local: boolean;
  readonly liftCpu: boolean;
  readonly scratch: ScratchDisk | undefined;
  readonly logPipe: LogPipe | undefined;
  warn(message: string): void;
  removed(containerId: string): void;
}

/** An engine that takes its own container for paused, or for running, is corrected this often. */
const PAUSE_TRIES = 3;
const DEADLINE_MS = { start: 20_000, kill: 5_000, remove: 20_000 } as const;
/** Output still on its way after the end is waited for this long. */
const OUTPUT_AFTER_END_MS = 2_000;

export class DockerContainer implements Container {
  readonly id: string;
  readonly #docker: Docker.Container;
  readonly #context: ContainerContext;
  #startedAtMs: number | undefined;
  #state: 'created' | 'starting' | 'running' | 'exited' | 'removed' = 'created';
  #outputEnded: Promise<void> = Promise.resolve();
  #outOfMemory = false;
  #frozen = false;
  #freezer: Freezer | undefined;
  #memory: PeakMemory | undefined;
  #cgroup: CgroupPaths | undefined;
  #removal: Promise<void> | undefined;

  constructor(docker: Docker.Container, context: ContainerContext) {
    this.#docker = docker;
    this.#context = context;
    this.id = docker.id;
  }

  get startedAtMs(): number | undefined {
    return this.#startedAtMs;
  }
  /** Its start was confirmed and its end not seen. */
  get isRunning(): boolean {
    return this.#state === 'running';
  }

  async start(signal?: AbortSignal): Promise<void> {
    const abortSignal = deadline(DEADLINE_MS.start, signal);
    try {
      this.#context.logPipe?.open();
      await this.#attach();
      this.#outOfMemory = false;
      this.#state = 'starting';
      await this.#docker.start({ abortSignal });
      this.#confirmStart();
    } catch (error) {
      this.#state = 'exited';
      throw engineError(error, `starting a container of ${this.#context.spec.image}`);
    }
    await this.#openHost(abortSignal);
  }

  async freeze(): Promise<void> {
    if (this.#freezer === undefined) return;
    this.#frozen = true;
    await this.#freezer.freeze();
  }

  thaw(): Promise<void> | undefined {
    this.#frozen = false;
    return this.#freezer?.thaw();
  }

  async kill(): Promise<void> {
    if (!this.#mayRun) return;
    // A frozen process takes no signal.
    if (this.#frozen) await this.thaw();
    try {
      await this.#docker.kill({ abortSignal: deadline(DEADLINE_MS.kill) });
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw engineError(error, 'ending a container');
    }
  }

  remove(): Promise<void> {
    this.#removal ??= this.#remove().catch((error: unknown) => {
      // Whoever ends the run asks again.
      this.#removal = undefined;
      throw error;
    });
    return this.#removal;
  }

  limitCpu(): void {
    if (!this.#context.liftCpu || this.#cgroup === undefined) return;
    try {
      writeCpuLimit(this.#cgroup, this.#context.spec.cpus);
    } catch (error) {
      this.#context.warn(`the processor limit could not be put in force: ${String(error)}`);
    }
  }

  peakMemoryBytes(): number | undefined {
    return this.#memory?.read();
  }

  /** The engine said that the kernel ran out of the container's memory. */
  sawOutOfMemory(): void {
    this.#outOfMemory = true;
  }

  /** The engine said that it ended. Told on once the output is complete. */
  sawExit(exitCode: number): void {
    if (!this.#mayRun) return;
    this.#state = 'exited';
    const outOfMemory = this.#outOfMemory && exitCode === 137;
    let isTold = false;
    const told = (): void => {
      if (isTold) return;
      isTold = true;
      this.#context.logPipe?.drain();
      this.#closeHost();
      this.#context.observer.exited({ exitCode, outOfMemory });
    };
    const timer = this.#context.clock.setTimer(OUTPUT_AFTER_END_MS, told);
    void this.#outputEnded.then(() => {
      timer.cancel();
      told();
    });
  }

  get #mayRun(): boolean {
    return this.#state === 'starting' || this.#state === 'running';
  }

  /** Its end may have been seen already. */
  #confirmStart(): void {
    if (this.#state === 'starting') this.#state = 'running';
  }

  /** Its deadline ends with the call: a signal that comes later would end the stream itself. */
  async #attach(): Promise<void> {
    const giveUp = new AbortController();
    const timer = this.#context.clock.setTimer(DEADLINE_MS.start, () => giveUp.abort());
    const stream = (await this.#docker
      .attach({ stream: true, stdout: true, stderr: true, abortSignal: giveUp.signal })
      .finally(() => timer.cancel())) as unknown as Duplex;
    const frames = new OutputFrames((chunk, name) => this.#context.observer.output(chunk, name));
    stream.on('data', (chunk: Buffer) => frames.write(chunk));
    this.#outputEnded = new Promise((resolve) => {
      stream.on('end', resolve);
      stream.on('close', resolve);
      stream.on('error', () => resolve());
    });
  }

  async #openHost(abortSignal: AbortSignal): Promise<void> {
    const { State: state } = await this.#docker.inspect({ abortSignal });
    this.#startedAtMs = Date.parse(state.StartedAt);
    this.#closeHost();
    if (!state.Running || state.Pid === 0 || this.#state === 'removed') return;
    try {
      if (this.#context.local) {
        this.#cgroup = cgroupOf(state.Pid);
        this.#memory = PeakMemory.open(this.#cgroup, this.#context.spec.memoryBytes);
      }
      this.#freezer = this.#openFreezer();
    } catch (error) {
      // The process may have ended between the two looks: then its end is on its way.
      if (this.#state === 'running')
        this.#context.warn(`a container cannot be watched: ${String(error)}`);
    }
  }

  #openFreezer(): Freezer | undefined {
    const { freezer, clock } = this.#context;
    if (freezer === 'none') return undefined;
    const files =
      freezer === 'engine' || this.#cgroup === undefined
        ? undefined
        : freezerFiles(freezer, this.#cgroup);
    if (files !== undefined) return openFileFreezer(files, clock);
    return openEngineFreezer({
      pause: () => this.#pause('pause'),
      unpause: () => this.#pause('unpause'),
    });
  }

  async #pause(call: 'pause' | 'unpause'): Promise<void> {
    const ask = (what: typeof call): Promise<unknown> =>
      this.#docker[what]({ abortSignal: deadline(DEADLINE_MS.kill) });
    const opposite = call === 'pause' ? 'unpause' : 'pause';
    for (let tries = 1; ; tries += 1) {
      try {
        await ask(call);
        return;
      } catch (error) {
        // The engine notes pauses by events that may come late and overwrite what happened since:
        // its note is wrong, not we. Doing the opposite first sets the note and the kernel right.
        if (tries === PAUSE_TRIES || !isRefusal(error)) {
          throw engineError(error, `asking the engine to ${call} a container`);
        }
        await ask(opposite).catch(() => undefined);
      }
    }
  }

  #closeHost(): void {
    this.#frozen = false;
    this.#freezer?.close();
    this.#memory?.close();
    this.#freezer = undefined;
    this.#memory = undefined;
    this.#cgroup = undefined;
  }

  async #remove(): Promise<void> {
    this.#state = 'removed';
    try {
      if (this.#frozen) await this.thaw();
      await this.#docker.remove({
        force: true,
        v: true,
        abortSignal: deadline(DEADLINE_MS.remove),
      });
    } catch (error) {
      // 409: somebody is removing it already.
      if (!isNotFound(error) && !isConflict(error))
        throw engineError(error, 'removing a container');
    } finally {
      this.#closeHost();
      this.#context.logPipe?.remove();
      await this.#context.scratch?.remove();
    }
    this.#context.removed(this.id);
  }
}

function deadline(ms: number, signal?: AbortSignal): AbortSignal {
  const timeout = AbortSignal.timeout(ms);
  return signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
}
