/**
 * Platform events in the shapes people and extensions read them in: a JSON log line (contract 6.3),
 * an event of the Telemetry API (2.5), an event of the Logs API (2.6). Pure.
 */

import type { PlatformEvent, Report, Span, SubscriptionType } from './events.js';

export const TELEMETRY_SCHEMAS = ['2022-07-01', '2022-12-13', '2025-01-29'] as const;
export const LOGS_SCHEMAS = ['2020-08-15', '2021-03-18'] as const;

export type TelemetrySchema = (typeof TELEMETRY_SCHEMAS)[number];
export type LogsSchema = (typeof LOGS_SCHEMAS)[number];
export type Schema = TelemetrySchema | LogsSchema;

interface Envelope {
  readonly time: string;
  readonly type: string;
  readonly record: unknown;
}

/** Without its newline; undefined for what only the text log and the Logs API know. */
export function jsonLine(event: PlatformEvent): string | undefined {
  const told = telemetryEvent(event);
  return told === undefined ? undefined : JSON.stringify(told);
}

/** Undefined when events of this schema do not include it. */
export function subscriberEvent(event: PlatformEvent, schema: Schema): string | undefined {
  const told = isLogsSchema(schema) ? logsEvent(event, schema) : telemetryEvent(event);
  return told === undefined ? undefined : JSON.stringify(told);
}

/** A line a function or an extension wrote. */
export function subscriberLine(
  source: Exclude<SubscriptionType, 'platform'>,
  line: { readonly timeMs: number; readonly text: string; readonly json: boolean },
  schema: Schema,
): string {
  const object = line.json && takesObjects(schema) ? objectOf(line.text) : undefined;
  return JSON.stringify(envelope(line.timeMs, source, object ?? line.text));
}

function isLogsSchema(schema: Schema): schema is LogsSchema {
  return (LOGS_SCHEMAS as readonly string[]).includes(schema);
}

/** The oldest schema of the Telemetry API, and the Logs API, have texts only. */
function takesObjects(schema: Schema): boolean {
  return schema === '2022-12-13' || schema === '2025-01-29';
}

function objectOf(text: string): object | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text) as object;
  } catch {
    return undefined;
  }
}

function envelope(timeMs: number, type: string, record: unknown): Envelope {
  return { time: new Date(timeMs).toISOString(), type, record };
}

function telemetryEvent(event: PlatformEvent): Envelope | undefined {
  switch (event.type) {
    case 'platform.fault':
    case 'platform.end':
      return undefined;
    case 'platform.runtimeDone': {
      const { spans, metrics, ...rest } = event.record;
      return envelope(event.timeMs, event.type, {
        ...rest,
        metrics: { ...metrics, durationMs: thousandths(metrics.durationMs) },
        ...told(spans),
      });
    }
    case 'platform.report': {
      const { spans, metrics, ...rest } = event.record;
      return envelope(event.timeMs, event.type, {
        ...rest,
        metrics: reportMetrics(metrics),
        ...told(spans),
      });
    }
    case 'platform.initReport':
    case 'platform.restoreReport': {
      const durationMs = thousandths(event.record.metrics.durationMs);
      return envelope(event.timeMs, event.type, { ...event.record, metrics: { durationMs } });
    }
    default:
      return envelope(event.timeMs, event.type, event.record);
  }
}

function logsEvent(event: PlatformEvent, schema: LogsSchema): Envelope | undefined {
  const { timeMs, type } = event;
  switch (type) {
    case 'platform.start': {
      const { requestId, version } = event.record;
      return envelope(timeMs, type, { requestId, version });
    }
    case 'platform.end':
    case 'platform.extension':
    case 'platform.logsSubscription':
    case 'platform.logsDropped':
      return envelope(timeMs, type, event.record);
    case 'platform.fault':
      return envelope(timeMs, type, event.record.filter((line) => line !== '').join('\n'));
    case 'platform.report': {
      const { requestId, metrics } = event.record;
      return envelope(timeMs, type, { requestId, metrics: reportMetrics(metrics) });
    }
    case 'platform.runtimeDone': {
      // It came with the second version of the schema.
      if (schema === '2020-08-15') return undefined;
      const { requestId, status } = event.record;
      // The Logs API knew three endings (2022 edition of the guide).
      return envelope(timeMs, type, { requestId, status: status === 'error' ? 'failure' : status });
    }
    default:
      return undefined;
  }
}

function reportMetrics(all: Report['metrics']): unknown {
  const { billedRestoreDurationMs: _billed, ...metrics } = all;
  return {
    ...metrics,
    durationMs: thousandths(metrics.durationMs),
    ...(metrics.initDurationMs === undefined
      ? {}
      : { initDurationMs: thousandths(metrics.initDurationMs) }),
    ...(metrics.restoreDurationMs === undefined
      ? {}
      : { restoreDurationMs: thousandths(metrics.restoreDurationMs) }),
  };
}

function told(spans: readonly Span[] | undefined): { spans?: unknown[] } {
  if (spans === undefined) return {};
  return {
    spans: spans.map(({ name, startMs, durationMs }) => ({
      name,
      start: new Date(startMs).toISOString(),
      durationMs: thousandths(durationMs),
    })),
  };
}

/** Nobody reads more of a duration. */
function thousandths(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
