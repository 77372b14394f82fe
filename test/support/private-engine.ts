/**
 * A container engine of a test's own: it may be stopped, killed and started again while others use
 * the machine's. It has its own socket, data, containerd, and a network of its own: two engines in
 * one network overwrite one another's packet filter and delete one another's bridges. What its
 * containers are to reach must run in that network too (`enter`). `close` ends whatever it has
 * left: processes, mounts, folders.
 */

import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import Docker from 'dockerode';
import { Builder } from '../../src/builder/builder.js';
import { NetworkNamespace } from './network-namespace.js';
import { mountsBelow } from './proc.js';
import { until } from './project.js';

const run = promisify(execFile);

/** Why no engine can be started here; undefined where one can. */
export const NO_PRIVATE_ENGINE = reasonAgainst();

/** Makes every engine of the tests another one than the machine's (scripts/engine-26.sh). */
export const PROGRAMS_VARIABLE = 'ORCHESTRATOR_TEST_ENGINE_PROGRAMS';

export interface PrivateEngineOptions {
  /** More arguments of the daemon. */
  readonly args?: readonly string[];
  /** Folder of another engine's programs; by default what `PROGRAMS_VARIABLE` names, if any. */
  readonly binaries?: string;
}

export class PrivateEngine {
  readonly folder: string;
  readonly socket: string;
  readonly docker: Docker;
  /** More arguments of the daemon, from its next start on. */
  args: readonly string[];
  readonly network: NetworkNamespace;
  readonly #path: string;
  #daemon: ChildProcess | undefined;

  /** Started, and answering. */
  static async start(options: PrivateEngineOptions = {}): Promise<PrivateEngine> {
    // Not below /tmp: that may be kept in memory, and the layers of images are large.
    const folder = await mkdtemp('/var/tmp/orchestrator-engine-');
    // The machine's own configuration is not for this one.
    await writeFile(join(folder, 'daemon.json'), '{}');
    const engine = new PrivateEngine(
      folder,
      await NetworkNamespace.make(join(folder, 'network')),
      options,
    );
    try {
      await engine.start();
    } catch (error) {
      await engine.close();
      throw error;
    }
    return engine;
  }

  private constructor(folder: string, network: NetworkNamespace, options: PrivateEngineOptions) {
    this.folder = folder;
    this.socket = join(folder, 'docker.sock');
    this.docker = new Docker({ socketPath: this.socket });
    this.network = network;
    this.args = options.args ?? [];
    const path = process.env['PATH'] ?? '';
    const binaries = options.binaries ?? process.env[PROGRAMS_VARIABLE];
    this.#path = binaries === undefined ? path : `${binaries}:${path}`;
  }

  /** For DOCKER_HOST. */
  get host(): string {
    return `unix://${this.socket}`;
  }

  async start(): Promise<void> {
    const { folder } = this;
    const log = await open(join(folder, 'dockerd.log'), 'a');
    const [program = '', ...words] = [...this.network.enter, 'dockerd'];
    const daemon = spawn(
      program,
      [
        ...words,
        `--host=${this.host}`,
        `--data-root=${join(folder, 'data')}`,
        `--exec-root=${join(folder, 'exec')}`,
        `--pidfile=${join(folder, 'dockerd.pid')}`,
        `--config-file=${join(folder, 'daemon.json')}`,
        '--label=dev.orchestrator.test=private-engine',
        `--default-address-pool=${this.network.pool}`,
        ...this.args,
      ],
      { stdio: ['ignore', log.fd, log.fd], env: { PATH: this.#path } },
    );
    await log.close();
    this.#daemon = daemon;
    let answers = false;
    await until(
      async () => {
        if (!isRunning(daemon)) throw new Error(`the engine ended: ${await this.lastLines()}`);
        answers = await this.docker.ping().then(
          () => true,
          () => false,
        );
        return answers;
      },
      () => readFileSync(join(folder, 'dockerd.log'), 'utf8').slice(-2_000),
    );
  }

  /** As a service manager does: its containers are ended first. */
  stop(): Promise<void> {
    return this.#end('SIGTERM');
  }

  /** As a crash does: its containers may live on. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
    // Its containerd dies with it. The next one would take a process of the number in this file,
    // even one that nobody has reaped yet, for a containerd that is about to answer.
    const file = join(this.folder, 'exec/containerd/containerd.pid');
    const pid = Number(await readFile(file, 'utf8').catch(() => ''));
    await rm(file, { force: true });
    if (pid === 0) return;
    killQuietly(pid);
    await until(() => !processesOf(this.folder).includes(pid));
  }

  /** Brings the image of a runtime from the machine's engine, with the base it was made of. */
  async load(runtime: string): Promise<string> {
    const main = new Docker();
    const builder = new Builder(main);
    const image = await builder.ensureImage(runtime);
    const base = await builder.presentBase(runtime);
    for (const name of [...(base === undefined ? [] : [base.reference]), image]) {
      const answer = await this.docker.loadImage(await main.getImage(name).get());
      answer.resume();
      await new Promise((resolve, reject) => {
        answer.once('end', resolve);
        answer.once('error', reject);
      });
    }
    return image;
  }

  /** Takes its networks from it, as a restart of its machine may. Only while it is not running. */
  async loseNetworks(): Promise<void> {
    await rm(join(this.folder, 'data/network'), { recursive: true, force: true });
    await this.network.loseBridges();
  }

  async lastLines(): Promise<string> {
    return (await readFile(join(this.folder, 'dockerd.log'), 'utf8')).slice(-2_000);
  }

  /** Ends and removes everything, whatever state the engine is in. */
  async close(): Promise<void> {
    if (this.#daemon !== undefined && !isRunning(this.#daemon)) {
      // Only the engine itself ends its containers in order.
      await this.start().catch(() => undefined);
    }
    if (this.#daemon !== undefined && isRunning(this.#daemon)) {
      const containers = await this.docker.listContainers({ all: true });
      await Promise.allSettled(
        containers.map(({ Id }) => this.docker.getContainer(Id).remove({ force: true, v: true })),
      );
      await this.docker.pruneNetworks().catch(() => undefined);
      await this.stop();
    }
    for (const pid of processesOf(this.folder)) killQuietly(pid);
    await until(() => processesOf(this.folder).length === 0);
    await this.network.remove();
    for (const mount of mountsBelow(this.folder)) await run('umount', ['-l', mount]);
    await rm(this.folder, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const daemon = this.#daemon;
    if (daemon === undefined || !isRunning(daemon)) return;
    const ended = new Promise((resolve) => daemon.once('exit', resolve));
    daemon.kill(signal);
    await ended;
  }
}

function reasonAgainst(): string | undefined {
  if (process.platform !== 'linux') return 'engines are started on Linux only';
  if (process.getuid?.() !== 0) return 'only root may start an engine';
  const folders = (process.env['PATH'] ?? '').split(':');
  const missing = ['dockerd', 'nsenter', 'ip'].find(
    (program) => !folders.some((folder) => existsSync(join(folder, program))),
  );
  return missing === undefined ? undefined : `${missing} is not installed`;
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

/** Processes that name the folder on their command line, and all that came of them. */
function processesOf(folder: string): number[] {
  const parents = new Map<number, number>();
  const found = new Set<number>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (Number.isNaN(pid) || pid === process.pid) continue;
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
      const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (state === 'Z' || state === 'X') continue;
      parents.set(pid, Number(parent));
      if (readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(folder)) found.add(pid);
    } catch {
      // It has ended meanwhile.
    }
  }
  for (let before = -1; before !== found.size;) {
    before = found.size;
    for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid);
  }
  return [...found];
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
