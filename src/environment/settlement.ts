/**
 * One invocation while an environment has it: from dispatch to the one answer. Turns the way it
 * ended into an outcome (contract section 5) and nothing more.
 */

import type { Clock } from '../async/clock.js';
import { randomHex } from '../async/random.js';
import { OrchestratorError } from '../errors.js';
import type { FunctionVersion } from '../function/function-version.js';
import type { FunctionFailed, Outcome, Succeeded } from '../invocation/outcome.js';
import {
  extensionFailed,
  launchFailed,
  responseTooLarge,
  runtimeExited,
  timedOut,
} from '../invocation/platform-errors.js';
import type { ContainerExit } from '../engine/engine.js';
import type { Delivery } from './channel.js';
import type { Posted } from './post.js';
import type { ExtensionFailure } from './extensions.js';
import type { EndReason, StartStory } from './cause.js';
import type { Assignment } from './assignment.js';
import { launchProblemOf } from './launch-problem.js';
import { StreamedResponse, type StreamedResponseParts } from './streamed-response.js';

export type Ending =
  | { readonly kind: 'posted'; readonly posted: Posted | 'too-large' }
  | { readonly kind: 'timed-out' }
  | { readonly kind: 'exited'; readonly exit: ContainerExit }
  | { readonly kind: 'extension-failed'; readonly failure: ExtensionFailure }
  | { readonly kind: 'init-failed'; readonly payload: Buffer; readonly contentType: string }
  | { readonly kind: 'restore-failed'; readonly errorType: string }
  | { readonly kind: 'restore-timed-out' }
  | { readonly kind: 'lost'; readonly reason: EndReason };

export interface Finished {
  readonly outcome: Outcome;
  readonly durationMs: number;
  readonly status: 'succeeded' | 'error' | 'timeout' | 'refused';
  readonly errorType?: string;
  /** What the platform has to say about it in the log, besides END and REPORT. */
  readonly platformReason?: string;
  /** Of the runtime, when it gave one. */
  readonly response?: ResponseMeasure;
  /** Of the duration, what extensions went on for after the response (contract 7.2). */
  readonly extensionOverheadMs?: number;
}

export interface ResponseMeasure {
  /** From dispatch to its first byte. */
  readonly latencyMs: number;
  /** From its first byte to its last. */
  readonly durationMs: number;
  readonly bytes: number;
}

export interface Dispatch {
  /** Monotonic ms. */
  readonly dispatchedAt: number;
  /** Unix ms. */
  readonly dispatchedAtMs: number;
  /** Unix ms. */
  readonly deadlineMs: number;
  readonly story: StartStory;
}

/** It is dispatched now. */
export function dispatched(
  clock: Clock,
  { timeoutSeconds }: FunctionVersion,
  story: StartStory,
): Dispatch {
  const dispatchedAtMs = clock.now();
  return {
    dispatchedAt: clock.monotonic(),
    dispatchedAtMs,
    deadlineMs: dispatchedAtMs + timeoutSeconds * 1000,
    story,
  };
}

type OpenResponse = Omit<StreamedResponseParts, 'requestId' | 'sink'>;

const INVOCATION_ID_BYTES = 16;

export class Settlement {
  readonly assignment: Assignment;
  readonly version: FunctionVersion;
  #dispatch: Dispatch;
  /** The journal has written START for it. */
  begun = false;

  constructor(assignment: Assignment, version: FunctionVersion, dispatch: Dispatch) {
    this.assignment = assignment;
    this.version = version;
    this.#dispatch = dispatch;
  }

  get dispatch(): Dispatch {
    return this.#dispatch;
  }
  get requestId(): string {
    return this.assignment.request.requestId;
  }
  get wantsTail(): boolean {
    return this.assignment.request.tail;
  }
  get story(): StartStory {
    return this.dispatch.story;
  }

  /** Its time begins now: what came before was no part of it. */
  dispatchAgain(clock: Clock): void {
    this.#dispatch = dispatched(clock, this.version, this.#dispatch.story);
  }

  delivery(): Delivery {
    const { request } = this.assignment;
    return {
      requestId: request.requestId,
      invocationId: randomHex(INVOCATION_ID_BYTES),
      deadlineMs: this.dispatch.deadlineMs,
      invokedFunctionArn: request.invokedFunctionArn,
      traceId: request.traceId,
      clientContext: request.clientContext,
      tenantId: request.tenantId,
      contentType: request.contentType,
      payload: request.payload,
    };
  }

  /** Its response begins to arrive. */
  openResponse(parts: OpenResponse): StreamedResponse {
    const { requestId, sink } = this.assignment.request;
    sink?.begin({ contentType: parts.contentType, executedVersion: this.version.version });
    return new StreamedResponse({ ...parts, requestId, sink });
  }

