/**
 * The composition root: builds every part, starts them in order, stops them in reverse. The only
 * file that knows both sides of a seam.
 */

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { ADMIN_PREFIX } from './admin-api/protocol.js';
import { AdminApi } from './admin-api/server.js';
import type { OrchestratorView } from './view.js';
import { systemClock } from './async/clock.js';
import { Teardown } from './async/teardown.js';
import type { Config, Settings } from './config/config.js';
import type { DockerEngine } from './engine/docker/docker-engine.js';
import { openDockerEngine } from './engine/docker/open.js';
import type { EngineDescription, FreezerKind } from './engine/engine.js';
import { AutoPublish } from './control-api/auto-publish.js';
import { roleArnOf } from './control-api/configuration.js';
import { controlRoutes } from './control-api/routes.js';
import { PACKAGE_PREFIX, servePackage } from './control-api/download.js';
import type { ControlParts } from './control-api/parts.js';
import {
  copySupervisor,
  deploymentOf,
  openCodeStore,
  versionBuilder,
} from './composition/deploy.js';
import { controlParts, functionUrls, openRegistry, tellUrls } from './composition/functions.js';
import { LABEL } from './engine/labels.js';
import { containerSpecBuilder } from './environment/container-spec.js';
import { EnvironmentJournal } from './environment/journal.js';
import { logGroupOf } from './function/variables.js';
import { availabilityZoneId } from './function/availability-zone.js';
import { isCustom } from './function/runtimes.js';
import { openAwsSide, type AwsSide } from './composition/aws-side.js';
import { Events } from './composition/events.js';
import { Sources } from './composition/sources.js';
import type { SourceAddress } from './sources/source.js';
import type { Stack } from './stack/stack.js';
import { urlHost } from './invoke-api/listen.js';
import { InvokeApi } from './invoke-api/server.js';
import { keepAliveOf } from './keep-alive/named.js';
import { LogHub } from './log/log-hub.js';
import { MemoryBudget } from './pool/memory-budget.js';
import type { PoolParts } from './pool/pool.js';
import { ScalingRate } from './pool/scaling-rate.js';
import { StartGate } from './pool/start-gate.js';
import { Reload } from './composition/reload.js';
import { Concurrency } from './router/concurrency.js';
import { FunctionRouter } from './router/function-router.js';
import type { InvocationRouter } from './router/router.js';
import { RuntimeApi } from './runtime-api/server.js';
import type { StartHooks } from './start-hooks.js';
import { openDatabase } from './state/database.js';
import { InvocationStore } from './state/invocation-store.js';
import { openSink } from './telemetry/sinks.js';
import { claimRun } from './state/run-file.js';
import { packageVersion } from './version.js';
import { View } from './composition/view.js';

export interface RunningOrchestrator extends OrchestratorView {
  /** Such as `http://127.0.0.1:3001`. */
  readonly endpoint: string;
  readonly engine: EngineDescription;
  /** Where event sources listen. */
  addresses(): readonly SourceAddress[];
  /** Resolves when it has stopped; rejects when it failed. */
  readonly stopped: Promise<void>;
  /** Drains: takes nothing new, lets the rest finish, then ends everything. */
  close(): Promise<void>;
  /** Ends everything now. */
  destroy(): Promise<void>;
}

/** Quiet time before freezing when the settings say nothing: none, unless a freeze costs too much. */
const FREEZE_AFTER_MS: Readonly<Record<FreezerKind, number | 'never'>> = {
  'cgroup-v2': 0,
  'cgroup-v1': 0,
  engine: 1000,
  none: 'never',
};

/** Starts everything `config` names. Raises user errors; nothing is left running then. */
export async function startOrchestrator(
  config: Config,
  hooks: StartHooks,
): Promise<RunningOrchestrator> {
  const teardown = new Teardown();
  try {
    return await start(config, hooks, teardown);
  } catch (error) {
    await teardown.end().catch((failure: unknown) => {
      hooks.log.warn('not everything could be ended after the failed start', { failure });
    });
    throw error;
  }
}

