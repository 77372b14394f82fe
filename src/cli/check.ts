/** What a check of `doctor` is. */

import type { EngineDescription } from '../engine/engine.js';
import type { CommandContext } from './command.js';
import type { EngineTools } from './parts.js';

export interface CheckResult {
  /** `skipped`: it could not be looked at, because something before it failed. */
  readonly state: 'ok' | 'warning' | 'failed' | 'skipped';
  /** What was found, in one line. */
  readonly detail: string;
  /** Required reading for `warning` and `failed`. */
  readonly remedy?: string;
}

export interface CheckContext {
  /** Opened once, for all checks. Rejects where the engine does not answer. */
  engine(): Promise<EngineTools>;
  readonly command: CommandContext;
  readonly host: string;
  readonly port: number;
  readonly stateDirectory: string;
}

/** One thing looked at. What `run` throws is a failure with the error's remedy. */
export interface Check {
  readonly title: string;
  /** Makes containers or takes seconds; left out by `--quick`. */
  readonly slow?: true;
  run(context: CheckContext): Promise<CheckResult>;
}

/** Skips a check whose failure would only repeat that the engine does not answer. */
export function withEngine(run: (context: CheckContext) => Promise<CheckResult>): Check['run'] {
  return async (context) => {
    try {
      await describe(context);
    } catch {
      return { state: 'skipped', detail: 'needs the engine' };
    }
    return run(context);
  };
}

export async function describe(context: CheckContext): Promise<EngineDescription> {
  return (await context.engine()).engine.describe();
}
