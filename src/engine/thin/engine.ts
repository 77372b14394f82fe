/** The Docker engine, first version. */
import Docker from 'dockerode';
import { closeSync, openSync, readFileSync, readSync, writeSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import type {
  Container, ContainerEngine, ContainerExit, ContainerObserver, ContainerSpec, EngineDescription, EngineNetwork,
} from '../engine.js';

const run = promisify(execFile);

export class ThinEngine implements ContainerEngine {
  readonly docker = new Docker();
  readonly runId: string;
  readonly root: string;
  readonly containers = new Map<string, ThinContainer>();
  networkId = '';
  events: NodeJS.ReadableStream | undefined;
  spareDisks: string[] = [];
  diskCount = 0;
  constructor(runId: string, root: string) { this.runId = runId; this.root = root; mkdirSync(root, { recursive: true }); }

  async describe(): Promise<EngineDescription> {
    const version = await this.docker.version();
    const info = await this.docker.info() as { NCPU: number; MemTotal: number };
    return { name: 'docker', version: version.Version, apiVersion: version.ApiVersion, cpus: info.NCPU, memoryBytes: info.MemTotal,
      architecture: 'x86_64', cgroup: 'hybrid', freezer: 'cgroup-v1', freezerReason: 'writable', scratch: 'loop', local: true, warnings: [] };
  }
  async open(): Promise<EngineNetwork> {
    const network = await this.docker.createNetwork({ Name: `orchestrator-${this.runId}`, Driver: 'bridge',
      Labels: { 'dev.orchestrator.owner': 'orchestrator', 'dev.orchestrator.run': this.runId },
      Options: { 'com.docker.network.bridge.enable_icc': 'false' } });
    this.networkId = network.id;
    const inspected = await network.inspect() as { IPAM: { Config: { Gateway: string }[] } };
    const gateway = inspected.IPAM.Config[0]!.Gateway;
    const stream = await this.docker.getEvents({ filters: JSON.stringify({ type: ['container'], event: ['die', 'oom'], label: [`dev.orchestrator.run=${this.runId}`] }) });
    this.events = stream;
    let text = '';
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const lines = text.split('\n'); text = lines.pop() ?? '';
      for (const line of lines) {
        if (line === '') continue;
        const event = JSON.parse(line) as { Action: string; id: string; Actor: { Attributes: { exitCode?: string } } };
        const container = this.containers.get(event.id);
        if (container === undefined) continue;
        if (event.Action === 'oom') container.oom = true;
        else container.died(Number(event.Actor.Attributes.exitCode ?? 0));
      }
    });
    this.addDisk(512); this.addDisk(512);
    return { hostAddress: gateway, listenAddress: gateway };
  }
  addDisk(sizeMb: number): void { void this.makeDisk(sizeMb).then((path) => this.spareDisks.push(path)); }
  async makeDisk(sizeMb: number): Promise<string> {
    const path = join(this.root, `tmp-${this.diskCount++}`);
    mkdirSync(path);
    await run('truncate', ['-s', `${sizeMb}M`, `${path}.img`]);
    await run('mkfs.ext4', ['-q', '-O', '^has_journal', '-m', '0', '-E', 'nodiscard,lazy_itable_init=1', `${path}.img`]);
    await run('mount', ['-o', 'loop,nosuid,nodev', `${path}.img`, path]);
    await run('chmod', ['1777', path]);
    return path;
  }
  async create(spec: ContainerSpec, observer: ContainerObserver): Promise<Container> {
    const disk = this.spareDisks.pop() ?? await this.makeDisk(spec.scratch.sizeMb);
    this.addDisk(512);
    const created = await this.docker.createContainer({
      name: spec.name, Image: spec.image, Env: Object.entries(spec.environment).map(([k, v]) => `${k}=${v}`),
      WorkingDir: spec.workingDirectory, Hostname: spec.hostName, AttachStdout: true, AttachStderr: true, Tty: false,
      ...(spec.user === undefined ? {} : { User: spec.user }), ...(spec.command === undefined ? {} : { Cmd: [...spec.command] }),
      Labels: { ...spec.labels, 'dev.orchestrator.owner': 'orchestrator', 'dev.orchestrator.run': this.runId }, StopSignal: 'SIGKILL',
      HostConfig: {
        NetworkMode: `orchestrator-${this.runId}`, ExtraHosts: Object.entries(spec.hosts).map(([h, a]) => `${h}:${a}`),
        Binds: [...spec.mounts.map((m) => `${m.source}:${m.target}${m.readOnly ? ':ro' : ''}`), `${disk}:/tmp`],
        Init: true, ReadonlyRootfs: true, CapDrop: ['ALL'], SecurityOpt: ['no-new-privileges'], PidsLimit: spec.pidsLimit,
        Ulimits: [{ Name: 'nofile', Soft: spec.openFilesLimit, Hard: spec.openFilesLimit }],
        Memory: spec.memoryBytes, MemorySwap: spec.memoryBytes, IpcMode: 'none', LogConfig: { Type: 'none', Config: {} },
      },
    });
    const container = new ThinContainer(created, this, spec, observer, disk);
    this.containers.set(created.id, container);
    return container;
  }
  async close(): Promise<void> {
    await Promise.all([...this.containers.values()].map((c) => c.remove()));
    (this.events as unknown as { destroy?: () => void })?.destroy?.();
    for (const disk of this.spareDisks) await removeDisk(disk);
    if (this.networkId !== '') await this.docker.getNetwork(this.networkId).remove().catch(() => undefined);
  }
}
async function removeDisk(disk: string): Promise<void> {
  await run('umount', [disk]).catch(() => undefined);
  rmSync(`${disk}.img`, { force: true }); rmSync(disk, { recursive: true, force: true });
}

