/**
 * What `ps`, `logs`, `why` and `down` may ask of a running orchestrator. The composition root
 * implements it; the admin API serves it; the CLI reads it.
 */

export interface EnvironmentStatus {
  /** Short id, unique in the run. */
  readonly id: string;
  readonly containerId: string;
  readonly functionName: string;
  readonly version: string;
  /** Lifecycle state (ARCHITECTURE.md, lifecycle table). */
  readonly state: string;
  /** As `AWS_LAMBDA_INITIALIZATION_TYPE` says it. */
  readonly initializationType: string;
  readonly ageMs: number;
  readonly invocations: number;
  readonly memoryLimitMb: number;
  /** Peak of the current processes; undefined where it cannot be read. */
  readonly memoryPeakMb?: number;
  /**
   * What runtime, the engine's process for it and a network made ahead hold of the machine's memory
   * now, what is shared divided; only where it was asked for and can be read.
   */
  readonly memoryHeldMb?: number;
  /** Absent without any: those that have registered, and external ones that have yet to. */
  readonly extensions?: readonly ExtensionStatus[];
  /** One sentence: why this environment was started. */
  readonly startedBecause: string;
}

export interface ExtensionStatus {
  readonly name: string;
  /** A process of its own, or part of the runtime's. */
  readonly external: boolean;
  /** The contract's names (2.1), such as `Ready`. */
  readonly state: string;
  readonly events: readonly string[];
}

export interface FunctionStatus {
  readonly name: string;
  readonly runtime: string;
  readonly handler: string;
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  readonly functionArn: string;
  readonly state: 'ready' | 'building' | 'failed';
  /** Why it failed, for people. */
  readonly problem?: string;
  readonly environments: number;
  readonly waiting: number;
  /** Absent without any: names of the external ones. */
  readonly extensions?: readonly string[];
}

export interface LogLine {
  readonly timestampMs: number;
  readonly functionName: string;
  readonly environmentId: string;
  /** Absent for output between invocations. */
  readonly requestId?: string;
  /**
   * `platform` for START, END, REPORT and the like; `function` for what the code wrote; `extension`
   * for what extensions did, where that can be told apart.
   */
  readonly source: 'platform' | 'function' | 'extension';
  /** One line without its newline. */
  readonly text: string;
}

export interface LogQuery {
  readonly functionName?: string;
  readonly requestId?: string;
  /** Newest this many lines; default 1000. */
  readonly limit?: number;
}

/** One finished invocation, as kept. */
export interface InvocationRecord {
  readonly requestId: string;
  readonly functionName: string;
  readonly version: string;
  readonly environmentId: string;
  readonly startedAtMs: number;
  readonly durationMs: number;
  readonly billedMs: number;
  /** Present on the first invocation after an init. */
  readonly initMs?: number | undefined;
  /** Present on the first invocation after a restore. */
  readonly restoreMs?: number | undefined;
  readonly memoryPeakMb?: number | undefined;
  /** Of the duration, what extensions went on for after the response. */
  readonly extensionOverheadMs?: number | undefined;
  readonly status: 'succeeded' | 'error' | 'timeout' | 'refused';
  readonly errorType?: string | undefined;
  /** How the invocation found its environment. */
  readonly start: 'warm' | 'thawed' | 'restored' | 'cold' | 'reset';
  /** One sentence: why this start was cold, or what warm environment served it. */
  readonly cause: string;
}

/** An asynchronous event that is not over (contract section 9). Durations are in queue time. */
export interface QueuedEventStatus {
  readonly requestId: string;
  readonly functionName: string;
  readonly qualifier?: string;
  readonly ageMs: number;
  /** Times the function ran. */
  readonly attempts: number;
  /** Throttles and system errors since then. */
  readonly setbacks: number;
  readonly running: boolean;
  /** Until the next attempt; 0 when it waits for nothing but room. */
  readonly nextInMs: number;
  readonly lastError?: string;
  readonly payloadBytes: number;
}

export interface EventQueueStatus {
  /** The oldest ones. */
  readonly events: readonly QueuedEventStatus[];
  /** All there are. */
  readonly queued: number;
  /** Since the start of this run. */
  readonly accepted: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly dropped: number;
  readonly undelivered: number;
}

/** Queue time, which retries and ages of events follow. */
export interface TimeStatus {
  /** Unix ms. */
  readonly nowMs: number;
  readonly aheadMs: number;
  /** Virtual seconds in a real one. */
  readonly scale: number;
}

/** One thing that leads events to a target, such as a queue, a route or a schedule. */
export interface SourceStatus {
  /** Such as `SQS`, `HTTP API` or `schedule`. */
  readonly kind: string;
  /** What it is called by: a UUID, a name, a route key. */
  readonly id: string;
  /** What events come from: a queue, a method and path, an expression. */
  readonly from: string;
  /** What they lead to, such as a function. */
  readonly to: string;
  /** Such as `Enabled`. */
  readonly state: string;
  /** What came of the last event, for people. */
  readonly last?: string;
  /** What is worth counting, such as batches and lag. */
  readonly figures?: Readonly<Record<string, number>>;
  /** Of schedules: when it runs next, and whose clocks it follows. */
  readonly next?: { readonly atMs: number; readonly zone: string };
}

export type EventChange = 'retry' | 'drop';

export interface OrchestratorView {
  functions(): readonly FunctionStatus[];
  environments(): readonly EnvironmentStatus[];
  /** The same with the memory they hold, which takes the kernel a moment for each. */
  environmentsWithMemory(): Promise<readonly EnvironmentStatus[]>;
  /** The record of one invocation, if it is still kept. */
  invocation(requestId: string): Promise<InvocationRecord | undefined>;
  logs(query: LogQuery): Promise<readonly LogLine[]>;
  /** Calls `onLine` for each line from now on; the returned function ends it. */
  follow(query: LogQuery, onLine: (line: LogLine) => void): () => void;
  /** At most `limit` events, and how many there are of each kind. */
  events(limit: number): EventQueueStatus;
  /** Tries a waiting event now, or forgets it. */
  changeEvent(requestId: string, change: EventChange): 'done' | 'unknown' | 'running';
  /** Where queues, buckets and the like are, once something has asked for them. */
  services(): string | undefined;
  /** Everything that leads events to functions. */
  sources(): readonly SourceStatus[];
  /** Runs a schedule now; false when there is none of this name. */
  runSchedule(name: string): boolean;
  time(): TimeStatus;
  advanceTime(ms: number): TimeStatus;
  /** Begins an orderly stop: `drain` finishes what runs, otherwise it ends now. */
  stop(mode: 'drain' | 'now', options?: StopOptions): void;
}

export interface StopOptions {
  /** The services container stays, with its data. */
  readonly keepServices?: boolean;
}
