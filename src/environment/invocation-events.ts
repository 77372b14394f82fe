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
  readonly runtimeOverheadMs?: number | undefined;
  /** From the runtime's last act to the last extension's. */
  readonly extensionOverheadMs?: number | undefined;
}

export function tracingOf({ assignment }: Settlement): Tracing | undefined {
  const { traceId } = assignment.request;
  return traceId === '' ? undefined : { type: 'X-Amzn-Trace-Id', value: traceId };
}

export function tenantOf({ assignment }: Settlement): string | undefined {
  return assignment.request.tenantId;
}

const STATUS: Readonly<Record<Finished['status'], Status>> = {
  succeeded: 'success',
  error: 'error',
  timeout: 'timeout',
  refused: 'failure',
};

/** A timeout says all there is to say. */
function errorTypeOf({ status, errorType }: Finished): string | undefined {
  return status === 'error' ? errorType : undefined;
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
    status: STATUS[finished.status],
    errorType: errorTypeOf(finished),
    metrics: { durationMs, producedBytes: response?.bytes },
    spans: response && spansOf(startMs, response, runtimeOverheadMs),
    tracing: tracingOf(settlement),
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
): Span[] | undefined {
  if (durationMs === undefined) return undefined;
  const startMs = dispatch.dispatchedAtMs + total - durationMs;
  return [{ name: 'extensionOverhead', startMs, durationMs }];
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
    tenantId: tenantOf(settlement),
    status: STATUS[finished.status],
    errorType: errorTypeOf(finished),
    metrics: {
      durationMs: finished.durationMs,
      billedDurationMs: billedMs,
      memorySizeMB: version.memoryMb,
      maxMemoryUsedMB: memoryPeakMb ?? version.memoryMb,
      initDurationMs: initMs,
      restoreDurationMs: restoreMs,
      billedRestoreDurationMs: restoreMs === undefined ? undefined : billedDurationMs(restoreMs),
    },
    spans: extensionSpans(settlement, finished, extensionOverheadMs),
    tracing: tracingOf(settlement),
  };
}
