/**
 * What the platform says about an environment, as data (contract 2.5, 2.6). Text lines, JSON lines
 * and what subscribers get are made from these. Pure.
 */

import type { InitializationType } from '../function/variables.js';

export type Status = 'success' | 'failure' | 'error' | 'timeout';

/** `init` ahead of an invocation, `invoke` inside one. */
export type InitPhase = 'init' | 'invoke' | 'snap-start';

export interface Span {
  readonly name: 'responseLatency' | 'responseDuration' | 'runtimeOverhead' | 'extensionOverhead';
  /** Unix ms. */
  readonly startMs: number;
  readonly durationMs: number;
}

export interface Tracing {
  readonly spanId?: string;
  readonly type: 'X-Amzn-Trace-Id';
  readonly value: string;
}

export interface InitStart {
  readonly initializationType: InitializationType;
  readonly phase: InitPhase;
  /** Of managed runtimes. */
  readonly runtimeVersion?: string;
  readonly runtimeVersionArn?: string;
  readonly functionName?: string;
  readonly functionVersion?: string;
  readonly instanceId?: string;
  /** Bytes. */
  readonly instanceMaxMemory?: number;
}

export interface InitRuntimeDone {
  readonly initializationType: InitializationType;
  readonly phase: InitPhase;
  readonly status: Status;
  readonly errorType?: string;
}

export interface InitReport extends InitRuntimeDone {
  readonly metrics: { readonly durationMs: number };
}

export interface RestoreStart {
  readonly runtimeVersion?: string;
  readonly runtimeVersionArn?: string;
  readonly functionName?: string;
  readonly functionVersion?: string;
  readonly instanceId?: string;
  readonly instanceMaxMemory?: number;
}

export interface RestoreRuntimeDone {
  readonly status: Status;
  readonly errorType?: string;
}

export interface RestoreReport extends RestoreRuntimeDone {
  readonly metrics: { readonly durationMs: number };
}

export interface Start {
  readonly requestId: string;
  readonly version: string;
  readonly tenantId?: string | undefined;
  readonly tracing?: Tracing | undefined;
}

export interface RuntimeDone {
  readonly requestId: string;
  readonly status: Status;
  readonly errorType?: string | undefined;
  readonly metrics: {
    readonly durationMs: number;
    readonly producedBytes?: number | undefined;
  };
  readonly spans?: readonly Span[] | undefined;
  readonly tracing?: Tracing | undefined;
}

export interface ReportMetrics {
  readonly durationMs: number;
  readonly billedDurationMs: number;
  readonly memorySizeMB: number;
  readonly maxMemoryUsedMB: number;
  /** Only on the first invocation after an init outside any invocation. */
  readonly initDurationMs?: number | undefined;
  readonly restoreDurationMs?: number | undefined;
  readonly billedRestoreDurationMs?: number | undefined;
}

export interface Report {
  readonly requestId: string;
  readonly tenantId?: string | undefined;
  readonly status: Status;
  readonly errorType?: string | undefined;
  readonly metrics: ReportMetrics;
  readonly spans?: readonly Span[] | undefined;
  readonly tracing?: Tracing | undefined;
}

export interface ExtensionState {
  readonly name: string;
  readonly state: string;
  readonly events: readonly string[];
  readonly errorType?: string;
}

export interface Subscribed {
  readonly name: string;
  readonly state: string;
  readonly types: readonly SubscriptionType[];
}

export type SubscriptionType = 'platform' | 'function' | 'extension';

export interface LogsDropped {
  readonly droppedRecords: number;
  readonly droppedBytes: number;
  readonly reason: string;
}

export interface PlatformRecords {
  readonly 'platform.initStart': InitStart;
  readonly 'platform.initRuntimeDone': InitRuntimeDone;
  readonly 'platform.initReport': InitReport;
  readonly 'platform.restoreStart': RestoreStart;
  readonly 'platform.restoreRuntimeDone': RestoreRuntimeDone;
  readonly 'platform.restoreReport': RestoreReport;
  readonly 'platform.start': Start;
  readonly 'platform.runtimeDone': RuntimeDone;
  /** The lines of an invocation that ended without the runtime's doing. Not of the Telemetry API. */
  readonly 'platform.fault': readonly string[];
  /** Of the Logs API and the text log only. */
  readonly 'platform.end': { readonly requestId: string };
  readonly 'platform.report': Report;
  readonly 'platform.extension': ExtensionState;
  readonly 'platform.telemetrySubscription': Subscribed;
  readonly 'platform.logsSubscription': Subscribed;
  readonly 'platform.logsDropped': LogsDropped;
}

export type PlatformEventType = keyof PlatformRecords;

export type PlatformEvent = {
  [Type in PlatformEventType]: {
    readonly type: Type;
    /** When it happened, Unix ms. */
    readonly timeMs: number;
    readonly record: PlatformRecords[Type];
  };
}[PlatformEventType];

export type SystemLevel = 'DEBUG' | 'INFO' | 'WARN';

/** The level at which the system log has an event (contract 6.3). */
export function systemLevel(event: PlatformEvent): SystemLevel {
  switch (event.type) {
    case 'platform.initStart':
    case 'platform.restoreStart':
      return event.record.runtimeVersion === undefined ? 'DEBUG' : 'INFO';
    case 'platform.initRuntimeDone':
    case 'platform.restoreRuntimeDone':
    case 'platform.runtimeDone':
      return event.record.status === 'success' ? 'DEBUG' : 'WARN';
    case 'platform.initReport':
      if (event.record.status !== 'success') return 'WARN';
      return event.record.initializationType === 'on-demand' ? 'DEBUG' : 'INFO';
    case 'platform.restoreReport':
    case 'platform.report':
      return event.record.status === 'success' ? 'INFO' : 'WARN';
    case 'platform.extension':
      return event.record.errorType === undefined ? 'INFO' : 'WARN';
    case 'platform.logsDropped':
    case 'platform.fault':
      return 'WARN';
    case 'platform.start':
    case 'platform.end':
    case 'platform.logsSubscription':
    case 'platform.telemetrySubscription':
      return 'INFO';
  }
}
