/**
 * Networks made ahead. Up to Docker 27 setting up a container's network takes longer than all else
 * of its start; a container that joins another one's skips it. A holder is that other one: it
 * sleeps, is made when nothing else starts, serves one container only and goes with it. What it
 * cannot know yet, the host names of whom it will serve, is written to its hosts file then.
 */

import { appendFile } from 'node:fs/promises';
import type Docker from 'dockerode';
import { LABEL } from '../labels.js';
import { isNewer } from './connect.js';
import { HARDENED } from './container-options.js';
import { DEADLINE_MS, within } from './deadline.js';
import { addressIn } from './network.js';
import { removeContainer } from './removal.js';

/** From this API version on the engine sets networks up without a hook, and nothing is gained. */
const FAST_NETWORK_API = '1.48';
const READY = 2;
const MEMORY_BYTES = 16 * 2 ** 20;
/** After so many that could not be made the engine is taken for one where none can. */
const MOST_FAILURES = 3;

export interface HolderSettings {
  readonly network: string;
  /** Where containers reach the engine's host. */
  readonly hostAddress: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** What the containers to come have in common with their holder. */
export interface HolderKind {
  readonly image: string;
  readonly hostName: string;
}

export function gainsByHolders(apiVersion: string): boolean {
  return isNewer(FAST_NETWORK_API, apiVersion);
}

interface HolderFacts {
  readonly hostName: string;
  readonly hostsPath: string;
  readonly address: string | undefined;
}

export class Holder {
  readonly id: string;
  readonly hostName: string;
  readonly address: string | undefined;
  readonly #docker: Pick<Docker, 'getContainer'>;
  readonly #hostsPath: string;

  constructor(id: string, docker: Pick<Docker, 'getContainer'>, facts: HolderFacts) {
    this.id = id;
    this.#docker = docker;
    this.hostName = facts.hostName;
    this.address = facts.address;
    this.#hostsPath = facts.hostsPath;
  }

  /** Raises the file system's errors. */
  async addHosts(hosts: Readonly<Record<string, string>>): Promise<void> {
    const lines = Object.entries(hosts).map(([host, address]) => `${address}\t${host}\n`);
    await appendFile(this.#hostsPath, lines.join(''));
  }

  /** Never rejects: what stays is cleared at the end of the run. */
  async remove(): Promise<void> {
    await removeContainer(this.#docker.getContainer(this.id)).catch(() => undefined);
  }
}

export class Holders {
  readonly #docker: Docker;
  readonly #settings: HolderSettings;
  #ready: Holder[] = [];
  #making: Promise<void> | undefined;
  #failures = 0;
  #closed = false;

  constructor(docker: Docker, settings: HolderSettings) {
    this.#docker = docker;
    this.#settings = settings;
  }

  take(hostName: string): Holder | undefined {
    const index = this.#ready.findIndex((holder) => holder.hostName === hostName);
    return index < 0 ? undefined : this.#ready.splice(index, 1)[0];
  }

  /** Its process has ended: nobody can join it any more. */
  died(id: string): void {
    this.#ready = this.#ready.filter((holder) => holder.id !== id);
  }

  /** None of those that are ready may be used any more; gives their ids. */
  forget(): readonly string[] {
    return this.#ready.splice(0).map(({ id }) => id);
  }

  /** What failed for want of the engine is tried again. */
  engineBack(): void {
    this.#failures = 0;
  }

  /** Sees to it that some are ready, one after the other, behind the scenes. */
  makeAhead(kind: HolderKind): Promise<void> {
    this.#making ??= this.#makeMissing(kind).finally(() => {
      this.#making = undefined;
    });
    return this.#making;
  }

  /** Makes no more; those that are ready are left to whoever clears the run. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#making;
  }

  async #makeMissing(kind: HolderKind): Promise<void> {
    while (!this.#closed && this.#ready.length < READY && this.#failures < MOST_FAILURES) {
      try {
        this.#ready.push(await this.#make(kind));
        this.#failures = 0;
      } catch {
        // Containers are started without: slower, and otherwise the same.
        this.#failures += 1;
      }
    }
  }

  async #make({ image, hostName }: HolderKind): Promise<Holder> {
    const { network, hostAddress, labels } = this.#settings;
    const container = await within(DEADLINE_MS.create, (abortSignal) =>
      this.#docker.createContainer({
        Image: image,
        Cmd: ['sleep', 'infinity'],
        Hostname: hostName,
        StopSignal: 'SIGKILL',
        Labels: { ...labels, [LABEL.holder]: network },
        HostConfig: {
          NetworkMode: network,
          ExtraHosts: [`host.docker.internal:${hostAddress}`],
          ...HARDENED,
          PidsLimit: 4,
          Memory: MEMORY_BYTES,
          MemorySwap: MEMORY_BYTES,
        },
        abortSignal,
      }),
    );
    try {
      await within(DEADLINE_MS.start, (abortSignal) => container.start({ abortSignal }));
      const { HostsPath: hostsPath, NetworkSettings: settings } = await within(
        DEADLINE_MS.look,
        (abortSignal) => container.inspect({ abortSignal }),
      );
      const facts = { hostName, hostsPath, address: addressIn(settings) };
      return new Holder(container.id, this.#docker, facts);
    } catch (error) {
      await removeContainer(container).catch(() => undefined);
      throw error;
    }
  }
}
