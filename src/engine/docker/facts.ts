/** What the engine and its host are, and what they allow; found out once. */

import { readFileSync } from 'node:fs';
import type Docker from 'dockerode';
import type { EngineDescription, FreezerKind } from '../engine.js';
import { cgroupMode } from '../host/cgroup.js';
import { canWriteLimits, chooseFreezer } from '../host/probe.js';
import { lookAtReclaim } from '../host/reclaim.js';
import type { ScratchDisks } from '../host/scratch.js';
import { isLocal, isSeenApi } from './connect.js';
import { DEADLINE_MS, within } from './deadline.js';
import { engineError } from './errors.js';
import { gainsByHolders } from './holders.js';

export interface Facts {
  readonly description: EngineDescription;
  readonly liftCpu: boolean;
  readonly scratch: boolean;
  /** The engine's name of what runs our containers; undefined for its default. */
  readonly runtime: string | undefined;
  /** Limits may be written past the engine and stay: systemd would write its own again. */
  readonly writesMemory: boolean;
}

interface Info {
  readonly NCPU: number;
  readonly MemTotal: number;
  readonly Architecture: string;
  readonly CgroupDriver?: string;
  readonly Runtimes?: Readonly<Record<string, unknown>>;
  readonly DefaultRuntime?: string;
}

/** Starts a container in half the time of the usual one; refuses hosts with both kinds of cgroups. */
const FAST_RUNTIME = 'crun';

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
  const usual = info.DefaultRuntime ?? 'runc';
  const runtime = isListed(info) && cgroupMode() !== 'hybrid' ? FAST_RUNTIME : usual;
  const facts = { liftCpu: canWriteLimits(local), scratch: noDisks === undefined };
  return {
    ...facts,
    runtime: runtime === usual ? undefined : runtime,
    writesMemory: info.CgroupDriver === 'cgroupfs',
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
      reclaim: lookAtReclaim(local),
      scratch: noDisks === undefined ? 'loop' : 'tmpfs',
      ...madeAhead(facts, version.ApiVersion),
      runtime,
      local,
      warnings:
        noDisks === undefined
          ? []
          : [`/tmp is kept in memory (${noDisks}); each function's limit is raised by its size`],
    },
  };
}

function isListed({ Runtimes: runtimes = {} }: Info): boolean {
  return FAST_RUNTIME in runtimes;
}

/** What can be made before it is known for whom, by what this host lets us do. Pure. */
export function madeAhead(
  { liftCpu, scratch }: Pick<Facts, 'liftCpu' | 'scratch'>,
  apiVersion: string,
): Pick<EngineDescription, 'ahead' | 'aheadReason'> {
  if (liftCpu && scratch) {
    return { ahead: 'containers', aheadReason: 'root may mount code and write limits later' };
  }
  if (!liftCpu) {
    return {
      ahead: 'nothing',
      aheadReason: 'only root on the engine’s host may finish them later',
    };
  }
  return gainsByHolders(apiVersion)
    ? { ahead: 'networks', aheadReason: 'no disks can be mounted here' }
    : { ahead: 'nothing', aheadReason: 'no disks can be mounted here, and networks take no time' };
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
