/** What the admin API and its client say to each other, beyond the types of `view.ts`. */

import type { EnvironmentStatus, FunctionStatus, LogLine, SourceStatus } from '../view.js';

export const ADMIN_PREFIX = '/_orchestrator/';

/** `GET status`, or `GET status?memory=1` */
export interface StatusAnswer {
  readonly functions: readonly FunctionStatus[];
  readonly environments: readonly EnvironmentStatus[];
  /** Where queues, buckets and the like are, once something has asked for them. */
  readonly services?: string;
}

/** `GET logs` */
export interface LogsAnswer {
  readonly lines: readonly LogLine[];
}

/** `GET sources` */
export interface SourcesAnswer {
  readonly sources: readonly SourceStatus[];
}

/** One line of `GET logs?follow=1`: a log line, or what happened to the stream. */
export type FollowItem =
  | LogLine
  /** The reader was too slow; this many lines were left out here. */
  | { readonly skipped: number }
  /** The orchestrator stops; nothing follows. */
  | { readonly ended: 'stopped' };

/** `POST stop` */
export interface StopRequest {
  readonly mode: 'drain' | 'now';
  readonly keepServices?: boolean;
}

/** `POST time` */
export interface AdvanceRequest {
  readonly advanceMs: number;
}

/** Body of every answer that is not a success. */
export interface AdminFailure {
  readonly message: string;
}

/** Events of one answer, whatever there is. */
export const MOST_LISTED_EVENTS = 1000;

/** `POST aws/{service}`: what `X-Amz-Target` is at the service. */
export const AWS_TARGET_HEADER = 'x-orchestrator-target';
