/** What the interpreter has done by others: work, callbacks and the passing of time. */

import type { Clock } from '../../async/clock.js';
import type { Answer } from './cursor.js';
import type { Json } from './json.js';
import type { Resource } from './resource.js';

export interface TaskCall {
  readonly resource: Resource;
  readonly input: Json;
  /** Of tasks that wait for a callback. */
  readonly token?: string;
  /** The same when the state is run again after a restart, and for nothing else. */
  readonly key: string;
  /** Tells that the work is under way elsewhere, with what the call gave. */
  submitted(output: Json): void;
  /** Aborted when nobody waits for the result any more. */
  readonly signal: AbortSignal;
  /** Whether the signal means that the wait goes on at the next start. */
  isSuspended(): boolean;
  /** Names the execution and the state, for logs. */
  readonly execution: { readonly arn: string; readonly machineArn: string };
}

export interface CallbackRequest {
  readonly token: string;
  /** Keeps the answer before whoever gave it hears that it was taken. */
  keep(answer: Answer): void;
  heartbeat(): void;
}

export interface Callbacks {
  /** Resolves with the answer; `close` forgets the token. */
  expect(request: CallbackRequest): { readonly answer: Promise<Answer>; close(): void };
  /** Offers a task to the workers of an activity; resolves with the worker's name, if it has one. */
  offer(
    activityArn: string,
    task: { readonly token: string; readonly input: string },
    signal: AbortSignal,
  ): Promise<string | undefined>;
}

export interface Effects {
  /** Waits, pauses, callbacks' times follow this one. */
  readonly clock: Clock;
  /** Times of work done at once follow this one. */
  readonly realClock: Clock;
  readonly region: string;
  random(): number;
  /** Rejects with `StateFailed`. Without a callback the result is the task's. */
  perform(call: TaskCall): Promise<Json>;
  readonly callbacks: Callbacks;
  newToken(): string;
}

/** Why an execution goes no further here, although it is not over. */
export class Suspended extends Error {
  constructor() {
    super('suspended');
    this.name = 'Suspended';
  }
}

/** Ended from outside: by StopExecution, its time, or a sibling's failure. */
export class Aborted extends Error {
  constructor() {
    super('aborted');
    this.name = 'Aborted';
  }
}
