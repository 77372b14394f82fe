/**
 * A trace through a keep-alive policy, in virtual time. It does what a pool does: the most recently
 * used environment takes an invocation; without one it waits for whichever is ready first, one that
 * is started for it or one that ends its work; then the policy says how long it stays, and when
 * memory is short which one goes. Nothing fails here and starts take as long as they are said to.
 */

import { EvictionClock } from '../keep-alive/eviction-clock.js';
import type { KeepAlive, Terms, Windows } from '../keep-alive/keep-alive.js';
import { UseHistory } from '../keep-alive/use-history.js';
import { Queue } from '../pool/queue.js';
import { lackOf } from '../pool/scaling.js';
import { Deadlines } from './deadlines.js';
import { Environments } from './environments.js';
import { EventHeap } from './event-heap.js';
import { ScoreKeeper, type Score } from './score.js';
import type { Trace } from './trace.js';

/** A policy of the pools, or one that is told what it decides about. */
export type SimulatedPolicy = Omit<KeepAlive, 'name'> & {
  readonly name: string;
  /** The invocation that an environment served last, before each question about it; -1: none. */
  lookAt?(invocation: number): void;
};

export interface ReplayOptions {
  readonly policy: SimulatedPolicy;
  /** Milliseconds of a start where the function says nothing. */
  readonly initMs: number;
  /** What all environments together may hold, MB; absent: there is always room. */
  readonly memoryMb?: number;
  /** Told of each invocation that gets an environment: its position and how long it has waited. */
  readonly served?: (invocation: number, waitMs: number) => void;
}

/** What an event in the heap is about: number × kinds + kind. */
const KINDS = 4;
const DONE = 0;
const READY = 1;
const LOOK_AHEAD = 2;
/** No invocation. */
const UNUSED = -1;

export function replay(trace: Trace, options: ReplayOptions): Score {
  return new Replay(trace, options).run();
}

class Replay {
  readonly #trace: Trace;
  readonly #policy: SimulatedPolicy;
  readonly #served: ReplayOptions['served'];
  readonly #limitMb: number;
  readonly #environments: Environments;
  readonly #events = new EventHeap();
  /** When environments without work go. */
  readonly #expiries = new Deadlines();
  /** Their priorities; empty while there is always room. */
  readonly #priorities = new Deadlines();
  readonly #clock = new EvictionClock();
  readonly #keeper = new ScoreKeeper();
  readonly #histories: UseHistory[];
  readonly #queues = new Map<number, Queue<number>>();
  readonly #starting: Int32Array;
  readonly #uses: Float64Array;
  readonly #initMs: Float64Array;
  readonly #memoryMb: Float64Array;
  /** When one is to be there again, after nothing was in progress any more; 0: it stays. */
  readonly #wakesAt: Float64Array;
  /** Until when it is there for the next use then. */
  readonly #expectedUntil: Float64Array;
  /** While something is in progress: until when one more is worth having ready. */
  readonly #readyUntil: Float64Array;
  /** Functions whose invocations wait for memory, in the order in which they began to. */
  readonly #lackingRoom = new Set<number>();
  #usedMb = 0;
  /** One object for every question: there are millions. */
  readonly #termsOfAll = { megabytes: 0, startMs: 0, fill: undefined as number | undefined };
  #measuring = true;

  constructor(trace: Trace, { policy, initMs, memoryMb, served }: ReplayOptions) {
    const { functions } = trace;
    this.#trace = trace;
    this.#policy = policy;
    this.#served = served;
    this.#limitMb = memoryMb ?? Infinity;
    this.#environments = new Environments(functions.length);
    this.#histories = functions.map(() => new UseHistory(0));
    this.#starting = new Int32Array(functions.length);
    this.#uses = new Float64Array(functions.length);
    this.#initMs = Float64Array.from(functions, (each) => each.initMs ?? initMs);
    this.#memoryMb = Float64Array.from(functions, (each) => each.memoryMb);
    this.#wakesAt = new Float64Array(functions.length);
    this.#expectedUntil = new Float64Array(functions.length);
    this.#readyUntil = new Float64Array(functions.length);
  }

  run(): Score {
    const { at, length } = this.#trace;
    for (let invocation = 0; invocation < length; invocation += 1) {
      const now = at[invocation] as number;
      this.#advance(now);
      this.#arrive(invocation, now);
    }
    // The trace ends with its last invocation; what is in progress then only comes to its end.
    if (length > 0) this.#closeAccounts(at[length - 1] as number);
    while (this.#events.size > 0) this.#nextEvent();
    return this.#keeper.score(length);
  }

  /** Does all that falls due until `now`. */
  #advance(now: number): void {
    for (;;) {
      const event = this.#events.firstKey;
      const expiry = this.#expiries.first;
      if (event > now && expiry > now) return;
      if (event <= expiry) this.#nextEvent();
      else this.#expire(expiry);
    }
  }