async function start(
  config: Config,
  hooks: StartHooks,
  teardown: Teardown,
): Promise<RunningOrchestrator> {
  const { settings } = config;
  const clock = systemClock;
  const claim = claimRun(settings.stateDirectory, {
    version: packageVersion(),
    startedAtMs: clock.now(),
  });
  teardown.add(() => claim.release());

  const { store, logs } = openRecords(settings, hooks, teardown);
  const runId = randomBytes(5).toString('hex');
  const opened = await openEngine(runId, config, hooks, teardown);
  const { description } = opened;
  hooks.signal.throwIfAborted();
  const pools = await poolParts({ ...opened, config, hooks, runId, logs, store });

  const functions = openFunctions({ ...opened, config, hooks, runId, teardown, pools });
  const { registry, router, packages, mappings, versions, code } = functions;
  const events = new Events({ settings, router, registry, logs, hooks, teardown });
  const view = new View({ router, logs, store, clock, events });
  const { log, readConfig } = hooks;
  const { architecture } = description;
  const kept = { registry, packages, mappings };
  const control = controlParts({ settings, log, ...kept, router, code, architecture });
  const automatic = new AutoPublish(control, (message) => log.warn(message));
  const ownerToken = claim.adminToken;
  const { engine, aws } = opened;
  const { endpoint: awsEndpoint } = aws;
  const admin = new AdminApi({ view, token: claim.adminToken, aws: awsEndpoint });
  const roleOf = (name: string): string => roleArnOf(settings.accountId, registry.revision(name));
  const sourceParts = { settings, events, mappings, roleOf, awsEndpoint, engine, logs, ownerToken };
  const sources = new Sources({ ...sourceParts, hooks, teardown });
  view.onSources = () => sources.status();
  view.onServices = () => sources.services();
  view.onRunSchedule = (name) => sources.runSchedule(name);
  const onBuild = (name: string): void => void automatic.built(name);
  const onStack = (stack: Stack): Promise<void> => sources.apply(stack);
  const reload = settings.watch
    ? new Reload(config, { router, registry, onBuild, onStack, log, readConfig })
    : undefined;
  teardown.add(() => reload?.close());
  registry.onChanged = (name) => {
    router.sync(name);
    reload?.functionsChanged();
  };
  events.door = reload?.door ?? router;
  const doorParts = { control, admin, ownerToken, events, aws, teardown };
  const { endpoint, invokeApi } = await openDoor({ settings, router: events.door, ...doorParts });
  await Promise.all(router.deployments.map((deployment) => deployment.ready()));
  await Promise.all(config.functions.map(({ name }) => automatic.built(name)));
  hooks.signal.throwIfAborted();
  void versions.collect();
  void packages.collect(() => registry.packages());
  claim.publish(endpoint);
  events.start();
  await sources.start(config.stack);
  const parts = { view, endpoint, engine: description, router, events, sources };
  return running({ ...parts, invokeApi, teardown });
}

/** What is kept of invocations and logs. */
function openRecords(
  { stateDirectory }: Settings,
  { log }: StartHooks,
  teardown: Teardown,
): { store: InvocationStore; logs: LogHub } {
  const store = new InvocationStore({
    database: openDatabase(join(stateDirectory, 'state.db')),
    clock: systemClock,
    warn: (message) => log.warn(message),
  });
  teardown.add(() => store.close());
  return { store, logs: new LogHub(store) };
}

interface OpenedEngine {
  readonly engine: DockerEngine;
  readonly description: EngineDescription;
  readonly runtimeApi: RuntimeApi;
  readonly aws: AwsSide;
}

