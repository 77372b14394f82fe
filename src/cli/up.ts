/**
 * `orchestrator up`: starts everything, says how to use it, shows live logs until it is stopped.
 * With `--detach` it starts itself again in the background (detach.ts).
 */

import { resolve } from 'node:path';

import type { Config } from '../config/config.js';
import type { Command, CommandContext } from './command.js';
import { count } from './format.js';
import { DETACHED_FLAG, SETTING_OPTIONS, flagsOf } from './flags.js';
import { EXIT } from './host.js';
import { onInterrupts } from './interrupts.js';
import { noteRun } from './known-runs.js';
import type { RunningOrchestrator } from './parts.js';
import { showNotices } from './notices.js';
import { giveMemoryBackLate } from './idle-heap.js';
import { showReady } from './ready.js';
import { errorFields } from './report.js';
import { terminalLogger } from './terminal-logger.js';

/** States in which an event is with an environment. */
const RUNNING_STATES: ReadonlySet<string> = new Set([
  'invoking',
  'thawing',
  'restarting',
  'reinitializing',
]);

export const up: Command = {
  name: 'up',
  summary: 'Start the functions of a project',
  about:
    'The project is a folder with a SAM or CloudFormation template, CDK output, a\nserverless.yml or an orchestrator.yaml.\nCtrl-C once lets running invocations finish, twice ends at once.',
  positionals: { dir: { describe: 'Folder of the project (default: this one)' } },
  options: {
    detach: {
      type: 'boolean',
      alias: 'd',
      describe: 'Return when it is ready, and leave it running',
    },
    ...SETTING_OPTIONS,
    [DETACHED_FLAG]: { type: 'boolean', describe: 'Set by --detach', hidden: true },
  },
  examples: [
    ['up', 'in a folder with a template.yaml or orchestrator.yaml'],
    ['up examples/hello --detach', 'another folder, in the background'],
    ['up --freeze-after never --spares 0', 'no freezing, and true cold starts'],
  ],
  async run(context) {
    const { args, host, parts } = context;
    const request = {
      directory: resolve(host.cwd, args.string('dir') ?? '.'),
      flags: flagsOf(args, host.cwd),
      environment: host.environment,
    };
    const readConfig = (): Promise<Config> => parts.loadConfig(request);
    const config = await readConfig();
    if (args.flag(DETACHED_FLAG) || !args.flag('detach')) return serve(context, config, readConfig);
    const { startDetached } = await import('./detach.js');
    return startDetached(context, config);
  },
};

async function serve(
  context: CommandContext,
  config: Config,
  readConfig: () => Promise<Config>,
): Promise<number> {
  const { args, host, report, parts } = context;
  const tellParent = args.flag(DETACHED_FLAG) ? host.tellParent : undefined;
  const startStopped = new AbortController();
  const run = new Run(context, startStopped);
  const release = onInterrupts(host, run);
  const onReaderGone = (): void => run.drain();
  report.closed.addEventListener('abort', onReaderGone);
  let forget = (): void => undefined;
  try {
    showNotices(report, config);
    const running = await parts.startOrchestrator(config, {
      progress(event) {
        report.progress(event);
        tellParent?.({ event: 'progress', ...event });
      },
      log: terminalLogger(report),
      signal: startStopped.signal,
      readConfig,
    });
    run.started(running);
    giveMemoryBackLate();
    const { projectDirectory, settings } = config;
    forget = noteRun(host, { projectDirectory, stateDirectory: settings.stateDirectory });
    if (run.interrupted === undefined) {
      const { endpoint, engine } = running;
      const ready = {
        endpoint,
        engine,
        functions: running.functions(),
        addresses: running.addresses(),
      };
      showReady(context, config, ready);
      tellParent?.({ event: 'ready', ...ready });
      // Detached, the lines would fill a file that nobody looks at; `logs` has them.
      if (tellParent === undefined) running.follow({}, (line) => report.log(line));
    }
    await running.stopped;
  } catch (error) {
    if (run.interrupted === undefined) {
      tellParent?.({ event: 'failed', error: errorFields(error) });
      throw error;
    }
    // A start that was called off ends with the reason it was given.
    if (!startStopped.signal.aborted) throw error;
  } finally {
    forget();
    release();
    report.closed.removeEventListener('abort', onReaderGone);
  }
  if (report.json) report.printJson({ event: 'stopped' });
  else report.note('Stopped. Nothing is left running.');
  return run.interrupted === 'now' ? EXIT.interrupted : EXIT.ok;
}

/** How far the wish to stop has gone, and what is there to be stopped. */
class Run {
  readonly #context: CommandContext;
  readonly #starting: AbortController;
  #running: RunningOrchestrator | undefined;
  interrupted: 'drain' | 'now' | undefined;

  constructor(context: CommandContext, starting: AbortController) {
    this.#context = context;
    this.#starting = starting;
  }

  started(running: RunningOrchestrator): void {
    this.#running = running;
    if (this.interrupted !== undefined) this.#stop(this.interrupted);
  }

  drain(): void {
    if (this.interrupted !== undefined) return;
    this.interrupted = 'drain';
    this.#say('drain', this.#drainText());
    this.#stop('drain');
  }

  now(): void {
    this.interrupted = 'now';
    this.#say('now', 'Ending now.');
    this.#stop('now');
  }

  abandon(): void {
    this.#context.host.exit(EXIT.interrupted);
  }

  #stop(mode: 'drain' | 'now'): void {
    if (this.#running === undefined) {
      this.#starting.abort();
      return;
    }
    const ended = mode === 'drain' ? this.#running.close() : this.#running.destroy();
    // What goes wrong reaches `stopped`, which is awaited.
    ended.catch(() => undefined);
  }

  #drainText(): string {
    if (this.#running === undefined) return 'Giving up the start; Ctrl-C again ends it at once.';
    const busy = this.#running
      .environments()
      .filter(({ state }) => RUNNING_STATES.has(state)).length;
    const first = busy === 0 ? '' : ` ${count(busy, 'invocation')} still running may finish;`;
    return `Stopping.${first} Ctrl-C again ends it at once.`;
  }

  #say(mode: 'drain' | 'now', text: string): void {
    const { report } = this.#context;
    if (report.json) report.printJson({ event: 'stopping', mode });
    else report.note(text);
  }
}