  finish(ending: Ending, now: number): Finished {
    const durationMs = Math.max(0, now - this.dispatch.dispatchedAt);
    switch (ending.kind) {
      case 'posted':
        return this.#posted(ending.posted, durationMs);
      case 'timed-out': {
        const error = timedOut(this.requestId, this.version.timeoutSeconds);
        return {
          durationMs: Math.max(durationMs, this.version.timeoutSeconds * 1000),
          status: 'timeout',
          ...this.#failed(error.payload, error.errorType),
          platformReason: error.reason,
        };
      }
      case 'exited': {
        const { exit } = ending;
        const launch = launchProblemOf(this.version, exit);
        const error =
          launch === undefined
            ? runtimeExited(this.requestId, exit.exitCode)
            : launchFailed(this.requestId, launch);
        return {
          durationMs,
          status: 'error',
          ...this.#failed(error.payload, error.errorType),
          platformReason: error.reason,
        };
      }
      case 'extension-failed': {
        const error = extensionFailed(this.requestId, ending.failure);
        return {
          durationMs,
          status: 'error',
          ...this.#failed(error.payload, error.errorType),
          platformReason: error.reason,
        };
      }
      case 'init-failed': {
        const errorType = errorTypeOf(ending.payload, undefined);
        return {
          durationMs,
          status: 'error',
          ...this.#failed(ending.payload, errorType, ending.contentType),
        };
      }
      case 'restore-failed':
        return { durationMs, ...notRestored(ending.kind, RESTORE_FAILED, ending.errorType) };
      case 'restore-timed-out':
        return { durationMs, ...notRestored(ending.kind, RESTORE_TIMED_OUT, 'Sandbox.Timedout') };
      case 'lost':
        return { durationMs, status: 'refused', outcome: { kind: 'refused', error: lost(ending) } };
    }
  }

  /**
   * What became of it after the response, while extensions were still at work: they finished, or
   * did not, as `ending` says. Its outcome stands.
   */
  extended(
    finished: Finished,
    ending: Ending | undefined,
    { now, runtimeOverheadMs = 0 }: { now: number; runtimeOverheadMs?: number | undefined },
  ): Finished {
    const { durationMs: responseMs, outcome } = finished;
    const late = ending === undefined ? undefined : this.finish(ending, now);
    const durationMs = late?.durationMs ?? Math.max(responseMs, now - this.dispatch.dispatchedAt);
    const extensionOverheadMs = Math.max(0, durationMs - responseMs - runtimeOverheadMs);
    return { ...(late ?? finished), durationMs, outcome, extensionOverheadMs };
  }

  /** Hands the outcome to whoever asked. The environment calls it once. */
  answer(finished: Finished, logTail?: Buffer): void {
    const { outcome } = finished;
    this.assignment.settle(
      logTail === undefined || outcome.kind === 'refused' ? outcome : { ...outcome, logTail },
    );
  }

  /** What comes in one piece begins and ends at once, as far as can be seen from here. */
  #measure({ payload, streamed }: Posted, durationMs: number): ResponseMeasure {
    if (streamed === undefined) {
      return { latencyMs: durationMs, durationMs: 0, bytes: payload.length };
    }
    const latencyMs = Math.max(0, streamed.beganAt - this.dispatch.dispatchedAt);
    return { latencyMs, durationMs: durationMs - latencyMs, bytes: streamed.bytes };
  }

  #posted(posted: Posted | 'too-large', durationMs: number): Finished {
    if (posted === 'too-large') {
      const error = responseTooLarge();
      return { durationMs, status: 'error', ...this.#failed(error.payload, error.errorType) };
    }
    const response = this.#measure(posted, durationMs);
    if (posted.kind === 'error') {
      const errorType = errorTypeOf(posted.payload, posted.errorTypeHeader);
      const failed = this.#failed(posted.payload, errorType, posted.contentType);
      return { durationMs, status: 'error', ...failed, response };
    }
    const outcome: Succeeded = {
      kind: 'succeeded',
      payload: posted.payload,
      contentType: posted.contentType,
      executedVersion: this.version.version,
    };
    return { durationMs, status: 'succeeded', outcome, response };
  }

  #failed(
    payload: Buffer,
    errorType: string,
    contentType = 'application/json',
  ): { outcome: FunctionFailed; errorType: string } {
    const executedVersion = this.version.version;
    return {
      errorType,
      outcome: { kind: 'function-failed', payload, contentType, executedVersion, errorType },
    };
  }
}

function lost(ending: { readonly reason: EndReason }): OrchestratorError {
  return ending.reason === 'shutdown'
    ? new OrchestratorError('shutting-down', 'the orchestrator stopped during the invocation')
    : new OrchestratorError('environment-failed', 'the environment was lost during the invocation');
}

function notRestored(
  code: 'restore-failed' | 'restore-timed-out',
  message: string,
  errorType: string,
): Omit<Finished, 'durationMs'> {
  const error = new OrchestratorError(code, message);
  return { status: 'refused', errorType, outcome: { kind: 'refused', error } };
}

/** The words of the service model. */
const RESTORE_FAILED =
  'The afterRestore() runtime hook encountered an error. For more information, check the Amazon CloudWatch logs.';
const RESTORE_TIMED_OUT = "Lambda couldn't restore the snapshot within the timeout limit.";

const LONGEST_PARSED_ERROR = 256 * 1024;

/** For REPORT and the record only: the payload itself is passed on as it is (contract 1.10). */
export function errorTypeOf(payload: Buffer, header: string | undefined): string {
  if (header !== undefined && /(Runtime|Function)\.[A-Z][a-zA-Z]+/.test(header)) return header;
  if (payload.length <= LONGEST_PARSED_ERROR) {
    try {
      const body: unknown = JSON.parse(payload.toString('utf8'));
      if (typeof body === 'object' && body !== null && 'errorType' in body) {
        if (typeof body.errorType === 'string') return body.errorType;
      }
    } catch {
      // Not JSON: the platform does not enforce the shape (contract 1.4).
    }
  }
  return header?.startsWith('Function.') === true ? 'Function.Unknown' : 'Runtime.Unknown';
}
