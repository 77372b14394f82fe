/**
 * Where an execution is: one cursor for the machine and for each branch and item that runs. What is
 * kept of it is enough to go on after a restart: with the state it was in, or the rest of its wait.
 */

import type { Failure } from './failure.js';
import type { Json, JsonMap } from './json.js';

export interface Cursor {
  readonly state: string;
  readonly input: Json;
  readonly variables: JsonMap;
  /** Id of the event before. */
  readonly previous: number;
  readonly entered?: Entered;
  /** The scope is over. */
  readonly ended?: { readonly output: Json };
}

/** Of a state that has been entered and not left. Times are queue time, Unix ms. */
export interface Entered {
  readonly eventId: number;
  readonly atMs: number;
  /** How often each retrier was used. */
  readonly retries: readonly number[];
  /** When the wait or the pause before the next attempt is over. */
  readonly untilMs?: number;
  /** Of the attempt that runs: for callbacks, and for children that must not run twice. */
  readonly attempt?: Attempt;
}

export interface Attempt {
  readonly token?: string;
  /** Whether the callback has been asked for. */
  readonly submitted?: true;
  readonly answer?: Answer;
  /** Ends of the callback's time, Unix ms. */
  readonly timeoutMs?: number;
  /** Of Parallel and Map states: children have begun. */
  readonly started?: true;
}

/** What a callback gave. */
export type Answer = { readonly output: Json } | { readonly failure: Failure };

/** What an execution writes as it goes; each `keep` is on disk before it returns. */
export interface Journal {
  /** Adds to the history; gives the event's id. */
  event(type: string, previous: number, details?: EventDetails): number;
  cursor(scope: string): Cursor | undefined;
  /** Together with the events since the last one. */
  keep(scope: string, cursor: Cursor): void;
  /** Those of branches and items below the scope. */
  forgetBelow(scope: string): void;
}

/** The one member of a history event that holds its details, such as `stateEnteredEventDetails`. */
export type EventDetails = Readonly<Record<string, Readonly<Record<string, unknown>>>>;
