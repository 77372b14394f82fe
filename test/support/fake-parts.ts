/**
 * Parts over the fake orchestrator. How they behave is chosen by variables, so that a process of
 * its own (fake-cli.ts) can be told as well:
 *   FAKE_START=fails|dies|hangs   how a start goes wrong
 *   FAKE_DRAIN=never              a drain that does not end
 *   FAKE_NOTICE=1                 the configuration has a setting that is ignored
 *   FAKE_EXTENSIONS=name,name     a function has extensions
 *   FAKE_ADDRESS=address          an HTTP API is there
 */

import { join, resolve } from 'node:path';

import { emptyStack } from '../../src/stack/stack.js';
import { DEFAULTS } from '../../src/config/defaults.js';
import type { Config } from '../../src/config/config.js';
import type { Parts } from '../../src/cli/parts.js';
import { OrchestratorError } from '../../src/errors.js';
import {
  FakeView,
  fakeEnvironment,
  fakeFunction,
  fakeLine,
  startFake,
} from './fake-orchestrator.js';

export function fakeParts(behaviour: Readonly<Record<string, string | undefined>>): Parts {
  return {
    loadConfig({ directory, flags }) {
      const stateDirectory = resolve(flags.state ?? join(directory, DEFAULTS.stateDirectoryName));
      const notice = {
        path: 'Resources.Hello.Properties.Tracing',
        treatment: 'ignored',
        reason: 'there is no X-Ray here',
      } as const;
      const config: Config = {
        projectDirectory: directory,
        source: join(directory, 'template.yaml'),
        files: [],
        settings: {
          stateDirectory,
          port: flags.port ?? 0,
          httpPort: flags.httpPort ?? 0,
          host: DEFAULTS.host,
          spares: DEFAULTS.spares,
          keepAlive: DEFAULTS.keepAlive,
          idleTimeoutMs: DEFAULTS.idleTimeoutMs,
          timeScale: DEFAULTS.timeScale,
          concurrency: DEFAULTS.concurrency,
          unreservedMinimum: 100,
          requestRate: DEFAULTS.requestRate,
          scalingRate: DEFAULTS.scalingRate,
          region: DEFAULTS.region,
          accountId: DEFAULTS.accountId,
          base: 'auto',
          services: 'auto',
          watch: true,
          strict: false,
        },
        functions: [],
        stack: emptyStack(),
        permissions: [],
        notices: behaviour['FAKE_NOTICE'] === undefined ? [] : [notice],
      };
      return Promise.resolve(config);
    },
    async startOrchestrator(config, hooks) {
      const { log, signal } = hooks;
      const progress = (event: Parameters<typeof hooks.progress>[0]): void => hooks.progress(event);
      const step = 'Image for nodejs22.x';
      progress({ kind: 'step', step, state: 'started' });
      progress({ kind: 'step', step, state: 'running', detail: 'Step 3/7 : COPY bootstrap' });
      if (behaviour['FAKE_START'] === 'fails') {
        progress({ kind: 'step', step, state: 'failed', detail: 'exit code 1' });
        throw new OrchestratorError('build-failed', 'the image of nodejs22.x could not be built', {
          remedy: 'Read the lines above.',
          cause: new Error('no space left on device'),
        });
      }
      if (behaviour['FAKE_START'] === 'dies') process.exit(9);
      if (behaviour['FAKE_START'] === 'hangs') {
        await new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new Error('given up')));
        });
      }
      progress({ kind: 'step', step, state: 'done', detail: 'orchestrator/nodejs22.x:1a2b3c' });
      log.info('the engine is ready');
      const view = new FakeView();
      view.environmentList = [fakeEnvironment('e1', { state: 'invoking' }), fakeEnvironment('e2')];
      const extensions = behaviour['FAKE_EXTENSIONS']?.split(',');
      if (extensions !== undefined) {
        view.functionList.push({ ...fakeFunction('extended'), extensions });
      }
      const never = new Promise<void>(() => undefined);
      const running = await startFake({
        stateDirectory: config.settings.stateDirectory,
        port: config.settings.port,
        view,
        ...(behaviour['FAKE_DRAIN'] === 'never' ? { drained: never } : {}),
      });
      const address = behaviour['FAKE_ADDRESS'];
      if (address !== undefined) {
        running.addresses = () => [{ source: 'HTTP API', address, about: 'hello' }];
      }
      view.onFollow = () => setImmediate(() => view.write(fakeLine('a line as it happens')));
      return running;
    },
    openEngine() {
      return Promise.reject(
        new OrchestratorError('engine-unreachable', 'the container engine does not answer', {
          remedy: 'Start it.',
        }),
      );
    },
  };
}
