/** What whoever starts an orchestrator is told by it, and gives it. */

import type { Config } from './config/config.js';
import type { FreezerKind } from './engine/engine.js';
import type { Logger } from './log/logger.js';
import type { ProgressEvent } from './progress.js';

export interface StartHooks {
  progress(event: ProgressEvent): void;
  readonly log: Logger;
  /** Aborted when the person gave up before the start was done. */
  readonly signal: AbortSignal;
  /** Reads the configuration again when its files change. Raises user errors. */
  readonly readConfig?: () => Promise<Config>;
  /** Instead of the best freezer this host allows; for tests of the others. */
  readonly freezer?: FreezerKind;
}
