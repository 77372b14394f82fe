/** `orchestrator up` as a process of its own, as a person runs it. */

import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/package-root.js';
import { post, writeProject, type Answer, type ProjectFunction } from './project.js';

const main = join(packageRoot(), 'dist/src/main.js');

type Variables = Readonly<Record<string, string>>;

export interface UpOptions {
  readonly environment?: Variables;
  readonly flags?: readonly string[];
}

/** An environment as `ps --json` shows it. */
export interface SeenEnvironment {
  readonly id: string;
  readonly functionName: string;
  readonly state: string;
  readonly invocations: number;
  readonly containerId?: string;
}

export class RunningUp {
  readonly child: ChildProcess;
  readonly directory: string;
  readonly endpoint: string;
  /** What the orchestrator said of its own accord, in order. */
  readonly messages: string[];

  /** What it wrote to stderr so far. */
  readonly errors: () => string;

  constructor(
    child: ChildProcess,
    directory: string,
    endpoint: string,
    messages: string[],
    errors: () => string,
  ) {
    this.child = child;
    this.errors = errors;
    this.directory = directory;
    this.endpoint = endpoint;
    this.messages = messages;
  }

  invoke(name: string, event: unknown = {}): Promise<Answer> {
    return post(
      `${this.endpoint}/2015-03-31/functions/${name}/invocations`,
      Buffer.from(JSON.stringify(event)),
    );
  }

  async environments(name: string): Promise<SeenEnvironment[]> {
    const { code, stdout, stderr } = await finished([
      'ps',
      '--json',
      '--state',
      join(this.directory, '.orchestrator'),
    ]);
    if (code !== 0) throw new Error(stderr);
    const { environments } = JSON.parse(stdout) as { environments: SeenEnvironment[] };
    return environments.filter(({ functionName }) => functionName === name);
  }

  /** Ends it; resolves to its exit code. */
  end(signal: NodeJS.Signals): Promise<number | null> {
    const { child } = this;
    if (child.exitCode !== null || child.signalCode !== null) {
      return Promise.resolve(child.exitCode);
    }
    return new Promise((resolve) => {
      child.once('close', (code) => resolve(code));
      child.kill(signal);
    });
  }
}

/** A project folder for `up`; the caller removes it with `removeFolder`. */
export async function projectFolder(
  functions: Readonly<Record<string, ProjectFunction>>,
): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'orchestrator-test-'));
  await writeProject(directory, functions);
  return directory;
}

export function removeFolder(directory: string): Promise<void> {
  return rm(directory, { recursive: true, force: true });
}

/** Started and ready. Rejects with what it said when it ends instead. */
export function up(directory: string, options: UpOptions = {}): Promise<RunningUp> {
  const child = spawn(
    process.execPath,
    [main, 'up', directory, '--port', '0', '--json', ...(options.flags ?? [])],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...options.environment } },
  );
  const messages: string[] = [];
  return new Promise((resolve, reject) => {
    let rest = '';
    let errors = '';
    child.stdout.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const event = JSON.parse(line) as { event: string; endpoint?: string; message?: string };
        if (event.event === 'message') messages.push(event.message ?? '');
        if (event.event === 'ready') {
          resolve(new RunningUp(child, directory, event.endpoint ?? '', messages, () => errors));
        }
      }
    });
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    child.once('exit', () => reject(new Error(`up ended: ${messages.join('\n')}\n${errors}`)));
  });
}

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command of ours to its end. */
export function finished(args: readonly string[], environment: Variables = {}): Promise<Finished> {
  const child = spawn(process.execPath, [main, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
}
