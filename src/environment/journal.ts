/**
 * What an environment writes down about itself: the platform's events around a function's own
 * output (contract 2.5 and section 6) and one record for each finished invocation.
 *
 * It decides nothing. It answers the caller only when a log tail was asked for, because the tail
 * is complete only when the last line has arrived.
 */

import { randomBytes } from 'node:crypto';
import type { InvocationRecord } from '../view.js';
import type { Clock } from '../async/clock.js';
import type { OutputStream } from '../engine/engine.js';
import type { FunctionVersion } from '../function/function-version.js';
import type { LaunchProblem } from '../function/launch-problem.js';
import type { InitializationType } from '../function/variables.js';
import { billedDurationMs } from '../invocation/report.js';
import type { ServedBy } from '../invocation/plain-invocation.js';
import { EnvironmentLog } from '../log/environment-log.js';
import type { PlainFacts } from '../log/line-writer.js';
import type { LogSink } from '../log/log-sink.js';
import type {
  InitPhase,
  InitRuntimeDone,
  PlatformEvent,
  RestoreRuntimeDone,
} from '../telemetry/events.js';
import { systemLogOf, type SystemLog } from '../telemetry/system-log.js';
import type { OpenSink } from '../telemetry/sinks.js';
import { Telemetry } from '../telemetry/telemetry.js';
import { tellStart, type ResetReason } from './cause.js';
import type { Extension } from './extensions.js';
import {
  faultsOf,
  reportOf,
  runtimeDone,
  tenantOf,
  tracingOf,
  type Measured,
} from './invocation-events.js';
import { imageLaunchLine } from './launch-problem.js';
import { runtimeOf } from './runtime-facts.js';
import type { Finished, Settlement } from './settlement.js';

export interface RecordSink {
  /** Must not throw and must not wait. */
  record(record: InvocationRecord): void;
}

export interface JournalParts {
  readonly clock: Clock;
  readonly lines: LogSink;
  readonly records: RecordSink;
  /** The way to subscribers inside environments; absent where there is none. */
  readonly openSink?: OpenSink;
  /** Our own bootstraps mark the end of each invocation in their output. */
  readonly marks: boolean;
}

export interface InvocationJournal {
  readonly marker: string | undefined;
  readonly logStreamName: string;
  /** Whoever subscribed in the environment; absent where nobody can. */
  readonly telemetry: Telemetry | undefined;
  /** Their init is ahead of any invocation, or part of one. */
  processesStarted(phase: InitPhase): void;
  output(chunk: Buffer, stream: OutputStream): void;
  /** What extensions wrote, where it can be told apart. */
  extensionOutput(chunk: Buffer, stream: OutputStream): void;
  /** An extension is ready for the first time, or has failed. */
  extensionNoted(extension: Extension): void;
  /**
   * All that the processes have written by now has been handed over. With `what`, `init` or a request
   * id, that ends there for a runtime that would mark it.
   */
  outputIsHere(what?: string): void;
  /** The runtime has polled: its marker is on the way. */
  initEnded(initMs: number): void;
  /** `problem` says more than the reason does. */
  initFailed(reason: ResetReason, elapsedMs: number, problem?: { errorType: string }): void;
  restoreStarted(): void;
  restoreEnded(restoreMs: number, ended: RestoreRuntimeDone): void;
  /** Writes START; marks the settlement as begun. */
  begin(settlement: Settlement): void;
  /** The runtime is done with an invocation that `end` is still to come for. */
  runtimeDone(settlement: Settlement, finished: Finished, runtimeOverheadMs: number): void;
  /** Writes END and REPORT when the output is complete, keeps the record, answers for a tail. */
  end(settlement: Settlement, finished: Finished, measured: Measured): void;
  /** No event could be delivered, and none will: only the record is kept. */
  refuse(settlement: Settlement, finished: Finished): void;
  /** The event was never delivered: nothing is reported. */
  abandon(settlement: Settlement): void;
  /** They are about to be ended, and the environment with them. */
  processesEnding(): void;
  /** With a problem: they never ran. */
  processesExited(launch?: LaunchProblem): void;
  close(): void;
}

const MEGABYTE = 2 ** 20;

export class EnvironmentJournal implements InvocationJournal {
  readonly marker: string | undefined;
  readonly logStreamName: string;
  readonly telemetry: Telemetry | undefined;
  readonly #parts: JournalParts;
  readonly #log: EnvironmentLog;
  readonly #system: SystemLog;
  readonly #version: FunctionVersion;
  readonly #by: ServedBy;
  readonly #initializationType: InitializationType;
  #phase: InitPhase = 'init';

