/**
 * A blank: a container that was started before anybody knew for which function. It has its network,
 * its disk and its pipes and waits at its gate; told whose it is, it gets the code, the memory and
 * the variables of that function and becomes its environment. It serves one environment only. When
 * the environment's processes are started again it begins at the gate once more.
 */

import { appendFile, rm } from 'node:fs/promises';
import type { Duplex } from 'node:stream';
import type Docker from 'dockerode';
import type { ContainerSpec, Mount } from '../engine.js';
import type { CgroupPaths } from '../host/cgroup.js';
import { writeCpuLimit } from '../host/cpu-limit.js';
import { sees, type LateMounts } from '../host/late-mounts.js';
import { writeMemoryLimit } from '../host/memory-limit.js';
import type { ScratchDisk } from '../host/scratch.js';
import { releaseScript, type Gate } from './gate.js';
import { removeContainer } from './removal.js';

/** Folder on the host by the target at which the container will find what is shown in it. */
export type Slots = ReadonlyMap<string, string>;

/** What the engine says of a container that runs. */
export interface Started {
  readonly pid: number;
  readonly address: string | undefined;
}

/** Processes that wait at the gate. */
export interface Waiting {
  readonly output: Duplex;
  readonly started: Started;
}

export interface BlankParts {
  readonly id: string;
  readonly docker: Pick<Docker, 'getContainer'>;
  readonly hostsPath: string;
  readonly memoryBytes: number;
  readonly scratch: ScratchDisk;
  readonly logPipe: string | undefined;
  readonly gate: Gate;
  readonly slots: Slots;
  readonly mounts: LateMounts;
}

export class Blank {
  readonly id: string;
  readonly parts: BlankParts;
  readonly #filled = new Set<string>();
  #waiting: Waiting | undefined;

  constructor(parts: BlankParts, waiting: Waiting) {
    this.parts = parts;
    this.id = parts.id;
    this.#waiting = waiting;
  }

  /** The processes that wait; whoever takes them tells them whose they are. */
  take(): Waiting | undefined {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    return waiting;
  }

  /** Its processes have been started again, and nobody needs them yet. */
  waits(waiting: Waiting): void {
    this.#waiting = waiting;
  }

  /**
   * Makes of it, or of what was started in its place, what `spec` says. Raises the system's errors,
   * and when the code does not arrive inside.
   */
  async release(spec: ContainerSpec, pid: number, cgroup: CgroupPaths | undefined): Promise<void> {
    const { gate, hostsPath, memoryBytes } = this.parts;
    if (cgroup === undefined) throw new Error('its control groups cannot be seen');
    const script = scriptFor(spec);
    if (script === undefined) throw new Error('its shell cannot be told the variables');
    const lines = Object.entries(spec.hosts).map(([host, address]) => `${address}\t${host}\n`);
    const filling = lateMounts(spec).map((mount) => this.#fill(mount, pid));
    const writing = appendFile(hostsPath, lines.join(''));
    if (spec.memoryBytes !== memoryBytes) writeMemoryLimit(cgroup, spec.memoryBytes);
    if (!spec.liftCpuDuringStart) writeCpuLimit(cgroup, spec.cpus);
    await Promise.all([...filling, writing]);
    gate.release(script);
  }

  /** Removes a container nobody was told of, and what was made for it. Never rejects. */
  async discard(): Promise<void> {
    const { docker, scratch, logPipe } = this.parts;
    await removeContainer(docker.getContainer(this.id)).catch(() => undefined);
    this.letGo();
    if (logPipe !== undefined) await rm(logPipe, { force: true }).catch(() => undefined);
    await Promise.all([scratch.remove(), this.putAway()]);
  }

  /** Nobody will take it: what this process has open for it is closed. */
  letGo(): void {
    this.take()?.output.destroy();
    this.parts.gate.close();
  }

  /** Takes away what only a blank has, once its container is gone. Never rejects. */
  async putAway(): Promise<void> {
    const { gate, slots, mounts } = this.parts;
    gate.close();
    await Promise.all([...slots.values()].map((slot) => mounts.give(slot)));
  }

  async #fill({ source, target }: Mount, pid: number): Promise<void> {
    const { slots, mounts } = this.parts;
    const slot = slots.get(target);
    if (slot === undefined) throw new Error(`it has nothing at ${target}`);
    if (!this.#filled.has(target)) {
      await mounts.fill(slot, source);
      this.#filled.add(target);
    }
    if (!sees(pid, target, source)) throw new Error(`${target} does not arrive in it`);
  }
}

/** Undefined where the spec must not, or cannot, be served by a container made ahead. */
export function scriptFor(spec: ContainerSpec): string | undefined {
  if (spec.ahead === undefined || spec.input === true) return undefined;
  const { workingDirectory, environment } = spec;
  return releaseScript({ program: spec.ahead.program, workingDirectory, environment });
}

/** Those that differ from function to function. */
export function lateMounts(spec: ContainerSpec): readonly Mount[] {
  const { mounts, ahead } = spec;
  return mounts.filter(({ target }) => ahead?.slots.includes(target) === true);
}

/** Those that every container of the kind has. */
export function fixedMounts(spec: ContainerSpec): readonly Mount[] {
  const { mounts, ahead } = spec;
  return mounts.filter(({ target }) => ahead?.slots.includes(target) !== true);
}
