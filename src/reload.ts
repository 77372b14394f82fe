/**
 * Files change, functions follow: what is saved takes effect at the next event.
 */

import { systemClock } from './async/clock.js';
import type { Config } from './config/config.js';
import { CodeWatch } from './function/code-watch.js';
import { ownOutputs } from './function/own-outputs.js';
import type { FunctionRouter } from './router/function-router.js';

/** Editors write a file in several steps; the next event does not wait for this, only spares do. */
const RELOAD_AFTER_MS = 80;

/**
 * Invocations are looked at after every file change the system has told of by now: a change that
 * was made before the request was sent takes effect with it.
 */
export function afterPendingChanges(router: FunctionRouter): FunctionRouter {
  return new Proxy(router, {
    get(target, property) {
      if (property === 'invoke') {
        const invoke: FunctionRouter['invoke'] = (...call) => {
          setImmediate(() => target.invoke(...call));
        };
        return invoke;
      }
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** Marks functions whose files change and makes their new versions; returns how to end it. */
export function watchCode(
  config: Config,
  router: FunctionRouter,
  warn: (message: string) => void,
): () => Promise<void> {
  const watch = new CodeWatch({
    functions: config.functions.map(({ name, codePath, layerPaths }) => ({
      name,
      paths: [codePath, ...layerPaths],
    })),
    ignored: [config.settings.stateDirectory, ...ownOutputs()],
    onDirty: (name) => {
      const deployment = router.deployment(name);
      deployment?.codeChanged();
      systemClock.setTimer(RELOAD_AFTER_MS, () => void deployment?.ready());
    },
    onError: (error) => warn(`a file cannot be watched: ${String(error)}`),
  });
  return () => watch.close();
}
