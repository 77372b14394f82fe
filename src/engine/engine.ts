/**
 * The seam between us and whatever runs containers. Nothing here names Docker or AWS.
 *
 * Rules every engine keeps, proved by one contract suite run against the real and the fake one:
 *  1. `kill`, `terminate` and `remove` are idempotent, thaw what is frozen first, and treat a missing container
 *     as success.
 *  2. `exited` is told exactly once for each successful `start`, whoever ended the processes.
 *  3. Output reaches `output` in the order the container wrote it (per stream), and all of it has
 *     been handed over before `exited`.
 *  4. A container may be started again after it exited: same identity, mounts and scratch, new
 *     processes.
 *  5. Everything created carries the run's own labels, and those of its spec unless it was started
 *     before the spec was known (`ahead`).
 *  6. Errors are `OrchestratorError`s with an `engine-*`, `image-missing` or `not-supported` code.
 */

export interface Mount {
  /** Absolute path on the engine's host. */
  source: string;
  target: string;
  readOnly: boolean;
  /** What is mounted on the source later is seen at the target as well. */
  follows?: boolean;
}

export interface ContainerSpec {
  /** Unique among our containers. */
  name: string;
  image: string;
  /** Program and arguments; when absent the image's own. */
  command?: readonly string[];
  environment: Readonly<Record<string, string>>;
  workingDirectory: string;
  /** `uid:gid`; the image's own when absent. */
  user?: string;
  hostName: string;
  /** Host name to address, written to the container's hosts file. */
  hosts: Readonly<Record<string, string>>;
  labels: Readonly<Record<string, string>>;
  mounts: readonly Mount[];
  /** Limit of memory with swap off, bytes. */
  memoryBytes: number;
  /** Share of one processor, e.g. 0.072 for 128 MB on Lambda. */
  cpus: number;
  /** Start without the processor limit; `Container.limitCpu` puts it in force. */
  liftCpuDuringStart: boolean;
  /** Writable disk of its own at `target`, outside the memory limit where the host allows it. */
  scratch: { target: string; sizeMb: number };
  /**
   * Where the container finds a pipe that leads to `output` faster than its ordinary output does,
   * if the host allows one.
   */
  logPipeTarget?: string;
  /** Its main process reads what `Container.write` is given; otherwise there is nothing to read. */
  input?: boolean;
  pidsLimit: number;
  openFilesLimit: number;
  /**
   * It may be served by a container that was started before it was known for whom, whose image has
   * a shell: its program, and the targets at which functions have folders of their own or none.
   */
  ahead?: { program: readonly string[]; slots: readonly string[] };
}

export interface ContainerExit {
  /** 0–255; 128 + n when ended by signal n. */
  exitCode: number;
  outOfMemory: boolean;
  /** Why the program could not be started, in the system's words; absent when it was. */
  launchError?: string;
}

/** The container's ordinary output, or the pipe at `logPipeTarget`. */
export type OutputStream = 'stdout' | 'stderr' | 'pipe';

/** Told by the engine what happens to one container. Callbacks must not throw. */
export interface ContainerObserver {
  output(chunk: Buffer, stream: OutputStream): void;
  exited(exit: ContainerExit): void;
}

export interface Container {
  readonly id: string;
  /** Resolves when the processes run, not when they are ready. Rejects when they cannot start. */
  start(signal?: AbortSignal): Promise<void>;
  /** Wall time of the last start, Unix ms; undefined before it. */
  readonly startedAtMs: number | undefined;
  /** Where this process reaches what listens in it, after a start; undefined where it cannot. */
  readonly address: string | undefined;
  /** Stops every process where it stands. Resolves when the kernel says so. */
  freeze(): Promise<void>;
  /** Lets them run again. Synchronous where the host allows it: the promise is then absent. */
  thaw(): Promise<void> | undefined;
  /** Asks the main process to end (SIGTERM), which may take it a while or do nothing. */
  terminate(): Promise<void>;
  /** For its main process, with `spec.input`. Nobody's when it does not run. */
  write(text: string): void;
  /** Ends all processes at once; resolves when the engine accepted it. `exited` follows. */
  kill(): Promise<void>;
  /** Ends and removes the container, its scratch and everything else made for it. */
  remove(): Promise<void>;
  /**
   * There is a log pipe. What a process writes to it before it writes to a socket of ours is handed
   * over by the end of the turn of the event loop in which the socket is read.
   */
  readonly pipesOutput?: boolean;
  /**
   * Hands over now what the processes have written to the log pipe by now. False where there is no
   * pipe: what they wrote may be on its way.
   */
  flushOutput?(): boolean;
  /** Puts `spec.cpus` in force when the start lifted it. Otherwise does nothing. */
  limitCpu(): void;
  /**
   * Peak memory since the last start, bytes, without file cache that could be given back;
   * undefined when it cannot be read here.
   */
  peakMemoryBytes(): number | undefined;
  /**
   * Gives the memory of frozen processes back to the machine as far as the host allows; they take
   * it again as they need it. Nothing of what they may use, or are said to have used, changes.
   * Never rejects. Absent where the host has no way.
   */
  reclaim?(): Promise<void>;
}

export interface EngineDescription {
  name: string;
  version: string;
  apiVersion: string;
  /** The suites have passed on an engine of this API. */
  tested: boolean;
  cpus: number;
  memoryBytes: number;
  architecture: 'x86_64' | 'arm64';
  cgroup: 'v1' | 'v2' | 'hybrid';
  freezer: FreezerKind;
  /** Why that freezer was chosen, for people. */
  freezerReason: string;
  reclaim: ReclaimChoice;
  scratch: 'loop' | 'tmpfs';
  /** What is made before it is known for which function, so that starts are short. */
  ahead: 'containers' | 'networks' | 'nothing';
  /** Why no more, or what for; for people. */
  aheadReason: string;
  /** What runs the containers, as the engine names it. */
  runtime: string;
  /** True when we see the engine's files and processes. */
  local: boolean;
  warnings: readonly string[];
}

/** How environments are frozen here. */
export type FreezerKind = 'cgroup-v2' | 'cgroup-v1' | 'engine' | 'none';

/** How memory of frozen environments is given back here. */
export type ReclaimKind = 'cgroup-v2' | 'cgroup-v1' | 'none';

export interface ReclaimChoice {
  readonly kind: ReclaimKind;
  /** It brings more than it costs, and is done unless the settings say otherwise. */
  readonly pays: boolean;
  /** For people. */
  readonly reason: string;
}

export interface ContainerEngine {
  describe(signal?: AbortSignal): Promise<EngineDescription>;
  /** Makes the run's own network and readies the host. Call once before `create`. */
  open(signal?: AbortSignal): Promise<EngineNetwork>;
  create(
    spec: ContainerSpec,
    observer: ContainerObserver,
    signal?: AbortSignal,
  ): Promise<Container>;
  /**
   * What these containers hold of the machine's memory now: their processes, the engine's own for
   * each, and what serves no other. Those it cannot be told of are left out.
   */
  heldBytes(containerIds: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Removes the run's network and every container and disk of the run. Idempotent. */
  close(): Promise<void>;
}

export interface EngineNetwork {
  /** Address at which containers reach this process, to be used in `ContainerSpec.hosts`. */
  hostAddress: string;
  /** Address this process must listen on for that. */
  listenAddress: string;
  /** Where this process may put sockets that containers can be given; absent where they cannot. */
  socketDirectory?: string;
}
