/**
 * What a bench measures: our orchestrator and the floor, each as processes of their own, driven by
 * the same load process. Everything started here is ended by `stop`.
 */

import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Container } from 'dockerode';
import { packageRoot } from '../../../src/package-root.js';
import type { EnvironmentStatus } from '../../../src/view.js';
import { ended, firstLine } from './children.js';
import { BENCH_LABELS, docker, imageOf, RUNTIME, type Language } from './engine.js';
import { benchFolder } from './left-over.js';
import type { LoadJob, LoadResult } from './load.js';
import { isEnding, refuseWhenEnding, started } from './started.js';

export { docker, imageOf, RUNTIME, type Language };

const run = promisify(execFile);
const here = dirname(fileURLToPath(import.meta.url));
const root = packageRoot();
const OUTPUT_BYTES = 256 * 1024 * 1024;

export async function load(job: Omit<LoadJob, 'body'> & { body?: string }): Promise<LoadResult> {
  const full: LoadJob = { body: '{"key":"value"}', ...job };
  refuseWhenEnding();
  const running = run(process.execPath, [join(here, 'load.js')], { maxBuffer: OUTPUT_BYTES });
  running.child.stdin?.end(JSON.stringify(full));
  const stop = started(() => ended(running.child, 'SIGTERM'));
  try {
    return JSON.parse((await running).stdout) as LoadResult;
  } finally {
    await stop();
  }
}

/** Seconds of processor time the threads of a process have used, to the nanosecond. */
export async function cpuSeconds(pid: number): Promise<number> {
  const threads = await readdir(`/proc/${pid}/task`);
  const times = await Promise.all(
    threads.map(async (thread) => {
      const text = await readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8');
      return Number(text.split(' ')[0]);
    }),
  );
  return times.reduce((sum, time) => sum + time, 0) / 1e9;
}

/** Counted page by page: what `status` says of it is some megabytes behind. */
export async function residentBytes(pid: number): Promise<number> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(/^Rss:\s+(\d+)/m.exec(rollup)?.[1]) * 1024;
}

export interface Running {
  readonly pid: number;
  readonly port: number;
  readonly path: (functionName: string) => string;
  stop(): Promise<void>;
}

export interface RunningOurs extends Running {
  /** Its state folder. */
  readonly state: string;
  /** States of all environments. */
  states(): Promise<string[]>;
  /** Container of each, by function. */
  containers(functionName: string): Promise<string[]>;
}

/** `orchestrator up --detach` on a copy of the bench project, as one hosts functions. */
export async function startOurs(
  flags: readonly string[],
  project = 'bench',
  variables: Readonly<Record<string, string>> = {},
): Promise<RunningOurs> {
  const folder = await benchFolder();
  await cp(join(root, 'test/fixtures', project), folder, { recursive: true });
  return (await startIn(folder, flags, variables)).running;
}

/** The same from a template in which an HTTP API leads to `node`. */
export async function startOursOverHttp(
  flags: readonly string[],
): Promise<RunningOurs & { readonly httpPort: number }> {
  const folder = await benchFolder();
  await cp(join(root, 'test/fixtures/bench/node'), join(folder, 'node'), { recursive: true });
  const node = {
    Type: 'AWS::Serverless::Function',
    Properties: {
      Runtime: RUNTIME.node,
      Handler: 'index.handler',
      CodeUri: 'node',
      MemorySize: 1769,
      Timeout: 300,
      Events: { Http: { Type: 'HttpApi', Properties: { Path: '/node', Method: 'post' } } },
    },
  };
  const template = { Transform: 'AWS::Serverless-2016-10-31', Resources: { node } };
  await writeFile(join(folder, 'template.json'), JSON.stringify(template));
  const { running, said } = await startIn(folder, ['--http-port', '0', ...flags]);
  return { ...running, httpPort: Number(/:(\d+)\/node/.exec(said)?.[1]) };
}

