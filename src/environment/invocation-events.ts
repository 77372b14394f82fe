/** What the platform's events say of one invocation and its ending (contract 2.5). Pure. */

import type { InvocationRecord } from '../view.js';
import { billedDurationMs, timeoutLine } from '../invocation/report.js';
import type {
  PlatformEvent,
  Report,
  RuntimeDone,
  Span,
  Status,
  Tracing,
} from '../telemetry/events.js';
import type { Finished, ResponseMeasure, Settlement } from './settlement.js';

export interface Measured {
  readonly peakBytes: number | undefined;
  /** Present for the first invocation after an init that was not part of an invocation. */
  readonly initMs: number | undefined;
  /** Present for the first invocation after a restore. */
  readonly restoreMs?: number | undefined;
  /** From the response to the next poll; present once `runtimeDone` has told of it. */
  readonly runtimeOverheadMs?: number;
  /** From the runtime's last act to the last extension's. */
  readonly extensionOverheadMs?: number;
}

export function tracingOf({ assignment }: Settlement): { tracing?: Tracing } {
  const { traceId } = assignment.request;
  return traceId === '' ? {} : { tracing: { type: 'X-Amzn-Trace-Id', value: traceId } };
}

export function tenantOf({ assignment }: Settlement): { tenantId?: string } {
  const { tenantId } = assignment.request;
  return tenantId === undefined ? {} : { tenantId };
}

const STATUS: Readonly<Record<Finished['status'], Status>> = {
  succeeded: 'success',
  error: 'error',
  timeout: 'timeout',
  refused: 'failure',
};

function endingOf({ status, errorType }: Finished): { status: Status; errorType?: string } {
  // A timeout says all there is to say.
  return status === 'error' && errorType !== undefined
    ? { status: 'error', errorType }
    : { status: STATUS[status] };
}

export function runtimeDone(
  settlement: Settlement,
  finished: Finished,
  runtimeOverheadMs?: number,
): PlatformEvent {
  const startMs = settlement.dispatch.dispatchedAtMs;
  const durationMs = finished.durationMs + (runtimeOverheadMs ?? 0);
  const { response } = finished;
  const record: RuntimeDone = {
    requestId: settlement.requestId,
    ...endingOf(finished),
    metrics: { durationMs, ...(response === undefined ? {} : { producedBytes: response.bytes }) },
    ...(response === undefined ? {} : { spans: spansOf(startMs, response, runtimeOverheadMs) }),
    ...tracingOf(settlement),
  };
  return { type: 'platform.runtimeDone', timeMs: startMs + durationMs, record };
}

function spansOf(
  startMs: number,
  { latencyMs, durationMs }: ResponseMeasure,
  runtimeOverheadMs: number | undefined,
): Span[] {
  const beganMs = startMs + latencyMs;
  return [
    { name: 'responseLatency', startMs, durationMs: latencyMs },
    { name: 'responseDuration', startMs: beganMs, durationMs },
    ...(runtimeOverheadMs === undefined
      ? []
      : [
          {
            name: 'runtimeOverhead' as const,
            startMs: beganMs + durationMs,
            durationMs: runtimeOverheadMs,
          },
        ]),
  ];
}

function extensionSpans(
  { dispatch }: Settlement,
  { durationMs: total }: Finished,
  durationMs: number | undefined,
): { spans?: Span[] } {
  if (durationMs === undefined) return {};
  const startMs = dispatch.dispatchedAtMs + total - durationMs;
  return { spans: [{ name: 'extensionOverhead', startMs, durationMs }] };
}

/** Lines of the platform's own about how it ended. */
export function faultsOf(
  { requestId, version }: Settlement,
  { status, platformReason }: Finished,
  timeMs: number,
): PlatformEvent[] {
  if (status === 'timeout') {
    const line = timeoutLine(timeMs, requestId, version.timeoutSeconds);
    return [{ type: 'platform.fault', timeMs, record: [line, ''] }];
  }
  if (platformReason === undefined) return [];
  const line = `RequestId: ${requestId} Error: ${platformReason}`;
  return [{ type: 'platform.fault', timeMs, record: [line] }];
}

export function reportOf(
  settlement: Settlement,
  finished: Finished,
  { billedMs, memoryPeakMb }: InvocationRecord,
  { initMs, restoreMs, extensionOverheadMs }: Measured,
): Report {
  const { requestId, version } = settlement;
  return {
    requestId,
    ...tenantOf(settlement),
    ...endingOf(finished),
    metrics: {
      durationMs: finished.durationMs,
      billedDurationMs: billedMs,
      memorySizeMB: version.memoryMb,
      maxMemoryUsedMB: memoryPeakMb ?? version.memoryMb,
      ...(initMs === undefined ? {} : { initDurationMs: initMs }),
      ...(restoreMs === undefined
        ? {}
        : {
            restoreDurationMs: restoreMs,
            billedRestoreDurationMs: billedDurationMs(restoreMs),
          }),
    },
    ...extensionSpans(settlement, finished, extensionOverheadMs),
    ...tracingOf(settlement),
  };
}
