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

import type { Timer } from '../async/clock.js';
import type { Container, ContainerExit, ContainerObserver } from '../engine/engine.js';
import { messageOf, OrchestratorError } from '../errors.js';
import type { FunctionVersion } from '../function/function-version.js';
import type { InitializationType } from '../function/variables.js';
import type { Assignment } from './assignment.js';
import { Channel, type ChannelListener, type Posted } from './channel.js';
import type { EndReason, ResetReason, StartCause, StartStory } from './cause.js';
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
import type { EnvironmentListener, EnvironmentParts } from './parts.js';
import { Processes } from './processes.js';
import { Settlement, type Ending } from './settlement.js';
import type { StreamedResponse } from './streamed-response.js';
import { UnlaunchableContainer } from './unlaunchable.js';

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
  readonly #identity: string;
  readonly #journal: InvocationJournal;
  #state: EnvironmentState = 'provisioning';
  readonly #processes: Processes;
  #held: EnvironmentEvent[] = [];
  readonly #pending: EnvironmentEvent[] = [];
  #applying = false;
  #settlement: Settlement | undefined;
  #timer: Timer | undefined;
  #posted: Posted | 'too-large' | undefined;
  #exit: ContainerExit | undefined;
  #initPayload: { payload: Buffer; contentType: string } | undefined;
  #polledAtMs = 0;
  #initMs: number | undefined;
  #resetReason: ResetReason | undefined;
  #endReason: EndReason | undefined;
  #served = 0;
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
    this.#channel = new Channel(this);
    this.#identity = parts.newIdentity();
    this.id = parts.newIdentity().slice(0, 12);
    this.createdAt = parts.clock.monotonic();
    this.#idleSince = this.createdAt;
    this.#journal = parts.openJournal(version, this.id, initializationType);
    this.#processes = new Processes({
      done: (event) => this.#apply(event),
      failed: (error) => this.#engineFailed(error),
    });
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
  get served(): number {
    return this.#served;
  }
  get containerId(): string | undefined {
    return this.#processes.containerId;
  }
  get endReason(): EndReason | undefined {
    return this.#endReason;
  }
  /** As `peakMemoryBytes`, but what was seen last, which costs nothing. */
  get seenPeakBytes(): number | undefined {
    return this.#processes.seenPeakBytes;
  }
  /** Peak memory of the current processes, bytes; undefined where it cannot be read. */
  get peakMemoryBytes(): number | undefined {
    this.#processes.lookAtPeak();
    return this.#processes.seenPeakBytes;
  }

  assign(assignment: Assignment): void {
    const timeoutMs = this.version.timeoutSeconds * 1000;
    this.#settlement = new Settlement(assignment, this.version, {
      dispatchedAt: this.#parts.clock.monotonic(),
      dispatchedAtMs: this.#parts.clock.now(),
      deadlineMs: this.#parts.clock.now() + timeoutMs,
      story: this.#story(assignment),
    });
    this.#apply('assigned');
  }

  /** Nothing waits: stop the processes where they stand. Only while `idle`. */
  freeze(): void {
    this.#apply('quiet');
  }

  /** Ends the environment while it has no invocation. */
  retire(reason: EndReason): void {
    this.#endReason ??= reason;
    this.#apply('retired');
  }

  /** Ends the environment now, whatever it does; an invocation in it is settled as refused. */
  destroy(reason: EndReason): void {
    this.#endReason ??= reason;
    this.#apply('destroyed');
  }

  // What the channel sees.

  runtimePolled(): void {
    this.#polledAtMs = this.#parts.clock.now();
    // A runtime that does not mark its output has written what belongs to the last event by now.
    if (this.#journal.marker === undefined && this.#processes.flushOutput()) {
      this.#journal.outputIsHere();
    }
    this.#apply('runtimePolled');
  }

  pollLost(): void {
    this.#resetReason = 'runtime-exited';
    this.#apply('pollLost');
  }

  responding(contentType: string, ended: (posted: Posted | 'too-large') => void): StreamedResponse {
    const settlement = this.#settlement;
    // The channel takes responses to what was delivered only, and that has not settled yet.
    if (settlement === undefined) throw new Error('a response without an invocation');
    const { clock, streamingBytesPerSecond } = this.#parts;
    return settlement.openResponse({
      clock,
      contentType,
      bytesPerSecond: streamingBytesPerSecond,
      ended,
    });
  }

  responded(posted: Posted | 'too-large'): void {
    this.#posted = posted;
    this.#apply('responded');
  }

  initFailed(payload: Buffer, contentType: string): void {
    this.#initPayload = { payload, contentType };
    this.#resetReason = 'init-failed';
    this.#apply('initFailed');
  }

  // The one place where the state changes.

  /**
   * Events that actions bring about are applied after the transition they belong to; what came of
   * all of them is announced once, when the state stands: who is told may act on it at once.
   */
  #apply(event: EnvironmentEvent): void {
    this.#pending.push(event);
    if (this.#applying) return;
    const from = this.#state;
    this.#applying = true;
    try {
      for (let next = this.#pending.shift(); next !== undefined; next = this.#pending.shift()) {
        this.#step(next);
      }
    } finally {
      this.#applying = false;
    }
    if (this.#state !== from) this.#listener.changed(this, from, this.#state);
  }

  #step(event: EnvironmentEvent): void {
    const from = this.#state;
    const { to, actions } = transition(from, event);
    this.#state = to;
    if ((to === 'idle' || to === 'reset') && to !== from) {
      this.#idleSince = this.#parts.clock.monotonic();
    }
    for (const action of actions) this.#perform(action, event);
  }

  #perform(action: EnvironmentAction, event: EnvironmentEvent): void {
    switch (action) {
      case 'armInitTimer':
        return this.#arm(this.#initLimitMs, () => {
          this.#resetReason = 'init-timed-out';
          this.#apply('initTimedOut');
        });
      case 'armDeadline':
        return this.#arm(this.version.timeoutSeconds * 1000, () => {
          this.#resetReason = 'invoke-timed-out';
          this.#apply('deadlinePassed');
        });
      case 'disarm':
        return this.#disarm();
      case 'recordInit':
        return this.#recordInit();
      case 'recordInitFailure':
        return this.#recordInitFailure();
      case 'deliver':
        return this.#deliver();
      case 'freeze':
        return this.#processes.freeze();
      case 'thaw':
        return this.#thawProcesses();
      case 'startProcesses':
        return this.#startProcesses();
      case 'killProcesses':
        return this.#killProcesses();
      case 'settleResponse':
        return this.#finish({ kind: 'posted', posted: this.#posted ?? 'too-large' });
      case 'settleTimeout':
        return this.#finish({ kind: 'timed-out' });
      case 'settleExit':
        return this.#finish({ kind: 'exited', exit: this.#exit ?? LOST_EXIT });
      case 'settleInitFailure':
        return this.#finish({ kind: 'init-failed', ...(this.#initPayload ?? NO_PAYLOAD) });
      case 'settleLost':
        return this.#finish({ kind: 'lost', reason: this.#endReason ?? 'engine-failed' });
      case 'handBack':
        return this.#handBack();
      case 'remove':
        void this.#remove();
        return undefined;
      case 'hold':
        return this.#hold(event);
      case 'replay':
        this.#pending.push(...this.#held.splice(0));
        return undefined;
    }
  }

  // Processes.

  #createContainer(): Promise<Container> {
    const { engine, buildSpec, door } = this.#parts;
    const address = door.open(this.#channel, this.#identity);
    this.#journal.processesStarted('init');
    const observer: ContainerObserver = {
      output: (chunk, stream) => this.#journal.output(chunk, stream),
      exited: (exit) => this.#exited(exit),
    };
    const { launchProblem } = this.version;
    if (launchProblem !== undefined) {
      const { clock } = this.#parts;
      return Promise.resolve(new UnlaunchableContainer(launchProblem.reason, clock, observer));
    }
    return engine.create(
      buildSpec(this.version, {
        environmentId: this.id,
        runtimeApi: address.runtimeApi,
        hosts: address.hosts,
        logMarker: this.#journal.marker,
        logStreamName: this.#journal.logStreamName,
        initializationType: this.initializationType,
      }),
      observer,
    );
  }

  #hold(event: EnvironmentEvent): void {
    // A poll that is gone again is none.
    if (event === 'pollLost' || event === 'processesExited') {
      this.#held = this.#held.filter((earlier) => earlier !== 'runtimePolled');
    }
    this.#held.push(event);
  }

  #startProcesses(): void {
    this.#held = [];
    this.#exit = undefined;
    this.#initPayload = undefined;
    this.#channel.reset();
    this.#journal.processesStarted('invoke');
    const settlement = this.#settlement;
    if (settlement !== undefined) this.#journal.begin(settlement);
    this.#processes.startAgain();
  }

  #killProcesses(): void {
    this.#processes.lookAtPeak();
    this.#channel.close();
    this.#processes.kill();
  }

  #exited(exit: ContainerExit): void {
    this.#exit = exit;
    if (this.#resetReason === undefined || this.#state !== 'resetting') {
      this.#resetReason = exitReason(exit);
    }
    if (exit.outOfMemory) this.#processes.peakWas(this.version.memoryMb * 2 ** 20);
    this.#channel.close();
    this.#journal.processesExited();
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
    const failure =
      error instanceof OrchestratorError
        ? error
        : new OrchestratorError('engine-refused', messageOf(error), { cause: error });
    this.#endReason ??= 'engine-failed';
    // An engine that is away says so itself, once and not for each environment; processes that
    // ended before they could be frozen or woken were ended by somebody who knows.
    const ended = failure.code === 'engine-not-found' && !starting;
    if (failure.code !== 'engine-unreachable' && !ended) {
      this.#parts.warn(`an environment of '${this.version.name}' is given up: ${failure.message}`);
    }
    return failure;
  }

  async #remove(): Promise<void> {
    this.#channel.close();
    this.#parts.door.close(this.#identity);
    this.#journal.processesEnding();
    try {
      await this.#processes.remove();
    } catch {
      // The watchdog and the next start clear what the engine would not remove now.
    }
    this.#journal.close();
    this.#apply('removed');
  }

  // The invocation.

  #deliver(): void {
    const settlement = this.#settlement;
    if (settlement === undefined) return;
    if (!settlement.begun) this.#journal.begin(settlement);
    this.#channel.deliver(settlement.delivery());
  }

  #finish(ending: Ending): void {
    const settlement = this.#settlement;
    if (settlement === undefined) return;
    this.#settlement = undefined;
    this.#posted = undefined;
    const finished = settlement.finish(ending, this.#parts.clock.monotonic());
    if (!settlement.wantsTail) settlement.answer(finished);
    if (ending.kind !== 'exited') this.#processes.lookAtPeak();
    const initMs = this.#served === 0 ? this.#initMs : undefined;
    this.#served += 1;
    this.#journal.end(settlement, finished, {
      peakBytes: this.#processes.seenPeakBytes,
      initMs: settlement.story.kind === 'reset' ? undefined : initMs,
    });
  }

  #handBack(): void {
    const settlement = this.#settlement;
    this.#settlement = undefined;
    if (settlement === undefined) return;
    this.#journal.abandon(settlement);
    this.#listener.handBack(settlement.assignment);
  }

  #story(assignment: Assignment): StartStory {
    const base = { cause: this.cause, served: this.#served };
    if (this.#state === 'reset') {
      return { ...base, kind: 'reset', reset: this.#resetReason ?? 'runtime-exited' };
    }
    if (assignment.waitedForInit && this.#served === 0) return { ...base, kind: 'cold' };
    return { ...base, kind: this.#state === 'idle' ? 'warm' : 'thawed' };
  }

  #recordInit(): void {
    this.#initMs = this.#initElapsed();
    this.#journal.initEnded(this.#initMs);
    this.#processes.limitCpu();
    this.#resetReason = undefined;
  }

  get #initLimitMs(): number {
    return initLimitMs(this.initializationType, this.version.timeoutSeconds);
  }

  #recordInitFailure(): void {
    const launch = this.#exit === undefined ? undefined : launchProblemOf(this.version, this.#exit);
    this.#journal.initFailed(this.#resetReason ?? 'init-failed', this.#initElapsed(), launch);
  }

  #initElapsed(): number {
    const { startedAtMs } = this.#processes;
    const endMs = this.#channel.polled ? this.#polledAtMs : this.#parts.clock.now();
    return startedAtMs === undefined ? 0 : Math.max(0, endMs - startedAtMs);
  }

  #arm(delayMs: number, action: () => void): void {
    this.#disarm();
    this.#timer = this.#parts.clock.setTimer(delayMs, action);
  }

  #disarm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}

function exitReason(exit: ContainerExit): ResetReason {
  if (exit.launchError !== undefined) return 'launch-failed';
  return exit.outOfMemory ? 'out-of-memory' : 'runtime-exited';
}

const LOST_EXIT: ContainerExit = { exitCode: 137, outOfMemory: false };
const NO_PAYLOAD = { payload: Buffer.from('null'), contentType: 'application/json' };
