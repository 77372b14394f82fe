/**
 * Pure: the container of an execution environment (design: limits and layout; contract 3.1–3.4).
 */

import { LIMITS } from '../config/defaults.js';
import type { ContainerSpec, Mount } from '../engine/engine.js';
import type { FunctionVersion } from '../function/function-version.js';
import { isCustom } from '../function/runtimes.js';
import {
  environmentVariables,
  type InitializationType,
  type RoleCredentials,
} from '../function/variables.js';

export interface EnvironmentIdentity {
  readonly environmentId: string;
  /** `host:port` of the Runtime API as this environment must call it. */
  readonly runtimeApi: string;
  /** Host names the container must be able to resolve, with their addresses. */
  readonly hosts: Readonly<Record<string, string>>;
  readonly logMarker: string | undefined;
  readonly logStreamName: string;
  readonly initializationType: InitializationType;
  /** Of the metadata endpoint, at the address of the Runtime API (contract 3.10). */
  readonly metadataToken?: string;
  /** Of the function's credentials in this environment. */
  readonly sessionToken?: string;
  /** Of environments that initialise for SnapStart. */
  readonly credentialsToken?: string;
  /** Only with external extensions: what their supervisor begins its reports with. */
  readonly supervisorToken?: string;
}

export type BuildContainerSpec = (
  version: FunctionVersion,
  identity: EnvironmentIdentity,
) => ContainerSpec;

export interface SpecSettings {
  readonly runId: string;
  readonly region: string;
  readonly credentials: RoleCredentials;
  /** Variables that lead AWS clients to us, where the function does not set them. */
  readonly endpoints: Readonly<Record<string, string>>;
  /** Labels every container of the run carries. */
  readonly labels: Readonly<Record<string, string>>;
  readonly functionLabel: string;
  /** Our copy of `runtimes/supervisor`, where the engine sees it. */
  readonly supervisorPath: string;
  /** Byte-code of the version's modules, where the engine sees it; undefined where there is none. */
  byteCodeOf?(version: FunctionVersion): string | undefined;
  /** A socket that leads to the Runtime API too, where the engine sees it. */
  readonly runtimeSocket?: string;
  /** A certificate that Node.js functions are to trust, where the engine sees it. */
  readonly authorityPath?: string;
}

/** It resolves to the environment's own address. */
export const HOST_NAME = 'sandbox.localdomain';
/** User and group of a function (`sbx_user1051`); numbers are ours (contract 3.2, 14). */
const SANDBOX_USER = '993:990';
/** Known to our bootstraps (runtimes/README.md). */
const LOG_PIPE = '/run/log-pipe';
const RUNTIME_SOCKET = '/run/runtime-api';
const SUPERVISOR = '/var/rapid/supervisor';
const AUTHORITY = '/var/rapid/authority.pem';
/** Known to our bootstrap of Python. */
const BYTE_CODE = '/var/rapid/byte-code';
const BOOTSTRAP = '/var/runtime/bootstrap';

export function containerSpecBuilder(settings: SpecSettings): BuildContainerSpec {
  return (version, identity) => ({
    name: `orchestrator-${settings.runId}-${version.name}-${identity.environmentId}`,
    image: version.imageReference,
    environment: environmentVariables(version, {
      runtimeApi: identity.runtimeApi,
      logStreamName: identity.logStreamName,
      initializationType: identity.initializationType,
      region: settings.region,
      credentials: credentialsOf(identity, settings),
      endpoints: { ...settings.endpoints, ...trustOf(version, settings) },
      ...queuesOf(settings),
      ...(identity.metadataToken === undefined ? {} : { metadataToken: identity.metadataToken }),
      ...(identity.credentialsToken === undefined
        ? {}
        : { credentialsToken: identity.credentialsToken }),
      ...ownOf(identity, settings),
    }),
    ...launchOf(version),
    user: SANDBOX_USER,
    hostName: HOST_NAME,
    hosts: identity.hosts,
    labels: { ...settings.labels, [settings.functionLabel]: version.name },
    mounts: mountsOf(version, settings),
    ...aheadOf(version, identity),
    ...supervision(version, identity, settings),
    memoryBytes: version.memoryMb * 2 ** 20,
    cpus: version.memoryMb / LIMITS.memoryPerCpuMb,
    liftCpuDuringStart: true,
    scratch: { target: '/tmp', sizeMb: version.ephemeralStorageMb },
    pidsLimit: LIMITS.processes,
    openFilesLimit: LIMITS.openFiles,
  });
}

