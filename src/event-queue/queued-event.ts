/** An asynchronous event between its acceptance and its end (contract section 9). */

export interface NewEvent {
  /** The same in all attempts. */
  readonly requestId: string;
  readonly functionName: string;
  /** As the caller used it: an alias is resolved anew at each attempt. */
  readonly qualifier?: string;
  /** As the caller wrote it (contract 4.3). */
  readonly invokedFunctionArn: string;
  readonly traceId: string;
  readonly tenantId?: string;
  /** JSON. */
  readonly payload: Buffer;
}

/** What is known of an event without its payload, which stays on disk until it is run. */
export interface QueuedEvent extends Omit<NewEvent, 'payload'>, Progress {
  /** Ascends in the order of acceptance. */
  readonly id: number;
  /** Queue time, Unix ms. */
  readonly acceptedAtMs: number;
  readonly payloadBytes: number;
}

/** How far it has come. */
export interface Progress {
  /** When the next attempt is made; queue time, Unix ms. */
  readonly dueAtMs: number;
  /** Times the function ran. */
  readonly attempts: number;
  /** Throttles and system errors since the function last ran. */
  readonly setbacks: number;
  readonly last?: LastAttempt;
}

export interface LastAttempt {
  /** 200 when the function ran and failed, else what a synchronous caller would have got. */
  readonly status: number;
  /** For people. */
  readonly error: string;
  readonly executedVersion?: string;
}

/** How an event ended; in records as they are written (contract 9.5). */
export type Condition =
  'Success' | 'RetriesExhausted' | 'EventAgeExceeded' | 'ZeroReservedConcurrency';

/** What holds for the events of a function, or of one of its qualifiers, at this moment. */
export interface EventSettings {
  readonly maximumRetryAttempts: number;
  readonly maximumEventAgeMs: number;
  readonly reservedConcurrency?: number;
  readonly onSuccessArn?: string;
  readonly onFailureArn?: string;
  readonly deadLetterTargetArn?: string;
}
