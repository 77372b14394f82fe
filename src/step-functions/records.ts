/** State machines, executions and history events as they are kept. */

import type { EventDetails } from './interpreter/cursor.js';
import type { MachineType } from './names.js';

export interface MachineRecord {
  readonly arn: string;
  readonly name: string;
  readonly type: MachineType;
  /** As it was given. */
  readonly definition: string;
  readonly roleArn: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly revisionId: string;
  readonly tags: Readonly<Record<string, string>>;
  /** What is given back as it came: logging and tracing. */
  readonly extras: Readonly<Record<string, unknown>>;
}

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

export interface ExecutionRecord {
  readonly id: number;
  readonly arn: string;
  readonly machineArn: string;
  readonly name: string;
  readonly type: MachineType;
  readonly status: ExecutionStatus;
  /** Queue time, Unix ms. */
  readonly startedAtMs: number;
  readonly stoppedAtMs?: number;
  readonly input: string;
  readonly output?: string;
  readonly error?: string;
  readonly cause?: string;
  readonly traceHeader?: string;
  readonly roleArn: string;
  readonly revisionId: string;
  /** Somebody waits for its end: it is not begun again after a kill. */
  readonly once?: true;
}

export type NewExecution = Omit<ExecutionRecord, 'id' | 'status'>;

export interface Ending {
  readonly status: Exclude<ExecutionStatus, 'RUNNING'>;
  readonly stoppedAtMs: number;
  readonly output?: string;
  readonly error?: string;
  readonly cause?: string;
}

export interface HistoryEvent {
  readonly id: number;
  readonly previousEventId: number;
  readonly atMs: number;
  readonly type: string;
  readonly details: EventDetails;
}
