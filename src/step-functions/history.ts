/** The journal of one execution: its history and cursors, in memory and, as they change, on disk. */

import { RUNTIME_ERROR, StateFailed } from './interpreter/failure.js';
import type { Cursor, EventDetails, Journal } from './interpreter/cursor.js';
import type { Ending, HistoryEvent } from './records.js';
import type { ExecutionStore } from './store.js';

/** Contract 11.16. */
const MOST_EVENTS = 25_000;

export interface HistoryOptions {
  readonly store: ExecutionStore;
  readonly executionId: number;
  /** Express executions are written when they are over, and begin again after a kill. */
  readonly durable: boolean;
  readonly nowMs: () => number;
  readonly aheadMs: () => number;
}

export class History implements Journal {
  readonly #options: HistoryOptions;
  readonly #cursors: Map<string, Cursor>;
  #unwritten: HistoryEvent[] = [];
  #forgotten: string[] = [];
  #last: number;

  constructor(options: HistoryOptions) {
    const { store, executionId, durable } = options;
    this.#options = options;
    this.#cursors = durable ? store.cursors(executionId) : new Map<string, Cursor>();
    this.#last = durable ? store.lastEventId(executionId) : 0;
  }

  /** Whether an earlier run has begun it. */
  get isEmpty(): boolean {
    return this.#last === 0;
  }

  event(type: string, previousEventId: number, details: EventDetails = {}): number {
    const room = MOST_EVENTS - 1;
    // The last one says how it ended.
    if (this.#last >= room && !type.startsWith('Execution')) {
      throw new StateFailed(
        RUNTIME_ERROR,
        `The execution reached the maximum number of history events (${MOST_EVENTS}).`,
      );
    }
    this.#last += 1;
    const atMs = this.#options.nowMs();
    this.#unwritten.push({ id: this.#last, previousEventId, atMs, type, details });
    return this.#last;
  }

  cursor(scope: string): Cursor | undefined {
    return this.#cursors.get(scope);
  }

  keep(scope: string, cursor: Cursor): void {
    this.#cursors.set(scope, cursor);
    if (this.#options.durable) this.#write({ cursors: [[scope, cursor]] });
  }

  forgetBelow(scope: string): void {
    const prefix = scope === '' ? '' : `${scope}/`;
    const below = [...this.#cursors.keys()].filter(
      (key) => key !== scope && key.startsWith(prefix),
    );
    if (below.length === 0) return;
    for (const key of below) this.#cursors.delete(key);
    this.#forgotten.push(scope);
  }

  /** Writes what is left, and how it ended. */
  end(ending: Ending): void {
    this.#write({ ending });
  }

  #write(change: {
    readonly cursors?: readonly (readonly [string, Cursor])[];
    readonly ending?: Ending;
  }): void {
    const { store, executionId, aheadMs } = this.#options;
    const events = this.#unwritten;
    const forgotten = this.#forgotten;
    store.change(executionId, { ...change, events, forgotten, aheadMs: aheadMs() });
    this.#unwritten = [];
    this.#forgotten = [];
  }
}
