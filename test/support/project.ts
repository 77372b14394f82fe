/**
 * A whole orchestrator on the real engine for a test: a temporary project folder, every part as in
 * `orchestrator up`, ports chosen by the system. `stop` ends it and checks that nothing is left.
 */

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { FreezerKind } from '../../src/engine/engine.js';
import { loadConfig } from '../../src/config/load.js';
import type { Flags } from '../../src/config/config.js';
import { isBusy, type EnvironmentState } from '../../src/environment/lifecycle.js';
import { startOrchestrator, type RunningOrchestrator } from '../../src/orchestrator.js';

export interface ProjectFunction {
  runtime?: string;
  handler?: string;
  /** File name → content. */
  files: Readonly<Record<string, string>>;
  memory?: number;
  timeout?: number;
  ephemeralStorage?: number;
  environment?: Readonly<Record<string, string>>;
  layers?: readonly string[];
  /** Instead of the folder of `files`. */
  code?: string;
  /** Instead of code; the folder of `files` has the function's name. */
  image?: string | Readonly<Record<string, unknown>>;
  imageConfig?: Readonly<Record<string, unknown>>;
  reservedConcurrency?: number;
  url?: object;
  async?: Readonly<Record<string, unknown>>;
  logging?: Readonly<Record<string, string>>;
  snapStart?: string;
  tenancy?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  /** The body as JSON. */
  readonly json: unknown;
  /** The decoded log tail, when one was asked for. */
  readonly tail: string;
}

export interface InvokeOptions {
  readonly tail?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

export class Project {
  readonly directory: string;
  readonly orchestrator: RunningOrchestrator;
  readonly messages: string[];

  constructor(directory: string, orchestrator: RunningOrchestrator, messages: string[]) {
    this.directory = directory;
    this.orchestrator = orchestrator;
    this.messages = messages;
  }

  get endpoint(): string {
    return this.orchestrator.endpoint;
  }

  invoke(name: string, event: unknown = {}, options: InvokeOptions = {}): Promise<Answer> {
    const payload = Buffer.isBuffer(event) ? event : Buffer.from(JSON.stringify(event));
    return post(`${this.endpoint}/2015-03-31/functions/${name}/invocations`, payload, {
      ...(options.tail === true ? { 'x-amz-log-type': 'Tail' } : {}),
      ...options.headers,
    });
  }

  async write(file: string, content: string): Promise<void> {
    const path = join(this.directory, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }

  /** The states of a function's environments. */
  states(name: string): string[] {
    return this.orchestrator
      .environments()
      .filter((environment) => environment.functionName === name)
      .map((environment) => environment.state);
  }

  /** Resolves when the next event finds each of its environments free: extensions are done too. */
  free(name: string): Promise<void> {
    return until(() => !this.states(name).some((state) => isBusy(state as EnvironmentState)));
  }

  async stop(): Promise<void> {
    await this.orchestrator.destroy();
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** Writes the project's files; `flags` are those of `up`. */
export async function startProject(
  functions: Readonly<Record<string, ProjectFunction>>,
  flags: Flags = {},
  freezer?: FreezerKind,
): Promise<Project> {
  const directory = await mkdtemp(join(tmpdir(), 'orchestrator-test-'));
  await writeProject(directory, functions);
  return startIn(directory, flags, freezer);
}

/** As `startProject`, from a template; `files` are its code. */
export async function startTemplate(
  template: object,
  files: Readonly<Record<string, string>>,
  flags: Flags = {},
): Promise<Project> {
  const directory = await mkdtemp(join(tmpdir(), 'orchestrator-test-'));
  for (const [file, content] of Object.entries({
    ...files,
    'template.json': JSON.stringify(template),
  })) {
    await mkdir(dirname(join(directory, file)), { recursive: true });
    await writeFile(join(directory, file), content);
  }
  return startIn(directory, flags);
}

async function startIn(directory: string, flags: Flags, freezer?: FreezerKind): Promise<Project> {
  const messages: string[] = [];
  const log = {
    debug: () => undefined,
    info: (message: string) => void messages.push(message),
    warn: (message: string) => void messages.push(message),
    error: (message: string) => void messages.push(message),
    child: () => log,
  };
  const readConfig = () =>
    loadConfig({ directory, flags: { port: 0, httpPort: 0, ...flags }, environment: {} });
  const orchestrator = await startOrchestrator(await readConfig(), {
    readConfig,
    progress: () => undefined,
    log,
    signal: new AbortController().signal,
    ...(freezer === undefined ? {} : { freezer }),
  });
  return new Project(directory, orchestrator, messages);
}

export async function writeProject(
  directory: string,
  functions: Readonly<Record<string, ProjectFunction>>,
): Promise<void> {
  const settings: Record<string, unknown> = {};
  for (const [name, { files, ...rest }] of Object.entries(functions)) {
    settings[name] = rest.image === undefined ? { ...codeOf(name, files, rest), ...rest } : rest;
    await mkdir(join(directory, name), { recursive: true });
    for (const [file, content] of Object.entries(files)) {
      await mkdir(dirname(join(directory, name, file)), { recursive: true });
      // A script is for being executed.
      const mode = content.startsWith('#!') ? 0o755 : 0o644;
      await writeFile(join(directory, name, file), content, { mode });
    }
  }
  await writeFile(join(directory, 'orchestrator.yaml'), JSON.stringify({ functions: settings }));
}

function codeOf(
  name: string,
  files: ProjectFunction['files'],
  { runtime }: Pick<ProjectFunction, 'runtime'>,
): Record<string, unknown> {
  const python = Object.keys(files).some((file) => file.endsWith('.py'));
  return {
    runtime: python ? 'python3.13' : 'nodejs22.x',
    ...(runtime?.startsWith('provided') === true
      ? {}
      : { handler: python ? 'app.handler' : 'index.handler' }),
    code: name,
  };
}

export function post(
  url: string,
  payload: Buffer,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      { method: 'POST', agent: false, headers: { ...headers, 'Content-Length': payload.length } },
      (response) => {
        const pieces: Buffer[] = [];
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.on('error', reject);
        response.on('end', () => {
          const body = Buffer.concat(pieces);
          const tail = String(response.headers['x-amz-log-result'] ?? '');
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body,
            get json() {
              return JSON.parse(body.toString()) as unknown;
            },
            tail: Buffer.from(tail, 'base64').toString(),
          });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(payload);
  });
}

const LONGEST_WAIT_MS = 40_000;

/**
 * Resolves when `holds` is true; looks again whenever the event loop has been elsewhere. What never
 * comes true fails with `state`, so that a test says what it saw instead of hanging.
 */
export async function until(
  holds: () => boolean | Promise<boolean>,
  state: () => unknown = () => undefined,
): Promise<void> {
  const givesUpAt = performance.now() + LONGEST_WAIT_MS;
  while (!(await holds())) {
    if (performance.now() > givesUpAt) {
      throw new Error(`it never came true: ${holds.toString()} ${JSON.stringify(state())}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
