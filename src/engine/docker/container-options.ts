/** Our container spec in Docker's terms. Pure. */

import type Docker from 'dockerode';
import type { ContainerSpec, Mount } from '../engine.js';
import { CPU_PERIOD_US, cpuQuotaUs } from '../host/cpu-limit.js';

export interface OptionsContext {
  readonly network: string;
  /** Container whose network, host name and hosts it joins instead of having its own. */
  readonly holder: string | undefined;
  /** Where containers reach the engine's host. */
  readonly hostAddress: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Mounted folder for the scratch target; undefined: a tmpfs counted against the memory. */
  readonly scratchDirectory: string | undefined;
  /** Named pipe on the host, bound to the spec's log pipe target. */
  readonly logPipe: string | undefined;
  /** The start goes without the processor limit. */
  readonly liftCpu: boolean;
  /** The engine's name of what runs containers; undefined for its default. */
  readonly runtime?: string | undefined;
  /** Hard limit of open files the engine passes on; no container may ask for more. */
  readonly mostOpenFiles: number;
}

/** What every container of ours goes without, whatever it is for. */
export const HARDENED = {
  ReadonlyRootfs: true,
  CapDrop: ['ALL'],
  SecurityOpt: ['no-new-privileges'],
  IpcMode: 'none',
  RestartPolicy: { Name: 'no' },
  LogConfig: { Type: 'none', Config: {} },
} satisfies Docker.HostConfig;

export function containerOptions(
  spec: ContainerSpec,
  context: OptionsContext,
): Docker.ContainerCreateOptions {
  const { scratch } = spec;
  const onDisk = context.scratchDirectory !== undefined;
  const memory = spec.memoryBytes + (onDisk ? 0 : scratch.sizeMb * 2 ** 20);
  const openFiles = Math.min(spec.openFilesLimit, context.mostOpenFiles);
  return {
    name: spec.name,
    Image: spec.image,
    Env: Object.entries(spec.environment).map(([name, value]) => `${name}=${value}`),
    WorkingDir: spec.workingDirectory,
    ...(context.holder === undefined ? { Hostname: spec.hostName } : {}),
    AttachStdout: true,
    AttachStderr: true,
    ...(spec.input === true ? { OpenStdin: true, AttachStdin: true } : {}),
    Tty: false,
    StopSignal: 'SIGKILL',
    Labels: { ...spec.labels, ...context.labels },
    ...(spec.user === undefined ? {} : { User: spec.user }),
    // Without an entry point the command is the program and its arguments.
    ...(spec.command === undefined ? {} : { Entrypoint: [], Cmd: [...spec.command] }),
    // What an image has to say about its health would run in the environment.
    Healthcheck: { Test: ['NONE'] },
    HostConfig: {
      ...networkOptions(spec, context),
      Binds: [
        ...spec.mounts.map(bindOf),
        ...(onDisk ? [`${context.scratchDirectory}:${scratch.target}`] : []),
        ...(context.logPipe === undefined ? [] : [`${context.logPipe}:${spec.logPipeTarget}`]),
      ],
      ...(onDisk
        ? {}
        : {
            Tmpfs: { [scratch.target]: `rw,exec,nosuid,nodev,mode=1777,size=${scratch.sizeMb}m` },
          }),
      ...HARDENED,
      ...(context.runtime === undefined ? {} : { Runtime: context.runtime }),
      PidsLimit: spec.pidsLimit,
      Ulimits: [{ Name: 'nofile', Soft: openFiles, Hard: openFiles }],
      Memory: memory,
      MemorySwap: memory,
      ...(context.liftCpu ? {} : { CpuPeriod: CPU_PERIOD_US, CpuQuota: cpuQuotaUs(spec.cpus) }),
      // The first process of a namespace ignores signals it has no handler for, and must reap
      // what others leave: a runtime is not made for that.
      Init: true,
    },
  };
}

function bindOf({ source, target, readOnly, follows }: Mount): string {
  const options = [...(readOnly ? ['ro'] : []), ...(follows === true ? ['rslave'] : [])];
  return [source, target, ...(options.length > 0 ? [options.join(',')] : [])].join(':');
}

function networkOptions(
  spec: ContainerSpec,
  { holder, network, hostAddress }: OptionsContext,
): Docker.HostConfig {
  if (holder !== undefined) return { NetworkMode: `container:${holder}` };
  return {
    NetworkMode: network,
    ExtraHosts: [
      ...Object.entries(spec.hosts).map(([host, address]) => `${host}:${address}`),
      `host.docker.internal:${hostAddress}`,
    ],
  };
}