/** The engine, and the Runtime API where its containers reach it. */
async function openEngine(
  runId: string,
  { settings, stack }: Config,
  hooks: StartHooks,
  teardown: Teardown,
): Promise<OpenedEngine> {
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
  teardown.add(() => runtimeApi.destroy());
  await runtimeApi.listen(network.listenAddress, network.hostAddress);
  const webSockets = stack.webSocketApis.length > 0;
  const aws = await openAwsSide({ settings, network, runtimeApi, webSockets, teardown });
  return { engine, description, runtimeApi, aws };
}

interface FunctionSources {
  readonly config: Config;
  readonly hooks: StartHooks;
  readonly runId: string;
  readonly teardown: Teardown;
  readonly engine: DockerEngine;
  readonly description: EngineDescription;
  readonly pools: PoolParts;
}

/** The registry, and the router over the deployments of what is registered. */
function openFunctions(sources: FunctionSources) {
  const { config, hooks, runId, teardown, engine, description, pools } = sources;
  const { settings } = config;
  const { registry, packages, mappings } = openRegistry(settings);
  teardown.add(() => registry.close());
  const code = openCodeStore(settings);
  const versions = versionBuilder({ config, description, engine, runId, code, hooks });
  const rules = {
    freezeAfterMs: settings.freezeAfterMs ?? FREEZE_AFTER_MS[description.freezer],
    keepAlive: keepAliveOf({ name: settings.keepAlive }, settings.idleTimeoutMs),
    timeScale: settings.timeScale,
    spares: settings.spares,
  };
  const concurrencyOf = (name: string): number =>
    registry.reservedConcurrency(name) ?? settings.concurrency;
  const router = new FunctionRouter({
    concurrency: new Concurrency({
      limit: settings.concurrency,
      unreservedMinimum: settings.unreservedMinimum,
      requestsPerSecond: settings.requestRate,
      clock: systemClock,
    }),
    directory: registry,
    deploy: (definition) =>
      deploymentOf(definition, { engine, versions, pools, rules, concurrencyOf, hooks }),
    random: Math.random,
  });
  teardown.add(() => router.destroy());
  engine.onBack = () => router.tryAgain();
  registry.onChanged = (name) => router.sync(name);
  tellHidden(registry.setFiles(config.functions).hidden, hooks);
  for (const name of registry.names()) router.sync(name);
  return { registry, packages, mappings, router, versions, code };
}

interface PoolSources extends OpenedEngine {
  readonly config: Config;
  readonly hooks: StartHooks;
  readonly runId: string;
  readonly logs: LogHub;
  readonly store: InvocationStore;
}

async function poolParts(sources: PoolSources): Promise<PoolParts> {
  const { config, hooks, engine, description, runtimeApi, aws, logs, store, runId } = sources;
  const { settings } = config;
  runtimeApi.availabilityZoneId = availabilityZoneId(settings.region);
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
      ...(aws.authorityPath === undefined ? {} : { authorityPath: aws.authorityPath }),
    }),
    openJournal: (version, environmentId, initializationType) => {
      // Amazon's own bootstraps and people's own know nothing of our markers.
      const isOurs = version.image === undefined && !isCustom(version.runtime);
      const marks = settings.base !== 'aws' && isOurs;
      const journal = { clock: systemClock, lines: logs, records: store, openSink, marks };
      const opened = new EnvironmentJournal(version, environmentId, journal, initializationType);
      const { logStreamName: logStream } = opened;
      logs.opened(environmentId, { logGroup: logGroupOf(version), logStream });
      return opened;
    },
  };
}

function tellHidden(names: readonly string[], { log }: StartHooks): void {
  for (const name of names) {
    log.warn(`${name} made through the API is hidden by the function of that name in the file`);
  }
}

interface DoorSources {
  readonly settings: Settings;
  readonly router: InvocationRouter;
  readonly control: ControlParts;
  readonly admin: AdminApi;
  readonly ownerToken: string;
  readonly events: Events;
  readonly aws: AwsSide;
  readonly teardown: Teardown;
}

