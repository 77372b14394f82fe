/** The machine that a bench runs on, as far as ratios hang on it. */

import { arch, cpus, platform, release } from 'node:os';
import { docker } from './engine.js';

export interface Machine {
  readonly platform: string;
  readonly arch: string;
  readonly cpus: number;
  readonly kernel: string;
  readonly node: string;
  readonly engine: string;
  readonly cgroups: string;
}

export async function thisMachine(): Promise<Machine> {
  const { ServerVersion, CgroupVersion } = (await docker.info()) as {
    ServerVersion: string;
    CgroupVersion?: string;
  };
  return {
    platform: platform(),
    arch: arch(),
    cpus: cpus().length,
    kernel: release(),
    node: process.versions.node,
    engine: ServerVersion,
    cgroups: `v${CgroupVersion ?? '1'}`,
  };
}

/** Runs are only compared on machines of one kind. */
export function kindOf(machine: Machine): string {
  const { platform: system, arch: processor, cpus: cores, node, engine, cgroups } = machine;
  const engineVersion = engine.split('.').slice(0, 2).join('.');
  return `${system} ${processor}, ${cores} cores, Node.js ${node.split('.')[0]}, Docker ${engineVersion}, cgroups ${cgroups}`;
}
