/**
 * Everything an environment does because of extensions: listens to the supervisor that runs them as
 * processes, starts the runtime when all have registered, sends them events, ends them in their
 * shutdown phase. Without extensions it does nothing.
 */

import { randomBytes } from 'node:crypto';
import type { Clock } from '../async/clock.js';
import type { ContainerExit, OutputStream } from '../engine/engine.js';
import { arnAccount } from '../function/arn.js';
import type { FunctionVersion } from '../function/function-version.js';
import { endOf } from '../invocation/platform-errors.js';
import type { Delivery } from './channel.js';
import {
  Extensions,
  type Extension,
  type ExtensionFailure,
  type ExtensionsListener,
  type FunctionFacts,
  type ShutdownReason,
} from './extensions.js';
import type { InvocationJournal } from './journal.js';
import { launchProblemOf } from './launch-problem.js';
import type { Mishap } from './mishap.js';
import type { Processes } from './processes.js';
import { Shutdown } from './shutdown.js';
import { SupervisorReports, type SupervisorReport } from './supervisor-reports.js';

export interface HostParts {
  readonly clock: Clock;
  readonly processes: Processes;
  readonly journal: InvocationJournal;
  readonly mishap: Mishap;
  /** An extension asked for its next event, and none has anything left to do. */
  settled(): void;
  happened(event: 'processFailed' | 'shutDown'): void;
}

const TOKEN_BYTES = 12;

export class ExtensionHost implements ExtensionsListener {
  readonly extensions: Extensions;
  /** What the supervisor begins its reports with; absent where there is none. */
  readonly supervisorToken: string | undefined;
  readonly #external: readonly string[];
  readonly #version: FunctionVersion;
  readonly #parts: HostParts;
  readonly #reports: SupervisorReports | undefined;
  #pids: Map<'runtime' | number, number> | undefined;
  /** Extensions alone write to the container's own output. */
  #apart = false;
  #shutdown: Shutdown | undefined;

  constructor(version: FunctionVersion, parts: HostParts) {
    this.#parts = parts;
    this.#version = version;
    this.#external = version.extensions ?? [];
    this.extensions = new Extensions(() => factsOf(version), this);
    const { telemetry } = parts.journal;
    if (telemetry !== undefined) {
      telemetry.address = () => parts.processes.address;
      // Nobody who is frozen takes anything.
      parts.processes.turned = (still) => (still ? telemetry.hold() : telemetry.release());
    }
    this.extensions.telemetry = telemetry;
    if (this.#external.length === 0) return;
    this.supervisorToken = randomBytes(TOKEN_BYTES).toString('hex');
    this.#reports = new SupervisorReports(
      this.supervisorToken,
      (report) => this.#reported(report),
      (chunk, stream) => this.#passOn(chunk, stream),
    );
  }

  /** There are extensions to be told of the end. */
  get present(): boolean {
    return this.extensions.present;
  }

  /** New processes start. */
  begin(): void {
    this.close();
    this.#apart = false;
    this.extensions.begin(this.#external);
  }

  /** The processes have ended, or are ended now without further ado. */
  close(): void {
    this.#shutdown?.callOff();
    this.#shutdown = undefined;
    this.#pids = undefined;
    this.extensions.close();
  }

  output(chunk: Buffer, stream: OutputStream): void {
    if (this.#reports === undefined) this.#parts.journal.output(chunk, stream);
    else this.#reports.scan(chunk, stream);
  }

  /** Tells the extensions of an invocation; returns how many have work with it. */
  invoke(delivery: Delivery): number {
    if (!this.extensions.present) return 0;
    const { deadlineMs, requestId, invokedFunctionArn, traceId } = delivery;
    return this.extensions.send({
      eventType: 'INVOKE',
      deadlineMs: Math.round(deadlineMs),
      requestId,
      invokedFunctionArn,
      ...(traceId === '' ? {} : { tracing: { type: 'X-Amzn-Trace-Id', value: traceId } }),
    });
  }

  /** Begins the shutdown phase; false when nobody is to be told. The processes must not be frozen. */
  shutDown(reason: ShutdownReason): boolean {
    const { extensions } = this;
    if (!extensions.present) return false;
    const { clock, processes, journal, happened } = this.#parts;
    // What waits is taken to those that listen while they still can.
    journal.telemetry?.flush();
    const supervised = this.#reports !== undefined;
    this.#shutdown = new Shutdown({
      clock,
      extensions,
      reason,
      terminateRuntime: () => {
        if (!supervised) processes.terminate();
        else return this.#signal('runtime', 'TERM');
        return true;
      },
      killRuntime: () => void this.#signal('runtime', 'KILL'),
      killExtension: (name) => void this.#signal(this.#external.indexOf(name), 'KILL'),
      done: () => happened('shutDown'),
    });
    return true;
  }