/** Where functions ask us for everything, their queues are ours. */
function queuesOf({ endpoints }: SpecSettings): { queueEndpoint?: string } {
  const { AWS_ENDPOINT_URL: queueEndpoint } = endpoints;
  return queueEndpoint === undefined ? {} : { queueEndpoint };
}

/** What only our own bootstraps know of: who marks output knows of the socket as well. */
function ownOf(
  { logMarker }: EnvironmentIdentity,
  { runtimeSocket }: SpecSettings,
): { logMarker?: string; runtimeSocket?: string } {
  if (logMarker === undefined) return {};
  return { logMarker, ...(runtimeSocket === undefined ? {} : { runtimeSocket: RUNTIME_SOCKET }) };
}

function credentialsOf(
  { sessionToken }: EnvironmentIdentity,
  { credentials }: SpecSettings,
): RoleCredentials {
  return sessionToken === undefined ? credentials : { ...credentials, sessionToken };
}

/** Functions of a runtime differ in code and layers; people's own images may lack a shell. */
function aheadOf(
  { resolvedImage, runtime }: FunctionVersion,
  { supervisorToken }: EnvironmentIdentity,
): Pick<ContainerSpec, 'ahead'> {
  if (resolvedImage !== undefined || supervisorToken !== undefined) return {};
  const slots = ['/var/task', '/opt', ...(runtime.startsWith('python') ? [BYTE_CODE] : [])];
  return { ahead: { program: [BOOTSTRAP], slots } };
}

/** What is started, where, and whether it knows of the log pipe: a container image does not. */
function launchOf(
  version: FunctionVersion,
): Pick<ContainerSpec, 'command' | 'workingDirectory' | 'logPipeTarget'> {
  const image = version.resolvedImage;
  if (image === undefined) return { workingDirectory: '/var/task', logPipeTarget: LOG_PIPE };
  return { command: programOf(version), workingDirectory: image.workingDirectory };
}

/** The runtime's own program and arguments. */
function programOf({ resolvedImage }: FunctionVersion): readonly string[] {
  if (resolvedImage === undefined) return [BOOTSTRAP];
  return [...resolvedImage.entryPoint, ...resolvedImage.command];
}

/** Extensions and the runtime under one supervisor; nothing where there are none. */
function supervision(
  version: FunctionVersion,
  identity: EnvironmentIdentity,
  settings: SpecSettings,
): Partial<ContainerSpec> {
  const { extensions = [] } = version;
  const { supervisorToken } = identity;
  if (supervisorToken === undefined || extensions.length === 0) return {};
  return {
    input: true,
    command: [
      '/bin/sh',
      SUPERVISOR,
      supervisorToken,
      String(extensions.length),
      ...extensions,
      ...programOf(version),
    ],
    mounts: [
      ...mountsOf(version, settings),
      { source: settings.supervisorPath, target: SUPERVISOR, readOnly: true },
    ],
    // The supervisor knows of it, whatever it starts.
    logPipeTarget: LOG_PIPE,
  };
}

/** Added to what Node.js trusts; other clients would trust nobody else then. */
function trustOf(version: FunctionVersion, settings: SpecSettings): Record<string, string> {
  return trusts(version, settings) ? { NODE_EXTRA_CA_CERTS: AUTHORITY } : {};
}

function trusts(
  { runtime, resolvedImage }: FunctionVersion,
  { authorityPath }: SpecSettings,
): boolean {
  const isNode = resolvedImage === undefined && runtime.startsWith('nodejs');
  return authorityPath !== undefined && isNode;
}

function mountsOf(version: FunctionVersion, settings: SpecSettings): Mount[] {
  if (version.resolvedImage !== undefined) return [];
  const mounts: Mount[] = [{ source: version.taskDirectory, target: '/var/task', readOnly: true }];
  if (version.optDirectory !== undefined) {
    mounts.push({ source: version.optDirectory, target: '/opt', readOnly: true });
  }
  const byteCode = settings.byteCodeOf?.(version);
  if (byteCode !== undefined) mounts.push({ source: byteCode, target: BYTE_CODE, readOnly: true });
  const { authorityPath, runtimeSocket } = settings;
  if (authorityPath !== undefined && trusts(version, settings)) {
    mounts.push({ source: authorityPath, target: AUTHORITY, readOnly: true });
  }
  if (runtimeSocket !== undefined && !isCustom(version.runtime)) {
    mounts.push({ source: runtimeSocket, target: RUNTIME_SOCKET, readOnly: true });
  }
  return mounts;
}
