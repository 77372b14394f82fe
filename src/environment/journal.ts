/**
 * What an environment writes down about itself: the platform's lines around a function's own
 * output (contract section 6) and one record for each finished invocation.
 *
 * It decides nothing. It answers the caller only when a log tail was asked for, because the tail
 * is complete only when the last line has arrived.
 */

import { createHash, randomBytes } from 'node:crypto';
import type { InvocationRecord } from '../admin-api/view.js';
import type { Clock } from '../async/clock.js';
import type { FunctionVersion } from '../function/function-version.js';
import {
  endLine,
  initStartLine,
  initReportLine,
  reportLine,
  startLine,
  timeoutLine,
  billedDurationMs,
} from '../invocation/report.js';
import { EnvironmentLog, type LogSink } from '../log/environment-log.js';
import { tellStart, type ResetReason } from './cause.js';
import type { Finished, Settlement } from './settlement.js';

export interface RecordSink {
  /** Must not throw and must not wait. */
  record(record: InvocationRecord): void;
}

export interface JournalParts {
  readonly clock: Clock;
  readonly lines: LogSink;
  readonly records: RecordSink;
  /** Our own bootstraps mark the end of each invocation in their output. */
  readonly marks: boolean;
}

export interface Measured {
  readonly peakBytes: number | undefined;
  /** Present for the first invocation after an init that was not part of an invocation. */
  readonly initMs: number | undefined;
}

export interface InvocationJournal {
  readonly marker: string | undefined;
  readonly logStreamName: string;
  processesStarted(): void;
  output(chunk: Buffer, stream: 'stdout' | 'stderr'): void;
  /** The runtime has polled: its marker is on the way. */
  initEnded(): void;
  initFailed(reason: ResetReason, elapsedMs: number): void;
  /** Writes START; marks the settlement as begun. */
  begin(settlement: Settlement): void;
  /** Writes END and REPORT when the output is complete, keeps the record, answers for a tail. */
  end(settlement: Settlement, finished: Finished, measured: Measured): void;
  /** The event was never delivered: nothing is reported. */
  abandon(settlement: Settlement): void;
  /** They are about to be ended, and the environment with them. */
  processesEnding(): void;
  processesExited(): void;
  close(): void;
}

const MEGABYTE = 2 ** 20;

export class EnvironmentJournal implements InvocationJournal {
  readonly marker: string | undefined;
  readonly logStreamName: string;
  readonly #parts: JournalParts;
  readonly #log: EnvironmentLog;
  readonly #environmentId: string;
  readonly #initStart: string;

