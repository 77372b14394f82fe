/**
 * An invocation like nearly all of them: it succeeded, in an environment that had served before, and
 * its log is a text. A few values tell everything that its START, END and REPORT and its record say,
 * and take much less to be kept. Pure.
 */

import type { InvocationRecord, LogLine } from '../view.js';
import { billedDurationMs, endLine, reportLine, startLine } from './report.js';

/** The environment it ran in; one object for all of its invocations. */
export interface ServedBy {
  readonly functionName: string;
  readonly version: string;
  readonly memorySizeMb: number;
  readonly environmentId: string;
}

/** What is known when it begins. */
export interface PlainStart {
  readonly by: ServedBy;
  readonly requestId: string;
  /** When START was written, Unix ms. */
  readonly timestampMs: number;
}

/** What is known when it has ended. */
export interface PlainEnd {
  /** When it was dispatched, Unix ms. */
  readonly startedAtMs: number;
  readonly durationMs: number;
  /** When END and REPORT were written, Unix ms. */
  readonly timestampMs: number;
  /** Undefined where it cannot be read. */
  readonly memoryPeakMb: number | undefined;
  readonly start: 'warm' | 'thawed';
  /** Invocations of the environment before it, one at least. */
  readonly served: number;
}

/** The environment that was there, for people. */
export function found(start: PlainEnd['start']): string {
  return start === 'warm' ? 'a running environment' : 'a frozen environment, thawed,';
}

/** Why it was there: a clause that can follow the kind of start and a colon. */
export function hadServed(start: PlainEnd['start'], served: number): string {
  return `${found(start)} that had served ${served} before.`;
}

export function startOf({ by, requestId, timestampMs }: PlainStart): LogLine {
  return lineOf(by, requestId, timestampMs, startLine(requestId, by.version));
}

/** END and REPORT. */
export function endOf(
  { by, requestId }: PlainStart,
  { timestampMs, durationMs, memoryPeakMb = by.memorySizeMb }: PlainEnd,
): LogLine[] {
  const report = reportLine({
    requestId,
    durationMs,
    billedMs: billedDurationMs(durationMs),
    memorySizeMb: by.memorySizeMb,
    maxMemoryUsedMb: memoryPeakMb,
  });
  return [endLine(requestId), report].map((text) => lineOf(by, requestId, timestampMs, text));
}

export function recordOf({ by, requestId }: PlainStart, end: PlainEnd): InvocationRecord {
  const { functionName, version, environmentId } = by;
  const { startedAtMs, durationMs, memoryPeakMb, start, served } = end;
  return {
    requestId,
    functionName,
    version,
    environmentId,
    startedAtMs,
    durationMs,
    billedMs: billedDurationMs(durationMs),
    ...(memoryPeakMb === undefined ? {} : { memoryPeakMb }),
    status: 'succeeded',
    start,
    cause: hadServed(start, served),
  };
}

function lineOf(
  { functionName, environmentId }: ServedBy,
  requestId: string,
  timestampMs: number,
  text: string,
): LogLine {
  return { timestampMs, functionName, environmentId, requestId, source: 'platform', text };
}
