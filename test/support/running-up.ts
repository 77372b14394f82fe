/** `orchestrator up` as a process of its own, as a person runs it. */

import { spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { PrivateEngine } from './private-engine.js';
import { KEPT_CODE, PROGRAM } from './program.js';
import { post, writeProject, type Answer, type ProjectFunction } from './project.js';

type Variables = Readonly<Record<string, string>>;

export interface UpOptions {
  readonly environment?: Variables;
  /** Its engine, when that is one of the test's own. DOCKER_HOST leads to it by default. */
  readonly engine?: PrivateEngine;
  /** Further flags. */
  readonly flags?: readonly string[];
}

/** From within its network `ps` finds it on loopback, where no token is asked for. */
const EVERY_ADDRESS = '0.0.0.0';
/** Asked for wherever the API is not on loopback. */
const TOKEN = 'of-the-test';

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
  /** Where event sources listen, by the source's name. */
  readonly addresses: Readonly<Record<string, string>>;
  /** What the orchestrator said of its own accord, in order. */
  readonly messages: string[] = [];
  /** What it wrote to stderr so far. */
  errors = '';
  readonly #options: UpOptions;

  constructor(
    child: ChildProcess,
    directory: string,
    { endpoint, addresses = {} }: { endpoint: string; addresses?: Record<string, string> },
    options: UpOptions,
  ) {
    this.child = child;
    this.directory = directory;
    this.endpoint = endpoint;
    this.addresses = addresses;
    this.#options = options;
  }

  invoke(name: string, event: unknown = {}): Promise<Answer> {
    return post(
      `${this.endpoint}/2015-03-31/functions/${name}/invocations`,
      Buffer.from(JSON.stringify(event)),
      { Authorization: `Bearer ${TOKEN}` },
    );
  }

  async environments(name: string): Promise<SeenEnvironment[]> {
    const state = join(this.directory, '.orchestrator');
    const { code, stdout, stderr } = await finished(
      ['ps', '--json', '--state', state],
      this.#options,
    );
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
  const { engine, flags = [] } = options;
  const reach = engine === undefined ? [] : ['--host', EVERY_ADDRESS, '--auth', TOKEN];
  const child = start(['up', directory, '--port', '0', '--json', ...reach, ...flags], options);
  return new Promise((resolve, reject) => {
    let running: RunningUp | undefined;
    let rest = '';
    let errors = '';
    child.stdout.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const event = JSON.parse(line) as {
          event: string;
          endpoint?: string;
          message?: string;
          addresses?: readonly { source: string; address: string }[];
        };
        if (event.event === 'message') running?.messages.push(event.message ?? '');
        if (event.event !== 'ready') continue;
        const { port } = new URL(event.endpoint ?? '');
        const address = engine?.network.address ?? '127.0.0.1';
        const addresses = Object.fromEntries(
          (event.addresses ?? []).map((one) => [one.source, one.address]),
        );
        const where = { endpoint: `http://${address}:${port}`, addresses };
        running = new RunningUp(child, directory, where, options);
        resolve(running);
      }
    });
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
      if (running !== undefined) running.errors = errors;
    });
    child.once('exit', () => reject(new Error(`up ended: ${errors}`)));
  });
}

/** A command of ours that has been started, and what it has shown so far. */
export interface StartingUp {
  readonly child: ChildProcess;
  /** Both streams. */
  output(): string;
  /** Resolves once it has shown `text`; rejects when it ends without. */
  says(text: string): Promise<void>;
  /** Its exit code. */
  readonly closed: Promise<number | null>;
}

export function starting(args: readonly string[], options: UpOptions = {}): StartingUp {
  const child = start(args, options);
  let output = '';
  const waiting = new Set<() => void>();
  const more = (chunk: Buffer): void => {
    output += chunk.toString();
    for (const look of waiting) look();
  };
  child.stdout.on('data', more);
  child.stderr.on('data', more);
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  return {
    child,
    closed,
    output: () => output,
    says: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (!output.includes(text)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
        void closed.then(() => reject(new Error(`it ended without '${text}': ${output}`)));
      }),
  };
}

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command of ours to its end. */
export function finished(args: readonly string[], options: UpOptions = {}): Promise<Finished> {
  const child = start(args, options);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
}

function start(
  args: readonly string[],
  { engine, environment }: UpOptions,
): ChildProcessByStdio<null, Readable, Readable> {
  const [program = '', ...words] = [...(engine?.network.enter ?? []), process.execPath, PROGRAM];
  return spawn(program, [...words, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      ...KEPT_CODE,
      ...(engine === undefined ? {} : { DOCKER_HOST: engine.host }),
      ...environment,
    },
  });
}