  constructor(
    version: FunctionVersion,
    environmentId: string,
    parts: JournalParts,
    initializationType: InitializationType = 'on-demand',
  ) {
    this.#parts = parts;
    this.#version = version;
    this.#by = {
      functionName: version.name,
      version: version.version,
      memorySizeMb: version.memoryMb,
      environmentId,
    };
    this.#initializationType = initializationType;
    this.#system = systemLogOf(version);
    this.marker = parts.marks ? randomBytes(12).toString('hex') : undefined;
    this.logStreamName = logStreamName(version, parts.clock.now());
    const { clock, openSink } = parts;
    this.telemetry =
      openSink === undefined
        ? undefined
        : new Telemetry({
            clock,
            openSink,
            json: version.logging?.format === 'JSON',
            say: (event) => this.#log.say(event),
          });
    this.#log = new EnvironmentLog({
      clock: parts.clock,
      sink: parts.lines,
      system: this.#system,
      by: this.#by,
      ...(this.marker === undefined ? {} : { marker: this.marker }),
    });
  }

  processesStarted(phase: InitPhase): void {
    this.#phase = phase;
    this.telemetry?.begin();
    this.#log.observer = this.telemetry;
    this.#log.processesStarted(this.#initStart());
  }

  output(chunk: Buffer, stream: OutputStream): void {
    this.#log.write(chunk, stream);
  }

  outputIsHere(what?: string): void {
    this.#log.outputIsHere(what);
  }

  extensionOutput(chunk: Buffer, stream: OutputStream): void {
    this.#log.writeExtension(chunk, stream);
  }

  extensionNoted({ name, state, events, errorType }: Extension): void {
    this.#log.say({
      type: 'platform.extension',
      timeMs: this.#parts.clock.now(),
      record: { name, state, events, ...(errorType === undefined ? {} : { errorType }) },
    });
  }

  initEnded(initMs: number): void {
    // In a text log a good init on demand leaves no line.
    const isTold = this.#initializationType !== 'on-demand' || this.#isDetailed();
    this.#log.initEnded(isTold ? this.#initDone(initMs, { status: 'success' }) : []);
    this.telemetry?.initEnded();
    if (!this.#isHeard()) this.#log.observer = undefined;
  }

  initFailed(reason: ResetReason, elapsedMs: number, problem?: { errorType: string }): void {
    const exited = reason === 'runtime-exited' || reason === 'out-of-memory';
    const errorType = problem?.errorType ?? (exited ? 'Runtime.ExitError' : undefined);
    this.#log.initEnded(
      this.#initDone(elapsedMs, {
        status: reason === 'init-timed-out' ? 'timeout' : 'error',
        ...(errorType === undefined ? {} : { errorType }),
      }),
    );
  }

  restoreStarted(): void {
    this.#log.say({
      type: 'platform.restoreStart',
      timeMs: this.#parts.clock.now(),
      record: runtimeOf(this.#version, this.#by.environmentId),
    });
  }

  restoreEnded(restoreMs: number, ended: RestoreRuntimeDone): void {
    const timeMs = this.#parts.clock.now();
    const report = { ...ended, metrics: { durationMs: restoreMs } };
    this.#log.initEnded([
      ...(this.#isDetailed()
        ? [{ type: 'platform.restoreRuntimeDone' as const, timeMs, record: ended }]
        : []),
      { type: 'platform.restoreReport', timeMs, record: report },
    ]);
  }

  refuse(settlement: Settlement, finished: Finished): void {
    const measured = { peakBytes: undefined, initMs: undefined };
    this.#parts.records.record(this.#recordOf(settlement, finished, measured));
  }

  begin(settlement: Settlement): void {
    settlement.begun = true;
    const { requestId, wantsTail } = settlement;
    this.#log.begin(requestId, () => startEvent(settlement), wantsTail);
  }

  runtimeDone(settlement: Settlement, finished: Finished, runtimeOverheadMs: number): void {
    this.#log.runtimeDone(settlement.requestId, () => [
      runtimeDone(settlement, finished, runtimeOverheadMs),
    ]);
  }

  end(settlement: Settlement, finished: Finished, measured: Measured): void {
    if (!settlement.begun) this.begin(settlement);
    this.#log.end(
      settlement.requestId,
      () => this.#endEvents(settlement, finished, measured),
      (tail, isRecorded) => {
        if (settlement.wantsTail) settlement.answer(finished, tail);
        if (isRecorded) return;
        this.#parts.records.record(this.#recordOf(settlement, finished, measured));
      },
      plainFacts(settlement, finished, measured),
    );
  }

  abandon(settlement: Settlement): void {
    if (settlement.begun) {
      this.#log.end(
        settlement.requestId,
        () => [endEvent(settlement, this.#parts.clock.now())],
        () => undefined,
      );
    }
  }

  processesEnding(): void {
    this.#log.processesEnding();
  }

  processesExited(launch?: LaunchProblem): void {
    const record = launch === undefined ? [] : imageLaunchLine(this.#version, launch);
    if (record.length > 0) {
      this.#log.say({ type: 'platform.fault', timeMs: this.#parts.clock.now(), record });
    }
    this.#log.processesExited();
  }

  close(): void {
    this.#log.close();
    this.telemetry?.close();
  }

  /** Somebody sees more than the text log shows. */
  #isDetailed(): boolean {
    return this.#system.detailed || this.#isHeard();
  }

  #isHeard(): boolean {
    return this.telemetry?.subscribed === true;
  }

  #initStart(): PlatformEvent {
    return {
      type: 'platform.initStart',
      timeMs: this.#parts.clock.now(),
      record: {
        initializationType: this.#initializationType,
        phase: this.#phase,
        ...runtimeOf(this.#version, this.#by.environmentId),
      },
    };
  }

  #initDone(
    durationMs: number,
    ended: Pick<InitRuntimeDone, 'status' | 'errorType'>,
  ): PlatformEvent[] {
    const timeMs = this.#parts.clock.now();
    const record = {
      initializationType: this.#initializationType,
      phase: this.#phase,
      ...ended,
    };
    const report = { ...record, metrics: { durationMs } };
    return [
      ...(this.#isDetailed()
        ? [{ type: 'platform.initRuntimeDone' as const, timeMs, record }]
        : []),
      { type: 'platform.initReport', timeMs, record: report },
    ];
  }

  #endEvents(settlement: Settlement, finished: Finished, measured: Measured): PlatformEvent[] {
    const timeMs = this.#parts.clock.now();
    const events = faultsOf(settlement, finished, timeMs);
    if (this.#isDetailed() && !(this.#isHeard() && measured.runtimeOverheadMs !== undefined)) {
      events.push(runtimeDone(settlement, finished, measured.runtimeOverheadMs));
    }
    const record = this.#recordOf(settlement, finished, measured);
    const report = reportOf(settlement, finished, record, measured);
    events.push(endEvent(settlement, timeMs), { type: 'platform.report', timeMs, record: report });
    return events;
  }

  #recordOf(settlement: Settlement, finished: Finished, measured: Measured): InvocationRecord {
    const { initMs } = measured;
    const { functionName, version, environmentId } = this.#by;
    return {
      requestId: settlement.requestId,
      functionName,
      version,
      environmentId,
      startedAtMs: settlement.dispatch.dispatchedAtMs,
      durationMs: finished.durationMs,
      billedMs: billedDurationMs(finished.durationMs, initMs),
      initMs,
      restoreMs: measured.restoreMs,
      memoryPeakMb: peakMb(measured),
      extensionOverheadMs: finished.extensionOverheadMs,
      status: finished.status,
      errorType: finished.errorType,
      start: settlement.story.kind,
      cause: tellStart(settlement.story),
    };
  }
}

