/**
 * The heavy parts behind the commands, each loaded when a command first needs it: `ps` must not
 * pay for the engine. Tests hand in others.
 */

import type { OrchestratorView } from '../admin-api/view.js';
import type { Config } from '../config/config.js';
import type { ContainerEngine, EngineDescription } from '../engine/engine.js';
import type { Logger } from '../log/logger.js';
import type { ProgressEvent } from '../progress.js';
import type { Flags } from './flags.js';

export interface Parts {
  loadConfig(request: {
    directory: string;
    flags: Flags;
    environment: Readonly<Record<string, string | undefined>>;
  }): Promise<Config>;
  startOrchestrator(config: Config, hooks: StartHooks): Promise<RunningOrchestrator>;
  openEngine(settings?: { network?: string }): Promise<EngineTools>;
}

export interface StartHooks {
  progress(event: ProgressEvent): void;
  readonly log: Logger;
  /** Aborted when the person gave up before the start was done. */
  readonly signal: AbortSignal;
}

export interface RunningOrchestrator extends OrchestratorView {
  readonly endpoint: string;
  readonly engine: EngineDescription;
  /** Resolves when it has stopped; rejects when it failed. */
  readonly stopped: Promise<void>;
  close(): Promise<void>;
  destroy(): Promise<void>;
}

/** What `build`, `images` and `doctor` need of the engine. */
export interface EngineTools {
  readonly engine: Pick<ContainerEngine, 'describe' | 'open' | 'create' | 'close'>;
  readonly images: ImageTools;
}

export interface ImageTools {
  ensureImage(
    runtime: string,
    options: {
      base: Config['settings']['base'];
      signal: AbortSignal;
      onProgress: (progress: { readonly step: string; readonly detail: string }) => void;
    },
  ): Promise<string>;
  list(): Promise<readonly ImageStatus[]>;
  /** What a build would start from without fetching anything. */
  presentBase(
    runtime: string,
    base?: Config['settings']['base'],
  ): Promise<{ readonly kind: string; readonly reference: string } | undefined>;
}

export interface ImageStatus {
  readonly runtime: string;
  readonly reference: string;
  readonly base: string;
  readonly sizeBytes: number;
  readonly createdAtMs: number;
}
