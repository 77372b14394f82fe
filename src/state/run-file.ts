/**
 * `run.json` in the state folder: how other commands find the orchestrator that runs on it, and
 * what keeps a second one from starting.
 *
 *  1. `claimRun` comes before anything is made; while the claim is held no other can be.
 *  2. `publish` comes when the doors are open; from then on `findRun` finds it.
 *  3. `release` takes the file away and ends the claim. A killed process needs no release: its
 *     claim ends with it.
 * Only the user may read the file; it holds the token of the admin API.
 */

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import { randomHex } from '../async/random.js';
import { DEFAULTS } from '../config/defaults.js';
import { OrchestratorError, messageOf } from '../errors.js';
import { isAlive, identify, type ProcessIdentity } from '../process-identity.js';
import { removeFile } from './remove-file.js';
import { acquireRunLock, runLockHolder, type LockResult } from './run-lock.js';

export const RUN_FILE_NAME = 'run.json';

export interface RunFile {
  readonly process: ProcessIdentity;
  /** Address of the Lambda API and of the admin API, such as `http://127.0.0.1:3001`. */
  readonly endpoint: string;
  /** Bearer token of the admin API. */
  readonly adminToken: string;
  readonly version: string;
  /** ISO 8601. */
  readonly startedAt: string;
}

export interface RunClaim {
  /** Fresh for this run: 256 random bits. */
  readonly adminToken: string;
  publish(endpoint: string): void;
  /** Safe to call twice. */
  release(): void;
}

export interface FoundRun extends RunFile {
  /** Absolute path of the state folder. */
  readonly stateDirectory: string;
}

/** Throws `already-running` when another process holds the folder, `state-unusable` when it cannot be written. */
export function claimRun(
  stateDirectory: string,
  facts: { version: string; startedAtMs: number },
): RunClaim {
  const path = join(stateDirectory, RUN_FILE_NAME);
  const result = lock(stateDirectory);
  if (result.kind === 'taken') throw alreadyRunning(stateDirectory, result.holder);
  // What a killed run left must not send anybody to a port that is now someone else's.
  removeFile(path);

  const adminToken = Buffer.from(randomHex(32), 'hex').toString('base64url');
  let released = false;
  return {
    adminToken,
    publish(endpoint) {
      const content: RunFile = {
        process: identify(process.pid),
        endpoint,
        adminToken,
        version: facts.version,
        startedAt: new Date(facts.startedAtMs).toISOString(),
      };
      const draft = `${path}.${randomHex(8)}`;
      writeFileSync(draft, `${JSON.stringify(content, undefined, 2)}\n`, {
        flag: 'wx',
        mode: 0o600,
      });
      renameSync(draft, path);
      result.lock.tidy();
    },
    release() {
      if (released) return;
      released = true;
      // A state folder that was deleted meanwhile is as released as it can be.
      removeFile(path);
      try {
        result.lock.release();
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    },
  };
}

/**
 * The running orchestrator of `stateDirectory`, or of the nearest folder at or above `directory`
 * that has one. Throws `not-running`.
 */
export function findRun(where: { directory: string; stateDirectory?: string }): FoundRun {
  const candidates =
    where.stateDirectory === undefined
      ? ancestors(where.directory).map((folder) => join(folder, DEFAULTS.stateDirectoryName))
      : [resolve(where.directory, where.stateDirectory)];
  for (const stateDirectory of candidates) {
    const run = readRun(stateDirectory);
    if (run !== undefined) return { ...run, stateDirectory };
  }
  for (const stateDirectory of candidates) {
    const holder = runLockHolder(stateDirectory);
    if (holder !== undefined) throw stillStarting(stateDirectory, holder);
  }
  throw notRunning(where);
}

/** The living run of one state folder. */
export function readRun(stateDirectory: string): RunFile | undefined {
  let run: RunFile;
  try {
    run = JSON.parse(readFileSync(join(stateDirectory, RUN_FILE_NAME), 'utf8')) as RunFile;
  } catch {
    return undefined;
  }
  return isAlive(run.process) ? run : undefined;
}

/** Throws the file system's errors. */
export function makeStateDirectory(stateDirectory: string): void {
  refuseKernelFolders(stateDirectory);
  const made = mkdirSync(stateDirectory, { recursive: true, mode: 0o700 });
  // The default folder lies in the user's project; what we keep there is nothing to commit.
  if (made !== undefined) writeFileSync(join(stateDirectory, '.gitignore'), '*\n');
}

/** Node.js tries for ever to make a folder in /proc, whose answer is that its parent is missing. */
function refuseKernelFolders(stateDirectory: string): void {
  if (!/^\/(proc|sys)(\/|$)/.test(stateDirectory)) return;
  throw new Error('the kernel keeps no folders of ours in /proc and /sys');
}

function lock(stateDirectory: string): LockResult {
  try {
    makeStateDirectory(stateDirectory);
    return acquireRunLock(stateDirectory);
  } catch (error) {
    throw unusableState(stateDirectory, error);
  }
}

/** What the file system said of the state folder, as ours. */
export function unusableState(stateDirectory: string, error: unknown): OrchestratorError {
  const full = (error as NodeJS.ErrnoException).code === 'ENOSPC';
  return new OrchestratorError(
    'state-unusable',
    `the state folder ${stateDirectory} cannot be used: ${messageOf(error)}`,
    {
      remedy: full
        ? 'Free some space there, or name a folder on another disk with --state.'
        : 'Make the folder writable, or name another one with --state.',
      cause: error,
    },
  );
}

function alreadyRunning(stateDirectory: string, holder: ProcessIdentity): OrchestratorError {
  const endpoint = readRun(stateDirectory)?.endpoint;
  const at = endpoint === undefined ? 'and is still starting' : `at ${endpoint}`;
  return new OrchestratorError(
    'already-running',
    `an orchestrator already runs on ${stateDirectory}: process ${holder.pid}, ${at}`,
    {
      remedy: 'Use that one, end it with `orchestrator down`, or give this one its own --state.',
      details: { pid: holder.pid, ...(endpoint === undefined ? {} : { endpoint }) },
    },
  );
}

function stillStarting(stateDirectory: string, holder: ProcessIdentity): OrchestratorError {
  return new OrchestratorError(
    'not-running',
    `the orchestrator on ${stateDirectory} is not ready: process ${holder.pid} is still starting or stopping`,
    { remedy: 'Try again in a moment.', details: { pid: holder.pid } },
  );
}

function notRunning(where: { directory: string; stateDirectory?: string }): OrchestratorError {
  const place =
    where.stateDirectory === undefined
      ? `for ${where.directory} or a folder above it`
      : `on ${resolve(where.directory, where.stateDirectory)}`;
  return new OrchestratorError('not-running', `no orchestrator runs ${place}`, {
    remedy:
      'Start one with `orchestrator up`, change to the folder of its project, or name its state folder with --state.',
  });
}

function ancestors(directory: string): string[] {
  const folders = [resolve(directory)];
  for (;;) {
    const last = folders[folders.length - 1] as string;
    const parent = dirname(last);
    if (parent === last) return folders;
    folders.push(parent);
  }
}
