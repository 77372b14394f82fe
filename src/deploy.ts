/** From a function's definition to its deployment: versions are made here, pools opened on them. */

import { chmodSync, copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from './async/clock.js';
import type { Builder } from './builder/builder.js';
import { VersionBuilder } from './builder/version-builder.js';
import type { Config, Settings } from './config/config.js';
import type { DockerEngine } from './engine/docker/docker-engine.js';
import type { EngineDescription } from './engine/engine.js';
import { HOST_NAME } from './environment/container-spec.js';
import { CodeStore } from './function/code-store.js';
import type { FunctionDefinition } from './function/function-version.js';
import { ownOutputs } from './function/own-outputs.js';
import { Pool, type PoolParts } from './pool/pool.js';
import { packageRoot } from './package-root.js';
import type { RetentionRules } from './pool/retention.js';
import type { ProgressEvent } from './progress.js';
import { Deployment } from './router/deployment.js';
import type { StartHooks } from './start-hooks.js';

export interface DeploymentSources {
  readonly engine: Pick<DockerEngine, 'expect' | 'expectDisk'>;
  readonly versions: VersionBuilder;
  readonly pools: PoolParts;
  readonly rules: RetentionRules;
  readonly hooks: StartHooks;
}

export function deploymentOf(
  definition: FunctionDefinition,
  sources: DeploymentSources,
): Deployment {
  const { engine, versions, pools, rules, hooks } = sources;
  engine.expectDisk(definition.ephemeralStorageMb);
  return new Deployment(definition, {
    build: (changed) => versions.build(changed),
    describeUnbuilt: (unbuilt) => versions.describeUnbuilt(unbuilt),
    openPool: (version, firstCause) => {
      engine.expect({ image: version.imageReference, hostName: HOST_NAME });
      const pool = new Pool(version, pools, { rules, firstCause });
      pool.warm();
      return pool;
    },
    replaced: (version, previous, tookMs) => {
      if (previous === undefined) return;
      hooks.log.info(`${version.name} reloaded in ${Math.round(tookMs)} ms`);
    },
    discarded: (version) => versions.release(version),
    failed: (failing, error) => {
      // A start that was given up has nothing to say of what it did not finish.
      if (hooks.signal.aborted) return;
      const remedy = error.remedy === undefined ? '' : ` ${error.remedy}`;
      hooks.log.error(`${failing.name} cannot run: ${error.message}${remedy}`);
    },
    monotonic: () => systemClock.monotonic(),
  });
}

export function openCodeStore({ stateDirectory }: Settings): CodeStore {
  const copies = join(stateDirectory, 'code');
  mkdirSync(copies, { recursive: true });
  return new CodeStore(copies, [stateDirectory, ...ownOutputs()]);
}

/** The engine may see the state folder only: what is mounted from our own files goes there. */
export function copySupervisor(stateDirectory: string): string {
  const path = join(stateDirectory, 'supervisor');
  copyFileSync(join(packageRoot(), 'runtimes/supervisor'), path);
  chmodSync(path, 0o755);
  return path;
}

export function versionBuilder(
  config: Config,
  description: EngineDescription,
  parts: { readonly builder: Builder; readonly code: CodeStore; readonly hooks: StartHooks },
): VersionBuilder {
  const { settings } = config;
  const { builder, code, hooks } = parts;
  return new VersionBuilder({
    clock: systemClock,
    code,
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
