/** From a function's definition to its deployment: versions are made here, pools opened on them. */

import { chmodSync, copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../async/clock.js';
import { Builder } from '../builder/builder.js';
import { FunctionImages } from '../builder/function-images.js';
import { VersionBuilder } from '../builder/version-builder.js';
import type { Config, Settings } from '../config/config.js';
import type { DockerEngine } from '../engine/docker/docker-engine.js';
import type { EngineDescription } from '../engine/engine.js';
import { runLabels } from '../engine/orphans.js';
import { HOST_NAME } from '../environment/container-spec.js';
import { CodeStore } from '../function/code-store.js';
import type { FunctionDefinition } from '../function/function-version.js';
import { ownOutputs } from '../function/own-outputs.js';
import { UseHistory } from '../keep-alive/use-history.js';
import { Pool, type PoolParts } from '../pool/pool.js';
import { packageRoot } from '../package-root.js';
import type { RetentionRules } from '../pool/retention.js';
import type { ProgressEvent } from '../progress.js';
import { Deployment } from '../router/deployment.js';
import type { StartHooks } from '../start-hooks.js';

export interface DeploymentSources {
  readonly engine: Pick<DockerEngine, 'expect' | 'expectDisk'>;
  readonly versions: VersionBuilder;
  readonly pools: PoolParts;
  readonly rules: RetentionRules;
  /** How many invocations of that function may be in progress. */
  concurrencyOf(functionName: string): number;
  readonly hooks: StartHooks;
}

export function deploymentOf(
  definition: FunctionDefinition,
  sources: DeploymentSources,
): Deployment {
  const { engine, versions, pools, rules, hooks } = sources;
  const history = new UseHistory();
  engine.expectDisk(definition.ephemeralStorageMb);
  return new Deployment(definition, {
    build: (changed) => versions.build(changed),
    describeUnbuilt: (unbuilt) => versions.describeUnbuilt(unbuilt),
    openPool: (version, firstCause) => {
      // What holds a network runs a program that an image of somebody's own need not have.
      if (version.image === undefined) {
        engine.expect({ image: version.imageReference, hostName: HOST_NAME });
      }
      const concurrency = (): number => sources.concurrencyOf(version.name);
      const pool = new Pool(version, pools, { rules, firstCause, history, concurrency });
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
      const remedy = error.remedy === undefined ? '' : `. ${error.remedy}`;
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

export interface VersionSources {
  readonly config: Config;
  readonly description: EngineDescription;
  readonly engine: Pick<DockerEngine, 'docker'>;
  readonly runId: string;
  readonly code: CodeStore;
  readonly hooks: StartHooks;
}

export function versionBuilder(sources: VersionSources): VersionBuilder {
  const { config, description, engine, runId, code, hooks } = sources;
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

/** Tells of work as a step, once it has something to say: what is there already is nobody's news. */
export async function told<T>(
  hooks: Pick<StartHooks, 'progress'>,
  step: string,
  work: (tell: (detail: string) => void) => Promise<T>,
): Promise<T> {
  let begun = false;
  const tell = (state: ProgressEvent['state'], detail?: string): void =>
    hooks.progress({ kind: 'step', step, state, ...(detail === undefined ? {} : { detail }) });
  try {
    const result = await work((detail) => {
      tell(begun ? 'running' : 'started', detail);
      begun = true;
    });
    if (begun) tell('done');
    return result;
  } catch (error) {
    if (begun) tell('failed');
    throw error;
  }
}
