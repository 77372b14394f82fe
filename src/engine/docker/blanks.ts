/**
 * Blanks made ahead: a few per kind, when nothing else starts. A kind is all that containers of
 * different functions have in common; what a blank cannot be told later belongs to it.
 */

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type Docker from 'dockerode';
import type { ContainerSpec } from '../engine.js';
import { LateMounts, sees } from '../host/late-mounts.js';
import type { PipeStock } from '../host/log-pipe.js';
import type { ScratchDisk, ScratchDisks } from '../host/scratch.js';
import { LABEL } from '../labels.js';
import { Blank, fixedMounts, lateMounts, scriptFor, type Slots } from './blank.js';
import { containerOptions } from './container-options.js';
import { DEADLINE_MS, within } from './deadline.js';
import { Gate, GATE_TARGET, waitingProgram } from './gate.js';
import { addressIn } from './network.js';
import { outputOf } from './output.js';
import { removeContainer } from './removal.js';

/** What a burst finds beyond these takes the processor for several times as long. */
const READY_PER_CPU = 3;
/** Some 4 MB each while they wait, and a third of a second of the engine's to make one. */
const MOST_READY = 16;
/** The kinds that were asked for last are made ahead. */
const MOST_KINDS = 4;
/** After so many that could not be made the engine is taken for one where none can. */
const MOST_FAILURES = 3;

export interface BlankSettings {
  readonly docker: Docker;
  readonly network: string;
  /** Where containers reach the engine's host. */
  readonly hostAddress: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly mostOpenFiles: number;
  /** Of the engine's machine. */
  readonly cpus: number;
  /** As the engine names it; undefined for its default. */
  readonly runtime: string | undefined;
  /** A limit that was written past the engine stays as it was written. */
  readonly writesMemory: boolean;
  /** Folder of the run. */
  readonly root: string;
  readonly disks: ScratchDisks;
  readonly pipes: PipeStock;
  /** Something is being started: making others would take the processor from it. */
  busy(): boolean;
  /** The engine may have this container still. */
  left(id: string): void;
  warn(message: string): void;
}

interface Making {
  readonly kind: string;
  readonly made: Promise<Blank | undefined>;
  /** Somebody waits for it. */
  taken: boolean;
}

/** How many wait for each of so many kinds. Pure. */
export function readyPerKind(cpus: number, kinds: number): number {
  return Math.min(READY_PER_CPU * cpus, Math.floor(MOST_READY / kinds));
}

export class Blanks {
  readonly #settings: BlankSettings;
  readonly #mounts: LateMounts;
  /** A spec of each kind, the one asked for last at the end. */
  readonly #kinds = new Map<string, ContainerSpec>();
  #ready: { readonly kind: string; readonly blank: Blank }[] = [];
  #making: Making | undefined;
  #filling: Promise<void> | undefined;
  #made = 0;
  /** Breaks of the engine: what was begun before one may not have lived through it. */
  #breaks = 0;
  #failures = 0;
  #proven = false;
  #closed = false;

  constructor(settings: BlankSettings) {
    this.#settings = settings;
    this.#mounts = new LateMounts(settings.root);
  }

  /** None can be made here. */
  get failed(): boolean {
    return this.#closed || this.#failures >= MOST_FAILURES;
  }

  /** Containers like this will be asked for. False when none can be made ahead for them. */
  expect(spec: ContainerSpec): boolean {
    if (this.failed || scriptFor(spec) === undefined) return false;
    const kind = this.#kindOf(spec);
    this.#kinds.delete(kind);
    this.#kinds.set(kind, spec);
    for (const mount of lateMounts(spec)) this.#mounts.stage(mount.source).catch(() => undefined);
    const [oldest] = this.#kinds.keys();
    if (this.#kinds.size > MOST_KINDS && oldest !== undefined) {
      this.#kinds.delete(oldest);
      this.#discard((ready) => ready.kind === oldest);
    }
    return true;
  }