  constructor(version: FunctionVersion, environmentId: string, parts: JournalParts) {
    this.#parts = parts;
    this.#environmentId = environmentId;
    this.#initStart = initStartLine(runtimeVersion(version));
    this.marker = parts.marks ? randomBytes(12).toString('hex') : undefined;
    const day = new Date(parts.clock.now()).toISOString().slice(0, 10).replaceAll('-', '/');
    this.logStreamName = `${day}/[${version.version}]${randomBytes(16).toString('hex')}`;
    this.#log = new EnvironmentLog({
      clock: parts.clock,
      sink: parts.lines,
      functionName: version.name,
      environmentId,
      ...(this.marker === undefined ? {} : { marker: this.marker }),
    });
  }

  processesStarted(): void {
    this.#log.processesStarted(this.#initStart);
  }

  output(chunk: Buffer, stream: 'stdout' | 'stderr'): void {
    this.#log.write(chunk, stream);
  }

  initEnded(): void {
    this.#log.initEnded();
  }

  initFailed(reason: ResetReason, elapsedMs: number): void {
    this.#log.initEnded([
      initReportLine({
        initMs: elapsedMs,
        phase: 'init',
        status: reason === 'init-timed-out' ? 'timeout' : 'error',
        ...(reason === 'runtime-exited' || reason === 'out-of-memory'
          ? { errorType: 'Runtime.ExitError' }
          : {}),
      }),
    ]);
  }

  begin(settlement: Settlement): void {
    settlement.begun = true;
    this.#log.begin(
      settlement.requestId,
      startLine(settlement.requestId, settlement.version.version),
      settlement.wantsTail,
    );
  }

  end(settlement: Settlement, finished: Finished, measured: Measured): void {
    if (!settlement.begun) this.begin(settlement);
    const record = this.#recordOf(settlement, finished, measured);
    this.#log.end(
      settlement.requestId,
      () => this.#endLines(settlement, finished, record, measured),
      (tail) => {
        if (settlement.wantsTail) settlement.answer(finished, tail);
        this.#parts.records.record(record);
      },
    );
  }

  abandon(settlement: Settlement): void {
    if (settlement.begun) {
      this.#log.end(
        settlement.requestId,
        () => [endLine(settlement.requestId)],
        () => undefined,
      );
    }
  }

  processesEnding(): void {
    this.#log.processesEnding();
  }

  processesExited(): void {
    this.#log.processesExited();
  }

  close(): void {
    this.#log.close();
  }

  #endLines(
    settlement: Settlement,
    finished: Finished,
    record: InvocationRecord,
    measured: Measured,
  ): string[] {
    const { requestId, version } = settlement;
    const lines: string[] = [];
    if (finished.status === 'timeout') {
      lines.push(timeoutLine(this.#parts.clock.now(), requestId, version.timeoutSeconds), '');
    } else if (finished.platformReason !== undefined) {
      lines.push(`RequestId: ${requestId} Error: ${finished.platformReason}`);
    }
    lines.push(endLine(requestId));
    lines.push(
      reportLine({
        requestId,
        durationMs: finished.durationMs,
        billedMs: record.billedMs,
        memorySizeMb: version.memoryMb,
        maxMemoryUsedMb: record.memoryPeakMb ?? version.memoryMb,
        ...(measured.initMs === undefined ? {} : { initMs: measured.initMs }),
        ...(finished.status === 'timeout' ? { status: 'timeout' as const } : {}),
        ...(finished.status === 'error' || finished.status === 'refused'
          ? { status: 'error' as const }
          : {}),
        ...(finished.status === 'error' && finished.errorType !== undefined
          ? { errorType: finished.errorType }
          : {}),
      }),
    );
    return lines;
  }

  #recordOf(settlement: Settlement, finished: Finished, measured: Measured): InvocationRecord {
    const { peakBytes, initMs } = measured;
    return {
      requestId: settlement.requestId,
      functionName: settlement.version.name,
      version: settlement.version.version,
      environmentId: this.#environmentId,
      startedAtMs: settlement.dispatch.dispatchedAtMs,
      durationMs: finished.durationMs,
      billedMs: billedDurationMs(finished.durationMs, initMs),
      ...(initMs === undefined ? {} : { initMs }),
      ...(peakBytes === undefined ? {} : { memoryPeakMb: Math.ceil(peakBytes / MEGABYTE) }),
      status: finished.status,
      ...(finished.errorType === undefined ? {} : { errorType: finished.errorType }),
      start: settlement.story.kind,
      cause: tellStart(settlement.story),
    };
  }
}

/** The image is what a runtime version is here; its name's digest tells it from others. */
function runtimeVersion(version: FunctionVersion): { version: string; arn: string } {
  const [, language = version.runtime, number = ''] =
    /^([a-z]+)([\d.]*?)(\.x)?$/.exec(version.runtime) ?? [];
  const digest = createHash('sha256').update(version.imageReference).digest('hex');
  const region = version.functionArn.split(':')[3] ?? '';
  return {
    version: `${language}:${number}.v${version.imageReference.split(':').at(-1) ?? ''}`,
    arn: `arn:aws:lambda:${region}::runtime:${digest}`,
  };
}
