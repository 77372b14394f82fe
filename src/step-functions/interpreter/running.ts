/** What a run is made of, and what tasks, branches and items ask of it. */

import type { Journal } from './cursor.js';
import type { Place } from './data.js';
import type { Effects } from './effects.js';
import type { Json, JsonMap } from './json.js';
import type { Machine, State } from './machine.js';
import type { Thread } from './thread.js';

export interface RunOptions {
  readonly machine: Machine;
  readonly input: Json;
  /** `$$` without State, Task and Map. */
  readonly context: JsonMap;
  readonly execution: { readonly arn: string; readonly machineArn: string };
  readonly journal: Journal;
  readonly effects: Effects;
  /** Aborted: the execution is over. */
  readonly signal: AbortSignal;
  /** Aborted: it is left as it is, for another time. */
  readonly suspend: AbortSignal;
}

export interface Running {
  readonly options: RunOptions;
  readonly effects: Effects;
  /** Runs a thread to its end and gives its output. */
  thread(thread: Thread): Promise<Json>;
  /** Raises `Suspended` or `Aborted` where the run is not to go on. */
  check(thread: Pick<Thread, 'signal'>): void;
  /** Waits in queue time. Rejects with `Suspended` or `Aborted`. */
  pause(thread: Thread, untilMs: number): Promise<void>;
  /** What the fields of a state see. */
  place(thread: Thread, state: State, token?: string): Place;
}
