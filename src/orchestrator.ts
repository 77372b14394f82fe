/**
 * The composition root: builds every part, starts them in order, ends them in reverse.
 *
 *   1. what answers first: state, registry, router, Lambda API. Invocations of functions wait.
 *   2. what runs functions: engine, Runtime API, pools.
 *   3. what sends events: sources, the queue, changed files.
 * A start that fails tells whoever waits for an answer, then leaves nothing.
 */

import { join } from 'node:path';
import { sleep, systemClock } from './async/clock.js';
import { Teardown } from './async/teardown.js';
import { openEarlySide, type EarlySide, type EarlySideRequest } from './composition/early-side.js';
import { FLUSH_MS, running, type RunningOrchestrator } from './composition/running.js';
import type { Config, Settings } from './config/config.js';
import { AutoPublish } from './control-api/auto-publish.js';
import { roleArnOf } from './control-api/configuration.js';
import { LogHub } from './log/log-hub.js';
import type { StartHooks } from './start-hooks.js';
import { openDatabase } from './state/database.js';
import { InvocationStore } from './state/invocation-store.js';
import { claimRun } from './state/run-file.js';
import type { Stack } from './stack/stack.js';
import { packageVersion } from './version.js';

/** Clients that wait for the door try it each few milliseconds. */
const BREATH_MS = 5;

export type { RunningOrchestrator } from './composition/running.js';

/** Starts everything `config` names. Raises user errors; nothing is left running then. */
export async function startOrchestrator(
  config: Config,
  hooks: StartHooks,
): Promise<RunningOrchestrator> {
  const teardown = new Teardown();
  let early: EarlySide | undefined;
  try {
    const claim = claimRun(config.settings.stateDirectory, {
      version: packageVersion(),
      startedAtMs: systemClock.now(),
    });
    teardown.add(() => claim.release());
    const { store, logs } = recordsOf(config.settings, hooks, teardown);
    const ownerToken = claim.adminToken;
    early = await openEarlySide({ config, hooks, ownerToken, logs, store, teardown });
    const start = { config, hooks, ownerToken, logs, store, teardown };
    return await startRest(early, { ...start, ready: (endpoint) => claim.publish(endpoint) });
  } catch (error) {
    await giveUp(error, early, teardown).catch((failure: unknown) => {
      hooks.log.warn('not everything could be ended after the failed start', { failure });
    });
    throw error;
  }
}

/** What is kept of invocations and logs, in a file that is opened once the door is. */
function recordsOf(
  { stateDirectory }: Settings,
  { log }: StartHooks,
  teardown: Teardown,
): { store: InvocationStore; logs: LogHub } {
  const store = new InvocationStore({
    open: () => openDatabase(join(stateDirectory, 'state.db')),
    clock: systemClock,
    warn: (message) => log.warn(message),
  });
  teardown.add(() => store.close());
  return { store, logs: new LogHub(store) };
}

interface Start extends EarlySideRequest {
  /** Other commands may find it from now on. */
  ready(endpoint: string): void;
}

/** What runs functions and what sends them events; loaded only now, so that the first answer is not kept. */
async function startRest(early: EarlySide, start: Start): Promise<RunningOrchestrator> {
  const { config, hooks, ownerToken, logs, store, teardown } = start;
  const { router, registry, mappings, packages, events, view, awsEndpoint, invokeApi } = early;
  const { settings } = config;
  const { log, readConfig, signal } = hooks;
  const { code, below } = early;
  // Who waits at the door is answered before the loading of all else holds the process up.
  await sleep(systemClock, BREATH_MS, signal);
  store.open();
  events.open();
  const { openEngineSide } = await import('./composition/engine-side.js');
  const concurrencyOf = (name: string): number =>
    registry.reservedConcurrency(name) ?? settings.concurrency;
  const asked = { ...start, awsEndpoint, code, concurrencyOf, teardown: below };
  const opened = await openEngineSide(asked);
  const { engine, description, aws, backend } = opened;
  engine.onBack = () => router.tryAgain();
  aws.door.lambda = (request, response) => invokeApi.serveLambda(request, response);
  signal.throwIfAborted();

  const automatic = new AutoPublish(early.control, (message) => log.warn(message));
  const { Sources } = await import('./composition/sources.js');
  const roleOf = (name: string): string => roleArnOf(settings.accountId, registry.revision(name));
  const parts = { settings, events, mappings, roleOf, awsEndpoint, engine, logs, ownerToken };
  const sources = new Sources({ ...parts, hooks, teardown: early.beside });
  view.onSources = () => sources.status();
  view.onHeldBytes = (containerIds) => engine.heldBytes(containerIds);
  view.onServices = () => sources.services();
  view.onRunSchedule = (name) => sources.runSchedule(name);
  awsEndpoint.opened();
  if (settings.watch) {
    const { Reload } = await import('./composition/reload.js');
    const onBuild = (name: string): void => void automatic.built(name);
    const onStack = (stack: Stack): Promise<void> => sources.apply(stack);
    const reload = new Reload(config, { router, registry, onBuild, onStack, log, readConfig });
    early.beside.add(() => reload.close());
    registry.onChanged = (name) => {
      router.sync(name);
      reload.functionsChanged();
    };
    events.door = reload.door;
  }
  early.backend.opened(backend);
  await Promise.all(router.deployments.map((deployment) => deployment.ready()));
  await Promise.all(config.functions.map(({ name }) => automatic.built(name)));
  signal.throwIfAborted();
  void backend.collect();
  void packages.collect(() => registry.packages());
  const { endpoint } = early;
  start.ready(endpoint);
  void opened.rehearse();
  events.start();
  await sources.start(config.stack);
  const standing = { view, endpoint, engine: description, router, events, sources };
  return running({ ...standing, invokeApi, teardown });
}

/** Whoever waits for an answer has one before the connection goes; then everything is ended. */
async function giveUp(
  error: unknown,
  early: EarlySide | undefined,
  teardown: Teardown,
): Promise<void> {
  try {
    if (early === undefined) return;
    const { backend, awsEndpoint, router, invokeApi } = early;
    const reason = backend.fail(error);
    awsEndpoint.failed(reason);
    await router.destroy(reason);
    await invokeApi.flushed(FLUSH_MS);
  } finally {
    await teardown.end();
  }
}