function startEvent(settlement: Settlement): PlatformEvent {
  const { requestId, version, dispatch } = settlement;
  return {
    type: 'platform.start',
    timeMs: dispatch.dispatchedAtMs,
    record: {
      requestId,
      version: version.version,
      tenantId: tenantOf(settlement),
      tracing: tracingOf(settlement),
    },
  };
}

function endEvent({ requestId }: Settlement, timeMs: number): PlatformEvent {
  return { type: 'platform.end', timeMs, record: { requestId } };
}

/** What tells all of the invocation; undefined where there is more to tell. */
function plainFacts(
  { dispatch }: Settlement,
  { status, durationMs, extensionOverheadMs }: Finished,
  measured: Measured,
): PlainFacts | undefined {
  const { kind, served } = dispatch.story;
  if (status !== 'succeeded' || served === 0 || extensionOverheadMs !== undefined) return undefined;
  if (kind !== 'warm' && kind !== 'thawed') return undefined;
  if (measured.initMs !== undefined || measured.restoreMs !== undefined) return undefined;
  return {
    startedAtMs: dispatch.dispatchedAtMs,
    durationMs,
    memoryPeakMb: peakMb(measured),
    start: kind,
    served,
  };
}

function peakMb({ peakBytes }: Measured): number | undefined {
  return peakBytes === undefined ? undefined : Math.ceil(peakBytes / MEGABYTE);
}

/** Contract 4.3, 6.7: with tenants or a group of its own a stream's name says whose it is. */
function logStreamName(version: FunctionVersion, nowMs: number): string {
  const day = new Date(nowMs).toISOString().slice(0, 10).replaceAll('-', '/');
  const named = version.logging?.group !== undefined || version.tenancy !== undefined;
  const owner = named ? version.name : '';
  return `${day}/${owner}[${version.version}]${randomBytes(16).toString('hex')}`;
}
