/** The engine on Docker: makes containers of a run and tells their fates. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type Docker from 'dockerode';
import type { Clock } from '../../async/clock.js';
import type {
  Container,
  ContainerEngine,
  ContainerObserver,
  ContainerSpec,
  EngineDescription,
  EngineNetwork,
  FreezerKind,
} from '../engine.js';
import { cgroupMode } from '../host/cgroup.js';
import { LogPipe, makePipe } from '../host/log-pipe.js';
import { canWriteLimits, chooseFreezer } from '../host/probe.js';
import { ScratchDisks } from '../host/scratch.js';
import { runFilter } from '../labels.js';
import { isLocal } from './connect.js';
import { containerOptions } from './container-options.js';
import { DockerContainer } from './container.js';
import { engineError } from './errors.js';
import { EngineEvents } from './events.js';
import { joinNetwork, makeNetwork, type RunNetwork } from './network.js';

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

interface Facts {
  readonly description: EngineDescription;
  readonly liftCpu: boolean;
  readonly scratch: boolean;
}

const CREATE_MS = 10_000;

export class DockerEngine implements ContainerEngine {
  readonly docker: Docker;
  readonly #options: DockerEngineOptions;
  readonly #containers = new Map<string, DockerContainer>();
  readonly #creating = new Set<Promise<unknown>>();
  readonly #disks: ScratchDisks;
  readonly #events: EngineEvents;
  readonly #mostOpenFiles = hardOpenFiles();
  #facts: Promise<Facts> | undefined;
  #network: RunNetwork | undefined;
  #closing: Promise<void> | undefined;
  #pipes = 0;
  #nextPipe: Promise<string> | undefined;

  constructor(options: DockerEngineOptions) {
    this.docker = options.docker;
    this.#options = options;
    this.#disks = new ScratchDisks(options.scratchRoot, (message) => options.warn(message));
    this.#events = new EngineEvents(options.docker, options.runId, options.clock, {
      oom: (id) => this.#containers.get(id)?.sawOutOfMemory(),
      died: (id, exitCode) => this.#containers.get(id)?.sawExit(exitCode),
      running: () =>
        [...this.#containers.values()].filter(({ isRunning }) => isRunning).map(({ id }) => id),
      connection: (state) =>
        options.warn(
          state === 'lost'
            ? 'the container engine has gone away; trying to reach it again'
            : 'the container engine is back',
        ),
    });
  }

  async describe(_signal?: AbortSignal): Promise<EngineDescription> {
    return (await this.#look()).description;
  }

  async open(_signal?: AbortSignal): Promise<EngineNetwork> {
    const { docker, labels, network, runId } = this.#options;
    const [opened] = await Promise.all([
      network === undefined
        ? makeNetwork(docker, `orchestrator-${runId}`, labels)
        : joinNetwork(docker, network),
      this.#events.open(),
      this.#look(),
    ]);
    this.#network = opened;
    return opened;
  }

  /** Readies what a container with a scratch disk of that size will need, behind the scenes. */
  async prepare(sizeMb: number): Promise<void> {
    const { scratch } = await this.#look();
    if (!scratch) return;
    this.#disks.prepare(sizeMb);
    this.#nextPipe ??= this.#makePipeFile();
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
    const { docker, clock } = this.#options;
    const { description, liftCpu, scratch } = await this.#look();
    const makingPipe = scratch ? this.#makeLogPipe(spec, observer) : undefined;
    const takingDisk = scratch ? this.#disks.take(spec.scratch.sizeMb) : undefined;
    const disk = await takingDisk?.catch(async (error: unknown) => {
      (await makingPipe)?.remove();
      throw error;
    });
    const logPipe = await makingPipe;
    const lifted = liftCpu && spec.liftCpuDuringStart;
    try {
      const timeout = AbortSignal.timeout(CREATE_MS);
      const created = await docker.createContainer({
        ...containerOptions(spec, {
          network: this.#network?.name ?? 'none',
          labels: this.#options.labels,
          scratchDirectory: disk?.directory,
          logPipe: logPipe?.path,
          liftCpu: lifted,
          mostOpenFiles: this.#mostOpenFiles,
        }),
        abortSignal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      });
      const container = new DockerContainer(created, {
        clock,
        spec,
        observer,
        freezer: description.freezer,
        local: description.local,
        liftCpu: lifted,
        scratch: disk,
        logPipe,
        warn: (message) => this.#options.warn(message),
        removed: (id) => this.#containers.delete(id),
      });
      this.#containers.set(container.id, container);
      if (scratch) this.#disks.prepare(spec.scratch.sizeMb);
      return container;
    } catch (error) {
      logPipe?.remove();
      await disk?.remove();
      throw engineError(error, `creating a container of ${spec.image}`);
    }
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#creating);
    const removed = await Promise.allSettled(
      [...this.#containers.values()].map((container) => container.remove()),
    );
    this.#events.close();
    await this.#nextPipe?.catch(() => undefined);
    await this.#disks.close();
    await this.#removeStrays();
    await this.#network?.remove();
    const failed = removed.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  /** A create call that was given up may have made its container all the same. */
  async #removeStrays(): Promise<void> {
    const { docker, runId } = this.#options;
    const strays = await docker
      .listContainers({ all: true, filters: { label: runFilter(runId) } })
      .catch((error: unknown) => {
        throw engineError(error, 'looking for what is left of the run');
      });
    await Promise.allSettled(
      strays.map(({ Id }) => docker.getContainer(Id).remove({ force: true, v: true })),
    );
  }

  /** Where disks can be mounted for containers, pipes can be bound into them. */
  async #makeLogPipe(
    spec: ContainerSpec,
    observer: ContainerObserver,
  ): Promise<LogPipe | undefined> {
    if (spec.logPipeTarget === undefined) return undefined;
    const made = this.#nextPipe ?? this.#makePipeFile();
    this.#nextPipe = this.#makePipeFile();
    try {
      return new LogPipe(await made, (chunk) => observer.output(chunk, 'stdout'));
    } catch {
      // Its ordinary output will do.
      return undefined;
    }
  }

  /** One is always made ahead. */
  #makePipeFile(): Promise<string> {
    this.#pipes += 1;
    const made = makePipe(join(this.#options.scratchRoot, `log-${this.#pipes}`));
    made.catch(() => undefined);
    return made;
  }

  #look(): Promise<Facts> {
    this.#facts ??= this.#lookOnce();
    return this.#facts;
  }

  async #lookOnce(): Promise<Facts> {
    const { docker } = this.#options;
    const [version, info] = await Promise.all([
      docker.version(),
      docker.info() as Promise<{ NCPU: number; MemTotal: number; Architecture: string }>,
    ]).catch((error: unknown) => {
      throw engineError(error, 'asking the engine what it is');
    });
    const local = isLocal(docker) && process.platform === 'linux';
    const noDisks = local ? await this.#disks.probe() : 'the engine is not on this machine';
    const freezer = chooseFreezer(local, this.#options.freezer);
    return {
      liftCpu: canWriteLimits(local),
      scratch: noDisks === undefined,
      description: {
        name: 'docker',
        version: version.Version,
        apiVersion: version.ApiVersion,
        cpus: info.NCPU,
        memoryBytes: info.MemTotal,
        architecture: info.Architecture === 'aarch64' ? 'arm64' : 'x86_64',
        cgroup: cgroupMode(),
        freezer: freezer.kind,
        freezerReason: freezer.reason,
        scratch: noDisks === undefined ? 'loop' : 'tmpfs',
        local,
        warnings:
          noDisks === undefined
            ? []
            : [`/tmp is kept in memory (${noDisks}); each function's limit is raised by its size`],
      },
    };
  }
}

/** A process may not raise its hard limit, nor may the engine for a container without privilege. */
function hardOpenFiles(): number {
  try {
    const limits = readFileSync('/proc/self/limits', 'latin1');
    const hard = /Max open files\s+\S+\s+(\S+)/.exec(limits)?.[1];
    return hard === undefined || hard === 'unlimited' ? Infinity : Number(hard);
  } catch {
    return Infinity;
  }
}
