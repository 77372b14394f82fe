/**
 * `up --detach`: the same program once more, in a session of its own, told to report to this one.
 * It sends its progress, then `ready` or `failed`; what else it says goes to `up.log` in the state
 * folder. When it is ready this process leaves.
 */

import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Config } from '../config/config.js';
import { OrchestratorError, type ErrorCode } from '../errors.js';
import type { ProgressEvent } from '../progress.js';
import { makeStateDirectory, unusableState } from '../state/run-file.js';
import { runLockHolder } from '../state/run-lock.js';
import type { CommandContext } from './command.js';
import { shellWord } from './format.js';
import { DETACHED_FLAG } from './flags.js';
import { EXIT } from './host.js';
import { onInterrupts } from './interrupts.js';
import { showNotices } from './notices.js';
import { programName, showReady, type ReadyRun } from './ready.js';

const LOG_NAME = 'up.log';
/**
 * By default glibc gives each thread of V8 a heap of its own, and what they needed once to optimise
 * code stays in each: megabytes that have nothing to do with what runs. It is asked before a process
 * begins. What people have set stands. Programs it starts have it too, and take no harm.
 */
const FEW_HEAPS = { MALLOC_ARENA_MAX: '2' };
/** Of a child that died without a word, this much of its log says why. */
const LAST_LINES = 15;

type ChildMessage =
  | ({ readonly event: 'progress' } & ProgressEvent)
  | ({ readonly event: 'ready' } & ReadyRun)
  | { readonly event: 'failed'; readonly error: ChildError };

interface ChildError {
  readonly code?: ErrorCode;
  readonly message: string;
  readonly remedy?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

export async function startDetached(context: CommandContext, config: Config): Promise<number> {
  const { host, report } = context;
  const { stateDirectory } = config.settings;
  const logPath = join(stateDirectory, LOG_NAME);
  showNotices(report, config);
  const child = spawnSelf(context, stateDirectory, logPath);
  const release = onInterrupts(host, {
    drain: () => child.kill('SIGTERM'),
    now: () => child.kill('SIGINT'),
    abandon: () => child.kill('SIGKILL'),
  });
  try {
    const ready = await readiness(context, child, logPath);
    if (ready === undefined) return EXIT.interrupted;
    showReady(context, config, ready, { pid: child.pid, stateDirectory, log: logPath });
    report.note(`Running in the background (process ${child.pid ?? 0}); its log is ${logPath}.`);
    report.note(`End it with: ${programName(host)} down --state ${shellWord(stateDirectory)}`);
    return EXIT.ok;
  } finally {
    release();
    if (child.connected) child.disconnect();
    child.unref();
  }
}

function spawnSelf(context: CommandContext, stateDirectory: string, logPath: string): ChildProcess {
  const { host } = context;
  const log = openLog(stateDirectory, logPath);
  try {
    const [program, ...first] = host.self;
    return spawn(program as string, [...first, ...host.argv, `--${DETACHED_FLAG}`], {
      cwd: host.cwd,
      env: { ...FEW_HEAPS, ...host.environment },
      detached: true,
      stdio: ['ignore', log, log, 'ipc'],
    });
  } finally {
    closeSync(log);
  }
}

function openLog(stateDirectory: string, logPath: string): number {
  try {
    makeStateDirectory(stateDirectory);
    // Where one runs already, the file is its log, and this child will only be refused.
    return openSync(logPath, runLockHolder(stateDirectory) === undefined ? 'w' : 'a', 0o600);
  } catch (error) {
    throw unusableState(stateDirectory, error);
  }
}

/** What is ready; undefined when the person gave up and it has stopped. Throws the child's error. */
function readiness(
  { report }: CommandContext,
  child: ChildProcess,
  logPath: string,
): Promise<ReadyRun | undefined> {
  return new Promise((resolve, reject) => {
    child.on('message', (message: ChildMessage) => {
      if (message.event === 'ready') resolve(message);
      else if (message.event === 'failed') reject(revived(message.error));
      else report.progress({ ...message, kind: 'step' });
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      if (child.killed) resolve(undefined);
      else reject(endedEarly(logPath, signal ?? code));
    });
  });
}

function revived({ code, message, remedy, details }: ChildError): Error {
  if (code === undefined) return new Error(message);
  return new OrchestratorError(code, message, {
    ...(remedy === undefined ? {} : { remedy }),
    ...(details === undefined ? {} : { details }),
  });
}

function endedEarly(logPath: string, how: string | number | null): OrchestratorError {
  const last = readFileSync(logPath, 'utf8').trimEnd().split('\n').slice(-LAST_LINES).join('\n');
  return new OrchestratorError(
    'not-running',
    `the orchestrator ended (${how ?? 'unknown'}) before it was ready${last === '' ? '' : `:\n${last}`}`,
    { remedy: `Run \`orchestrator up\` without --detach to watch it; its log is ${logPath}.` },
  );
}
