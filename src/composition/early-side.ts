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
import type { FunctionUrls } from '../function-urls/function-urls.js';
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
  const { settings } = request.config;
  const awsEndpoint = new AwsEndpoint();
  awsEndpoint.holdOthers();
  let made: Behind | undefined;
  const door = doorTo({ ...request, awsEndpoint }, () => made as Behind);
  // Whoever tries it is in as soon as it is bound, and need not try again when all else is there;
  // nobody is served before: nothing of this process runs until the next `await`.
  const bound = door.listen();
  bound.catch(() => undefined);
  try {
    made = openBehind({ ...request, awsEndpoint, door });
  } catch (error) {
    await door.destroy();
    throw error;
  }
  const { port } = await bound;
  tellUrls(made.control, port);
  const endpoint = `http://${urlHost(settings.host)}:${port}`;
  return { ...made, endpoint, invokeApi: door, awsEndpoint };
}

type Behind = Omit<EarlySide, 'endpoint' | 'invokeApi' | 'awsEndpoint'>;

interface BehindSources extends EarlySideRequest {
  readonly awsEndpoint: AwsEndpoint;
  readonly door: InvokeApi;
}

/** All that answers at the door, and their places in the order in which things end. */
function openBehind(sources: BehindSources): Behind {
  const { config, hooks, ownerToken, logs, store, teardown, awsEndpoint, door } = sources;
  const { settings } = config;
  const { log } = hooks;
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
  const view = new View({ router, logs, store, clock: systemClock, events });
  const control = controlParts({ settings, log, ...opened, router, code });
  let admin: AdminApi | undefined;
  const adminApi = (): AdminApi =>
    (admin ??= new AdminApi({ view, token: ownerToken, aws: awsEndpoint }));
  teardown.add(() => door.destroy());
  door.mount(ADMIN_PREFIX, (request, response) => adminApi().handle(request, response));
  door.mount(PACKAGE_PREFIX, (request, response) => servePackage(control, request, response));
  teardown.add(() => admin?.close());
  return { ...opened, control, router, backend, code, events, view, below, beside };
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

/** The Lambda API; the admin API beside it is mounted later. */
function doorTo(
  {
    config: { settings },
    ownerToken,
    awsEndpoint,
  }: Pick<BehindSources, 'config' | 'ownerToken' | 'awsEndpoint'>,
  behind: () => Behind,
): InvokeApi {
  const { host, port, region, accountId, authToken } = settings;
  const entry = entryOf(() => behind().events);
  let site: FunctionUrls | undefined;
  return new InvokeApi({
    router: entry,
    host,
    port,
    region,
    accountId,
    clock: systemClock,
    routes: () => controlRoutes(behind().control),
    get site() {
      return (site ??= functionUrls(behind().control, entry));
    },
    awsEndpoint,
    authToken,
    ownerToken,
    events: { accept: (event) => behind().events.queue.accept(event) },
  });
}

/** The door of invocations as it is at each: files are watched from a moment later on. */
function entryOf(events: () => Events): InvocationRouter {
  return {
    find: (...asked) => events().door.find(...asked),
    list: () => events().door.list(),
    reservedConcurrency: (name) => events().door.reservedConcurrency(name),
    invoke: (...call) => events().door.invoke(...call),
  };
}
