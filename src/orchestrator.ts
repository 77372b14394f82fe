/**
 * The composition root: builds every part, starts them in order, stops them in reverse. The only
 * file that knows both sides of a seam.
 */

import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ADMIN_PREFIX } from './admin-api/protocol.js';
import { AdminApi } from './admin-api/server.js';
import type { OrchestratorView } from './admin-api/view.js';
import { systemClock } from './async/clock.js';
import { Teardown } from './async/teardown.js';
import { Builder } from './builder/builder.js';
import { VersionBuilder } from './builder/version-builder.js';
import type { Config, Settings } from './config/config.js';
import type { DockerEngine } from './engine/docker/docker-engine.js';
import { openDockerEngine } from './engine/docker/open.js';
import type { EngineDescription, FreezerKind } from './engine/engine.js';
import { LABEL } from './engine/labels.js';
import { containerSpecBuilder } from './environment/container-spec.js';
import { EnvironmentJournal } from './environment/journal.js';
import { CodeStore } from './function/code-store.js';
import { functionCredentials } from './function/credentials.js';
import type { FunctionDefinition } from './function/function-version.js';
import { InvokeApi } from './invoke-api/server.js';
import type { Logger } from './log/logger.js';
import { LogHub } from './log/log-hub.js';
import { MemoryBudget } from './pool/memory-budget.js';
import { Pool, type PoolParts } from './pool/pool.js';
import type { RetentionRules } from './pool/retention.js';
import { StartGate } from './pool/start-gate.js';
import type { ProgressEvent } from './progress.js';
import { afterPendingChanges, watchCode } from './reload.js';
import { Concurrency } from './router/concurrency.js';
import { Deployment } from './router/deployment.js';
import { FunctionRouter } from './router/function-router.js';
import { RuntimeApi } from './runtime-api/server.js';
import { openDatabase } from './state/database.js';
import { InvocationStore } from './state/invocation-store.js';
import { claimRun } from './state/run-file.js';
import { packageVersion } from './version.js';
import { View } from './view.js';

export interface StartHooks {
  progress(event: ProgressEvent): void;
  readonly log: Logger;
  /** Aborted when the person gave up before the start was done. */
  readonly signal: AbortSignal;
  /** Instead of the best freezer this host allows; for tests of the others. */
  readonly freezer?: FreezerKind;
}

export interface RunningOrchestrator extends OrchestratorView {
  /** Such as `http://127.0.0.1:3001`. */
  readonly endpoint: string;
  readonly engine: EngineDescription;
  /** Resolves when it has stopped; rejects when it failed. */
  readonly stopped: Promise<void>;
  /** Drains: takes nothing new, lets the rest finish, then ends everything. */
  close(): Promise<void>;
  /** Ends everything now. */
  destroy(): Promise<void>;
}

/**
 * Quiet time before freezing when the settings say nothing: what a freeze costs decides. Two
 * milliseconds let a runtime finish what it does behind its poll (collecting garbage, above all):
 * stopped in the midst of it, it would owe that work to the next event.
 */
