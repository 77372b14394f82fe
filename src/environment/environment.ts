/**
 * One execution environment: holds one lifecycle, performs its actions, owns its timers.
 *
 * Contract with the pool:
 *  1. `assign` may be called only while `isAvailable(state)` or in `reset`, and settles the
 *     assignment exactly once: with an outcome, or by `handBack` when the event was never
 *     delivered to running processes.
 *  2. The caller's `settle` is called before anything else is done about a response.
 *  3. Every change of state is announced to `listener.changed`, after the actions; changes that
 *     follow from one another at once are announced as one.
 */

import { Alarm } from '../async/alarm.js';
import { LIMITS } from '../config/defaults.js';
import type { Container, ContainerExit } from '../engine/engine.js';
import { engineFailure, type OrchestratorError } from '../errors.js';
import type { FunctionVersion } from '../function/function-version.js';
import type { InitializationType } from '../function/variables.js';
import type { Assignment } from './assignment.js';
import { Channel, type ChannelListener, type SnapStart } from './channel.js';
import type { Posted } from './post.js';
import { storyOf, type EndReason, type ResetReason, type StartCause } from './cause.js';
import { createContainer, isNews } from './create-container.js';
import { ExtensionHost, type HostParts } from './extension-host.js';
import type { Extension, ShutdownReason } from './extensions.js';
import { HeldEvents } from './held-events.js';
import { initializationTypeOf, initLimitMs } from './initialization.js';
import type { InvocationJournal } from './journal.js';
import { launchProblemOf } from './launch-problem.js';
import {
  accepts,
  isStartUnderWay,
  transition,
  type EnvironmentAction,
  type EnvironmentEvent,
  type EnvironmentState,
} from './lifecycle.js';
import { Mishap } from './mishap.js';
import type { EnvironmentListener, EnvironmentParts } from './parts.js';
import { Processes } from './processes.js';
import { Restoration } from './restoration.js';
import { Serving, type ServingParts } from './serving.js';
import { dispatched, Settlement } from './settlement.js';
import type { StreamedResponse } from './streamed-response.js';

export class Environment implements ChannelListener {
  readonly version: FunctionVersion;
  readonly cause: StartCause;
  /** For people; unlike the identity it is no secret. */
  readonly id: string;
  readonly createdAt: number;
  readonly initializationType: InitializationType;
  readonly #parts: EnvironmentParts;
  readonly #listener: EnvironmentListener<Environment>;
  readonly #channel: Channel;
  readonly #snapStart: SnapStart | undefined;
  readonly #restoration: Restoration;
  readonly #identity: string;
  readonly #journal: InvocationJournal;
  #state: EnvironmentState = 'provisioning';
  readonly #processes: Processes;
  readonly #held = new HeldEvents();
  readonly #pending: EnvironmentEvent[] = [];
  #applying = false;
  readonly #host: ExtensionHost;
  readonly #serving: Serving;
  readonly #mishap = new Mishap();
  readonly #alarm: Alarm;
  #polledAtMs = 0;
  #endReason: EndReason | undefined;
  #idleSince: number;

