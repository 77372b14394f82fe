/** From a function's definition to its deployment; what makes versions and runs them comes later. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../async/clock.js';
import { describeUnbuilt } from '../builder/unbuilt.js';
import type { Settings } from '../config/config.js';
import { CodeStore } from '../function/code-store.js';
import type { FunctionDefinition } from '../function/function-version.js';
import { ownOutputs } from '../function/own-outputs.js';
import { UseHistory } from '../keep-alive/use-history.js';
import { Deployment } from '../router/deployment.js';
import type { StartHooks } from '../start-hooks.js';
import type { LateBackend } from './backend.js';

export interface DeploymentSources {
  readonly backend: LateBackend;
  readonly settings: Settings;
  readonly hooks: StartHooks;
}

export function deploymentOf(
  definition: FunctionDefinition,
  { backend, settings, hooks }: DeploymentSources,
): Deployment {
  const { region, accountId } = settings;
  const history = new UseHistory(systemClock.monotonic() * settings.timeScale);
  return new Deployment(definition, {
    build: (changed) => backend.build(changed),
    describeUnbuilt: (unbuilt) =>
      describeUnbuilt(unbuilt, { region, accountId, nowMs: systemClock.now() }),
    openPool: (version, firstCause) => backend.openPool(version, firstCause, history),
    replaced: (version, previous, tookMs) => {
      if (previous === undefined) return;
      hooks.log.info(`${version.name} reloaded in ${Math.round(tookMs)} ms`);
    },
    discarded: (version) => backend.release(version),
    failed: (failing, error) => {
      // A start that was given up has nothing to say of what it did not finish.
      if (hooks.signal.aborted || backend.failed) return;
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
