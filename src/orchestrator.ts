/**
 * The composition root: builds every part, starts them in order, stops them in reverse. The only
 * file that knows both sides of a seam.
 */

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { AdminApi } from './admin-api/server.js';
import type {
  EnvironmentStatus,
  FunctionStatus,
  InvocationRecord,
  LogLine,
  LogQuery,
  OrchestratorView,
} from './admin-api/view.js';
import { systemClock } from './async/clock.js';
import { Builder } from './builder/builder.js';
import type { Config } from './config/config.js';
import { openDockerEngine } from './engine/docker/open.js';
import type { ContainerEngine, EngineDescription } from './engine/engine.js';
import { containerSpecBuilder } from './environment/container-spec.js';
import { EnvironmentJournal } from './environment/journal.js';
import { startedBecause } from './environment/cause.js';
import { CodeStore } from './function/code-store.js';
import { CodeWatch } from './function/code-watch.js';
import { InvokeApi } from './invoke-api/server.js';
import { LogHub } from './log/log-hub.js';
import type { Logger } from './log/logger.js';
import type { ProgressEvent } from './progress.js';
import { RuntimeApi } from './runtime-api/server.js';
import { FunctionRouter } from './router/function-router.js';
import { InvocationStore } from './state/invocation-store.js';