  constructor(
    version: FunctionVersion,
    cause: StartCause,
    listener: EnvironmentListener<Environment>,
    parts: EnvironmentParts,
    initializationType: InitializationType = initializationTypeOf(version),
  ) {
    this.version = version;
    this.cause = cause;
    this.initializationType = initializationType;
    this.#listener = listener;
    this.#parts = parts;
    this.#snapStart =
      initializationType === 'snap-start' ? { credentialsToken: parts.newIdentity() } : undefined;
    this.id = parts.newIdentity().slice(0, 12);
    this.#identity = parts.newIdentity();
    this.createdAt = parts.clock.monotonic();
    this.#idleSince = this.createdAt;
    this.#alarm = new Alarm(parts.clock);
    this.#journal = parts.openJournal(version, this.id, initializationType);
    this.#processes = new Processes({
      done: (event) => this.#apply(event),
      failed: (error) => this.#engineFailed(error),
    });
    const own: HostParts & ServingParts = {
      clock: parts.clock,
      processes: this.#processes,
      journal: this.#journal,
      mishap: this.#mishap,
      settled: () => this.#extensionsSettled(),
      happened: (event) => this.#apply(event),
    };
    this.#host = new ExtensionHost(version, own);
    this.#channel = new Channel(this, this.#snapStart, this.#host.extensions);
    this.#restoration = new Restoration(parts.clock, this.#channel, this.#journal);
    this.#serving = new Serving(own, this.#restoration);
    this.#processes.provision(
      () => this.#createContainer(),
      () => this.#state === 'provisioning',
    );
  }

  get state(): EnvironmentState {
    return this.#state;
  }
  /** Monotonic ms since when nothing has been asked of it. */
  get idleSince(): number {
    return this.#idleSince;
  }
  /** Its processes stand still, and still have all their memory. */
  get reclaimable(): boolean {
    return this.#processes.still && !this.#processes.reclaimed && accepts(this.#state, 'unused');
  }
  get served(): number {
    return this.#serving.served;
  }
  get containerId(): string | undefined {
    return this.#processes.containerId;
  }
  get endReason(): EndReason | undefined {
    return this.#endReason;
  }
  /** With any, ending it takes a shutdown phase. */
  get extensions(): readonly Extension[] {
    return this.#host.extensions.list;
  }
  /** As `peakMemoryBytes`, but what was seen last, which costs nothing. */
  get seenPeakBytes(): number | undefined {
    return this.#processes.seenPeakBytes;
  }
  /** Peak memory of the current processes, bytes; undefined where it cannot be read. */
  get peakMemoryBytes(): number | undefined {
    return this.#processes.lookAtPeak();
  }

  assign(assignment: Assignment): void {
    this.#serving.readOutput();
    const { state, cause, served } = this;
    const { waitedForInit } = assignment;
    const story = storyOf({ state, cause, served, waitedForInit, reset: this.#mishap.reason });
    const dispatch = dispatched(this.#parts.clock, this.version, story);
    this.#serving.take(new Settlement(assignment, this.version, dispatch));
    this.#apply('assigned');
  }

  /** Nothing waits: stop the processes where they stand. Only while `idle`. */
  freeze(): void {
    this.#apply('quiet');
  }

  /** Nothing has been asked of it for long: gives its memory back. Only while `reclaimable`. */
  reclaim(): void {
    this.#apply('unused');
  }

  /** Ends the environment while it has no invocation. */
  retire(reason: EndReason): void {
    this.#endReason ??= reason;
    this.#apply(this.#host.present ? 'dismissed' : 'retired');
  }

  /** Ends the environment now, whatever it does; an invocation in it is settled as refused. */
  destroy(reason: EndReason): void {
    this.#endReason ??= reason;
    this.#apply('destroyed');
  }

  // What the channel sees.

  runtimePolled(): void {
    this.#serving.runtimeDone();
    if (!this.#host.extensions.isSettled) return;
    this.#polledAtMs = this.#parts.clock.now();
    this.#serving.outputAtPoll(this.#state === 'completing');
    this.#apply('runtimePolled');
  }

  pollLost(): void {
    this.#mishap.reason = 'runtime-exited';
    this.#apply('pollLost');
  }

  responding(contentType: string, ended: (posted: Posted | 'too-large') => void): StreamedResponse {
    const settlement = this.#serving.current;
    // The channel takes responses to what was delivered only, and that has not settled yet.
    if (settlement === undefined) throw new Error('a response without an invocation');
    const { clock, streamingBytesPerSecond: bytesPerSecond } = this.#parts;
    return settlement.openResponse({ clock, contentType, bytesPerSecond, ended });
  }

  responded(posted: Posted | 'too-large'): void {
    this.#serving.posted = posted;
    this.#apply('responded');
  }

  initFailed(payload: Buffer, contentType: string): void {
    this.#mishap.initFailed(payload, contentType);
    this.#serving.initOutputIsHere();
    this.#apply('initFailed');
  }

  snapshotReady(): void {
    if (!this.#host.extensions.isSettled) return;
    this.#polledAtMs = this.#parts.clock.now();
    this.#serving.initOutputIsHere();
    this.#apply('snapshotReady');
  }

  restoreFailed(payload: Buffer, contentType: string, errorType?: string): void {
    this.#mishap.initFailed(payload, contentType);
    this.#restoration.hookFailed(payload, errorType);
    this.#mishap.reason = 'restore-failed';
    this.#apply('restoreFailed');
  }

  /** An extension asked for its next event, and none has anything left to do. */
  #extensionsSettled(): void {
    if (this.#channel.polled) this.runtimePolled();
    else if (this.#channel.awaitsRestore) this.snapshotReady();
  }

  // The one place where the state changes.

  /**
   * Events that actions bring about are applied after the transition they belong to; what came of
   * all of them is announced once, when the state stands: who is told may act on it at once.
   */
  #apply(event: EnvironmentEvent): void {
    if (this.#applying) {
      this.#pending.push(event);
      return;
    }
    const from = this.#state;
    this.#applying = true;
    try {
      this.#step(event);
      while (this.#pending.length > 0) this.#step(this.#pending.shift() as EnvironmentEvent);
    } finally {
      this.#applying = false;
    }
    if (this.#state !== from) this.#listener.changed(this, from, this.#state);
  }

  #step(event: EnvironmentEvent): void {
    const from = this.#state;
    const { to, actions } = transition(from, event);
    this.#state = to;
    if ((to === 'idle' || to === 'reset' || to === 'snapshotted') && to !== from) {
      this.#idleSince = this.#parts.clock.monotonic();
    }
    for (const action of actions) this.#perform(action, event);
  }

  #perform(action: EnvironmentAction, event: EnvironmentEvent): void {
    const { timeoutSeconds } = this.version;
    switch (action) {
      case 'armInitTimer':
        return this.#setAlarm(
          initLimitMs(this.initializationType, timeoutSeconds),
          'init-timed-out',
          'initTimedOut',
        );
      case 'armDeadline':
        return this.#setAlarm(timeoutSeconds * 1000, 'invoke-timed-out', 'deadlinePassed');
      case 'disarm':
        return this.#alarm.cancel();
      case 'recordInit':
        return this.#recordInit();
      case 'recordInitFailure':
        return this.#recordInitFailure();
      case 'armRestoreTimer':
        return this.#setAlarm(LIMITS.restoreMs, 'restore-failed', 'restoreTimedOut');
      case 'restore':
        return this.#restoration.begin();
      case 'goOn':
        return this.#channel.restore();
      case 'recordRestore':
        return this.#recordRestore();
      case 'deliver':
        return this.#serving.deliver(this.#channel, this.#host);
      case 'recordStart':
        return this.#serving.recordStart();
      case 'freeze':
        this.#alarm.release();
        return this.#processes.freeze();
      case 'reclaim':
        return this.#processes.reclaim();
      case 'thaw':
        return this.#thawProcesses();
      case 'startProcesses':
        return this.#startProcesses();
      case 'killProcesses':
        return this.#killProcesses();
      case 'killRest':
        this.#host.close();
        return this.#processes.kill();
      case 'shutDown':
        return this.#shutDown();
      case 'settleRestoreFailure':
        return this.#refuseRestore('restore-failed');
      case 'settleRestoreTimeout':
        return this.#refuseRestore('restore-timed-out');
      case 'handBack':
        return this.#handBack();
      case 'remove':
        return void this.#remove();
      case 'hold':
        return this.#held.hold(event);
      case 'replay':
        return void this.#pending.push(...this.#held.take());
      default:
        return this.#serving.conclude(action, this.#mishap, this.#endReason);
    }
  }

  #setAlarm(delayMs: number, reason: ResetReason, event: EnvironmentEvent): void {
    this.#alarm.set(delayMs, () => {
      this.#mishap.reason = reason;
      this.#apply(event);
    });
  }

  // Processes.

  #createContainer(): Promise<Container> {
    const address = this.#parts.door.open(this.#channel, this.#identity);
    this.#journal.processesStarted('init');
    this.#host.begin();
    const { supervisorToken } = this.#host;
    const identity = {
      environmentId: this.id,
      ...address,
      logMarker: this.#journal.marker,
      logStreamName: this.#journal.logStreamName,
      initializationType: this.initializationType,
      ...this.#snapStart,
      ...(supervisorToken === undefined ? {} : { supervisorToken }),
    };
    return createContainer(this.#parts, this.version, identity, {
      output: (chunk, stream) => this.#host.output(chunk, stream),
      exited: (exit) => this.#exited(exit),
    });
  }

  #startProcesses(): void {
    this.#held.take();
    this.#mishap.processesStarted();
    this.#host.begin();
    this.#channel.reset();
    this.#journal.processesStarted('invoke');
    const settlement = this.#serving.current;
    if (settlement !== undefined) this.#journal.begin(settlement);
    this.#processes.startAgain();
  }

  #killProcesses(): void {
    this.#processes.lookAtPeak();
    this.#channel.close();
    this.#endProcesses(this.#mishap.timedOut ? 'TIMEOUT' : 'FAILURE', () => this.#processes.kill());
  }

  #shutDown(): void {
    this.#channel.close();
    this.#endProcesses('SPINDOWN', () => this.#apply('shutDown'));
  }

  /** Extensions are told; without any, `otherwise`. */
  #endProcesses(reason: ShutdownReason, otherwise: () => void): void {
    this.#serving.endLast();
    if (!this.#host.present) return otherwise();
    if (this.#processes.still) this.#thawProcesses();
    this.#host.shutDown(reason);
  }

  #exited(exit: ContainerExit): void {
    this.#serving.endLast();
    this.#mishap.exited(exit, this.#state === 'resetting');
    if (exit.outOfMemory) this.#processes.peakWas(this.version.memoryMb * 2 ** 20);
    this.#channel.close();
    this.#host.close();
    this.#journal.processesExited(launchProblemOf(this.version, exit));
    this.#apply('processesExited');
  }

  #thawProcesses(): void {
    try {
      this.#processes.thaw();
    } catch (error) {
      this.#giveUp(error);
      this.#apply('thawRefused');
    }
  }

  #engineFailed(error: unknown): void {
    // Processes whose control has failed cannot be trusted to serve another event.
    const event = accepts(this.#state, 'engineFailed') ? 'engineFailed' : 'destroyed';
    // They have ended, or the environment has: what the engine says of them comes too late.
    if (transition(this.#state, event).to === this.#state) return;
    const starting = isStartUnderWay(this.#state);
    const failure = this.#giveUp(error, starting);
    if (starting) this.#listener.startFailed(this, failure);
    this.#apply(event);
  }

  /** Notes why the environment ends and tells people. */
  #giveUp(error: unknown, starting = false): OrchestratorError {
    const failure = engineFailure(error);
    this.#endReason ??= 'engine-failed';
    if (isNews(failure, starting)) {
      this.#parts.warn(`an environment of '${this.version.name}' is given up: ${failure.message}`);
    }
    return failure;
  }

  async #remove(): Promise<void> {
    this.#alarm.release();
    this.#serving.endLast();
    this.#channel.close();
    this.#host.close();
    this.#parts.door.close(this.#identity);
    this.#journal.processesEnding();
    // The watchdog and the next start clear what the engine would not remove now.
    await this.#processes.remove().catch(() => undefined);
    this.#journal.close();
    this.#apply('removed');
  }

  // The invocation.

  #refuseRestore(kind: 'restore-failed' | 'restore-timed-out'): void {
    const settlement = this.#serving.giveBack();
    if (settlement !== undefined) this.#restoration.refuse(settlement, kind);
  }

  #handBack(): void {
    const settlement = this.#serving.giveBack();
    if (settlement === undefined) return;
    this.#journal.abandon(settlement);
    this.#listener.handBack(settlement.assignment);
  }

  #recordInit(): void {
    // It ended when it was polled: all that had to be ready then is.
    const initMs = this.#initElapsed(this.#polledAtMs);
    // Contract 6.1: of SnapStart functions the init is told when the snapshot is made.
    if (this.initializationType !== 'snap-start') this.#serving.initMs = initMs;
    this.#journal.initEnded(initMs);
    this.#processes.limitCpu();
    this.#mishap.reason = undefined;
  }

  #recordRestore(): void {
    // What its hooks printed lies in the pipe by now, and comes before START.
    this.#processes.flushOutput();
    this.#restoration.succeeded();
    this.#serving.current?.dispatchAgain(this.#parts.clock);
  }

  #recordInitFailure(): void {
    const { reason = 'init-failed' } = this.#mishap;
    const problem = this.#mishap.initProblem(this.version);
    this.#journal.initFailed(reason, this.#initElapsed(this.#parts.clock.now()), problem);
  }

  #initElapsed(endMs: number): number {
    return Math.max(0, endMs - (this.#processes.startedAtMs ?? endMs));
  }
}