class ThinContainer implements Container {
  readonly id: string;
  startedAtMs: number | undefined;
  oom = false;
  #frozen = false;
  #freezerFd = -1; #maxFd = -1; #cpu = '';
  #exit: ((exit: ContainerExit) => void);
  #pid = 0; #running = false;
  constructor(readonly_: Docker.Container, engine: ThinEngine, spec: ContainerSpec, observer: ContainerObserver, disk: string) {
    this.docker = readonly_; this.engine = engine; this.spec = spec; this.observer = observer; this.disk = disk; this.id = readonly_.id;
    this.#exit = (exit) => observer.exited(exit);
  }
  readonly docker: Docker.Container; readonly engine: ThinEngine; readonly spec: ContainerSpec; readonly observer: ContainerObserver; readonly disk: string;
  #ended: Promise<void> = Promise.resolve();
  async start(): Promise<void> {
    this.oom = false;
    const stream = await this.docker.attach({ stream: true, stdout: true, stderr: true, hijack: true, stdin: false } as never) as unknown as Duplex;
    let rest = Buffer.alloc(0);
    this.#ended = new Promise((resolve) => { stream.on('end', resolve); stream.on('close', resolve); stream.on('error', () => resolve()); });
    stream.on('data', (chunk: Buffer) => {
      rest = rest.length === 0 ? chunk as never : Buffer.concat([rest, chunk]);
      while (rest.length >= 8) {
        const size = rest.readUInt32BE(4);
        if (rest.length < 8 + size) break;
        this.observer.output(rest.subarray(8, 8 + size), rest[0] === 2 ? 'stderr' : 'stdout');
        rest = rest.subarray(8 + size) as never;
      }
    });
    this.#running = true;
    await this.docker.start();
    const state = (await this.docker.inspect()).State;
    this.startedAtMs = Date.parse(state.StartedAt);
    this.#pid = state.Pid;
    if (this.#pid === 0) return;
    const paths = new Map(readFileSync(`/proc/${this.#pid}/cgroup`, 'utf8').trim().split('\n').map((l) => { const [, c, p] = l.split(':'); return [c ?? '', p ?? '']; }));
    this.#freezerFd = openSync(`/sys/fs/cgroup/freezer${paths.get('freezer')}/freezer.state`, 'r+');
    this.#maxFd = openSync(`/sys/fs/cgroup/memory${paths.get('memory')}/memory.max_usage_in_bytes`, 'r');
    this.#cpu = `/sys/fs/cgroup/cpu${paths.get('cpu')}/cpu.cfs_quota_us`;
  }
  died(exitCode: number): void {
    if (!this.#running) return;
    this.#running = false;
    for (const fd of [this.#freezerFd, this.#maxFd]) if (fd >= 0) closeSync(fd);
    this.#freezerFd = this.#maxFd = -1;
    void this.#ended.then(() => this.#exit({ exitCode, outOfMemory: this.oom }));
  }
  async freeze(): Promise<void> { this.#frozen = true; if (this.#freezerFd >= 0) writeSync(this.#freezerFd, 'FROZEN'); }
  thaw(): undefined { this.#frozen = false; if (this.#freezerFd >= 0) writeSync(this.#freezerFd, 'THAWED'); return undefined; }
  async kill(): Promise<void> { if (this.#frozen) this.thaw(); await this.docker.kill().catch(() => undefined); }
  async remove(): Promise<void> {
    if (this.#frozen) this.thaw();
    await this.docker.remove({ force: true }).catch(() => undefined);
    await removeDisk(this.disk);
    this.engine.containers.delete(this.id);
  }
  limitCpu(): void { if (this.#cpu !== '') { const fd = openSync(this.#cpu, 'w'); writeSync(fd, String(Math.max(1000, Math.round(this.spec.cpus * 100_000)))); closeSync(fd); } }
  peakMemoryBytes(): number | undefined {
    if (this.#maxFd < 0 || !existsSync(`/proc/${this.#pid}/status`)) return undefined;
    const buffer = Buffer.alloc(32); readSync(this.#maxFd, buffer, 0, 32, 0);
    return Number(buffer.toString().trim().split('\n')[0]?.replace(/\0/g, ''));
  }
}