  #nextEvent(): void {
    const now = this.#events.firstKey;
    const value = this.#events.firstValue;
    this.#events.removeFirst();
    const subject = Math.floor(value / KINDS);
    switch (value % KINDS) {
      case DONE:
        return this.#done(subject, now);
      case READY:
        return this.#ready(subject, now);
      default:
        return this.#lookAhead(subject, now);
    }
  }

  #arrive(invocation: number, now: number): void {
    const fn = this.#trace.fn[invocation] as number;
    const history = this.#history(fn);
    history.began(now);
    this.#uses[fn] = (this.#uses[fn] as number) + 1;
    if (this.#policy.readyForMs !== undefined) {
      this.#readyUntil[fn] = now + this.#policy.readyForMs(history, this.#terms(fn));
    }
    const id = this.#environments.takeIdle(fn);
    if (id >= 0) {
      this.#expiries.clear(id);
      this.#priorities.clear(id);
      this.#assign(id, invocation, now);
    } else {
      this.#keeper.cold += 1;
      this.#queueOf(fn).push(invocation);
      this.#startWhatLacks(fn, now);
    }
    this.#lookAhead(fn, now);
  }

  #assign(id: number, invocation: number, now: number): void {
    const waitMs = now - (this.#trace.at[invocation] as number);
    const durationMs = this.#trace.durationMs[invocation] as number;
    this.#environments.busySince[id] = now;
    this.#environments.invocation[id] = invocation;
    this.#events.push(now + durationMs, id * KINDS + DONE);
    this.#keeper.served(waitMs, durationMs);
    this.#served?.(invocation, waitMs);
  }

  #done(id: number, now: number): void {
    const { busyMs, busySince, fn } = this.#environments;
    busyMs[id] = (busyMs[id] as number) + now - (busySince[id] as number);
    busySince[id] = NaN;
    this.#history(fn[id] as number).ended(now);
    this.#free(id, now);
  }

  #ready(id: number, now: number): void {
    const fn = this.#environments.fn[id] as number;
    this.#starting[fn] = (this.#starting[fn] as number) - 1;
    this.#free(id, now);
  }

  /** It can take an invocation. */
  #free(id: number, now: number): void {
    const fn = this.#environments.fn[id] as number;
    const waiting = this.#queues.get(fn)?.shift();
    if (waiting !== undefined) return this.#assign(id, waiting, now);
    if (!this.#measuring) return this.#remove(id, now);
    const windows = this.#windows(id, fn);
    const used = this.#environments.invocation[id] !== UNUSED;
    if (used && this.#history(fn).running === 0) this.#useEnded(fn, windows, now);
    if (used && windows.prewarmAfterMs > 0) return this.#remove(id, now);
    this.#environments.putIdle(id);
    this.#environments.goesAt[id] = now + windows.keepUntilMs;
    this.#expiries.set(id, this.#dueAt(id, now));
    if (this.#limitMb < Infinity) {
      this.#priorities.set(id, this.#priority(fn, now));
    }
    this.#roomMayBeFree(now);
    this.#lookAhead(fn, now);
  }

  /** Nothing is in progress: what was made ready for more is now there for the next use. */
  #useEnded(fn: number, { prewarmAfterMs, keepUntilMs }: Windows, now: number): void {
    this.#wakesAt[fn] = prewarmAfterMs > 0 ? now + prewarmAfterMs : 0;
    this.#expectedUntil[fn] = now + keepUntilMs;
    if (prewarmAfterMs > 0) this.#events.push(now + prewarmAfterMs, fn * KINDS + LOOK_AHEAD);
    this.#environments.forEachIdle(fn, (id) => this.#expiries.set(id, this.#dueAt(id, now)));
  }

  /** When it goes, by what is known now; it is without work. */
  #dueAt(id: number, now: number): number {
    const { fn: fns, goesAt, invocation } = this.#environments;
    const fn = fns[id] as number;
    const resting = this.#history(fn).running === 0;
    const asleep = resting && now < (this.#wakesAt[fn] as number);
    const expectedUntil = this.#expectedUntil[fn] as number;
    let due = goesAt[id] as number;
    // What has served nobody goes with the reason for it.
    if (invocation[id] === UNUSED && resting) due = asleep ? now : Math.min(due, expectedUntil);
    if (!this.#environments.isNewest(id)) return due;
    const readyUntil = this.#expects(fn, now) ? expectedUntil : (this.#readyUntil[fn] as number);
    return resting && !this.#expects(fn, now) ? due : Math.max(due, readyUntil);
  }

  /** It is time to have one ready for the next use. */
  #expects(fn: number, now: number): boolean {
    const wakesAt = this.#wakesAt[fn] as number;
    return this.#history(fn).running === 0 && wakesAt > 0 && now >= wakesAt;
  }

  #windows(id: number, fn: number): Windows {
    const invocation = this.#environments.invocation[id] as number;
    const history = this.#history(fn);
    this.#policy.lookAt?.(invocation);
    return this.#policy.windows(history, history.running + 1, this.#terms(fn));
  }

  #terms(fn: number): Terms {
    const terms = this.#termsOfAll;
    terms.megabytes = this.#memoryMb[fn] as number;
    terms.startMs = this.#initMs[fn] as number;
    if (this.#limitMb < Infinity) terms.fill = this.#usedMb / this.#limitMb;
    return terms;
  }

  #priority(fn: number, now: number): number {
    const candidate = {
      lastUsedAt: now,
      uses: Math.max(1, this.#uses[fn] as number),
      initMs: this.#initMs[fn] as number,
      megabytes: this.#memoryMb[fn] as number,
    };
    return this.#policy.priority(candidate, this.#clock.now);
  }

  #expire(at: number): void {
    const id = this.#expiries.firstId;
    const due = this.#dueAt(id, at);
    if (due > at) return this.#expiries.set(id, due);
    this.#environments.dropIdle(id);
    const fn = this.#environments.fn[id] as number;
    this.#remove(id, at);
    this.#lookAhead(fn, at);
  }

  /** Starts one ahead where one is to be ready and there is room; others do not go for it. */
  #lookAhead(fn: number, now: number): void {
    if (!this.#measuring || !this.#lacksOneReady(fn, now)) return;
    if (this.#lackingRoom.size > 0 || !this.#fits(fn)) return;
    this.#keeper.prewarmed += 1;
    this.#start(fn, now);
  }

  #lacksOneReady(fn: number, now: number): boolean {
    if (this.#history(fn).running > 0) {
      if (now >= (this.#readyUntil[fn] as number)) return false;
    } else if (!this.#expects(fn, now) || now >= (this.#expectedUntil[fn] as number)) {
      return false;
    }
    const waiting = this.#queues.get(fn)?.size ?? 0;
    return !this.#environments.hasIdle(fn) && this.#starting[fn] === waiting;
  }

  #startWhatLacks(fn: number, now: number): void {
    while (this.#lacks(fn)) {
      if (!this.#makeRoom(fn, now)) {
        this.#lackingRoom.add(fn);
        return;
      }
      this.#start(fn, now);
    }
    this.#lackingRoom.delete(fn);
  }

  #lacks(fn: number): boolean {
    const facts = {
      waiting: this.#queues.get(fn)?.size ?? 0,
      starting: this.#starting[fn] as number,
      ready: 0,
      provisionsLacking: 0,
      ahead: 0,
      room: Infinity,
    };
    return lackOf(facts).demand > 0;
  }

  #start(fn: number, now: number): void {
    const id = this.#environments.create(fn, now);
    this.#starting[fn] = (this.#starting[fn] as number) + 1;
    this.#usedMb += this.#memoryMb[fn] as number;
    this.#events.push(now + (this.#initMs[fn] as number), id * KINDS + READY);
    this.#keeper.starts += 1;
    if (this.#environments.count > this.#keeper.peakEnvironments) {
      this.#keeper.peakEnvironments = this.#environments.count;
    }
    if (this.#usedMb > this.#keeper.peakMemoryMb) this.#keeper.peakMemoryMb = this.#usedMb;
  }

  #fits(fn: number): boolean {
    const used = this.#usedMb;
    return used === 0 || used + (this.#memoryMb[fn] as number) <= this.#limitMb;
  }

  /** Lets those go that have the lowest priority until there is room; false: there is not enough. */
  #makeRoom(fn: number, now: number): boolean {
    while (!this.#fits(fn)) {
      const lowest = this.#priorities.first;
      if (lowest === Infinity) return false;
      const id = this.#priorities.firstId;
      const evicted = this.#environments.fn[id] as number;
      this.#clock.evicted(lowest);
      this.#environments.dropIdle(id);
      this.#remove(id, now, false);
      // It may want another one once the room is taken that it made.
      this.#events.push(now, evicted * KINDS + LOOK_AHEAD);
    }
    return true;
  }

  /** It is not in the list of those without work. */
  #remove(id: number, now: number, tell = true): void {
    const fn = this.#environments.fn[id] as number;
    this.#account(id, now);
    this.#expiries.clear(id);
    this.#priorities.clear(id);
    this.#environments.remove(id);
    this.#usedMb -= this.#memoryMb[fn] as number;
    if (this.#environments.countOf(fn) === 0) this.#uses[fn] = 0;
    if (tell) this.#roomMayBeFree(now);
  }

  #roomMayBeFree(now: number): void {
    for (const fn of this.#lackingRoom) {
      this.#startWhatLacks(fn, now);
      if (this.#lackingRoom.has(fn)) return;
    }
  }

  /** Its memory has been wasted whenever it served nobody. */
  #account(id: number, now: number): void {
    if (!this.#measuring) return;
    const { bornAt, busyMs, busySince, fn } = this.#environments;
    const since = busySince[id] as number;
    const busy = (busyMs[id] as number) + (Number.isNaN(since) ? 0 : now - since);
    const idleMs = now - (bornAt[id] as number) - busy;
    this.#keeper.wastedMbMs += idleMs * (this.#memoryMb[fn[id] as number] as number);
  }

  #closeAccounts(now: number): void {
    this.#environments.forEach((id) => this.#account(id, now));
    this.#measuring = false;
  }

  #history(fn: number): UseHistory {
    return this.#histories[fn] as UseHistory;
  }

  #queueOf(fn: number): Queue<number> {
    const queue = this.#queues.get(fn) ?? new Queue<number>(Infinity);
    this.#queues.set(fn, queue);
    return queue;
  }
}
