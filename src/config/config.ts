/**
 * Everything the orchestrator is told, resolved and read-only. `load.ts` makes it; every default
 * comes from `defaults.ts`.
 */

import type { FunctionDefinition } from '../function/function-version.js';
import type { KeepAliveName } from '../keep-alive/keep-alive.js';
import type { FunctionPermissions } from '../stack/permissions.js';
import type { Stack } from '../stack/stack.js';

export interface Config {
  /** Absolute path of the project folder. */
  readonly projectDirectory: string;
  /** Absolute path of the file the functions were read from. */
  readonly source: string;
  /** Absolute paths of everything this was read from: when one of them changes, so may all this. */
  readonly files: readonly string[];
  readonly settings: Settings;
  readonly functions: readonly FunctionDefinition[];
  /** Everything else that the project declares. */
  readonly stack: Stack;
  /** What the roles of functions would allow; shown, not checked. */
  readonly permissions: readonly FunctionPermissions[];
  /** Every setting that is not enforced as written; `up` prints them, `--strict` refuses. */
  readonly notices: readonly SettingNotice[];
}

export interface Settings {
  /** Absolute path of the state folder. */
  readonly stateDirectory: string;
  /** Port of the Lambda API and the admin API. 0 lets the system choose. */
  readonly port: number;
  /** Port of HTTP event sources, opened when the project has any. 0 lets the system choose. */
  readonly httpPort: number;
  readonly host: string;
  /** Quiet time before an idle environment is frozen; `never` keeps it running. Absent: the
   *  engine decides (at once where freezing is a file write, 1 s where it is an engine call). */
  readonly freezeAfterMs?: number | 'never';
  /** Quiet time before the memory of a frozen environment is given back. Absent: a minute where
   *  the machine swaps to compressed memory, otherwise never. */
  readonly reclaimAfterMs?: number | 'never';
  /** Environments kept initialised ahead of demand for each recently used function. */
  readonly spares: number;
  /** What decides how long environments without work stay, and which go for want of memory. */
  readonly keepAlive: KeepAliveName;
  /** Unused environments go after this, where that policy knows nothing better. */
  readonly idleTimeoutMs: number;
  /** How much faster than real time retries and ages of events and idle timers pass. */
  readonly timeScale: number;
  /** Bound on the estimated memory of all environments. Absent: half of the machine's. */
  readonly memoryBudgetMb?: number;
  /** Account concurrency: more invocations at once are throttled (contract 10.1). */
  readonly concurrency: number;
  /** What of it stays with functions that have reserved nothing. */
  readonly unreservedMinimum: number;
  /** Requests a second for each unit of concurrency. */
  readonly requestRate: number | 'unlimited';
  /** Environments a function may get in ten seconds for events that wait. */
  readonly scalingRate: number;
  /** Average rate of a streamed response once its first 6 MiB are through (contract 1.8). */
  readonly streamingBytesPerSecond?: number;
  readonly region: string;
  readonly accountId: string;
  /** Which base images to use; `auto` finds one (design: image in the engine, public, made here). */
  readonly base: 'auto' | 'aws' | 'public' | 'debian';
  /** Existing engine network to join instead of one of our own. */
  readonly network?: string;
  readonly awsProfile?: string;
  /** Where queues, buckets, topics, tables and streams are. */
  readonly services: ServicesSetting;
  /** The services container stays when the run ends. */
  readonly keepServices?: true;
  /** Bearer token that callers beyond loopback must send; required when `host` is not loopback. */
  readonly authToken?: string;
  /** Reload code when files change. */
  readonly watch: boolean;
  readonly strict: boolean;
}

/**
 * `auto`: a container of ours once something needs it; `container`: from the start; `aws`: AWS
 * itself; a URL: a compatible server of the user's.
 */
export type ServicesSetting =
  'auto' | 'container' | 'none' | 'aws' | `${'http' | 'https'}://${string}`;

/** One setting of a template and what became of it. */
export interface SettingNotice {
  /** Such as `Resources.Hello.Properties.Tracing`. */
  readonly path: string;
  readonly treatment: 'approximated' | 'ignored';
  readonly reason: string;
}

/** One thing wrong with a file or flag. All of them are reported at once. */
export interface Problem {
  readonly path: string;
  /** The offending value as the user wrote it. */
  readonly value?: unknown;
  readonly expected: string;
  readonly remedy: string;
}

/** What the command line may set. Absent: the file's value, else the default. */
export interface Flags {
  readonly port?: number;
  readonly httpPort?: number;
  readonly host?: string;
  /** Milliseconds, or `never`. */
  readonly freezeAfter?: number | 'never';
  readonly reclaimAfter?: number | 'never';
  readonly spares?: number;
  readonly keepAlive?: string;
  /** Milliseconds. */
  readonly idleTimeout?: number;
  readonly timeScale?: number;
  readonly memoryBudgetMb?: number;
  readonly concurrency?: number;
  readonly unreservedMinimum?: number;
  readonly requestRate?: number | 'unlimited';
  readonly scalingRate?: number;
  readonly region?: string;
  /** Of a project of the Serverless Framework. */
  readonly stage?: string;
  readonly base?: string;
  readonly network?: string;
  readonly awsProfile?: string;
  readonly services?: string;
  readonly keepServices?: boolean;
  /** Path of a file of environment variables (contract 12.5), JSON or as a `.env` file. */
  readonly envVars?: string;
  readonly state?: string;
  readonly strict?: boolean;
  readonly watch?: boolean;
  readonly authToken?: string;
  /** Stacks of a CDK app that are wanted. Absent: all. */
  readonly stacks?: readonly string[];
  /** Absolute paths of files with values of template parameters. */
  readonly parameterFiles?: readonly string[];
  /** Absolute path of a configuration file of SAM. Absent: that of the project, if it has one. */
  readonly configFile?: string;
  /** Which part of it counts. Absent: `default`. */
  readonly configEnvironment?: string;
  /** Values of template parameters. */
  readonly parameters?: Readonly<Record<string, string>>;
}
