/** A mapping run in virtual time, over functions that are handlers in this process. */

import { OrchestratorError } from '../../src/errors.js';
import type { RunnerParts } from '../../src/event-sources/runner.js';
import type { Outcome } from '../../src/invocation/outcome.js';
import { failed, succeeded } from './fake-router.js';
import type { ManualClock } from './manual-clock.js';

export const OK = succeeded('null');
export const FAILS = failed({ errorMessage: 'no', errorType: 'Error' }, 'Error');
export const THROTTLED: Outcome = {
  kind: 'refused',
  error: new OrchestratorError('throttled', 'Rate Exceeded.'),
};

export interface Called {
  readonly event: { readonly Records: readonly Record<string, unknown>[] } & Record<
    string,
    unknown
  >;
  readonly atMs: number;
}

export class MappingBench {
  readonly clock: ManualClock;
  readonly calls: Called[] = [];
  readonly results: string[] = [];
  readonly warnings: string[] = [];
  running = 0;
  mostRunning = 0;
  /** How long the function takes, and what it answers. */
  durationMs = 0;
  answer: (called: Called, nth: number) => Outcome = () => OK;
  starts: (called: Called) => void = () => undefined;
  #life = 0;

  constructor(clock: ManualClock) {
    this.clock = clock;
  }

  get parts(): RunnerParts {
    return {
      clock: this.clock,
      queueClock: this.clock,
      invoke: (payload) => this.#invoke(payload),
      report: (result) => this.results.push(result),
      warn: (message) => this.warnings.push(message),
    };
  }

  /** What the function was called with, batch by batch. */
  batches<T>(of: (record: Record<string, unknown>) => T): T[][] {
    return this.calls.map(({ event }) => event.Records.map(of));
  }

  /** What is under way goes on and is answered to nobody, as when the orchestrator was killed. */
  forget(): void {
    this.#life += 1;
    this.running = 0;
  }

  #invoke(payload: Buffer): Promise<Outcome> {
    const called: Called = {
      event: JSON.parse(payload.toString()) as Called['event'],
      atMs: this.clock.monotonic(),
    };
    this.calls.push(called);
    const nth = this.calls.length;
    const life = this.#life;
    this.starts(called);
    this.running += 1;
    this.mostRunning = Math.max(this.mostRunning, this.running);
    return new Promise((resolve) => {
      this.clock.setTimer(this.durationMs, () => {
        if (life !== this.#life) return;
        this.running -= 1;
        resolve(this.answer(called, nth));
      });
    });
  }
}
