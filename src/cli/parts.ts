/**
 * The heavy parts behind the commands, each loaded when a command first needs it: `ps` must not
 * pay for the engine. Tests hand in others.
 */

import type { Config, Flags } from '../config/config.js';
import type { EngineTools } from '../engine-tools.js';
import type { RunningOrchestrator } from '../orchestrator.js';
import type { StartHooks } from '../start-hooks.js';

export interface Parts {
  loadConfig(request: {
    directory: string;
    flags: Flags;
    environment: Readonly<Record<string, string | undefined>>;
  }): Promise<Config>;
  startOrchestrator(config: Config, hooks: StartHooks): Promise<RunningOrchestrator>;
  openEngine(): Promise<EngineTools>;
}

export type { EngineTools, ImageTools } from '../engine-tools.js';
export type { RunningOrchestrator } from '../orchestrator.js';
export type { StartHooks } from '../start-hooks.js';

export type { RuntimeImage as ImageStatus } from '../builder/builder.js';
