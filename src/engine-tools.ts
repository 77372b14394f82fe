/** The engine and its images for commands that work without a run. */

import { randomBytes } from 'node:crypto';
import { systemClock } from './async/clock.js';
import { Builder } from './builder/builder.js';
import { connectDocker } from './engine/docker/connect.js';
import { openDockerEngine } from './engine/docker/open.js';
import type { ContainerEngine } from './engine/engine.js';

/** What `build`, `images` and `doctor` need of the engine. */
export interface EngineTools {
  readonly engine: Pick<ContainerEngine, 'describe' | 'open' | 'create' | 'close'>;
  readonly images: ImageTools;
}

export type ImageTools = Pick<Builder, 'ensureImage' | 'list' | 'presentBase'>;

/** The engine for commands that work without a run. Raises `engine-unreachable`. */
export async function openEngineTools(): Promise<EngineTools> {
  const docker = await connectDocker();
  let opened: ReturnType<typeof openDockerEngine> | undefined;
  const engine = (): ReturnType<typeof openDockerEngine> =>
    (opened ??= openDockerEngine({
      runId: randomBytes(5).toString('hex'),
      clock: systemClock,
      warn: () => undefined,
    }));
  return {
    images: new Builder(docker),
    engine: {
      describe: async (signal) => (await engine()).describe(signal),
      open: async (signal) => (await engine()).open(signal),
      create: async (...given) => (await engine()).create(...given),
      close: async () => (await opened)?.close(),
    },
  };
}
