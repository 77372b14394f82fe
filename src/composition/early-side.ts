/**
 * The composition root's part for what answers first: the registry, the router over it, and the
 * Lambda API. It needs no engine; invocations wait for theirs.
 */

import { systemClock } from '../async/clock.js';
import { Teardown } from '../async/teardown.js';
import { ADMIN_PREFIX } from '../admin-api/protocol.js';
import { AdminApi } from '../admin-api/server.js';
import { AwsEndpoint } from '../aws-endpoint/aws-endpoint.js';
import type { Config, Settings } from '../config/config.js';
import { PACKAGE_PREFIX, servePackage } from '../control-api/download.js';
import type { ControlParts } from '../control-api/parts.js';
import { controlRoutes } from '../control-api/routes.js';
import { InvokeApi } from '../invoke-api/server.js';
import { urlHost } from '../invoke-api/listen.js';
import type { CodeStore } from '../function/code-store.js';
import type { LogHub } from '../log/log-hub.js';
import { Concurrency } from '../router/concurrency.js';
import { FunctionRouter } from '../router/function-router.js';
import type { InvocationRouter } from '../router/router.js';
import type { StartHooks } from '../start-hooks.js';
import type { InvocationStore } from '../state/invocation-store.js';
import { LateBackend } from './backend.js';
import { deploymentOf, openCodeStore } from './deploy.js';
import { Events } from './events.js';
import {
  controlParts,
  functionUrls,
  openRegistry,
  tellUrls,
  type OpenedRegistry,
} from './functions.js';
import { View } from './view.js';

export interface EarlySideRequest {
  readonly config: Config;
  readonly hooks: StartHooks;
  readonly ownerToken: string;
  readonly logs: LogHub;
  readonly store: InvocationStore;
  readonly teardown: Teardown;
}

export interface EarlySide extends OpenedRegistry {
  /** Where AWS clients reach us. */
  readonly endpoint: string;
  readonly invokeApi: InvokeApi;
  readonly awsEndpoint: AwsEndpoint;
  readonly control: ControlParts;
  readonly router: FunctionRouter;
  readonly backend: LateBackend;
  readonly code: CodeStore;
  readonly events: Events;
  readonly view: View;
  /** What is opened later and ends after the functions. */
  readonly below: Teardown;
  /** What is opened later and ends before the functions, and after the doors. */
  readonly beside: Teardown;
}

/** Raises user errors. */
export async function openEarlySide(request: EarlySideRequest): Promise<EarlySide> {
  const { config, hooks, ownerToken, logs, store, teardown } = request;
  const { settings } = config;
  const clock = systemClock;
  const below = nested(teardown);
  const opened = openRegistry(settings);
  const { registry } = opened;
  teardown.add(() => registry.close());
  const code = openCodeStore(settings);
  const backend = new LateBackend();
  const router = routerOver(opened, { settings, backend, hooks });
  teardown.add(() => router.destroy());
  tellHidden(registry.setFiles(config.functions).hidden, hooks);
  for (const name of registry.names()) router.sync(name);
  const events = new Events({ settings, router, registry, logs, hooks, teardown });
  const beside = nested(teardown);
  const view = new View({ router, logs, store, clock, events });
  const { log } = hooks;
  const control = controlParts({ settings, log, ...opened, router, code });
  const awsEndpoint = new AwsEndpoint();
  awsEndpoint.holdOthers();
  const admin = new AdminApi({ view, token: ownerToken, aws: awsEndpoint });
  const doorParts = { settings, control, admin, ownerToken, events, awsEndpoint, teardown };
  const door = await openDoor({ ...doorParts, router: entryOf(events) });
  const functions = { control, router, backend, code, ...opened };
  return { ...door, ...functions, awsEndpoint, events, view, below, beside };
}

/** To be filled later; ends in the order of where it stands now. */
function nested(teardown: Teardown): Teardown {
  const inner = new Teardown();
  teardown.add(() => inner.end());
  return inner;
}

function routerOver(
  { registry }: OpenedRegistry,
  sources: { settings: Settings; backend: LateBackend; hooks: StartHooks },
): FunctionRouter {
  const { settings } = sources;
  const router = new FunctionRouter({
    concurrency: new Concurrency({
      limit: settings.concurrency,
      unreservedMinimum: settings.unreservedMinimum,
      requestsPerSecond: settings.requestRate,
      clock: systemClock,
    }),
    directory: registry,
    deploy: (definition) => deploymentOf(definition, sources),
    random: Math.random,
  });
  registry.onChanged = (name) => router.sync(name);
  return router;
}

function tellHidden(names: readonly string[], { log }: StartHooks): void {
  for (const name of names) {
    log.warn(`${name} made through the API is hidden by the function of that name in the file`);
  }
}

/** The door of invocations as it is at each: files are watched from a moment later on. */
function entryOf(events: Events): InvocationRouter {
  return {
    find: (...asked) => events.door.find(...asked),
    list: () => events.door.list(),
    reservedConcurrency: (name) => events.door.reservedConcurrency(name),
    invoke: (...call) => events.door.invoke(...call),
  };
}

interface DoorSources {
  readonly settings: Settings;
  readonly router: InvocationRouter;
  readonly control: ControlParts;
  readonly admin: AdminApi;
  readonly ownerToken: string;
  readonly events: Events;
  readonly awsEndpoint: AwsEndpoint;
  readonly teardown: Teardown;
}

/** Opens the Lambda API and the admin API beside it. */
async function openDoor(sources: DoorSources): Promise<{ endpoint: string; invokeApi: InvokeApi }> {
  const { settings, router, control, admin, ownerToken, events, awsEndpoint, teardown } = sources;
  const invokeApi = new InvokeApi({
    router,
    host: settings.host,
    port: settings.port,
    region: settings.region,
    accountId: settings.accountId,
    clock: systemClock,
    routes: controlRoutes(control),
    site: functionUrls(control, router),
    awsEndpoint,
    authToken: settings.authToken,
    ownerToken,
    events: events.queue,
  });
  teardown.add(() => invokeApi.destroy());
  invokeApi.mount(ADMIN_PREFIX, (request, response) => admin.handle(request, response));
  invokeApi.mount(PACKAGE_PREFIX, (request, response) => servePackage(control, request, response));
  teardown.add(() => admin.close());
  const { port } = await invokeApi.listen();
  tellUrls(control, port);
  return { endpoint: `http://${urlHost(settings.host)}:${port}`, invokeApi };
}
