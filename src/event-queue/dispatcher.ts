/**
 * Runs queued events: one lane for each function, the lanes in turn, so that no function waits for
 * another's flood. What waits stays on disk; an event is read when it is run.
 *
 *  1. Events are ordinary invocations and count as such. A lane hands over no more than a few while
 *     others wait for an environment, so that a synchronous call never queues behind a flood; the
 *     few that wait are what makes the pool grow.
 *  2. A throttle or a system error rests its lane for a second, besides the event's own back-off.
 *  3. An event leaves its lane only when the disk knows what came of it. A disk that takes nothing
 *     is tried again every second.
 */

import type { Clock, Timer } from '../async/clock.js';
import { messageOf } from '../errors.js';
import type { Outcome } from '../invocation/outcome.js';
import type { EventStore } from './event-store.js';
import { afterAttempt, FIRST_BACKOFF_MS, overBefore } from './policy.js';
import type { EventSettings, QueuedEvent } from './queued-event.js';
import type { EndedEvent } from './record.js';

export interface DispatcherParts {
  readonly store: EventStore;
  /** Queue time. */
  readonly clock: Clock;
  /** Real time: how often the disk and a busy pool are looked at again. */
  readonly pace: Clock;
  /** Undefined when the function is no more. */
  settings(functionName: string, qualifier: string | undefined): EventSettings | undefined;
  reservedConcurrency(functionName: string): number | undefined;
  /** Invocations of the function that wait for an environment. */
  waiting(functionName: string): number;
  run(event: QueuedEvent, payload: Buffer, settle: (outcome: Outcome) => void): void;
  /** How far queue time is ahead of real time. */
  aheadMs(): number;
  /** Ends it on disk and tells whoever is to know. Raises what the disk says. */
  end(ended: EndedEvent, settings: EventSettings): void;
  /** Its function is no more. Raises what the disk says. */
  drop(event: QueuedEvent): void;
  warn(message: string): void;
}

/** At once, of one function and of all: their payloads are in memory. */
const MOST_OF_A_FUNCTION = 100;
const MOST_OF_ALL = 400;
/** Events that may wait in a pool. */
const MOST_WAITING = 4;
/** Read ahead of a lane, without payloads. */
const READ_AHEAD = 32;
/** Looked at in one turn of the event loop. */
const MOST_IN_A_TURN = 100;
const LOOK_AGAIN_MS = 20;
const DISK_AGAIN_MS = 1_000;

interface Lane {
  readonly functionName: string;
  readonly inFlight: Set<number>;
  /** Written, and not yet known to be on the disk. */
  readonly held: Set<number>;
  /** Due, in order. */
  ready: QueuedEvent[];
  /** Of what is neither in flight nor ready; undefined: nothing waits. */
  nextDueAtMs: number | undefined;
  restsUntilMs: number;
}

