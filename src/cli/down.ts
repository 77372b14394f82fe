/**
 * `orchestrator down`: ends the running orchestrator and returns when it is gone. Nothing running
 * is what was asked for, and no error.
 */

import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import type { StopRequest } from '../admin-api/protocol.js';
import { sleep } from '../async/clock.js';
import { isOrchestratorError } from '../errors.js';
import { DEFAULTS } from '../config/defaults.js';
import { isAlive } from '../process-identity.js';
import type { FoundRun } from '../state/run-file.js';
import { createAdminClient, runOf } from './admin-client.js';
import { STATE_OPTION, type Command, type CommandContext } from './command.js';
import { count } from './format.js';
import { EXIT } from './host.js';

/** No event tells that a process which is not our child has gone. */
const LOOK_EVERY_MS = 25;

export const down: Command = {
  name: 'down',
  summary: 'Stop the orchestrator',
  options: {
    now: { type: 'boolean', describe: 'Do not wait for running invocations' },
    'keep-services': {
      type: 'boolean',
      describe: 'Leave the services container, and the data in it',
    },
    ...STATE_OPTION,
  },
  examples: [
    ['down', 'let what runs finish'],
    ['down --now', 'end it at once'],
  ],
  async run(context) {
    const { args, report } = context;
    const run = runningOrNot(context);
    if (run === undefined) {
      const cleared = args.flag('keep-services') ? false : await clearServices(context);
      if (report.json) report.printJson({ stopped: false, ...(cleared ? { cleared } : {}) });
      else {
        report.note('No orchestrator is running here.');
        if (cleared) report.note('The services container that one had left is removed.');
      }
      return EXIT.ok;
    }
    const now = args.flag('now');
    const queued = await queuedEvents(run);
    const mode = now ? 'now' : 'drain';
    await askToStop(run, { mode, keepServices: args.flag('keep-services') });
    const detail = now ? '' : 'running invocations finish first';
    if (!(await waitForEnd(context, run, detail))) return EXIT.interrupted;
    if (report.json) report.printJson({ stopped: true, pid: run.process.pid });
    else if (queued > 0) {
      report.note(
        `What is left of ${count(queued, 'asynchronous event')} goes on with the next start.`,
      );
    }
    return EXIT.ok;
  },
};

/** What a run that was killed has left for the next one, which is not wanted any more. */
async function clearServices(context: CommandContext): Promise<boolean> {
  const stateDirectory = stateDirectoryOf(context);
  if (stateDirectory === undefined) return false;
  try {
    return await (await context.parts.openEngine()).services.remove(stateDirectory);
  } catch (error) {
    // Where no engine runs, none of its containers does.
    if (isOrchestratorError(error, 'engine-unreachable')) return false;
    throw error;
  }
}

/** The one that `--state` names, or the nearest. */
function stateDirectoryOf({ args, host }: CommandContext): string | undefined {
  const named = args.string('state');
  if (named !== undefined) return resolve(host.cwd, named);
  for (let folder = resolve(host.cwd); ; folder = dirname(folder)) {
    const candidate = join(folder, DEFAULTS.stateDirectoryName);
    if (existsSync(candidate)) return candidate;
    if (dirname(folder) === folder) return undefined;
  }
}

/** As far as it can be known: it is no reason not to stop. */
async function queuedEvents(run: FoundRun): Promise<number> {
  try {
    return (await createAdminClient(run).events()).queued;
  } catch {
    return 0;
  }
}

function runningOrNot(context: CommandContext): FoundRun | undefined {
  try {
    return runOf(context);
  } catch (error) {
    // A run that is still starting has a process id, and must not be passed over in silence.
    if (isOrchestratorError(error, 'not-running') && error.details['pid'] === undefined) {
      return undefined;
    }
    throw error;
  }
}

async function askToStop(run: FoundRun, request: StopRequest): Promise<void> {
  try {
    await createAdminClient(run).stop(request);
  } catch (error) {
    if (!isAlive(run.process)) return;
    if (!isOrchestratorError(error, 'not-running')) throw error;
    // It lives and does not answer. What it leaves behind when killed, its watchdog clears.
    process.kill(run.process.pid, request.mode === 'drain' ? 'SIGTERM' : 'SIGKILL');
  }
}

/** False when the person would not wait. */
async function waitForEnd(
  { clock, report, host }: CommandContext,
  run: FoundRun,
  detail: string,
): Promise<boolean> {
  const step = `Stopping the orchestrator at ${run.endpoint}`;
  const impatient = new AbortController();
  const release = host.onSignal('SIGINT', () => impatient.abort());
  report.progress({ kind: 'step', step, state: 'started', detail });
  try {
    while (isAlive(run.process)) await sleep(clock, LOOK_EVERY_MS, impatient.signal);
    report.progress({ kind: 'step', step, state: 'done' });
    return true;
  } catch (error) {
    if (!impatient.signal.aborted) throw error;
    const left = 'it goes on stopping; `orchestrator down --now` ends it';
    report.progress({ kind: 'step', step, state: 'failed', detail: left });
    return false;
  } finally {
    release();
  }
}
