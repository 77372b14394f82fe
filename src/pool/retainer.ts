/**
 * Freezes and retires a pool's environments that have no work and gives their memory back, by the
 * rules of retention and the policy of keep-alive, with one timer for all of them. The pool tells it
 * what changes and calls `freezeQuiet` in its pump; nothing happens behind its back but what `look`
 * leads to.
 */

import type { Clock } from '../async/clock.js';
import type { Environment } from '../environment/environment.js';
import type { UseHistory } from '../keep-alive/use-history.js';
import { Keeping } from './keeping.js';
import type { MemoryBudget } from './memory-budget.js';
import { NextLook } from './next-look.js';
import type { Provision } from './provision.js';
import type { Ready } from './ready.js';
import { planReclaim } from './reclaiming.js';
import { planRetention, type RetentionRules } from './retention.js';

export interface RetainerParts {
  readonly clock: Clock;
  readonly memory: Pick<MemoryBudget, 'evictions' | 'fill'>;
  /** What one environment holds by estimate. */
  readonly footprintBytes: () => number;
  readonly rules: RetentionRules;
  readonly history: UseHistory;
  readonly ready: Ready;
  readonly provision: Provision;
  /** It is time to look around: what is due by then is frozen or retired already. */
  look(): void;
}

export class Retainer {
  readonly #parts: RetainerParts;
  readonly #keeping: Keeping<Environment>;
  readonly #nextLook: NextLook;

  constructor(parts: RetainerParts) {
    const { clock, rules, history, memory, footprintBytes } = parts;
    this.#parts = parts;
    this.#keeping = new Keeping(rules, history, clock.monotonic(), () => ({
      megabytes: footprintBytes() / 2 ** 20,
      fill: memory.fill,
    }));
    this.#nextLook = new NextLook(clock, () => this.#lookAround());
  }

  /** How many environments are to be ready ahead of demand. */
  get ahead(): number {
    return this.#keeping.ahead(this.#parts.clock.monotonic());
  }

  /** What is started ahead now is started for an event that is due. */
  get expects(): boolean {
    return this.#keeping.expects(this.#parts.clock.monotonic());
  }

  /** Of the environment that goes first when memory is needed; undefined when none can go. */
  get lowestPriority(): number | undefined {
    const { oldest } = this.#parts.ready;
    return oldest === undefined ? undefined : this.#keeping.priorityOf(oldest);
  }

  /** So many invocations are in progress, those that wait included. */
  follow(inProgress: number): void {
    if (!this.#keeping.differs(inProgress)) return;
    const now = this.#parts.clock.monotonic();
    this.#keeping.follow(inProgress, now);
    this.#nextLook.at(this.#keeping.changesAt(now));
  }

  started({ createdAt }: Environment): void {
    this.#keeping.started(this.#parts.clock.monotonic() - createdAt);
  }

  /** It has no work: how long it stays is decided now, and good until it has. */
  freed(environment: Environment, footprintBytes: number): void {
    const { clock, memory } = this.#parts;
    const now = clock.monotonic();
    const { idleSince, served } = environment;
    const freed = { idleSince, used: served > 0, megabytes: footprintBytes / 2 ** 20 };
    this.#keeping.freed(environment, freed, memory.evictions.now);
    this.#nextLook.at(idleSince + this.#keeping.keepsFor(environment, now));
    this.#nextLook.at(idleSince + this.#reclaimAfterMs());
    this.#nextLook.at(this.#keeping.changesAt(now));
    if (this.#keeping.isResting) this.#lookAtOthers(environment, now);
  }

  /** One of them was to be ready while something was in progress; now each stays for its own sake. */
  #lookAtOthers(than: Environment, now: number): void {
    for (const other of this.#parts.ready.available) {
      if (other === than) continue;
      this.#nextLook.at(other.idleSince + this.#keeping.keepsFor(other, now));
    }
  }

  /** No environment is left. */
  emptied(): void {
    this.#keeping.emptied();
  }

  /** Looks around then, monotonic ms, or before. */
  lookAt(at: number): void {
    this.#nextLook.at(at);
  }

  /** Freezes at once where that is the rule; leaves what needs looking around to the timer. */
  freezeQuiet(): void {
    const { rules, provision, ready } = this.#parts;
    const { freezeAfterMs } = rules;
    if (freezeAfterMs === 'never') return;
    for (const list of [provision.available, ready.available]) {
      for (let last = list.length - 1; last >= 0; last -= 1) {
        const environment = list[last];
        if (environment?.state !== 'idle') break;
        if (freezeAfterMs === 0) environment.freeze();
        else this.#nextLook.at(environment.idleSince + freezeAfterMs);
      }
    }
  }

  /** `Infinity` where memory is not given back. */
  #reclaimAfterMs(): number {
    const { reclaimAfterMs = 'never' } = this.#parts.rules;
    return reclaimAfterMs === 'never' ? Infinity : reclaimAfterMs;
  }

  close(): void {
    this.#nextLook.close();
  }

  #lookAround(): void {
    const { clock, ready, provision, rules, look } = this.#parts;
    const now = clock.monotonic();
    const idle = ready.all.map((environment) => ({
      environment,
      idleSince: environment.idleSince,
      running: environment.state === 'idle',
      kept: provision.has(environment),
      keepForMs: this.#keeping.keepsFor(environment, now),
    }));
    const use = { ahead: this.#keeping.ahead(now), until: this.#keeping.changesAt(now) };
    const plan = planRetention(idle, use, rules.freezeAfterMs, now);
    const reason = this.#keeping.isAsleep(now) ? 'not-expected' : 'idle-too-long';
    for (const { environment } of plan.freeze) environment.freeze();
    for (const { environment } of plan.retire) environment.retire(reason);
    const cold = planReclaim(ready.all, this.#reclaimAfterMs(), now);
    for (const environment of cold.reclaim) environment.reclaim();
    this.#nextLook.at(Math.min(plan.nextLookAt, cold.nextAt));
    look();
  }
}
