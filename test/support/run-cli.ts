/** Starts the CLI as a process, over fake parts or as it is, and gathers what comes of it. */

import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KEPT_CODE } from './program.js';

const FAKE_CLI = fileURLToPath(new URL('./fake-cli.js', import.meta.url));

export interface CliOptions {
  readonly cwd: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** What stdin holds; empty when absent. */
  readonly input?: string;
  /** Program and first arguments instead of the CLI over fake parts. */
  readonly command?: readonly string[];
}

export interface CliRun {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliProcess {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<CliRun>;
  /** Resolves once both streams together have shown `text`. */
  readonly shows: (text: string) => Promise<void>;
}

export function startCli(args: readonly string[], options: CliOptions): CliProcess {
  // The test's own variables must not colour or configure what is tested.
  const environment = {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    // What a run notes for the user must not be found by other tests, nor outlive this one.
    XDG_STATE_HOME: join(options.cwd, '.state'),
    ...KEPT_CODE,
    ...options.environment,
  };
  const [program, ...first] = options.command ?? [process.execPath, FAKE_CLI];
  const child = spawn(program as string, [...first, ...args], {
    cwd: options.cwd,
    env: environment,
  });
  let stdout = '';
  let stderr = '';
  const watchers = new Set<() => void>();
  const changed = (): void => {
    for (const watcher of watchers) watcher();
  };
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    changed();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
    changed();
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  const ended = new Promise<CliRun>((resolve) => {
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
  return {
    child,
    ended,
    shows(text) {
      return new Promise((resolve, reject) => {
        const watcher = (): void => {
          if (!`${stdout}\n${stderr}`.includes(text)) return;
          watchers.delete(watcher);
          resolve();
        };
        watchers.add(watcher);
        void ended.then((run) =>
          reject(new Error(`ended without ${text}: ${JSON.stringify(run)}`)),
        );
        watcher();
      });
    },
  };
}
