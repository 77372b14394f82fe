/** One container on Docker, with what is opened on the host for each of its starts. */

import type { Duplex } from 'node:stream';
import type Docker from 'dockerode';
import type { Clock } from '../../async/clock.js';
import type { OrchestratorError } from '../../errors.js';
import type {
  Container,
  ContainerObserver,
  ContainerSpec,
  FreezerKind,
  ReclaimKind,
} from '../engine.js';
import { cgroupOf, type CgroupPaths } from '../host/cgroup.js';
import { writeCpuLimit } from '../host/cpu-limit.js';
import { freezerFiles, openEngineFreezer, openFileFreezer, type Freezer } from '../host/freezer.js';
import { seesAnything } from '../host/late-mounts.js';
import type { LogPipe } from '../host/log-pipe.js';
import { PeakMemory } from '../host/memory.js';
import { reclaimFiles, type Reclaimer } from '../host/reclaim.js';
import type { ScratchDisk } from '../host/scratch.js';
import { DEADLINE_MS, within } from './deadline.js';
import { isRefusal, unlessGone } from './errors.js';
import type { Blank, Started } from './blank.js';
import type { Holder } from './holders.js';
import { LaunchWatch } from './launch-watch.js';
import { addressIn } from './network.js';
import { outputOf, OutputFrames } from './output.js';
import { removeContainer } from './removal.js';

/** What all containers of an engine share. */
export interface ContainerSurroundings {
  readonly docker: Pick<Docker, 'getContainer'>;
  readonly clock: Clock;
  readonly freezer: FreezerKind;
  readonly reclaim: ReclaimKind;
  readonly reclaimer: Reclaimer;
  /** The engine's processes can be seen from here. */
  readonly local: boolean;
  /** A blank could not be told whose it is. */
  blankFailed(error: unknown): void;
  warn(message: string): void;
  /** Turns what an engine call threw into ours; nobody there is noted. */
  failed(thrown: unknown, doing: string): OrchestratorError;
  /** Raises when the engine is known to be away: a start would only wait for its deadline. */
  refuseWhileAway(): void;
  /** It is no concern of ours any more; when not `gone`, the engine still has it. */
  removed(containerId: string, gone: boolean): void;
}

/** What is one container's own. */
export interface ContainerParts {
  readonly spec: ContainerSpec;
  readonly observer: ContainerObserver;
  readonly liftCpu: boolean;
  readonly scratch: ScratchDisk | undefined;
  readonly logPipe: LogPipe | undefined;
  readonly holder: Holder | undefined;
  /** The container was started ahead, and waits to be told. */
  readonly blank: Blank | undefined;
}

/** An engine that takes its own container for paused, or for running, is corrected this often. */
const PAUSE_TRIES = 3;
/** Output still on its way after the end is waited for this long. */
const OUTPUT_AFTER_END_MS = 2_000;

export class DockerContainer implements Container {
  readonly id: string;
  readonly #around: ContainerSurroundings;
  readonly #parts: ContainerParts;
  #startedAtMs: number | undefined;
  #address: string | undefined;
  #state: 'created' | 'starting' | 'running' | 'exited' | 'removed' = 'created';
  #outputEnded: Promise<void> = Promise.resolve();
  #attached = false;
  #input: Duplex | undefined;
  #outOfMemory = false;
  readonly #launch = new LaunchWatch();
  #frozen = false;
  #freezer: Freezer | undefined;
  #memory: PeakMemory | undefined;
  #cgroup: CgroupPaths | undefined;
  #removal: Promise<void> | undefined;
  /** Processes are being started that will wait. */
  #again: Promise<void> | undefined;

  constructor(id: string, around: ContainerSurroundings, parts: ContainerParts) {
    this.id = id;
    this.#around = around;
    this.#parts = parts;
  }