const FREEZE_AFTER_MS: Readonly<Record<FreezerKind, number | 'never'>> = {
  'cgroup-v2': 2,
  'cgroup-v1': 2,
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

  const store = new InvocationStore({
    database: openDatabase(join(settings.stateDirectory, 'state.db')),
    clock,
    warn: (message) => hooks.log.warn(message),
  });
  teardown.add(() => store.close());
  const logs = new LogHub(store);

  const runId = randomBytes(5).toString('hex');
  const { engine, description, runtimeApi } = await openEngine(runId, settings, hooks, teardown);
  hooks.signal.throwIfAborted();
  const pools = await poolParts({
    config,
    hooks,
    runId,
    engine,
    description,
    runtimeApi,
    logs,
    store,
  });

  const router = new FunctionRouter(new Concurrency(settings.concurrency));
  teardown.add(() => router.destroy());
  engine.onBack = () => router.tryAgain();
  const versions = versionBuilder(config, description, new Builder(engine.docker), hooks);
  for (const sizeMb of new Set(
    config.functions.map(({ ephemeralStorageMb }) => ephemeralStorageMb),
  )) {
    void engine.prepare(sizeMb);
  }
  const rules = {
    freezeAfterMs: settings.freezeAfterMs ?? FREEZE_AFTER_MS[description.freezer],
    idleTimeoutMs: settings.idleTimeoutMs,
    spares: settings.spares,
  };
  for (const definition of config.functions) {
    router.add(deploymentOf(definition, { versions, pools, rules, hooks }));
  }

  const view = new View({ router, logs, store, clock });
  const admin = new AdminApi({ view, token: claim.adminToken });
  const endpoint = await openDoor({ settings, router, admin, hooks, teardown });
  if (settings.watch) teardown.add(watchCode(config, router, (message) => hooks.log.warn(message)));
  await Promise.all(router.deployments.map((deployment) => deployment.ready()));
  hooks.signal.throwIfAborted();
  claim.publish(endpoint);
  return running({ view, endpoint, engine: description, router, teardown });
}

interface OpenedEngine {
  readonly engine: DockerEngine;
  readonly description: EngineDescription;
  readonly runtimeApi: RuntimeApi;
}

/** The engine, and the Runtime API where its containers reach it. */
async function openEngine(
  runId: string,
  settings: Settings,
  hooks: StartHooks,
  teardown: Teardown,
): Promise<OpenedEngine> {
  hooks.progress({ kind: 'step', step: 'Engine', state: 'started' });
  const engine = await openDockerEngine({
    runId,
    clock: systemClock,
    warn: (message) => hooks.log.warn(message),
    ...(settings.network === undefined ? {} : { network: settings.network }),
    ...(hooks.freezer === undefined ? {} : { freezer: hooks.freezer }),
  });
  teardown.add(() => engine.close());
  const [description, network] = await Promise.all([engine.describe(), engine.open()]);
  const detail = `${description.name} ${description.version}`;
  hooks.progress({ kind: 'step', step: 'Engine', state: 'done', detail });
  const runtimeApi = new RuntimeApi();
  teardown.add(() => runtimeApi.destroy());
  await runtimeApi.listen(network.listenAddress, network.hostAddress);
  return { engine, description, runtimeApi };
}

interface PoolSources extends OpenedEngine {
  readonly config: Config;
  readonly hooks: StartHooks;
  readonly runId: string;
  readonly logs: LogHub;
  readonly store: InvocationStore;
}

async function poolParts(sources: PoolSources): Promise<PoolParts> {
  const { config, hooks, engine, description, runtimeApi, logs, store, runId } = sources;
  const { settings } = config;
  return {
    clock: systemClock,
    engine,
    door: runtimeApi,
    gate: new StartGate(Math.max(2, description.cpus)),
    memory: new MemoryBudget(budgetBytes(config, description)),
    newIdentity: () => randomBytes(16).toString('hex'),
    warn: (message) => hooks.log.warn(message),
    buildSpec: containerSpecBuilder({
      runId,
      region: settings.region,
      credentials: await functionCredentials(settings.awsProfile),
      labels: {},
      functionLabel: LABEL.function,
    }),
    openJournal: (version, environmentId) =>
      new EnvironmentJournal(version, environmentId, {
        clock: systemClock,
        lines: logs,
        records: store,
        // Amazon's own bootstrap knows nothing of our markers.
        marks: settings.base !== 'aws',
      }),
  };
}

interface DeploymentSources {
  readonly versions: VersionBuilder;
  readonly pools: PoolParts;
  readonly rules: RetentionRules;
  readonly hooks: StartHooks;
}

