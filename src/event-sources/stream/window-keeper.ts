/** The tumbling window of a shard that is open, if any, and the state the function keeps in it. */

import type { Clock } from '../../async/clock.js';
import { newAttempt, type Attempt } from './attempts.js';
import type { Entry } from './shard-buffer.js';
import { stateIn, windowMembers, windowOf, type WindowState } from './windows.js';

export interface WindowKeeperParts {
  readonly clock: Clock;
  readonly queueClock: Clock;
  /** 0: there are no windows. */
  readonly tumblingMs: number;
  /** As it was kept. */
  readonly open: WindowState | undefined;
  readonly shardId: string;
  readonly streamArn: string;
}

/** What arrived in the last moment of a window may not have been read yet. */
const LATE_MS = 2_000;

export class WindowKeeper {
  readonly #parts: WindowKeeperParts;
  #window: WindowState | undefined;
  /** Monotonic, in queue time. */
  #endsAtMs = Infinity;

  constructor(parts: WindowKeeperParts) {
    this.#parts = parts;
    if (parts.open !== undefined) this.#set(parts.open);
  }

  get open(): WindowState | undefined {
    return this.#window;
  }

  get endsAtMs(): number {
    return this.#endsAtMs;
  }

  /** Its time has passed, or what comes next belongs to a later one. */
  isOver(nowMs: number, next: Entry | undefined, hasEnded: boolean): boolean {
    if (this.#window === undefined) return false;
    if (next !== undefined) return next.record.arrivedAtMs >= this.#window.endMs;
    return hasEnded || nowMs >= this.#endsAtMs;
  }

  /** Opens one for a batch that is the first of its window. */
  begin({ entries, final }: Attempt): void {
    const { tumblingMs } = this.#parts;
    const [first] = entries;
    if (tumblingMs === 0 || final !== undefined || this.#window !== undefined) return;
    if (first !== undefined) this.#set(windowOf(first.record.arrivedAtMs, tumblingMs));
  }

  /** What the event of an attempt says of its window; undefined without one. */
  membersOf({ final }: Attempt): object | undefined {
    if (this.#window === undefined) return undefined;
    const { shardId, streamArn: arn } = this.#parts;
    const end = { final: final !== undefined, early: final === 'early' };
    return windowMembers(this.#window, end, { shardId, arn });
  }

  /** Keeps what the function returned; the attempts that follow from it. */
  succeeded({ final }: Attempt, payload: Buffer): readonly Attempt[] {
    if (this.#window === undefined) return [];
    if (final !== undefined) {
      this.close();
      return [];
    }
    const returned = stateIn(payload);
    // The state before it is the last one there is.
    if (returned === 'tooLarge') return [newAttempt([], 'early')];
    this.#window = { ...this.#window, state: returned.state };
    return [];
  }

  close(): void {
    this.#window = undefined;
    this.#endsAtMs = Infinity;
  }

  #set(window: WindowState): void {
    const { clock, queueClock } = this.#parts;
    this.#window = window;
    this.#endsAtMs = queueClock.monotonic() + window.endMs - clock.now() + LATE_MS;
  }
}