/** Opens the Lambda API and the admin API beside it. */
async function openDoor({
  settings,
  router,
  control,
  admin,
  ownerToken,
  events,
  aws,
  teardown,
}: DoorSources): Promise<{ endpoint: string; invokeApi: InvokeApi }> {
  const invokeApi = new InvokeApi({
    router,
    host: settings.host,
    port: settings.port,
    region: settings.region,
    accountId: settings.accountId,
    clock: systemClock,
    routes: controlRoutes(control),
    site: functionUrls(control, router),
    awsEndpoint: aws.endpoint,
    authToken: settings.authToken,
    ownerToken,
    events: events.queue,
  });
  teardown.add(() => invokeApi.destroy());
  aws.door.lambda = (request, response) => invokeApi.serveLambda(request, response);
  invokeApi.mount(ADMIN_PREFIX, (request, response) => admin.handle(request, response));
  invokeApi.mount(PACKAGE_PREFIX, (request, response) => servePackage(control, request, response));
  teardown.add(() => admin.close());
  const { port } = await invokeApi.listen();
  tellUrls(control, port);
  return { endpoint: `http://${urlHost(settings.host)}:${port}`, invokeApi };
}

function budgetBytes(config: Config, description: EngineDescription): number {
  const { memoryBudgetMb } = config.settings;
  return memoryBudgetMb === undefined ? description.memoryBytes / 2 : memoryBudgetMb * 2 ** 20;
}

interface RunningParts {
  readonly view: View;
  readonly endpoint: string;
  readonly engine: EngineDescription;
  readonly router: FunctionRouter;
  readonly events: Events;
  readonly sources: Sources;
  readonly invokeApi: InvokeApi;
  readonly teardown: Teardown;
}

/** A client that does not take the last answer holds a drain up no longer than this. */
const FLUSH_MS = 5_000;

function running(parts: RunningParts): RunningOrchestrator {
  const { view, endpoint, engine, router, events, sources, invokeApi, teardown } = parts;
  let settleStopped: { resolve: () => void; reject: (reason: unknown) => void };
  const stopped = new Promise<void>((resolve, reject) => {
    settleStopped = { resolve, reject };
  });
  const end = (): Promise<void> => {
    void teardown.end().then(
      () => settleStopped.resolve(),
      (error: unknown) => settleStopped.reject(error),
    );
    return stopped;
  };
  const orchestrator: RunningOrchestrator = {
    endpoint,
    engine,
    stopped,
    addresses: () => sources.addresses(endpoint),
    functions: () => view.functions(),
    environments: () => view.environments(),
    invocation: (requestId) => view.invocation(requestId),
    logs: (query) => view.logs(query),
    follow: (query, onLine) => view.follow(query, onLine),
    events: (limit) => view.events(limit),
    changeEvent: (requestId, change) => view.changeEvent(requestId, change),
    services: () => view.services(),
    sources: () => view.sources(),
    runSchedule: (name) => view.runSchedule(name),
    time: () => view.time(),
    advanceTime: (ms) => view.advanceTime(ms),
    stop: (mode, options) => {
      if (options?.keepServices === true) sources.keepServices();
      const ended = mode === 'drain' ? orchestrator.close() : orchestrator.destroy();
      // What goes wrong reaches `stopped`, which is awaited.
      ended.catch(() => undefined);
    },
    close: async () => {
      events.close();
      const drained = sources
        .drain()
        .then(() => router.close())
        .then(() => Promise.all([invokeApi.flushed(FLUSH_MS), router.dismiss()]));
      try {
        await Promise.race([drained, stopped]);
        events.tellLeft();
      } finally {
        // Who waits for the end must see it, whatever went wrong on the way.
        await end();
      }
    },
    destroy: async () => {
      events.close();
      // Whoever waits for an answer is told before the connection goes.
      try {
        await Promise.race([router.destroy(), stopped]);
        events.tellLeft();
      } finally {
        await end();
      }
    },
  };
  view.onStop = (...request) => orchestrator.stop(...request);
  return orchestrator;
}
