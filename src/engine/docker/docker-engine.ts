/** The engine on Docker: makes containers of a run and tells their fates. */

import type Docker from 'dockerode';
import type { Clock, Timer } from '../../async/clock.js';
import type { OrchestratorError } from '../../errors.js';
import type {
  Container,
  ContainerEngine,
  ContainerObserver,
  ContainerSpec,
  EngineDescription,
  EngineNetwork,
  FreezerKind,
} from '../engine.js';
import { LogPipe, PipeStock } from '../host/log-pipe.js';
import { Reclaimer } from '../host/reclaim.js';
import { ScratchDisks } from '../host/scratch.js';
import { removeLabelled } from '../orphans.js';
import type { Blank } from './blank.js';
import { Blanks } from './blanks.js';
import { containerOptions } from './container-options.js';
import { DockerContainer, type ContainerParts, type ContainerSurroundings } from './container.js';
import { DEADLINE_MS, within } from './deadline.js';
import { engineError, engineUnreachable } from './errors.js';
import { EngineEvents } from './events.js';
import { hardOpenFiles, lookAtEngine, type Facts } from './facts.js';
import { gainsByHolders, Holders, type Holder, type HolderKind } from './holders.js';
import {
  joinNetwork,
  makeNetwork,
  refuseRemote,
  HOST_GATEWAY,
  type RunNetwork,
} from './network.js';
import { removeContainer } from './removal.js';

export interface DockerEngineOptions {
  readonly docker: Docker;
  readonly runId: string;
  /** On everything made. */
  readonly labels: Readonly<Record<string, string>>;
  /** Folder of the run for its /tmp disks. */
  readonly scratchRoot: string;
  readonly clock: Clock;
  warn(message: string): void;
  /** Existing network to use instead of one of the run's own. */
  readonly network?: string;
  /** Instead of the best this host allows. */
  readonly freezer?: FreezerKind;
}

/** Above what an init phase takes, for most. */
const MAKE_AHEAD_AFTER_MS = 500;

export class DockerEngine implements ContainerEngine {
  readonly docker: Docker;
  /** The engine is there again after a break: what failed for want of it may be tried. */
  onBack: () => void = () => undefined;
  readonly #options: DockerEngineOptions;
  readonly #containers = new Map<string, DockerContainer>();
  readonly #creating = new Set<Promise<unknown>>();
  /** Ids or names of containers the engine may still have. */
  readonly #left = new Set<string>();
  readonly #disks: ScratchDisks;
  readonly #events: EngineEvents;
  readonly #reclaimer: Reclaimer;
  readonly #mostOpenFiles = hardOpenFiles();
  #facts: Promise<Facts> | undefined;
  #surroundings: ContainerSurroundings | undefined;
  #network: RunNetwork | undefined;
  #closing: Promise<void> | undefined;
  readonly #pipes: PipeStock;
  /** Of disks that were asked for. */
  readonly #sizesMb = new Set<number>();
  #refill: Timer | undefined;
  #holders: Holders | undefined;
  #holderKind: HolderKind | undefined;
  #blanks: Blanks | undefined;

  constructor(options: DockerEngineOptions) {
    this.docker = options.docker;
    this.#options = options;
    this.#disks = new ScratchDisks(options.scratchRoot, (message) => options.warn(message));
    this.#pipes = new PipeStock(options.scratchRoot);
    this.#reclaimer = new Reclaimer((message) => options.warn(message));
    this.#events = new EngineEvents(options.docker, options.runId, options.clock, {
      oom: (id) => this.#containers.get(id)?.sawOutOfMemory(),
      died: (id, exitCode) => {
        this.#containers.get(id)?.sawExit(exitCode);
        this.#holders?.died(id);
        if (this.#blanks?.died(id) === true) this.#makeAheadLater();
      },
      running: () =>
        [...this.#containers.values()].filter(({ isRunning }) => isRunning).map(({ id }) => id),
      restore: async () => this.#network?.restore(),
      connection: (state) => this.#connection(state),
    });
  }