  // What extensions lead to.

  allRegistered(): void {
    if (this.#shutdown === undefined) this.#parts.processes.send('runtime\n');
  }

  settled(): void {
    this.#parts.settled();
  }

  noted(extension: Extension): void {
    this.#parts.journal.extensionNoted(extension);
  }

  failed(failure: ExtensionFailure): void {
    this.#parts.mishap.extensionFailed(failure);
    this.#parts.happened('processFailed');
  }

  gone(): void {
    this.#shutdown?.extensionGone();
  }

  #reported(report: SupervisorReport): void {
    // What ended processes still said has no one to concern.
    if (!this.extensions.present || !this.#knows(report)) return;
    switch (report.kind) {
      case 'ready':
        this.#apart = report.way === 'pipe';
        return;
      case 'refused': {
        const name = this.#nameOf(report.who);
        const reason = `fork/exec /opt/extensions/${name}: permission denied`;
        return this.extensions.launchFailed(name, reason);
      }
      case 'unrunnable':
        return this.#runtimeExited({
          exitCode: NOT_STARTED,
          outOfMemory: false,
          launchError: UNRUNNABLE[report.why],
        });
      case 'started':
        return this.#started(report.who, report.pid);
      case 'exited':
        return this.#exited(report.who, report.exitCode);
    }
  }

  /** The token is no secret in the container: a forged report may name anybody. */
  #knows(report: SupervisorReport): boolean {
    if (!('who' in report) || report.who === 'runtime') return true;
    return this.#external[report.who] !== undefined;
  }

  #started(who: 'runtime' | number, pid: number): void {
    this.#pids ??= new Map();
    this.#pids.set(who, pid);
    if (this.#shutdown === undefined) return;
    // It was on its way when the end began.
    const wanted =
      who !== 'runtime' &&
      this.extensions.living.some(
        ({ name, events }) => name === this.#nameOf(who) && events.includes('SHUTDOWN'),
      );
    if (!wanted) this.#signal(who, 'KILL');
  }

  #exited(who: 'runtime' | number, exitCode: number): void {
    this.#pids?.delete(who);
    if (who === 'runtime') return this.#runtimeExited({ exitCode, outOfMemory: false });
    const name = this.#nameOf(who);
    const unregistered = this.extensions.living.some(
      (extension) => extension.name === name && extension.state === 'Started',
    );
    const words = NOT_EXECUTED[exitCode];
    if (words !== undefined && unregistered) {
      this.extensions.launchFailed(name, `fork/exec /opt/extensions/${name}: ${words}`);
    } else {
      this.extensions.exited(name, endOf(exitCode));
    }
  }

  #runtimeExited(exit: ContainerExit): void {
    const { journal, mishap, happened } = this.#parts;
    // All of its output came before the report of its end.
    journal.processesExited(launchProblemOf(this.#version, exit));
    mishap.runtimeExited(exit, this.#shutdown !== undefined);
    happened('processFailed');
    this.#shutdown?.runtimeGone();
  }

  /** False when there is no such process. */
  #signal(who: 'runtime' | number, signal: 'TERM' | 'KILL'): boolean {
    const pid = this.#pids?.get(who);
    if (pid === undefined) return false;
    this.#parts.processes.send(`kill ${signal} ${pid}\n`);
    return true;
  }

  #nameOf(who: number): string {
    return this.#external[who] ?? '';
  }

  #passOn(chunk: Buffer, stream: OutputStream): void {
    const { journal } = this.#parts;
    if (this.#apart && stream !== 'pipe') journal.extensionOutput(chunk, stream);
    else journal.output(chunk, stream);
  }
}

function factsOf(version: FunctionVersion): FunctionFacts {
  return {
    functionName: version.name,
    functionVersion: version.version,
    handler: version.handler,
    accountId: arnAccount(version.functionArn),
  };
}

const NOT_STARTED = 127;
/** The system's text. */
const UNRUNNABLE = { missing: 'no such file or directory', locked: 'permission denied' } as const;

/** A shell's status for a program it could not become. */
const NOT_EXECUTED: Readonly<Record<number, string>> = {
  126: 'exec format error',
  127: 'no such file or directory',
};
