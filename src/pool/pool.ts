/**
 * One function version's environments and waiting invocations.
 *
 * Contract:
 *  1. The pool is the only one that assigns, starts, freezes or retires its environments, and it
 *     does so in one place, the pump. Everything that changes the situation updates the facts and
 *     calls the pump.
 *  2. It keeps no copy of an environment's state: its indexes change only with announcements.
 *  3. Binding is late: a waiting invocation goes to whichever environment is free first.
 *  4. Every submitted assignment is settled exactly once, by an environment or with a refusal.
 */

import type { Clock } from '../async/clock.js';
import { LIMITS } from '../config/defaults.js';
import type { Assignment } from '../environment/assignment.js';
import type { EndReason, StartCause } from '../environment/cause.js';
import { Environment } from '../environment/environment.js';
import {
  isAvailable,
  isBusy,
  isLeaving,
  isResetting,
  isStarting,
  isStartUnderWay,
  isWorking,
  type EnvironmentState,
} from '../environment/lifecycle.js';
import type { EnvironmentListener, EnvironmentParts } from '../environment/parts.js';
import type { OrchestratorError } from '../errors.js';
import type { FunctionVersion } from '../function/function-version.js';
import { UseHistory } from '../keep-alive/use-history.js';
import type { MemoryBudget, MemoryUser } from './memory-budget.js';
import { nextCause } from './next-cause.js';
import { INIT_FAILURE, Provision, type ProvisionStatus } from './provision.js';
import { Queue } from './queue.js';
import { Ready } from './ready.js';
import * as refusals from './refusals.js';
import { Retainer } from './retainer.js';
import type { RetentionRules } from './retention.js';
import { lackOf, type Lack } from './scaling.js';
import type { ScalingGrants, ScalingRate } from './scaling-rate.js';
import type { StartGate, Starter, StartKind } from './start-gate.js';
import { StartPace } from './start-pace.js';
import { Tenants } from './tenancy.js';

export interface PoolParts extends EnvironmentParts {
  readonly clock: Clock;
  readonly gate: StartGate;
  readonly memory: MemoryBudget;
  /** Absent: functions scale as fast as the machine lets them. */
  readonly scalingRate?: ScalingRate | undefined;
}

export interface PoolOptions {
  readonly rules: RetentionRules;
  /** Why the first environment will be started. */
  readonly firstCause: StartCause;
  /** Of the function, which outlives its versions. */
  readonly history?: UseHistory;
  /** How many invocations the function may have in progress; absent: any number. */
  readonly concurrency?: () => number;
}

const FIRST_ESTIMATE_BYTES = 128 * 2 ** 20;
const STARTS_BEFORE_REFUSING = 3;
/** A start no longer has the processor to itself after this, whatever its init phase does. */
const LONGEST_TURN_MS = 2_000;

export class Pool implements EnvironmentListener<Environment>, Starter, MemoryUser {
  readonly version: FunctionVersion;
  readonly #parts: PoolParts;
  readonly #freezeAfterMs: number | 'never';
  readonly #environments = new Set<Environment>();
  readonly #provision = new Provision();
  /** Only where each environment serves one tenant (contract 7.9). */
  readonly #tenants: Tenants<Environment> | undefined;
  readonly #ready: Ready;
  readonly #queue = new Queue<Assignment>(LIMITS.queuedInvocations);
  readonly #turns = new Map<Environment, () => void>();
  #cause: StartCause;
  #starting = 0;
  /** Whose processes are being ended: they can soon take an invocation, as those in `reset`. */
  #resetting = 0;
  #busy = 0;
  #leaving = 0;
  readonly #retainer: Retainer;
  readonly #concurrency: () => number;
  readonly #pace = new StartPace();
  readonly #grants: ScalingGrants | undefined;
  #footprintBytes: number;
  #pumping = false;
  #pumpAgain = false;
  #closing: EndReason | undefined;
  #forward: ((assignment: Assignment) => void) | undefined;
  #onEmpty: (() => void)[] = [];
  #onDismissed: (() => void)[] = [];

