/** The engine and its images for commands that work without a run. */

import { randomBytes } from 'node:crypto';
import { systemClock } from './async/clock.js';
import { Builder } from './builder/builder.js';
import { FunctionImages } from './builder/function-images.js';
import { connectDocker } from './engine/docker/connect.js';
import { openDockerEngine } from './engine/docker/open.js';
import { findServices, removeServices } from './engine/docker/services-container.js';
import type { ContainerEngine } from './engine/engine.js';
import { runLabels } from './engine/orphans.js';
import { ownOutputs } from './function/own-outputs.js';

/** What `build`, `images` and `doctor` need of the engine. */
export interface EngineTools {
  readonly engine: Pick<ContainerEngine, 'describe' | 'open' | 'create' | 'close'>;
  readonly images: ImageTools;
  /** Builds or pulls the image of a function that is packaged as one. */
  readonly prepareImage: FunctionImages['prepare'];
  /** The services container of a state folder. */
  readonly services: {
    /** Where it answers; undefined when none runs. */
    find(stateDirectory: string): Promise<string | undefined>;
    /** Says whether there was one. */
    remove(stateDirectory: string): Promise<boolean>;
  };
}

export type ImageTools = Pick<Builder, 'ensureImage' | 'list' | 'presentBase'>;

/** Raises `engine-unreachable`. */
export async function openEngineTools(): Promise<EngineTools> {
  const docker = await connectDocker();
  const runId = randomBytes(5).toString('hex');
  let opened: ReturnType<typeof openDockerEngine> | undefined;
  const engine = (): ReturnType<typeof openDockerEngine> =>
    (opened ??= openDockerEngine({
      runId,
      clock: systemClock,
      warn: () => undefined,
    }));
  let functionImages: Promise<FunctionImages> | undefined;
  return {
    images: new Builder(docker),
    prepareImage: async (definition, options) => {
      functionImages ??= engine()
        .then((made) => made.describe())
        .then(
          ({ architecture }) =>
            new FunctionImages(docker, {
              architecture,
              excluded: ownOutputs(),
              labels: runLabels(runId),
            }),
        );
      return (await functionImages).prepare(definition, options);
    },
    services: {
      find: (stateDirectory) => findServices(docker, stateDirectory),
      remove: (stateDirectory) => removeServices(docker, stateDirectory),
    },
    engine: {
      describe: async (signal) => (await engine()).describe(signal),
      open: async (signal) => (await engine()).open(signal),
      create: async (...given) => (await engine()).create(...given),
      close: async () => (await opened)?.close(),
    },
  };
}
