/**
 * The platform's log lines in AWS's exact text form (contract 6.1). Pure; tabs and trailing tabs
 * included, newlines not.
 */

/** Of managed runtimes, before anything their init writes. A version is such as `python:3.13.v1`. */
export function initStartLine(runtime: { readonly version: string; readonly arn: string }): string {
  return `INIT_START Runtime Version: ${runtime.version}\tRuntime Version ARN: ${runtime.arn}`;
}

export function startLine(requestId: string, version: string): string {
  return `START RequestId: ${requestId} Version: ${version}`;
}

export function endLine(requestId: string): string {
  return `END RequestId: ${requestId}`;
}

/** The log line of a timeout; AWS follows it with an empty line (contract 5.6). */
export function timeoutLine(nowMs: number, requestId: string, timeoutSeconds: number): string {
  const time = new Date(nowMs).toISOString();
  return `${time} ${requestId} Task timed out after ${timeoutSeconds.toFixed(2)} seconds`;
}

/**
 * Whole milliseconds, rounded up, at least one. `initMs` only where init is billed: on-demand zip
 * functions of managed runtimes on a cold start (contract 6.1). It is the sum of what REPORT shows:
 * a thousandth nobody sees must not cost a millisecond.
 */
export function billedDurationMs(durationMs: number, initMs = 0): number {
  const shownHundredths = Math.round(durationMs * 100) + Math.round(initMs * 100);
  return Math.max(1, Math.ceil(shownHundredths / 100));
}

/** As `toFixed(2)` writes it, but rounded as what is billed is. */
function hundredths(ms: number): string {
  const all = Math.round(ms * 100);
  const part = all % 100;
  return `${(all - part) / 100}.${part < 10 ? '0' : ''}${part}`;
}

export interface Report {
  readonly requestId: string;
  readonly durationMs: number;
  readonly billedMs: number;
  readonly memorySizeMb: number;
  readonly maxMemoryUsedMb: number;
  /** Only on the first invocation after an init outside any invocation. */
  readonly initMs?: number | undefined;
  /** Only on the first invocation after a restore. */
  readonly restoreMs?: number | undefined;
  readonly billedRestoreMs?: number | undefined;
  readonly status?: 'timeout' | 'error' | undefined;
  readonly errorType?: string | undefined;
}

export function reportLine(report: Report): string {
  let line =
    `REPORT RequestId: ${report.requestId}\tDuration: ${hundredths(report.durationMs)} ms\t` +
    `Billed Duration: ${report.billedMs} ms\tMemory Size: ${report.memorySizeMb} MB\t` +
    `Max Memory Used: ${report.maxMemoryUsedMb} MB\t`;
  if (report.initMs !== undefined) line += `Init Duration: ${hundredths(report.initMs)} ms\t`;
  if (report.restoreMs !== undefined) {
    line += `Restore Duration: ${hundredths(report.restoreMs)} ms\t`;
  }
  if (report.billedRestoreMs !== undefined) {
    line += `Billed Restore Duration: ${report.billedRestoreMs} ms\t`;
  }
  if (report.status !== undefined) line += `Status: ${report.status}\t`;
  if (report.errorType !== undefined) line += `Error Type: ${report.errorType}\t`;
  return line;
}

interface Ended {
  /** Absent when all went well. */
  readonly status?: 'timeout' | 'error' | undefined;
  readonly errorType?: string | undefined;
}

function endedFields({ status, errorType }: Ended): string[] {
  return [
    ...(status === undefined ? [] : [`Status: ${status}`]),
    ...(errorType === undefined ? [] : [`Error Type: ${errorType}`]),
  ];
}

export interface InitReport extends Ended {
  readonly initMs: number;
  readonly phase: 'init' | 'invoke' | 'snap-start';
}

export function initReportLine(report: InitReport): string {
  const init = `INIT_REPORT Init Duration: ${hundredths(report.initMs)} ms`;
  return [init, `Phase: ${report.phase}`, ...endedFields(report)].join('\t');
}

/** Of SnapStart functions, as `initStartLine` (contract 6.1). */
export function restoreStartLine(runtime: {
  readonly version: string;
  readonly arn: string;
}): string {
  return `RESTORE_START Runtime Version: ${runtime.version}\tRuntime Version ARN: ${runtime.arn}`;
}

export function restoreReportLine(report: Ended & { readonly restoreMs: number }): string {
  const restore = `RESTORE_REPORT Restore Duration: ${hundredths(report.restoreMs)} ms`;
  return [restore, ...endedFields(report)].join('\t');
}