  async describe(_signal?: AbortSignal): Promise<EngineDescription> {
    return (await this.#look()).description;
  }

  async open(_signal?: AbortSignal): Promise<EngineNetwork> {
    const { docker, labels, network, runId } = this.#options;
    await refuseRemote(docker);
    const [opened] = await Promise.all([
      network === undefined
        ? makeNetwork(docker, `orchestrator-${runId}`, labels)
        : joinNetwork(docker, network),
      this.#events.open(),
      this.#look(),
    ]);
    this.#network = opened;
    const facts = await this.#look();
    const { description, liftCpu } = facts;
    if (liftCpu && facts.scratch) this.#blanks = this.#openBlanks(opened, facts);
    // Only who may write limits may write a container's hosts file.
    if (liftCpu && gainsByHolders(description.apiVersion)) {
      const { name, hostAddress } = opened;
      this.#holders = new Holders(docker, { network: name, hostAddress, labels });
    }
    // As with pipes: what is bound into containers has to be where the engine sees it.
    return facts.scratch ? { ...opened, socketDirectory: this.#options.scratchRoot } : opened;
  }

  /** A disk of that size will be needed soon; nothing is starting yet. */
  expectDisk(sizeMb: number): void {
    this.#sizesMb.add(sizeMb);
    void this.makeAhead();
  }

  /**
   * Containers like this will be started. The image has a shell and coreutils: what can be made
   * ahead with them is, once nothing starts.
   */
  expect(spec: ContainerSpec): void {
    if (this.#blanks?.expect(spec) !== true) {
      this.#holderKind = { image: spec.image, hostName: spec.hostName };
    }
    if (this.#isStarting) this.#makeAheadLater();
    else void this.makeAhead();
  }

  /** Makes what is expected, now. Never rejects: what is missing is made when it is needed. */
  async makeAhead(): Promise<void> {
    const { scratch } = await this.#look();
    if (this.#events.away) return;
    const kind = this.#holderKind;
    await Promise.allSettled([
      ...(scratch ? [this.#pipes.refill()] : []),
      ...(scratch ? [...this.#sizesMb].map((sizeMb) => this.#disks.prepare(sizeMb)) : []),
      kind === undefined ? undefined : this.#holders?.makeAhead(kind),
      this.#blanks?.makeAhead(),
    ]);
  }

  async create(
    spec: ContainerSpec,
    observer: ContainerObserver,
    signal?: AbortSignal,
  ): Promise<Container> {
    const creating = this.#create(spec, observer, signal);
    this.#creating.add(creating);
    try {
      return await creating;
    } finally {
      this.#creating.delete(creating);
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #create(
    spec: ContainerSpec,
    observer: ContainerObserver,
    signal?: AbortSignal,
  ): Promise<Container> {
    const { docker } = this.#options;
    this.#refuseWhileAway();
    const facts = await this.#look();
    const { liftCpu, scratch } = facts;
    const blank = await this.#blanks?.take(spec);
    if (blank !== undefined) return this.#ofBlank(blank, facts, spec, observer);
    if (spec.ahead !== undefined && this.#blanks?.failed === true) {
      this.#holderKind = { image: spec.image, hostName: spec.hostName };
    }
    const makingPipe = scratch ? this.#makeLogPipe(spec, observer) : undefined;
    const takingDisk = scratch ? this.#disks.take(spec.scratch.sizeMb) : undefined;
    const disk = await takingDisk?.catch(async (error: unknown) => {
      (await makingPipe)?.remove();
      throw error;
    });
    const logPipe = await makingPipe;
    const lifted = liftCpu && spec.liftCpuDuringStart;
    const holder = await this.#takeHolder(spec);
    try {
      const options = containerOptions(spec, {
        network: this.#network?.name ?? 'none',
        holder: holder?.id,
        hostAddress: this.#network?.hostAddress ?? HOST_GATEWAY,
        labels: this.#options.labels,
        scratchDirectory: disk?.directory,
        logPipe: logPipe?.path,
        liftCpu: lifted,
        mostOpenFiles: this.#mostOpenFiles,
        runtime: facts.runtime,
      });
      const { id } = await within(
        DEADLINE_MS.create,
        (abortSignal) => docker.createContainer({ ...options, abortSignal }),
        { signal },
      );
      return this.#container(id, facts, {
        spec,
        observer,
        liftCpu: lifted,
        scratch: disk,
        logPipe,
        holder,
        blank: undefined,
      });
    } catch (error) {
      logPipe?.remove();
      await Promise.all([disk?.remove(), holder?.remove()]);
      const failure = this.#failed(error, `creating a container of ${spec.image}`);
      // It may have been made all the same, with nobody left to hear of it.
      if (failure.code === 'engine-unreachable') this.#left.add(spec.name);
      throw failure;
    }
  }

  /** The container is there, and so is all it needs. */
  #ofBlank(
    blank: Blank,
    facts: Facts,
    spec: ContainerSpec,
    observer: ContainerObserver,
  ): Container {
    const { scratch, logPipe: path } = blank.parts;
    const logPipe =
      path === undefined ? undefined : new LogPipe(path, (chunk) => observer.output(chunk, 'pipe'));
    const liftCpu = true;
    return this.#container(blank.id, facts, {
      spec,
      observer,
      liftCpu,
      scratch,
      logPipe,
      holder: undefined,
      blank,
    });
  }

  #container(id: string, facts: Facts, parts: ContainerParts): Container {
    this.#surroundings ??= this.#surround(facts);
    const container = new DockerContainer(id, this.#surroundings, parts);
    this.#containers.set(id, container);
    if (this.#left.size > 0) void this.#removeLeft();
    this.#makeAheadLater();
    return container;
  }

  #surround({ description: { freezer, reclaim, local } }: Facts): ContainerSurroundings {
    const { docker, clock } = this.#options;
    return {
      docker,
      clock,
      freezer,
      reclaim: reclaim.kind,
      reclaimer: this.#reclaimer,
      local,
      warn: (message) => this.#options.warn(message),
      failed: (thrown, doing) => this.#failed(thrown, doing),
      refuseWhileAway: () => this.#refuseWhileAway(),
      blankFailed: (error) => this.#blanks?.giveUp(error),
      removed: (id, gone) => {
        this.#containers.delete(id);
        if (!gone) this.#left.add(id);
      },
    };
  }

  #openBlanks(
    { name: network, hostAddress }: RunNetwork,
    { runtime, writesMemory, description: { cpus } }: Facts,
  ): Blanks {
    const { docker, labels, scratchRoot } = this.#options;
    return new Blanks({
      docker,
      network,
      hostAddress,
      labels,
      mostOpenFiles: this.#mostOpenFiles,
      cpus,
      runtime,
      writesMemory,
      root: scratchRoot,
      busy: () => this.#isStarting,
      left: (id) => void this.#left.add(id),
      disks: this.#disks,
      pipes: this.#pipes,
      warn: (message) => this.#options.warn(message),
    });
  }

  async heldBytes(containerIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const held = new Map<string, number>();
    if (!(await this.#look()).description.local) return held;
    const { heldBytes, watchedProcesses } = await import('../host/held-memory.js');
    const processes = await watchedProcesses();
    for (const id of containerIds) {
      const ids = [id, ...(this.#containers.get(id)?.serving ?? [])];
      const watched = ids.map((each) => processes.get(each)).filter((each) => each !== undefined);
      const bytes = await Promise.all(watched.map(heldBytes));
      const sum = bytes.reduce((all, each) => add(all, each), 0);
      if (watched.length === ids.length && sum !== undefined) held.set(id, sum);
    }
    return held;
  }

  async #close(): Promise<void> {
    this.#refill?.cancel();
    await this.#holders?.close();
    await this.#blanks?.close();
    await Promise.allSettled(this.#creating);
    await Promise.allSettled([...this.#containers.values()].map((container) => container.remove()));
    this.#events.close();
    // Those the engine made or kept without our knowing: a break hides many things.
    const swept = await Promise.allSettled([removeLabelled(this.docker, this.#options.runId)]);
    await this.#pipes.idle();
    await this.#disks.close();
    await this.#network?.remove();
    const failed = swept.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw engineError(failed.reason, 'removing what the run made');
  }

  /** Where disks can be mounted for containers, pipes can be bound into them. */
  async #makeLogPipe(
    spec: ContainerSpec,
    observer: ContainerObserver,
  ): Promise<LogPipe | undefined> {
    if (spec.logPipeTarget === undefined) return undefined;
    try {
      return new LogPipe(await this.#pipes.take(), (chunk) => observer.output(chunk, 'pipe'));
    } catch {
      // Its ordinary output will do.
      return undefined;
    }
  }

  async #takeHolder(spec: ContainerSpec): Promise<Holder | undefined> {
    const holder = this.#holders?.take(spec.hostName);
    try {
      await holder?.addHosts(spec.hosts);
      return holder;
    } catch {
      // It will do without, as where there are none.
      await holder?.remove();
      return undefined;
    }
  }

  /** Once no start is under way: it would take the processor from it. */
  #makeAheadLater(): void {
    this.#refill?.cancel();
    this.#refill = this.#options.clock.setTimer(MAKE_AHEAD_AFTER_MS, () => {
      if (this.#isStarting) this.#makeAheadLater();
      else void this.makeAhead();
    });
  }

  get #isStarting(): boolean {
    const starting = [...this.#containers.values()].some(({ isStarting }) => isStarting);
    return starting || this.#creating.size > 0;
  }

  #look(): Promise<Facts> {
    this.#facts ??= lookAtEngine(this.docker, this.#disks, this.#options.freezer);
    return this.#facts;
  }

  // An engine that goes away and comes back.

  #connection(state: 'lost' | 'back'): void {
    if (state === 'lost') {
      // They may not live through it.
      const ids = [...(this.#holders?.forget() ?? []), ...(this.#blanks?.forget() ?? [])];
      for (const id of ids) this.#left.add(id);
      this.#options.warn('the container engine has gone away; trying to reach it again');
      return;
    }
    this.#options.warn('the container engine is back');
    for (const container of this.#containers.values()) {
      // Without its ordinary output a container can still serve.
      container.engineBack().catch(() => undefined);
    }
    void this.#removeLeft();
    this.#holders?.engineBack();
    this.#blanks?.engineBack();
    this.#makeAheadLater();
    this.onBack();
  }

  #failed(thrown: unknown, doing: string): OrchestratorError {
    const error = engineError(thrown, doing);
    if (error.code === 'engine-unreachable') this.#events.suspect();
    // Somebody may have cleared networks that no container used; the next try finds it again.
    if (error.code === 'engine-not-found') this.#network?.restore().catch(() => undefined);
    return error;
  }

  #refuseWhileAway(): void {
    if (this.#events.away) throw engineUnreachable(new Error('it has gone away'));
  }

  /** What could not be removed while the engine was away. */
  async #removeLeft(): Promise<void> {
    for (const name of Array.from(this.#left)) {
      try {
        await removeContainer(this.docker.getContainer(name));
      } catch {
        return;
      }
      this.#left.delete(name);
    }
  }
}

function add(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? undefined : one + other;
}