  constructor(version: FunctionVersion, parts: PoolParts, options: PoolOptions) {
    this.version = version;
    this.#parts = parts;
    this.#freezeAfterMs = options.rules.freezeAfterMs;
    this.#tenants = version.tenancy === undefined ? undefined : new Tenants();
    this.#ready = new Ready(this.#provision, this.#tenants);
    this.#cause = options.firstCause;
    this.#grants = parts.scalingRate?.grantsFor(version.name);
    this.#footprintBytes = Math.min(FIRST_ESTIMATE_BYTES, version.memoryMb * 2 ** 20);
    this.#retainer = new Retainer({
      ...parts,
      ...options,
      history: options.history ?? new UseHistory(parts.clock.monotonic() * options.rules.timeScale),
      ready: this.#ready,
      provision: this.#provision,
      footprintBytes: () => this.#footprintBytes,
      look: () => this.#pump(),
    });
    this.#concurrency = options.concurrency ?? (() => Infinity);
    parts.memory.join(this);
  }

  get environments(): Iterable<Environment> {
    return this.#environments;
  }
  get waiting(): number {
    return this.#queue.size;
  }

  /** Takes an invocation. It is settled exactly once, maybe before this returns. */
  submit(assignment: Assignment): void {
    if (this.#closing !== undefined) {
      assignment.settle({ kind: 'refused', error: refusals.closed(this.version.name) });
      return;
    }
    const { tenantId } = assignment.request;
    if (this.#tenants !== undefined && tenantId === undefined) {
      assignment.settle({ kind: 'refused', error: refusals.tenantMissing() });
      return;
    }
    assignment.waitedForInit = this.#ready.next(tenantId) === undefined;
    if (!this.#mayScale(tenantId)) {
      assignment.settle({ kind: 'refused', error: refusals.scaledTooFast(this.version) });
      return;
    }
    if (!this.#queue.push(assignment)) {
      const error = refusals.queueFull(this.version.name, this.#queue.size);
      assignment.settle({ kind: 'refused', error });
      return;
    }
    this.#follow();
    this.#pump();
  }

  /** As far as the rate goes at which functions get environments, one more event may come. */
  #mayScale(tenant: string | undefined): boolean {
    if (this.#grants === undefined) return true;
    const lacking =
      this.#tenants === undefined
        ? this.#queue.size + 1 - this.#ready.count - this.#starting - this.#resetting
        : this.#lack(tenant).demand;
    return lacking <= 0 || this.#grants.cover(lacking);
  }

  /** Prepares the spares without waiting for the first event. */
  warm(): void {
    this.#pump();
  }

  /**
   * Keeps so many environments initialised, whatever others need; see `provisioned` for how far
   * it has come. Zero ends what was kept.
   */
  provision(count: number): void {
    this.#provision.request(count);
    this.#parts.memory.recount(this);
    const room = this.#parts.memory.roomToKeep(this);
    if (count > room) this.#provision.fail(refusals.noRoom(room));
    this.#pump();
  }

  get provisioned(): ProvisionStatus | undefined {
    return this.#provision.status;
  }

  /**
   * Ends idle environments now and busy ones when they are done; gives back what still waits.
   * What is handed back later goes to `forward`, or is refused without it.
   */
  close(reason: EndReason, forward?: (assignment: Assignment) => void): readonly Assignment[] {
    this.#closing ??= reason;
    this.#forward = forward;
    this.#provision.request(0);
    this.#parts.memory.recount(this);
    this.#parts.gate.withdraw(this);
    this.#retainer.close();
    const waiting = this.#queue.drain();
    this.#follow();
    // A copy: what is retired may leave the set at once.
    for (const environment of Array.from(this.#environments)) {
      if (!isBusy(environment.state)) environment.retire(reason);
    }
    this.#leaveWhenEmpty();
    return waiting;
  }

  /** As `close`; resolves when extensions have had their shutdown phase. */
  dismiss(reason: EndReason): Promise<void> {
    for (const assignment of this.close(reason)) {
      assignment.settle({ kind: 'refused', error: refusals.closed(this.version.name) });
    }
    if (!this.#hasExtensions) return Promise.resolve();
    return new Promise((resolve) => this.#onDismissed.push(resolve));
  }

  /** Ends everything now. Waiting invocations are refused, running ones settled as lost. */
  destroy(reason: EndReason): void {
    for (const assignment of this.close(reason)) {
      assignment.settle({ kind: 'refused', error: refusals.closed(this.version.name) });
    }
    for (const environment of Array.from(this.#environments)) environment.destroy(reason);
  }

  /** Resolves when no environment is left. */
  empty(): Promise<void> {
    if (this.#environments.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onEmpty.push(resolve));
  }

  // What environments announce.

  changed(environment: Environment, from: EnvironmentState, to: EnvironmentState): void {
    // It goes on with what it does, and is in no list of ours.
    if (isWorking(from) && isWorking(to)) return;
    this.#reindex(environment, from, to);
    if (isStarting(from) && (isResetting(to) || to === 'reset')) this.#initFailed(environment);
    if (to === 'idle' || to === 'reset' || to === 'snapshotted') {
      this.#learnFrom(environment);
      this.#retainer.freed(environment, this.#footprintBytes);
      // What was started for somebody serves somebody before its memory may go to others. After
      // that others come first: a function that is never idle must not keep all there is.
      if (isStarting(from)) this.#pump();
      if (this.#closing !== undefined) environment.retire(this.#closing);
      else this.#parts.memory.changed();
    }
    if (to === 'stopped') this.#gone(environment);
    this.#pump();
    // Nothing runs between a snapshot and its restore, whatever the rule about quiet times.
    if (environment.state === 'snapshotted' && this.#freezeAfterMs !== 'never') {
      environment.freeze();
    }
  }

  handBack(assignment: Assignment): void {
    if (this.#closing === undefined) this.#queue.pushFront(assignment);
    else if (this.#forward !== undefined) this.#forward(assignment);
    else assignment.settle({ kind: 'refused', error: refusals.closed(this.version.name) });
  }

  startFailed(_environment: Environment, error: OrchestratorError): void {
    this.#pace.failed(this.#parts.clock.monotonic());
    const hopeless = error.code === 'image-missing' || error.code === 'not-supported';
    if (!hopeless && this.#pace.failures < STARTS_BEFORE_REFUSING) return;
    const refusal = refusals.notStarted(this.version.name, error);
    const refused = this.#queue.drain();
    this.#follow();
    for (const waiting of refused) waiting.settle({ kind: 'refused', error: refusal });
  }

  /** What made starts fail may be over: the next one need not wait. */
  tryAgain(): void {
    this.#pace.forget();
    this.#pump();
  }

  // A turn to start.

  turn(kind: StartKind, release: () => void): boolean {
    const lack = this.#lack();
    if (this.#closing !== undefined || lack[kind] === 0) return false;
    if (this.#isTooEarly(kind)) return false;
    const now = this.#parts.clock.monotonic();
    if (!this.#parts.memory.admit(this, kind !== 'spare', now)) return false;
    const environment = new Environment(
      this.version,
      nextCause(kind, {
        withoutAny: this.#cause,
        environments: this.#environments.size,
        expected: this.#retainer.expects,
      }),
      this,
      this.#parts,
      kind === 'provisioned' ? 'provisioned-concurrency' : undefined,
    );
    this.#environments.add(environment);
    if (kind === 'provisioned') this.#provision.joins(environment);
    if (kind === 'demand') this.#grants?.used();
    this.#turns.set(environment, release);
    this.#starting += 1;
    this.#parts.memory.recount(this);
    this.#askForTurn();
    return true;
  }

  // Memory.

  get footprintBytes(): number {
    return this.#footprintBytes;
  }
  get environmentCount(): number {
    return this.#environments.size;
  }
  get leavingCount(): number {
    return this.#leaving;
  }
  get keptCount(): number {
    return this.#provision.kept;
  }
  get toKeepCount(): number {
    return this.#provision.kept + this.#provision.lacking;
  }
  get lowestPriority(): number | undefined {
    return this.#retainer.lowestPriority;
  }
  get wantsRoom(): boolean {
    const { demand, provisioned } = this.#lack();
    return demand + provisioned > 0;
  }
  evict(): void {
    this.#ready.oldest?.retire('memory-needed');
  }
  roomMayBeFree(): void {
    this.#pump();
  }

  /** As it is; with tenants also as a further invocation would make it. */
  #lack(further?: string): Lack {
    const tenants = this.#tenants?.load(this.#queue, this.#environments, further);
    return lackOf({
      waiting: tenants?.waiting ?? this.#queue.size,
      starting: this.#starting + (tenants === undefined ? this.#resetting : 0),
      ready: tenants?.ready ?? this.#ready.count,
      provisionsLacking: this.#provision.lacking,
      ahead: this.#retainer.ahead,
      room: this.#concurrency() - this.#environments.size + this.#leaving,
    });
  }

  #pump(): void {
    this.#pumpAgain = true;
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      while (this.#pumpAgain) {
        this.#pumpAgain = false;
        this.#assignWaiting();
        // What was assigned has changed the facts.
        if (this.#pumpAgain || this.#closing !== undefined) continue;
        this.#provision.surplus?.retire('no-longer-provisioned');
        this.#askForTurn();
        this.#retainer.freezeQuiet();
      }
    } finally {
      this.#pumping = false;
    }
  }

  #assignWaiting(): void {
    if (this.#tenants !== undefined) return this.#assignByTenant(this.#tenants);
    while (this.#queue.size > 0) {
      const environment = this.#ready.next(undefined);
      if (environment === undefined) return;
      const assignment = this.#queue.shift();
      if (assignment === undefined) return;
      this.#ready.take(environment);
      environment.assign(assignment);
    }
  }

  #assignByTenant(tenants: Tenants<Environment>): void {
    const next = (tenant: string): Environment | undefined => this.#ready.next(tenant);
    tenants.assignFrom(this.#queue, next, (environment, assignment) => {
      this.#ready.take(environment);
      environment.assign(assignment);
    });
  }

  #askForTurn(): void {
    const lack = this.#lack();
    this.#pace.sparesLacking(lack.spare > 0, this.#parts.clock.monotonic());
    const kind = lack.demand > 0 ? 'demand' : lack.provisioned > 0 ? 'provisioned' : 'spare';
    if (lack[kind] > 0 && !this.#isTooEarly(kind)) this.#parts.gate.request(this, kind);
  }

  /** Whether such a start has to wait; if so it is looked at again. */
  #isTooEarly(kind: StartKind): boolean {
    const from = this.#pace.startsFrom(kind, this.#busy > 0 && !this.#retainer.expects);
    if (from <= this.#parts.clock.monotonic()) return false;
    this.#retainer.lookAt(from);
    return true;
  }

  /** Something came, or is over. */
  #follow(): void {
    this.#retainer.follow(this.#busy + this.#queue.size);
  }

  #reindex(environment: Environment, from: EnvironmentState, to: EnvironmentState): void {
    if (isResetting(to) !== isResetting(from)) this.#resetting += isResetting(to) ? 1 : -1;
    if (isStarting(from) && !isStarting(to)) {
      this.#starting -= 1;
      if (isAvailable(to)) this.#retainer.started(environment);
    }
    if (isStartUnderWay(from) && !isStartUnderWay(to) && to !== 'stopping') this.#pace.succeeded();
    if (to === 'stopping' && !isStartUnderWay(from) && environment.endReason === 'engine-failed') {
      this.#pace.lost(this.#parts.clock.monotonic());
    }
    if (to === 'initializing') {
      this.#parts.clock.setTimer(LONGEST_TURN_MS, () => this.#releaseTurn(environment));
    }
    if (isBusy(to) !== isBusy(from)) this.#busy += isBusy(to) ? 1 : -1;
    this.#follow();
    this.#ready.changed(environment, from, to);
    if (isLeaving(to) && !isLeaving(from)) {
      this.#leaving += 1;
      this.#provision.leaves(environment);
      this.#parts.memory.recount(this);
    }
    // Last: whoever gets the turn looks at the facts, and it may be this pool.
    if (isStarting(from) && !isStarting(to)) this.#releaseTurn(environment);
  }

  /** Of what is provisioned nothing may be left to the first event. */
  #initFailed(environment: Environment): void {
    if (!this.#provision.has(environment)) return;
    this.#provision.fail(INIT_FAILURE);
    environment.retire('init-failed');
  }

  #releaseTurn(environment: Environment): void {
    const release = this.#turns.get(environment);
    this.#turns.delete(environment);
    release?.();
  }

  #gone(environment: Environment): void {
    this.#environments.delete(environment);
    this.#leaving -= 1;
    if (this.#environments.size === 0) this.#retainer.emptied();
    this.#learnFrom(environment);
    this.#parts.memory.recount(this);
    this.#cause = { kind: 'replaced', reason: environment.endReason ?? 'engine-failed' };
    this.#parts.memory.changed();
    this.#leaveWhenEmpty();
  }

  #learnFrom(environment: Environment): void {
    const peak = environment.seenPeakBytes ?? 0;
    if (peak <= this.#footprintBytes) return;
    this.#footprintBytes = peak;
    this.#parts.memory.recount(this);
  }

  get #hasExtensions(): boolean {
    return [...this.#environments].some(({ extensions }) => extensions.length > 0);
  }

  #leaveWhenEmpty(): void {
    if (this.#onDismissed.length > 0 && !this.#hasExtensions) {
      for (const resolve of this.#onDismissed.splice(0)) resolve();
    }
    if (this.#environments.size > 0) return;
    if (this.#closing !== undefined) this.#parts.memory.leave(this);
    for (const resolve of this.#onEmpty.splice(0)) resolve();
  }
}
