/** Runs the CLI inside the test's own process, on streams in memory: no start-up to wait for. */

import { PassThrough } from 'node:stream';

import type { Host, OutputStream, Signal } from '../../src/cli/host.js';
import type { Parts } from '../../src/cli/parts.js';
import { OrchestratorError } from '../../src/errors.js';
import { runProgram } from '../../src/cli/run.js';

export interface InProcessOptions {
  readonly cwd: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** What stdin holds; empty when absent. */
  readonly input?: string;
  readonly parts?: Parts;
  readonly version?: string;
  /** Both outputs are a terminal of this width. */
  readonly terminal?: number;
}

export interface InProcessRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface InProcess {
  readonly ended: Promise<InProcessRun>;
  /** Resolves once both streams together have shown `text`. */
  readonly shows: (text: string) => Promise<void>;
  readonly signal: (name: Signal) => void;
}

const NO_PARTS: Parts = {
  loadConfig: () => Promise.reject(new Error('no configuration')),
  startOrchestrator: () => Promise.reject(new Error('no orchestrator')),
  openEngine: () =>
    Promise.reject(
      new OrchestratorError('engine-unreachable', 'no engine', { remedy: 'Start it.' }),
    ),
};

export function startInProcess(argv: readonly string[], options: InProcessOptions): InProcess {
  const shown = { stdout: '', stderr: '' };
  const watchers = new Set<() => void>();
  const output = (name: keyof typeof shown): OutputStream => {
    const stream = new PassThrough();
    stream.on('data', (chunk: Buffer) => {
      shown[name] += chunk.toString();
      for (const watcher of watchers) watcher();
    });
    const terminal = options.terminal;
    return terminal === undefined
      ? stream
      : Object.assign(stream, { isTTY: true, columns: terminal });
  };
  const stdin = new PassThrough();
  stdin.end(options.input ?? '');
  const actions = new Map<Signal, Set<() => void>>();
  const host: Host = {
    argv,
    cwd: options.cwd,
    environment: options.environment ?? {},
    stdin,
    stdout: output('stdout'),
    stderr: output('stderr'),
    self: [],
    onSignal(signal, action) {
      const registered = actions.get(signal) ?? new Set();
      actions.set(signal, registered.add(action));
      return () => registered.delete(action);
    },
    exit: () => undefined,
  };
  const run = async (): Promise<InProcessRun> => {
    const program = { version: options.version ?? '9.9.9', parts: options.parts ?? NO_PARTS };
    const code = await runProgram(host, program);
    // What was written last reaches the listeners in a later turn.
    await new Promise((resolve) => setImmediate(resolve));
    return { code, ...shown };
  };
  const ended = run();
  return {
    ended,
    shows(text) {
      return new Promise((resolve, reject) => {
        const watcher = (): void => {
          if (!`${shown.stdout}\n${shown.stderr}`.includes(text)) return;
          watchers.delete(watcher);
          resolve();
        };
        watchers.add(watcher);
        void ended.then((result) =>
          reject(new Error(`ended without ${text}: ${JSON.stringify(result)}`)),
        );
        watcher();
      });
    },
    signal(name) {
      for (const action of actions.get(name) ?? []) action();
    },
  };
}
