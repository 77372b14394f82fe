/**
 * The composition root's part for what runs functions: the engine, the doors its containers reach,
 * and the parts of pools. Loaded and opened once functions can be asked for.
 */

import { randomBytes } from 'node:crypto';
import { chmodSync, copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../async/clock.js';
import type { Teardown } from '../async/teardown.js';
import type { AwsEndpoint } from '../aws-endpoint/aws-endpoint.js';
import { Builder } from '../builder/builder.js';
import { FunctionImages } from '../builder/function-images.js';
import { VersionBuilder } from '../builder/version-builder.js';
import type { Config } from '../config/config.js';
import { DEFAULTS } from '../config/defaults.js';
import type { DockerEngine } from '../engine/docker/docker-engine.js';
import { ByteCode } from '../engine/docker/byte-code.js';
import { openDockerEngine } from '../engine/docker/open.js';
import type { EngineDescription, FreezerKind } from '../engine/engine.js';
import { LABEL } from '../engine/labels.js';
import { runLabels } from '../engine/orphans.js';
import { containerSpecBuilder } from '../environment/container-spec.js';
import { expectedSpec } from '../environment/expected.js';
import { EnvironmentJournal } from '../environment/journal.js';
import { availabilityZoneId } from '../function/availability-zone.js';
import type { CodeStore } from '../function/code-store.js';
import { ownOutputs } from '../function/own-outputs.js';
import type { FunctionVersion } from '../function/function-version.js';
import { isCustom } from '../function/runtimes.js';
import { logGroupOf } from '../function/variables.js';
import { keepAliveOf } from '../keep-alive/named.js';
import type { LogHub } from '../log/log-hub.js';
import { packageRoot } from '../package-root.js';
import { MemoryBudget } from '../pool/memory-budget.js';
import { Pool, type PoolParts } from '../pool/pool.js';
import { ScalingRate } from '../pool/scaling-rate.js';
import { StartGate } from '../pool/start-gate.js';
import { RuntimeApi } from '../runtime-api/server.js';
import type { StartHooks } from '../start-hooks.js';
import type { InvocationStore } from '../state/invocation-store.js';
import { openSink } from '../telemetry/sinks.js';
import { openAwsSide, type AwsSide } from './aws-side.js';
import type { Backend } from './backend.js';
import { isPlain, rehearse } from './rehearsal.js';
import { told } from './told.js';

export interface EngineSideRequest {
  readonly config: Config;
  readonly hooks: StartHooks;
  readonly awsEndpoint: AwsEndpoint;
  readonly code: CodeStore;
  readonly logs: LogHub;
  readonly store: InvocationStore;
  readonly teardown: Teardown;
  /** How many invocations of that function may be in progress. */
  concurrencyOf(functionName: string): number;
}

export interface EngineSide {
  readonly engine: DockerEngine;
  readonly description: EngineDescription;
  readonly aws: AwsSide;
  readonly backend: Backend;
  /** Events of nobody go the way of all others, so that the first one finds code that has run. */
  rehearse(): Promise<void>;
}

interface Opened {
  readonly runId: string;
  readonly engine: DockerEngine;
  readonly description: EngineDescription;
  readonly runtimeApi: RuntimeApi;
  readonly aws: AwsSide;
}

/** Quiet time before freezing when the settings say nothing: none, unless a freeze costs too much. */
const FREEZE_AFTER_MS: Readonly<Record<FreezerKind, number | 'never'>> = {
  'cgroup-v2': 0,
  'cgroup-v1': 0,
  engine: 1000,
  none: 'never',
};

/** Quiet time before memory is given back when the settings say nothing. */
function reclaimAfterMs({ reclaim }: EngineDescription): number | 'never' {
  return reclaim.pays ? DEFAULTS.reclaimAfterMs : 'never';
}

/** Raises user errors. */
export async function openEngineSide(request: EngineSideRequest): Promise<EngineSide> {
  const opened = await openEngine(request);
  const { engine, description, aws } = opened;
  return { engine, description, aws, ...backendOn(opened, request) };
}

/** The engine, and the Runtime API where its containers reach it. */
async function openEngine(request: EngineSideRequest): Promise<Opened> {
  const { config, hooks, awsEndpoint, teardown } = request;
  const { settings, stack } = config;
  const runId = randomBytes(5).toString('hex');
  const step = 'Engine';
  hooks.progress({ kind: 'step', step, state: 'started' });
  const engine = await openDockerEngine({
    runId,
    clock: systemClock,
    warn: (message) => hooks.log.warn(message),
    ...(settings.network === undefined ? {} : { network: settings.network }),
    ...(hooks.freezer === undefined ? {} : { freezer: hooks.freezer }),
  }).catch((error: unknown) => {
    hooks.progress({ kind: 'step', step, state: 'failed' });
    throw error;
  });
  teardown.add(() => engine.close());
  const [description, network] = await Promise.all([engine.describe(), engine.open()]);
  const detail = `${description.name} ${description.version}`;
  hooks.progress({ kind: 'step', step, state: 'done', detail });
  const runtimeApi = new RuntimeApi();
  runtimeApi.availabilityZoneId = availabilityZoneId(settings.region);
  teardown.add(() => runtimeApi.destroy());
  await runtimeApi.listen(network.listenAddress, network.hostAddress);
  if (network.socketDirectory !== undefined) await runtimeApi.listenIn(network.socketDirectory);
  const webSockets = stack.webSocketApis.length > 0;
  const asked = { settings, network, runtimeApi, webSockets, teardown };
  const aws = await openAwsSide({ ...asked, endpoint: awsEndpoint });
  return { runId, engine, description, runtimeApi, aws };
}

function backendOn(
  opened: Opened,
  request: EngineSideRequest,
): Pick<EngineSide, 'backend' | 'rehearse'> {
  const { engine, description } = opened;
  const { settings } = request.config;
  const versions = versionBuilder(opened, request);
  const byteCode = openByteCode(opened, request);
  const pools = poolParts(opened, request, byteCode);
  const rules = {
    freezeAfterMs: settings.freezeAfterMs ?? FREEZE_AFTER_MS[description.freezer],
    reclaimAfterMs: settings.reclaimAfterMs ?? reclaimAfterMs(description),
    keepAlive: keepAliveOf({ name: settings.keepAlive }, settings.idleTimeoutMs),
    timeScale: settings.timeScale,
    spares: settings.spares,
  };
  let plain: FunctionVersion | undefined;
  const backend: Backend = {
    build: (definition) => {
      engine.expectDisk(definition.ephemeralStorageMb);
      return versions.build(definition);
    },
    openPool: (version, firstCause, history) => {
      // An image of somebody's own need not have the programs that what is made ahead runs.
      byteCode.expect(version);
      if (isPlain(version)) plain ??= version;
      if (version.image === undefined) engine.expect(expectedSpec(version, pools.buildSpec));
      const concurrency = (): number => request.concurrencyOf(version.name);
      const pool = new Pool(version, pools, { rules, firstCause, history, concurrency });
      pool.warm();
      return pool;
    },
    release: (version) => versions.release(version),
    collect: () => versions.collect().then(() => byteCode.collect()),
  };
  return {
    backend,
    rehearse: async () => {
      const path = opened.runtimeApi.socketPath;
      if (plain === undefined || path === undefined) return;
      const { region, accountId } = settings;
      const { awsEndpoint, teardown } = request;
      const endWith = (end: () => Promise<void>): void => teardown.add(end);
      const stage = { pool: pools, path, region, accountId, awsEndpoint, endWith };
      // Nobody is kept from anything by one that does not take place.
      await rehearse(plain, stage).catch(() => undefined);
    },
  };
}

function openByteCode({ engine, runId }: Opened, request: EngineSideRequest): ByteCode {
  const { stateDirectory } = request.config.settings;
  const byteCode = new ByteCode({
    docker: engine.docker,
    clock: systemClock,
    folder: join(stateDirectory, 'byte-code'),
    codeFolder: join(stateDirectory, 'code'),
    labels: runLabels(runId),
  });
  request.teardown.add(() => byteCode.close());
  return byteCode;
}

function poolParts(
  opened: Opened,
  { config, hooks, logs, store }: EngineSideRequest,
  byteCode: ByteCode,
): PoolParts {
  const { runId, engine, description, runtimeApi, aws } = opened;
  const { settings } = config;
  return {
    clock: systemClock,
    engine,
    door: runtimeApi,
    gate: new StartGate(Math.max(2, description.cpus)),
    scalingRate: new ScalingRate(systemClock, settings.scalingRate),
    memory: new MemoryBudget(budgetBytes(config, description)),
    newIdentity: () => randomBytes(16).toString('hex'),
    streamingBytesPerSecond: settings.streamingBytesPerSecond,
    warn: (message) => hooks.log.warn(message),
    buildSpec: containerSpecBuilder({
      runId,
      region: settings.region,
      credentials: aws.credentials,
      endpoints: aws.variables,
      labels: {},
      functionLabel: LABEL.function,
      supervisorPath: copySupervisor(settings.stateDirectory),
      byteCodeOf: (version) => byteCode.folderOf(version),
      ...(aws.authorityPath === undefined ? {} : { authorityPath: aws.authorityPath }),
      ...(runtimeApi.socketPath === undefined ? {} : { runtimeSocket: runtimeApi.socketPath }),
    }),
    openJournal: (version, environmentId, initializationType) => {
      // Amazon's own bootstraps and people's own know nothing of our markers.
      const isOurs = version.image === undefined && !isCustom(version.runtime);
      const marks = settings.base !== 'aws' && isOurs;
      const journal = { clock: systemClock, lines: logs, records: store, openSink, marks };
      const made = new EnvironmentJournal(version, environmentId, journal, initializationType);
      const { logStreamName: logStream } = made;
      logs.opened(environmentId, { logGroup: logGroupOf(version), logStream });
      return made;
    },
  };
}

function budgetBytes({ settings }: Config, description: EngineDescription): number {
  const { memoryBudgetMb } = settings;
  return memoryBudgetMb === undefined ? description.memoryBytes / 2 : memoryBudgetMb * 2 ** 20;
}

/** The engine may see the state folder only: what is mounted from our own files goes there. */
function copySupervisor(stateDirectory: string): string {
  const path = join(stateDirectory, 'supervisor');
  copyFileSync(join(packageRoot(), 'runtimes/supervisor'), path);
  chmodSync(path, 0o755);
  return path;
}

function versionBuilder(
  { engine, description, runId }: Opened,
  { config, code, hooks }: EngineSideRequest,
): VersionBuilder {
  const { settings } = config;
  const builder = new Builder(engine.docker);
  const images = new FunctionImages(engine.docker, {
    architecture: description.architecture,
    excluded: [settings.stateDirectory, ...ownOutputs()],
    labels: runLabels(runId),
    warn: (message) => hooks.log.warn(message),
  });
  return new VersionBuilder({
    clock: systemClock,
    code,
    region: settings.region,
    accountId: settings.accountId,
    architecture: description.architecture,
    ensureImage: (runtime) =>
      told(hooks, `Image for ${runtime}`, (tell) =>
        builder.ensureImage(runtime, {
          base: settings.base,
          signal: hooks.signal,
          onProgress: ({ step: stage, detail }) => {
            if (stage !== 'ready') tell(detail);
          },
        }),
      ),
    prepareImage: (definition) =>
      told(hooks, `Image of ${definition.name}`, (tell) =>
        images.prepare(definition, { signal: hooks.signal, onLine: tell }),
      ),
    releaseImage: (id) => images.release(id),
  });
}