  /** Made for each call: what dockerode keeps in one is as much as all else of a container. */
  get #docker(): Docker.Container {
    return this.#around.docker.getContainer(this.id);
  }

  get startedAtMs(): number | undefined {
    return this.#startedAtMs;
  }
  get address(): string | undefined {
    return this.#parts.holder?.address ?? this.#address;
  }
  /** Ids of containers that are there for this one only. */
  get serving(): readonly string[] {
    const { holder } = this.#parts;
    return holder === undefined ? [] : [holder.id];
  }
  /** Its processes are believed to run. While a start is under way nobody can say. */
  get isRunning(): boolean {
    return this.#state === 'running';
  }

  get isStarting(): boolean {
    return this.#state === 'starting';
  }

  async start(signal?: AbortSignal): Promise<void> {
    this.#around.refuseWhileAway();
    try {
      this.#parts.logPipe?.open();
      this.#state = 'starting';
      this.#outOfMemory = false;
      this.#launch.reset();
      await within(
        DEADLINE_MS.start,
        async (abortSignal) => {
          await this.#begin(abortSignal);
        },
        { signal, clock: this.#around.clock },
      );
    } catch (error) {
      this.#becomes('exited');
      const doing = `starting a container of ${this.#parts.spec.image}`;
      throw this.#around.failed(error, doing);
    }
  }

  async #begin(abortSignal: AbortSignal): Promise<void> {
    const { blank } = this.#parts;
    await this.#again;
    const waiting = blank?.take();
    if (waiting === undefined) {
      await this.#attach(abortSignal);
      await this.#docker.start({ abortSignal });
      this.#becomes('running');
      const { startedAtMs, ...started } = await this.#look(abortSignal);
      this.#startedAtMs = startedAtMs;
      this.#openHost(started);
      await this.#release(started);
    } else {
      this.#listen(waiting.output);
      this.#becomes('running');
      this.#startedAtMs = this.#around.clock.now();
      this.#openHost(waiting.started);
      await this.#release(waiting.started);
    }
  }

  /** Tells processes that wait at a gate whose they are. */
  async #release({ pid }: Started): Promise<void> {
    const { blank, spec } = this.#parts;
    if (blank === undefined) return;
    try {
      await blank.release(spec, pid, this.#cgroup);
    } catch (error) {
      // Processes that ended are no reason to have no more of their kind. The engine tells it later.
      if (this.#state === 'running' && seesAnything(pid)) this.#around.blankFailed(error);
      throw error;
    }
  }

  /** What was started ahead once is started ahead again, for whenever it is needed next. */
  #waitAgain(): void {
    const { blank } = this.#parts;
    if (blank === undefined || this.#state !== 'exited') return;
    this.#again = within(DEADLINE_MS.start, async (abortSignal) => {
      const output = await this.#outputOf(abortSignal);
      await this.#docker.start({ abortSignal });
      const started = await this.#look(abortSignal);
      if (started.pid === 0) output.destroy();
      else blank.waits({ output, started });
    }).catch(() => undefined);
  }

  /** The engine is back after a break: what it was streaming has ended. */
  async engineBack(): Promise<void> {
    if (this.isRunning && !this.#attached) {
      await within(DEADLINE_MS.look, (abortSignal) => this.#attach(abortSignal));
    }
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

  kill(): Promise<void> {
    return this.#signal('SIGKILL');
  }

  terminate(): Promise<void> {
    return this.#signal('SIGTERM');
  }

  write(text: string): void {
    this.#input?.write(text);
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
    if (!this.#parts.liftCpu || this.#cgroup === undefined) return;
    try {
      writeCpuLimit(this.#cgroup, this.#parts.spec.cpus);
    } catch (error) {
      if (isGone(error)) return;
      this.#around.warn(`the processor limit could not be put in force: ${String(error)}`);
    }
  }

  get pipesOutput(): boolean {
    return this.#parts.logPipe !== undefined;
  }

  flushOutput(): boolean {
    this.#parts.logPipe?.flush();
    return this.#parts.logPipe !== undefined;
  }

  peakMemoryBytes(): number | undefined {
    return this.#memory?.read();
  }

  async reclaim(): Promise<void> {
    const [cgroup, memory] = [this.#cgroup, this.#memory];
    if (!this.#frozen || cgroup === undefined || memory === undefined) return;
    const files = reclaimFiles(this.#around.reclaim, cgroup);
    // Of other processes, or of none, nothing is known by then.
    const isCold = (): boolean => this.#frozen && this.#memory === memory;
    if (files !== undefined) await this.#around.reclaimer.reclaim(files, memory, isCold);
  }

  /** The engine said that the kernel ran out of the container's memory. */
  sawOutOfMemory(): void {
    this.#outOfMemory = true;
  }

  /** The engine said that it ended. Told on once the output is complete. */
  sawExit(exitCode: number): void {
    if (!this.#mayRun) {
      this.#parts.blank?.take()?.output.destroy();
      return;
    }
    this.#state = 'exited';
    const outOfMemory = this.#outOfMemory && exitCode === 137;
    let isTold = false;
    const told = (): void => {
      if (isTold) return;
      isTold = true;
      this.#parts.logPipe?.drain();
      this.#closeHost();
      const held = this.#launch.end();
      if (held !== undefined) this.#parts.observer.output(held, 'stderr');
      const { refusal } = this.#launch;
      const launchError = refusal === undefined ? {} : { launchError: refusal };
      this.#parts.observer.exited({ exitCode, outOfMemory, ...launchError });
      this.#waitAgain();
    };
    const timer = this.#around.clock.setTimer(OUTPUT_AFTER_END_MS, told);
    void this.#outputEnded.then(() => {
      timer.cancel();
      told();
    });
  }

  async #signal(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (!this.#mayRun) return;
    // A frozen process takes no signal.
    if (this.#frozen) await this.thaw();
    try {
      await unlessGone(
        within(DEADLINE_MS.kill, (abortSignal) => this.#docker.kill({ signal, abortSignal })),
      );
    } catch (error) {
      throw this.#around.failed(error, 'ending a container');
    }
  }

  get #mayRun(): boolean {
    return this.#state === 'starting' || this.#state === 'running';
  }

  async #attach(abortSignal: AbortSignal): Promise<void> {
    const stream = await this.#outputOf(abortSignal);
    if (this.#parts.spec.input === true) this.#input = stream;
    this.#listen(stream);
  }

  #outputOf(abortSignal: AbortSignal): Promise<Duplex> {
    const { input = false } = this.#parts.spec;
    return outputOf(this.#docker, { input, abortSignal });
  }

  async #look(abortSignal: AbortSignal): Promise<Started & { readonly startedAtMs: number }> {
    const { State: state, NetworkSettings: network } = await this.#docker.inspect({ abortSignal });
    return {
      pid: state.Running ? state.Pid : 0,
      address: addressIn(network),
      startedAtMs: Date.parse(state.StartedAt),
    };
  }

  #listen(stream: Duplex): void {
    this.#attached = true;
    const frames = new OutputFrames((chunk, name) => {
      const output = this.#launch.output(chunk, name);
      if (output !== undefined) this.#parts.observer.output(output, name);
    });
    stream.on('data', (chunk: Buffer) => frames.write(chunk));
    this.#outputEnded = new Promise((resolve) => {
      const ended = (): void => {
        this.#attached = false;
        if (this.#input === stream) {
          stream.destroy();
          this.#input = undefined;
        }
        resolve();
      };
      stream.on('end', ended);
      stream.on('close', ended);
      stream.on('error', ended);
    });
  }

  /** After a start call, unless the end of what it started was told before it returned. */
  #becomes(state: 'running' | 'exited'): void {
    if (this.#mayRun) this.#state = state;
  }

  #openHost({ pid, address }: Started): void {
    this.#address = address;
    this.#closeHost();
    if (pid === 0 || this.#state === 'removed') return;
    try {
      if (this.#around.local) {
        this.#cgroup = cgroupOf(pid);
        this.#memory = PeakMemory.open(this.#cgroup, this.#parts.spec.memoryBytes);
      }
      this.#freezer = this.#openFreezer();
    } catch (error) {
      // The process may have ended between the two looks: then its end is on its way.
      if (this.#state === 'running' && !isGone(error))
        this.#around.warn(`a container cannot be watched: ${String(error)}`);
    }
  }

  #openFreezer(): Freezer | undefined {
    const { freezer, clock } = this.#around;
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
      within(DEADLINE_MS.kill, (abortSignal) => this.#docker[what]({ abortSignal }));
    const opposite = call === 'pause' ? 'unpause' : 'pause';
    for (let tries = 1; ; tries += 1) {
      try {
        await ask(call);
        return;
      } catch (error) {
        // The engine notes pauses by events that may come late and overwrite what happened since:
        // its note is wrong, not we. Doing the opposite first sets the note and the kernel right.
        if (tries === PAUSE_TRIES || !isRefusal(error)) {
          throw this.#around.failed(error, `asking the engine to ${call} a container`);
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
    let gone = true;
    try {
      if (this.#frozen) await this.thaw();
      // A container that is taken away while it starts can leave things behind.
      await this.#again;
      await removeContainer(this.#docker);
    } catch (error) {
      gone = false;
      throw this.#around.failed(error, 'removing a container');
    } finally {
      this.#closeHost();
      this.#parts.logPipe?.remove();
      const { scratch, holder, blank } = this.#parts;
      await Promise.all([scratch?.remove(), holder?.remove(), blank?.putAway()]);
      this.#around.removed(this.id, gone);
    }
  }
}

/** The files of a process or its control group are not there any more. */
function isGone(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ESRCH' || code === 'ENODEV';
}
