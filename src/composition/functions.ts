/** The registry of functions, and the control API that changes it. */

import { join } from 'node:path';
import { systemClock } from '../async/clock.js';
import type { Settings } from '../config/config.js';
import type { ControlParts } from '../control-api/parts.js';
import { FunctionUrls } from '../function-urls/function-urls.js';
import { UrlIndex } from '../function-urls/url-index.js';
import type { CodeStore } from '../function/code-store.js';
import { hostArchitecture } from '../function/host-architecture.js';
import type { Logger } from '../log/logger.js';
import { formerRows } from '../registry/former-rows.js';
import { MappingRegistry } from '../registry/mapping-registry.js';
import { PackageStore } from '../registry/package-store.js';
import { FunctionRegistry } from '../registry/registry.js';
import { FileRegistryStore } from '../registry/registry-store.js';
import type { FunctionRouter } from '../router/function-router.js';
import type { InvocationRouter } from '../router/router.js';

export interface OpenedRegistry {
  readonly registry: FunctionRegistry;
  readonly packages: PackageStore;
  readonly mappings: MappingRegistry;
}

/** Raises `state-unusable`. */
export function openRegistry({ stateDirectory }: Settings): OpenedRegistry {
  const packages = new PackageStore(join(stateDirectory, 'functions'));
  const store = new FileRegistryStore(join(stateDirectory, 'registry.jsonl'), {
    former: () => formerRows(join(stateDirectory, 'state.db')),
  });
  const clock = systemClock;
  const registry = new FunctionRegistry({
    store,
    clock,
    pathOf: (file) => packages.pathOf(file),
  });
  return { registry, packages, mappings: new MappingRegistry({ store, clock }) };
}

export interface ControlSources extends OpenedRegistry {
  readonly settings: Settings;
  readonly router: FunctionRouter;
  readonly code: CodeStore;
  readonly log: Pick<Logger, 'info'>;
}

export function controlParts(sources: ControlSources): ControlParts {
  const { settings, log, registry, packages, mappings, router, code } = sources;
  return {
    registry,
    mappings,
    packages,
    router,
    code,
    architecture: hostArchitecture(),
    region: settings.region,
    accountId: settings.accountId,
    concurrency: settings.concurrency,
    unreservedMinimum: settings.unreservedMinimum,
    provisioned: (name, qualifier) => router.provisioned(name, qualifier),
    now: () => systemClock.now(),
    tell: (message) => log.info(message),
  };
}

/** Says where functions answer that have addresses of their own. */
export function tellUrls({ registry, region, tell }: ControlParts, port: number): void {
  for (const name of registry.names()) {
    for (const { urlId } of Object.values(registry.urls(name))) {
      tell(`${name} answers at http://${urlId}.lambda-url.${region}.localhost:${port}/`);
    }
  }
}

/** The functions' own addresses, as the registry has them. */
export function functionUrls(control: ControlParts, router: InvocationRouter): FunctionUrls {
  const { region, accountId, now, tell } = control;
  const urls = new UrlIndex(control.registry);
  return new FunctionUrls({
    find: (urlId) => urls.find(urlId),
    router,
    region,
    accountId,
    now,
    tell,
  });
}