function deploymentOf(definition: FunctionDefinition, sources: DeploymentSources): Deployment {
  const { versions, pools, rules, hooks } = sources;
  return new Deployment(definition, {
    build: (changed) => versions.build(changed),
    describeUnbuilt: (unbuilt) => versions.describeUnbuilt(unbuilt),
    openPool: (version, firstCause) => {
      const pool = new Pool(version, pools, { rules, firstCause });
      pool.warm();
      return pool;
    },
    replaced: (version, previous, tookMs) => {
      if (previous === undefined) return;
      hooks.log.info(`${version.name} reloaded in ${Math.round(tookMs)} ms`);
    },
    failed: (failing, error) => {
      const remedy = error.remedy === undefined ? '' : ` ${error.remedy}`;
      hooks.log.error(`${failing.name} cannot run: ${error.message}${remedy}`);
    },
    monotonic: () => systemClock.monotonic(),
  });
}

interface DoorSources {
  readonly settings: Settings;
  readonly router: FunctionRouter;
  readonly admin: AdminApi;
  readonly hooks: StartHooks;
  readonly teardown: Teardown;
}

/** Opens the Lambda API and the admin API beside it; returns the endpoint. */
async function openDoor({
  settings,
  router,
  admin,
  hooks,
  teardown,
}: DoorSources): Promise<string> {
  const invokeApi = new InvokeApi({
    router: settings.watch ? afterPendingChanges(router) : router,
    host: settings.host,
    port: settings.port,
    region: settings.region,
    accountId: settings.accountId,
    concurrency: settings.concurrency,
    clock: systemClock,
    ...(settings.authToken === undefined ? {} : { authToken: settings.authToken }),
    onLost: (functionName, requestId, error) =>
      hooks.log.warn(`the event ${requestId} of ${functionName} was not run: ${error.message}`),
  });
  teardown.add(() => invokeApi.destroy());
  invokeApi.mount(ADMIN_PREFIX, (request, response) => admin.handle(request, response));
  teardown.add(() => admin.close());
  const { port } = await invokeApi.listen();
  const host = settings.host.includes(':') ? `[${settings.host}]` : settings.host;
  return `http://${host}:${port}`;
}

function versionBuilder(
  config: Config,
  description: EngineDescription,
  builder: Builder,
  hooks: StartHooks,
): VersionBuilder {
  const { settings } = config;
  const copies = join(settings.stateDirectory, 'code');
  mkdirSync(copies, { recursive: true });
  return new VersionBuilder({
    clock: systemClock,
    code: new CodeStore(copies, [settings.stateDirectory]),
    region: settings.region,
    accountId: settings.accountId,
    architecture: description.architecture,
    ensureImage: async (runtime) => {
      // An image that is there already is nobody's news.
      const step = `Image for ${runtime}`;
      let building = false;
      const tell = (state: ProgressEvent['state'], detail?: string): void =>
        hooks.progress({ kind: 'step', step, state, ...(detail === undefined ? {} : { detail }) });
      try {
        const image = await builder.ensureImage(runtime, {
          base: settings.base,
          signal: hooks.signal,
          onProgress: ({ step: stage, detail }) => {
            if (stage === 'ready') return;
            tell(building ? 'running' : 'started', detail);
            building = true;
          },
        });
        if (building) tell('done');
        return image;
      } catch (error) {
        if (building) tell('failed');
        throw error;
      }
    },
  });
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
  readonly teardown: Teardown;
}

function running({ view, endpoint, engine, router, teardown }: RunningParts): RunningOrchestrator {
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
    functions: () => view.functions(),
    environments: () => view.environments(),
    invocation: (requestId) => view.invocation(requestId),
    logs: (query) => view.logs(query),
    follow: (query, onLine) => view.follow(query, onLine),
    stop: (mode) => void (mode === 'drain' ? orchestrator.close() : orchestrator.destroy()),
    close: async () => {
      await Promise.race([router.close(), stopped]);
      await end();
    },
    destroy: end,
  };
  view.onStop = (mode) => orchestrator.stop(mode);
  return orchestrator;
}
