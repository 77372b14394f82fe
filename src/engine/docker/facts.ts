/** What the engine and its host are, and what they allow; found out once. */

import { readFileSync } from 'node:fs';
import type Docker from 'dockerode';
import type { EngineDescription, FreezerKind } from '../engine.js';
import { cgroupMode } from '../host/cgroup.js';
import { canWriteLimits, chooseFreezer } from '../host/probe.js';
import type { ScratchDisks } from '../host/scratch.js';
import { isLocal, isSeenApi } from './connect.js';
import { DEADLINE_MS, within } from './deadline.js';
import { engineError } from './errors.js';

export interface Facts {
  readonly description: EngineDescription;
  readonly liftCpu: boolean;
  readonly scratch: boolean;
}

interface Info {
  readonly NCPU: number;
  readonly MemTotal: number;
  readonly Architecture: string;
}

/** `freezer` instead of the best this host allows. Raises engine errors. */
export async function lookAtEngine(
  docker: Docker,
  disks: ScratchDisks,
  wantedFreezer: FreezerKind | undefined,
): Promise<Facts> {
  const [version, info] = await within(DEADLINE_MS.look, () =>
    Promise.all([docker.version(), docker.info() as Promise<Info>]),
  ).catch((error: unknown) => {
    throw engineError(error, 'asking the engine what it is');
  });
  const local = isLocal(docker) && process.platform === 'linux';
  const noDisks = local ? await disks.probe() : 'the engine is not reached by a local socket';
  const freezer = chooseFreezer(local, wantedFreezer);
  return {
    liftCpu: canWriteLimits(local),
    scratch: noDisks === undefined,
    description: {
      name: 'docker',
      version: version.Version,
      apiVersion: version.ApiVersion,
      tested: isSeenApi(version.ApiVersion),
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

/** A process may not raise its hard limit, nor may the engine for a container without privilege. */
export function hardOpenFiles(): number {
  try {
    const limits = readFileSync('/proc/self/limits', 'latin1');
    const hard = /Max open files\s+\S+\s+(\S+)/.exec(limits)?.[1];
    return hard === undefined || hard === 'unlimited' ? Infinity : Number(hard);
  } catch {
    return Infinity;
  }
}
