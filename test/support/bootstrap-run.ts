/** One life of a bootstrap on this machine: files, events, and what it posted and wrote. */

import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { LogPipe, PipeStock } from '../../src/engine/host/log-pipe.js';
import { packageRoot } from '../../src/package-root.js';
import { JoinedRuntimeApi } from './joined-runtime-api.js';
import {
  ScriptedRuntimeApi,
  type Recorded,
  type ScriptedEvent,
  type ScriptOptions,
} from './scripted-runtime-api.js';

export interface BootstrapCase {
  readonly language: 'node' | 'python';
  readonly files: Readonly<Record<string, string>>;
  readonly handler?: string;
  readonly events?: readonly (ScriptedEvent | object | null | number | string)[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly script?: ScriptOptions;
  /** The Runtime API answers a response and the poll behind it in one write. */
  readonly joinsAnswers?: boolean;
  /** The platform's socket: where the Runtime API is, or a path where nothing is. */
  readonly socket?: 'served' | 'missing';
  /** The two outputs are one pipe of the kernel's, as they are in a container. */
  readonly joinsOutputs?: boolean;
  /** Wait for the process to end by itself after the last event. */
  readonly waitsForExit?: boolean;
}

export interface BootstrapRun {
  readonly posts: readonly Recorded[];
  /** The bodies as JSON. */
  readonly bodies: readonly unknown[];
  readonly output: string;
  /** Undefined when it had to be ended: it was still polling. */
  readonly exitCode: number | null | undefined;
}

/** A bootstrap has its start and its events behind it well before this, on a busy machine too. */
export const BOOTSTRAP_LIMIT_MS = 60_000;
/** This Node.js has the runtime client with callbacks (contract 3.6). */
export const IS_OLD_NODE = Number(process.versions.node.split('.')[0]) < 24;

/** `files` under the Node.js bootstrap, with one event unless `rest` has others. */
export function runNode(
  files: Record<string, string>,
  rest: Partial<BootstrapCase> = {},
): Promise<BootstrapRun> {
  return runBootstrap({ language: 'node', files, events: [{ n: 1 }], ...rest });
}

/** The same under the Python bootstrap; a text is the module `app`. */
export function runPython(
  code: string | Record<string, string>,
  rest: Partial<BootstrapCase> = {},
): Promise<BootstrapRun> {
  const files = typeof code === 'string' ? { 'app.py': code } : code;
  return runBootstrap({ language: 'python', files, events: [{ n: 1 }], ...rest });
}

export async function runBootstrap(spec: BootstrapCase): Promise<BootstrapRun> {
  const root = await mkdtemp(join(tmpdir(), 'orchestrator-bootstrap-'));
  for (const [file, text] of Object.entries(spec.files)) {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await writeFile(join(root, file), text);
  }
  const events = (spec.events ?? []).map((event): ScriptedEvent =>
    typeof event === 'object' && event !== null && 'payload' in event
      ? (event as ScriptedEvent)
      : { payload: JSON.stringify(event) },
  );
  const api =
    spec.joinsAnswers === true
      ? new JoinedRuntimeApi(events)
      : new ScriptedRuntimeApi(events, spec.script);
  const node = spec.language === 'node';
  const socket = join(root, 'runtime-api');
  const address = await (spec.socket === 'served' ? api.listenAt(socket) : api.listen());
  const bootstrap = join(
    packageRoot(),
    'runtimes',
    spec.language,
    node ? 'bootstrap.mjs' : 'bootstrap.py',
  );
  let output = '';
  const pipe =
    spec.joinsOutputs === true ? await outputPipe(root, (text) => (output += text)) : null;
  const flags = node ? ['--no-memory-reducer'] : [];
  const child = spawn(node ? process.execPath : 'python3', [...flags, bootstrap], {
    stdio: ['ignore', pipe?.fd ?? 'pipe', pipe?.fd ?? 'inherit'],
    cwd: root,
    env: {
      PATH: process.env['PATH'] ?? '',
      AWS_LAMBDA_RUNTIME_API: address,
      ...(spec.socket === undefined ? {} : { _ORCHESTRATOR_RUNTIME_SOCKET: socket }),
      LAMBDA_TASK_ROOT: root,
      _HANDLER: spec.handler ?? (node ? 'index.handler' : 'app.handler'),
      AWS_LAMBDA_FUNCTION_NAME: 'f',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128',
      AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/f',
      AWS_LAMBDA_LOG_STREAM_NAME: 'stream',
      ...spec.environment,
    },
  });
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  const finished = api.finished().then(() => undefined);
  const exitCode = await (spec.waitsForExit === true ? exited : Promise.race([exited, finished]));
  // After init/error the bootstrap ends by itself; while it polls it does not.
  const reported = api.posts.some(({ path }) => path === 'init/error' || path === 'restore/error');
  if (exitCode === undefined && !reported) child.kill('SIGKILL');
  const code = await exited;
  pipe?.close();
  api.close();
  await rm(root, { recursive: true, force: true });
  return {
    posts: api.posts,
    get bodies() {
      return api.posts.map(({ body }) => JSON.parse(body.toString()) as unknown);
    },
    output,
    exitCode: exitCode === undefined && !reported ? undefined : code,
  };
}

/** A named pipe such as a container's. What Node.js makes for children are sockets. */
async function outputPipe(
  folder: string,
  onText: (text: string) => void,
): Promise<{ readonly fd: number; close(): void }> {
  const pipe = new LogPipe(await new PipeStock(folder).take(), (chunk) => onText(String(chunk)));
  pipe.open();
  const fd = openSync(pipe.path, 'w');
  return {
    fd,
    close() {
      pipe.drain();
      pipe.remove();
      closeSync(fd);
    },
  };
}