async function startIn(
  folder: string,
  flags: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<{ running: RunningOurs; said: string }> {
  refuseWhenEnding();
  const main = join(root, 'dist/src/launcher.cjs');
  const state = join(folder, '.orchestrator');
  const up = run(process.execPath, [main, 'up', folder, '--detach', '--port', '0', ...flags], {
    env: { ...process.env, ...variables },
  });
  const stop = started(async () => {
    await ended(up.child, 'SIGTERM');
    const down = [main, 'down', '--state', state, ...(isEnding() ? ['--now'] : [])];
    if (existsSync(state)) await run(process.execPath, down);
    await rm(folder, { recursive: true, force: true });
  });
  const { stdout: said } = await up;
  const file = JSON.parse(await readFile(join(state, 'run.json'), 'utf8')) as {
    process: { pid: number };
    endpoint: string;
  };
  const environments = async (): Promise<EnvironmentStatus[]> => {
    const { stdout } = await run(process.execPath, [main, 'ps', '--json', '--state', state], {
      maxBuffer: OUTPUT_BYTES,
    });
    return (JSON.parse(stdout) as { environments: EnvironmentStatus[] }).environments;
  };
  const running = {
    pid: file.process.pid,
    state,
    port: Number(new URL(file.endpoint).port),
    path: (name: string) => `/2015-03-31/functions/${name}/invocations`,
    states: async () => (await environments()).map((environment) => environment.state),
    containers: async (name: string) =>
      (await environments())
        .filter(({ functionName }) => functionName === name)
        .map(({ containerId }) => containerId),
    stop,
  };
  return { running, said };
}

/** The relay, with `count` containers of the plain client in the same image and limits. */
export async function startFloor(language: Language, count: number): Promise<Running> {
  refuseWhenEnding();
  const image = await imageOf(language);
  const name = `orchestrator-bench-${randomBytes(5).toString('hex')}`;
  const network = await docker.createNetwork({ Name: name, Labels: BENCH_LABELS });
  const { IPAM } = (await network.inspect()) as { IPAM: { Config: { Gateway: string }[] } };
  const gateway = IPAM.Config[0]?.Gateway ?? '';
  const relay = spawn(process.execPath, [join(here, 'floor/relay.js'), gateway], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const containers: Container[] = [];
  const stop = started(async () => {
    await Promise.all(containers.map((container) => container.remove({ force: true })));
    await ended(relay, 'SIGTERM');
    await network.remove();
  });
  const [, port, runtimePort] = (await firstLine(relay, (text) => text.startsWith('ready'))).split(
    ' ',
  );
  await Promise.all(
    Array.from({ length: count }, async () => {
      const spec = { language, image, network: name, relay: `${gateway}:${runtimePort}` };
      const container = await createFloorContainer(spec);
      containers.push(container);
      await container.start();
    }),
  );
  return { pid: relay.pid ?? 0, port: Number(port), path: () => '/', stop };
}

/** The barest relay that Node.js allows, and one container: what nothing on Node.js can beat. */
export async function startBare(): Promise<Running> {
  refuseWhenEnding();
  const folder = await mkdtemp(join(tmpdir(), 'orchestrator-bench-bare-'));
  await chmod(folder, 0o755);
  const socket = join(folder, 'socket');
  const relay = spawn(process.execPath, [join(here, 'floor/bare-relay.js'), socket], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let container: Container | undefined;
  const stop = started(async () => {
    await container?.remove({ force: true });
    await ended(relay, 'SIGTERM');
    await rm(folder, { recursive: true, force: true });
  });
  const [, port] = (await firstLine(relay, (text) => text.startsWith('ready'))).split(' ');
  await chmod(socket, 0o666);
  container = await createFloorContainer({
    language: 'node',
    image: await imageOf('node'),
    network: 'none',
    client: 'bare-client.mjs',
    binds: [`${folder}:/relay`],
  });
  await container.start();
  return { pid: relay.pid ?? 0, port: Number(port), path: () => '/', stop };
}

interface FloorContainer {
  readonly language: Language;
  readonly image: string;
  readonly network: string;
  readonly relay?: string;
  /** Of the floor's folder, where it is not the plain one. */
  readonly client?: string;
  readonly binds?: readonly string[];
}

function createFloorContainer(spec: FloorContainer): Promise<Container> {
  const { language, relay, binds = [] } = spec;
  const client = spec.client ?? (language === 'node' ? 'client.mjs' : 'client.py');
  const interpreter = language === 'node' ? '/var/lang/bin/node' : '/var/lang/bin/python3';
  return docker.createContainer({
    Image: spec.image,
    Cmd: [interpreter, `/floor/${client}`],
    Env: relay === undefined ? [] : [`FLOOR_RELAY=${relay}`],
    Labels: BENCH_LABELS,
    User: '993:990',
    HostConfig: {
      NetworkMode: spec.network,
      Binds: [
        `${join(root, 'test/fixtures/bench', language)}:/var/task:ro`,
        `${join(root, 'test/bench/tools/floor')}:/floor:ro`,
        ...binds,
      ],
      Memory: 1769 * 2 ** 20,
      MemorySwap: 1769 * 2 ** 20,
      CpuPeriod: 100_000,
      CpuQuota: 100_000,
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      PidsLimit: 1024,
      Init: true,
      LogConfig: { Type: 'none', Config: {} },
    },
  });
}
