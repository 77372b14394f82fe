/** Everything around the engine of a run: connection, leftovers of dead runs, the watchdog. */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../async/clock.js';
import { messageOf, OrchestratorError } from '../../errors.js';
import { identify } from '../../process-identity.js';
import type { ContainerEngine, FreezerKind } from '../engine.js';
import { removeOrphans, runLabels } from '../orphans.js';
import { startWatchdog } from '../watchdog.js';
import { connectDocker } from './connect.js';
import { DockerEngine } from './docker-engine.js';

export interface OpenEngineOptions {
  readonly runId: string;
  readonly clock: Clock;
  warn(message: string): void;
  readonly network?: string;
  readonly freezer?: FreezerKind;
}

/** Disks are mounted here; the same for every run on a machine, so that one can clear another's. */
const SCRATCH_ROOT = '/var/tmp/orchestrator';

/** Raises `engine-unreachable`. */
export async function openDockerEngine(
  options: OpenEngineOptions,
): Promise<DockerEngine & ContainerEngine> {
  const docker = await connectDocker();
  const { runId, clock, network, freezer } = options;
  const scratchRoot = join(SCRATCH_ROOT, runId);
  await claimScratch(scratchRoot).catch(() => undefined);
  const watchdog = startWatchdog({ runId, scratchRoot: SCRATCH_ROOT });
  const engine = new WatchedEngine(
    {
      docker,
      runId,
      clock,
      labels: runLabels(runId),
      scratchRoot,
      warn: (message) => options.warn(message),
      ...(network === undefined ? {} : { network }),
      ...(freezer === undefined ? {} : { freezer }),
    },
    () => watchdog.dismiss(),
  );
  // Nobody waits for this: what a dead run left is in nobody's way.
  removeOrphans(docker, SCRATCH_ROOT).catch((error: unknown) =>
    options.warn(`what dead runs left could not be cleared: ${String(error)}`),
  );
  return engine;
}

class WatchedEngine extends DockerEngine {
  readonly #dismiss: () => Promise<void>;

  constructor(
    options: ConstructorParameters<typeof DockerEngine>[0],
    dismiss: () => Promise<void>,
  ) {
    super(options);
    this.#dismiss = dismiss;
  }

  /** A watchdog is dismissed only when nothing is left for it; otherwise it clears after us. */
  override async close(): Promise<void> {
    try {
      await super.close();
    } catch (error) {
      throw new OrchestratorError(
        'engine-unreachable',
        `what the run made could not be removed: ${messageOf(error)}`,
        {
          remedy: 'It is cleared once the engine answers: in the next minute, or by the next up.',
          cause: error,
        },
      );
    }
    await this.#dismiss();
  }
}

/** The folder says whose it is, for a time when nothing else of the run is left. */
async function claimScratch(folder: string): Promise<void> {
  const owner = Buffer.from(JSON.stringify(identify(process.pid))).toString('base64url');
  await mkdir(join(folder, `owner-${owner}`), { recursive: true });
}
