/** Every default and limit in one table, each with its reason. Nothing else may hold one. */

export const DEFAULTS = {
  /** What people already point `sam local start-lambda` clients at (contract 12.6). */
  port: 3001,
  /** As of `sam local start-api`. */
  httpPort: 3000,
  host: '127.0.0.1',
  stateDirectoryName: '.orchestrator',
  spares: 1,
  /** Lambda keeps what was used a few minutes ago, and so do we; the others forget it sooner. */
  keepAlive: 'fixed',
  idleTimeoutMs: 10 * 60_000,
  /** Longer than the pauses between events of a function in use. */
  reclaimAfterMs: 60_000,
  timeScale: 1,
  /** Lambda's account default (contract 10.1). */
  concurrency: 1000,
  /** Requests a second for each unit of concurrency (contract 10.1). */
  requestRate: 10,
  /** Environments a function may get in ten seconds (contract 10.1). */
  scalingRate: 1000,
  region: 'us-east-1',
  accountId: '123456789012',
  memoryMb: 128,
  timeoutSeconds: 3,
  ephemeralStorageMb: 512,
  /** Contract 1.8, of a streamed response after its first 6 MiB. */
  streamingBytesPerSecond: 2 * 1024 * 1024,
  /** Of asynchronous events (contract 9.3). */
  eventRetries: 2,
  eventAgeSeconds: 21_600,
} as const;

export const LIMITS = {
  memoryMb: { min: 128, max: 10_240 },
  timeoutSeconds: { min: 1, max: 900 },
  ephemeralStorageMb: { min: 512, max: 10_240 },
  eventRetries: { min: 0, max: 2 },
  eventAgeSeconds: { min: 60, max: 21_600 },
  layers: 5,
  environmentBytes: 4096,
  /** A project file. CloudFormation takes 1 MB; beyond this, reading alone takes too long. */
  sourceBytes: 2 * 1024 * 1024,
  /** Contract 1.8: 6 MiB + 100. */
  payloadBytes: 6 * 1024 * 1024 + 100,
  /** Contract 1.8: all of a streamed response, what of it is not held up, and the rate's steps. */
  streaming: {
    totalBytes: 200 * 1024 * 1024,
    burstBytes: 6 * 1024 * 1024,
    refillMs: 125,
    bytesPerSecond: { min: 32 * 1024, max: 64 * 1024 * 1024 },
  },
  /** Of an asynchronous event: 1 MB since late 2025 (contract 8.3). */
  eventPayloadBytes: 1024 * 1024,
  /** Contract 7.1: init on demand. */
  initMs: 10_000,
  /** Contract 7.1: init ahead of traffic, or the function's timeout where that is longer. */
  initAheadMs: 130_000,
  longestInitAheadMs: 900_000,
  /** Contract 7.6: restore and after-restore hooks. */
  restoreMs: 10_000,
  /** Contract 3.4. */
  openFiles: 1024,
  processes: 1024,
  /** Contract 2.1: external and internal together. */
  extensions: 10,
  /** Contract 2.4: what the processes may take to end, by the extensions there are. */
  shutdownMs: { internal: 500, external: 2_000 },
  /** Of it, before external extensions are told: the runtime's share after SIGTERM. */
  runtimeShutdownMs: 300,
  /** Memory of one virtual processor, MB (contract 3.4). */
  memoryPerCpuMb: 1769,
  timeScale: { min: 1, max: 100_000 },
  /** Waiting invocations per function before we refuse; far above any limit a user would set. */
  queuedInvocations: 20_000,
  /** Longest wait for log lines still on their way when an invocation ended (no marker came). */
  logDrainMs: 500,
} as const;

/** What no function may reserve (contract 10.1): Lambda's, or as much of a smaller account. */
export function defaultUnreservedMinimum(concurrency: number): number {
  return Math.min(100, Math.floor(concurrency / 10));
}