export class Dispatcher {
  readonly #parts: DispatcherParts;
  readonly #lanes = new Map<string, Lane>();
  #inFlight = 0;
  #timer: Timer | undefined;
  #lookAgain: Timer | undefined;
  #pumping = false;
  #pumpAgain = false;
  #diskFails = false;
  #closed = false;

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
  }

  /** Events being run now. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Takes up what earlier runs left. */
  start(): void {
    for (const { functionName, nextDueAtMs } of this.#parts.store.functions()) {
      this.#lane(functionName).nextDueAtMs = nextDueAtMs;
    }
    this.pump();
  }

  isRunning({ functionName, id }: QueuedEvent): boolean {
    return this.#lanes.get(functionName)?.inFlight.has(id) === true;
  }

  /** A new event is not to be run before it is released. */
  hold({ functionName, id }: QueuedEvent): void {
    this.#lane(functionName).held.add(id);
  }

  release({ functionName, id }: QueuedEvent): void {
    this.#lane(functionName).held.delete(id);
  }

  /** A new event is safe on disk; `payload` saves reading it back. */
  added(event: QueuedEvent, payload?: Buffer): void {
    const lane = this.#lane(event.functionName);
    const first = lane.ready.length === 0 && lane.nextDueAtMs === undefined;
    const now = this.#parts.clock.now();
    if (first && payload !== undefined && !this.#pumping && this.#mayRun(lane, now)) {
      this.#dispatch(lane, event, payload);
      return;
    }
    this.changed(event);
  }

  /** The event is due at another time than before, or is no more. */
  changed(event: QueuedEvent): void {
    const lane = this.#lane(event.functionName);
    lane.ready = [];
    lane.nextDueAtMs = Math.min(lane.nextDueAtMs ?? Infinity, event.dueAtMs);
    this.pump();
  }

  /** Starts nothing more. What runs is still written down when it ends. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#lookAgain?.cancel();
  }

  /** Runs what is due, as far as there is room. */
  pump(): void {
    this.#pumpAgain = true;
    if (this.#pumping) return;
    this.#pumping = true;
    let now = -Infinity;
    try {
      let left = MOST_IN_A_TURN;
      while (this.#pumpAgain && left > 0) {
        this.#pumpAgain = false;
        now = this.#parts.clock.now();
        for (const lane of this.#lanes.values()) {
          if (left === 0 || !this.#runNext(lane, now)) continue;
          left -= 1;
          this.#pumpAgain = true;
        }
      }
    } catch (error) {
      // The file cannot be read: nothing is lost, and it may be readable later.
      this.#parts.warn(`asynchronous events cannot be read: ${messageOf(error)}`);
      this.#look(DISK_AGAIN_MS);
    } finally {
      this.#pumping = false;
    }
    if (this.#pumpAgain) this.#look(0);
    this.#arm(now);
  }

  #lane(functionName: string): Lane {
    let lane = this.#lanes.get(functionName);
    if (lane === undefined) {
      lane = {
        functionName,
        inFlight: new Set(),
        held: new Set(),
        ready: [],
        nextDueAtMs: undefined,
        restsUntilMs: -Infinity,
      };
      this.#lanes.set(functionName, lane);
    }
    return lane;
  }

  #mayRun(lane: Lane, now: number): boolean {
    if (this.#closed || this.#inFlight >= MOST_OF_ALL || lane.restsUntilMs > now) return false;
    const { functionName, inFlight } = lane;
    const reserved = this.#parts.reservedConcurrency(functionName);
    // With nothing reserved none may run, and each is over without being run.
    const most = Math.min(MOST_OF_A_FUNCTION, Math.max(1, reserved ?? MOST_OF_A_FUNCTION));
    if (inFlight.size >= most) return false;
    if (this.#parts.waiting(functionName) < MOST_WAITING) return true;
    this.#look(LOOK_AGAIN_MS);
    return false;
  }

  /** False when there is nothing to run, or no room. */
  #runNext(lane: Lane, now: number): boolean {
    if (lane.ready.length === 0 && (lane.nextDueAtMs ?? Infinity) > now) return false;
    if (!this.#mayRun(lane, now)) return false;
    const event = this.#take(lane, now);
    if (event === undefined) return false;
    this.#dispatch(lane, event);
    return true;
  }

  #take(lane: Lane, now: number): QueuedEvent | undefined {
    if (lane.ready.length === 0) {
      const waiting = this.#parts.store
        .next(lane.functionName, lane.inFlight.size + lane.held.size + READ_AHEAD)
        .filter(({ id }) => !lane.inFlight.has(id) && !lane.held.has(id));
      lane.ready = waiting.filter(({ dueAtMs }) => dueAtMs <= now);
      lane.nextDueAtMs = waiting.find(({ dueAtMs }) => dueAtMs > now)?.dueAtMs;
      // There may be more than was read.
      if (lane.ready.length > 0) lane.nextDueAtMs = now;
    }
    return lane.ready.shift();
  }

  #dispatch(lane: Lane, event: QueuedEvent, read?: Buffer): void {
    const { store, clock } = this.#parts;
    lane.inFlight.add(event.id);
    this.#inFlight += 1;
    const left = (): void => {
      if (lane.inFlight.delete(event.id)) this.#inFlight -= 1;
      this.pump();
    };
    const payload = read ?? store.payload(event.id);
    // Somebody dropped it meanwhile.
    if (payload === undefined) return left();
    const settings = this.#parts.settings(event.functionName, event.qualifier);
    if (settings === undefined) return this.#write(() => this.#parts.drop(event), left);
    const condition = overBefore(event, settings, clock.now());
    if (condition !== undefined) {
      const { attempts, last } = event;
      const ended = {
        event,
        payload,
        condition,
        attempts,
        ...(last === undefined ? {} : { last }),
      };
      return this.#write(() => this.#parts.end(ended, settings), left);
    }
    this.#parts.run(event, payload, (outcome) => {
      this.#settled(lane, { event, payload, outcome }, left);
    });
  }

  #settled(
    lane: Lane,
    { event, payload, outcome }: { event: QueuedEvent; payload: Buffer; outcome: Outcome },
    left: () => void,
  ): void {
    const { store, clock } = this.#parts;
    const now = clock.now();
    const settings = this.#parts.settings(event.functionName, event.qualifier);
    const verdict = afterAttempt(event, outcome, settings, now);
    switch (verdict.kind) {
      case 'kept':
        left();
        return;
      case 'gone':
        this.#write(() => this.#parts.drop(event), left);
        return;
      case 'over': {
        const { condition, attempts, last } = verdict;
        const ended = {
          event,
          payload,
          condition,
          attempts,
          outcome,
          ...(last === undefined ? {} : { last }),
        };
        this.#write(() => this.#parts.end(ended, settings ?? NO_SETTINGS), left);
        return;
      }
      case 'again': {
        const { progress } = verdict;
        if (outcome.kind === 'refused') lane.restsUntilMs = now + FIRST_BACKOFF_MS;
        this.#write(
          () => store.update(event.id, progress, this.#parts.aheadMs()),
          () => {
            lane.nextDueAtMs = Math.min(lane.nextDueAtMs ?? Infinity, progress.dueAtMs);
            left();
          },
        );
      }
    }
  }

  /** Until it is written the event counts as running: it must not run again meanwhile. */
  #write(write: () => void, written: () => void): void {
    try {
      write();
      this.#diskFails = false;
    } catch (error) {
      if (this.#closed) return;
      if (!this.#diskFails) {
        this.#diskFails = true;
        this.#parts.warn(
          `what came of asynchronous events cannot be written, and is tried again: ${messageOf(error)}`,
        );
      }
      this.#parts.pace.setTimer(DISK_AGAIN_MS, () => this.#write(write, written));
      return;
    }
    written();
  }

  /** Looks again soon, whatever queue time does. */
  #look(delayMs: number): void {
    if (this.#closed) return;
    this.#lookAgain ??= this.#parts.pace.setTimer(delayMs, () => {
      this.#lookAgain = undefined;
      this.pump();
    });
  }

  /** What has become due since `now`, when all lanes were looked at, is not forgotten. */
  #arm(now: number): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#closed) return;
    let next = Infinity;
    for (const { ready, nextDueAtMs, restsUntilMs } of this.#lanes.values()) {
      const dueAtMs = ready[0]?.dueAtMs ?? nextDueAtMs;
      if (dueAtMs === undefined) continue;
      const at = Math.max(dueAtMs, restsUntilMs);
      // What was due then waits for room, and whoever makes room pumps.
      if (at > now) next = Math.min(next, at);
    }
    if (next === Infinity) return;
    const { clock } = this.#parts;
    this.#timer = clock.setTimer(Math.max(0, next - clock.now()), () => this.pump());
  }
}

const NO_SETTINGS: EventSettings = { maximumRetryAttempts: 0, maximumEventAgeMs: 0 };