  /** One that is ready, or the one in the making if nobody else waits for it. Never rejects. */
  async take(spec: ContainerSpec): Promise<Blank | undefined> {
    if (!this.expect(spec)) return undefined;
    const kind = this.#kindOf(spec);
    const index = this.#ready.findIndex((ready) => ready.kind === kind);
    if (index >= 0) return this.#ready.splice(index, 1)[0]?.blank;
    const making = this.#making;
    if (making === undefined || making.kind !== kind || making.taken) return undefined;
    making.taken = true;
    return making.made;
  }

  /** Its processes have ended; whether it was one of those that are ready. */
  died(id: string): boolean {
    return this.#discard(({ blank }) => blank.id === id) > 0;
  }

  /** None of those that are ready may be used any more; gives their ids. */
  forget(): readonly string[] {
    this.#breaks += 1;
    const ids = this.#ready.map(({ blank }) => blank.id);
    this.#discard(() => true);
    return ids;
  }

  /** What failed for want of the engine is tried again. */
  engineBack(): void {
    this.#failures = 0;
  }

  /** Sees to it that some are ready, one after the other, behind the scenes. Never rejects. */
  makeAhead(): Promise<void> {
    this.#filling ??= this.#makeMissing().finally(() => {
      this.#filling = undefined;
    });
    return this.#filling;
  }

  /** One could not be told whose it is: the next could not either. */
  giveUp(error: unknown): void {
    this.#closed = true;
    this.#discard(() => true);
    this.#settings.warn(`no containers are started ahead any more: ${String(error)}`);
  }

  /** Makes no more; the containers of those that are ready are left to whoever clears the run. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#filling;
    for (const { blank } of this.#ready.splice(0)) blank.letGo();
  }

  #discard(which: (ready: { readonly kind: string; readonly blank: Blank }) => boolean): number {
    const gone = this.#ready.filter(which);
    this.#ready = this.#ready.filter((ready) => !gone.includes(ready));
    for (const { blank } of gone) void blank.discard();
    return gone.length;
  }

  async #makeMissing(): Promise<void> {
    while (!this.#settings.busy()) {
      const kind = this.#missing();
      if (kind === undefined) return;
      const made = this.#tryToMake(kind);
      const making: Making = { kind, made, taken: false };
      this.#making = making;
      const blank = await made;
      this.#making = undefined;
      if (making.taken) return;
      if (blank === undefined) continue;
      if (this.#closed || !this.#kinds.has(kind)) await blank.discard();
      else this.#ready.push({ kind, blank });
    }
  }

  /** The first of each kind before the second of any. */
  #missing(): string | undefined {
    if (this.failed) return undefined;
    const wanted = readyPerKind(this.#settings.cpus, this.#kinds.size);
    const counts = [...this.#kinds.keys()]
      .reverse()
      .map((kind) => ({ kind, count: this.#ready.filter((one) => one.kind === kind).length }));
    const least = counts.reduce((a, b) => (b.count < a.count ? b : a), { kind: '', count: wanted });
    return least.count < wanted ? least.kind : undefined;
  }

  async #tryToMake(kind: string): Promise<Blank | undefined> {
    const spec = this.#kinds.get(kind);
    if (spec === undefined) return undefined;
    const breaks = this.#breaks;
    try {
      const blank = await this.#make(spec);
      if (breaks !== this.#breaks) {
        this.#settings.left(blank.id);
        void blank.discard();
        return undefined;
      }
      this.#failures = 0;
      return blank;
    } catch {
      // Containers are started as always: slower, and otherwise the same.
      this.#failures += 1;
      return undefined;
    }
  }

  #kindOf(spec: ContainerSpec): string {
    const { image, hostName, user, workingDirectory, scratch, input, logPipeTarget } = spec;
    const { pidsLimit, openFilesLimit, ahead } = spec;
    return JSON.stringify([
      [image, hostName, user, workingDirectory, scratch, input, logPipeTarget],
      [pidsLimit, openFilesLimit, ahead?.slots, fixedMounts(spec)],
      this.#settings.writesMemory ? 0 : spec.memoryBytes,
    ]);
  }

  async #make(spec: ContainerSpec): Promise<Blank> {
    const { docker, disks, pipes, root } = this.#settings;
    this.#made += 1;
    const undo: (() => unknown)[] = [];
    try {
      const scratch = await disks.take(spec.scratch.sizeMb);
      undo.push(() => scratch.remove());
      const logPipe = spec.logPipeTarget === undefined ? undefined : await pipes.take();
      if (logPipe !== undefined) undo.push(() => rm(logPipe, { force: true }));
      const gate = await Gate.make(join(root, `gate-${this.#made}`));
      undo.push(() => gate.close());
      const slots = await this.#slots(spec, undo);
      const options = this.#options(spec, { scratch, logPipe, gate, slots });
      const container = await within(DEADLINE_MS.create, (abortSignal) =>
        docker.createContainer({ ...options, abortSignal }),
      );
      undo.push(() => removeContainer(container).catch(() => this.#settings.left(container.id)));
      const output = await within(DEADLINE_MS.look, (abortSignal) =>
        outputOf(container, { abortSignal }),
      );
      undo.push(() => output.destroy());
      await within(DEADLINE_MS.start, (abortSignal) => container.start({ abortSignal }));
      const {
        HostsPath: hostsPath,
        State: state,
        NetworkSettings: network,
      } = await within(DEADLINE_MS.look, (abortSignal) => container.inspect({ abortSignal }));
      if (!state.Running) throw new Error('it has ended');
      const started = { pid: state.Pid, address: addressIn(network) };
      const waiting = { output, started };
      const { memoryBytes } = spec;
      await this.#prove(spec, slots, started.pid);
      const made = { id: container.id, docker, hostsPath, memoryBytes, scratch, logPipe };
      return new Blank({ ...made, gate, slots, mounts: this.#mounts }, waiting);
    } catch (error) {
      for (const step of undo.reverse()) await Promise.resolve(step()).catch(() => undefined);
      throw error;
    }
  }

  async #slots(spec: ContainerSpec, undo: (() => unknown)[]): Promise<Slots> {
    const slots = new Map<string, string>();
    for (const target of spec.ahead?.slots ?? []) {
      const slot = await this.#mounts.slot();
      undo.push(() => this.#mounts.give(slot));
      slots.set(target, slot);
    }
    return slots;
  }

  #options(
    spec: ContainerSpec,
    made: {
      readonly scratch: ScratchDisk;
      readonly logPipe: string | undefined;
      readonly gate: Gate;
      readonly slots: Slots;
    },
  ): Docker.ContainerCreateOptions {
    const { network, hostAddress, labels, mostOpenFiles, runtime } = this.#settings;
    const { gate, slots, scratch, logPipe } = made;
    const shown = [...slots].map(([target, source]) => ({ source, target, readOnly: true }));
    return containerOptions(
      {
        ...spec,
        name: `orchestrator-${labels[LABEL.run]}-blank-${this.#made}`,
        command: waitingProgram(),
        environment: {},
        hosts: {},
        labels: { [LABEL.blank]: network },
        mounts: [
          ...fixedMounts(spec),
          { source: gate.path, target: GATE_TARGET, readOnly: true },
          ...shown.map((mount) => ({ ...mount, follows: true })),
        ],
      },
      {
        network,
        holder: undefined,
        hostAddress,
        labels,
        scratchDirectory: scratch.directory,
        logPipe,
        liftCpu: true,
        mostOpenFiles,
        runtime,
      },
    );
  }

  /** Once: a folder that is mounted now arrives inside. Raises when it does not. */
  async #prove(spec: ContainerSpec, slots: Slots, pid: number): Promise<void> {
    const [mount] = lateMounts(spec);
    const slot = mount === undefined ? undefined : slots.get(mount.target);
    if (this.#proven || mount === undefined || slot === undefined) return;
    await this.#mounts.fill(slot, mount.source);
    const arrived = sees(pid, mount.target, mount.source);
    await this.#mounts.empty(slot);
    if (!arrived) throw new Error('what is mounted later does not arrive in it');
    this.#proven = true;
  }
}
