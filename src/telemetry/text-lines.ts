/** Platform events as lines of the text log (contract 6.1). Pure. */

import {
  endLine,
  initReportLine,
  initStartLine,
  reportLine,
  restoreReportLine,
  restoreStartLine,
  startLine,
} from '../invocation/report.js';
import type { PlatformEvent, Report, Status, Subscribed } from './events.js';

const NONE: readonly string[] = [];

/** None for what only the JSON log and subscribers see. */
export function textLines(event: PlatformEvent): readonly string[] {
  switch (event.type) {
    case 'platform.initStart': {
      const { runtimeVersion: version, runtimeVersionArn: arn } = event.record;
      return version === undefined || arn === undefined ? NONE : [initStartLine({ version, arn })];
    }
    case 'platform.restoreStart': {
      const { runtimeVersion: version, runtimeVersionArn: arn } = event.record;
      if (version === undefined || arn === undefined) return NONE;
      return [restoreStartLine({ version, arn })];
    }
    case 'platform.initReport': {
      const { initializationType, phase, status, errorType, metrics } = event.record;
      // On demand only what went wrong is news.
      if (status === 'success' && initializationType === 'on-demand') return NONE;
      return [initReportLine({ initMs: metrics.durationMs, phase, ...ended(status, errorType) })];
    }
    case 'platform.restoreReport': {
      const { status, errorType, metrics } = event.record;
      return [restoreReportLine({ restoreMs: metrics.durationMs, ...ended(status, errorType) })];
    }
    case 'platform.start':
      return [startLine(event.record.requestId, event.record.version)];
    case 'platform.fault':
      return event.record;
    case 'platform.end':
      return [endLine(event.record.requestId)];
    case 'platform.report':
      return [report(event.record)];
    case 'platform.extension': {
      const { name, state, events, errorType } = event.record;
      const error = errorType === undefined ? '' : `\tError Type: ${errorType}`;
      return [`EXTENSION\tName: ${name}\tState: ${state}\tEvents: [${events.join(',')}]${error}`];
    }
    case 'platform.telemetrySubscription':
      return [subscribed('TELEMETRY', event.record)];
    case 'platform.logsSubscription':
      return [subscribed('LOGS', event.record)];
    case 'platform.logsDropped': {
      const { droppedRecords, droppedBytes, reason } = event.record;
      return [`LOGS_DROPPED ${droppedRecords} lines, ${droppedBytes} bytes: ${reason}`];
    }
    case 'platform.initRuntimeDone':
    case 'platform.restoreRuntimeDone':
    case 'platform.runtimeDone':
      return NONE;
  }
}

function report({ requestId, status, errorType, metrics }: Report): string {
  return reportLine({
    requestId,
    durationMs: metrics.durationMs,
    billedMs: metrics.billedDurationMs,
    memorySizeMb: metrics.memorySizeMB,
    maxMemoryUsedMb: metrics.maxMemoryUsedMB,
    initMs: metrics.initDurationMs,
    restoreMs: metrics.restoreDurationMs,
    billedRestoreMs: metrics.billedRestoreDurationMs,
    status: status === 'success' ? undefined : status === 'timeout' ? status : 'error',
    errorType: status === 'success' || status === 'timeout' ? undefined : errorType,
  });
}

function ended(
  status: Status,
  errorType: string | undefined,
): { status?: 'timeout' | 'error'; errorType?: string } {
  if (status === 'success') return {};
  if (status === 'timeout') return { status };
  return { status: 'error', ...(errorType === undefined ? {} : { errorType }) };
}

function subscribed(what: string, { name, state, types }: Subscribed): string {
  const shown = types.map((type) => `${type.charAt(0).toUpperCase()}${type.slice(1)}`);
  return `${what}\tName: ${name}\tState: ${state}\tTypes: [${shown.join(', ')}]`;
}
