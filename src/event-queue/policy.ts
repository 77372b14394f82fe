/**
 * When an event is tried again and when it is over (contract 9.2, 9.3). Pure; times are queue time.
 *
 *  1. A function that failed runs again a minute after the first attempt and two minutes after the
 *     second, while retries are left.
 *  2. A throttle or a system error costs no attempt: back-off from one second to five minutes.
 *  3. What the function can never take is over at once.
 *  4. Whatever would come later than the maximum age is not tried any more.
 */

import type { ErrorCode, OrchestratorError } from '../errors.js';
import type { FunctionFailed, Outcome, Refused } from '../invocation/outcome.js';
import type {
  Condition,
  EventSettings,
  LastAttempt,
  Progress,
  QueuedEvent,
} from './queued-event.js';

export type Verdict =
  | { readonly kind: 'again'; readonly progress: Progress }
  | {
      readonly kind: 'over';
      readonly condition: Condition;
      readonly attempts: number;
      readonly last?: LastAttempt;
    }
  /** Nobody is left to run it. */
  | { readonly kind: 'gone' }
  /** The orchestrator stops: the next one makes this attempt anew. */
  | { readonly kind: 'kept' };

const MINUTE_MS = 60_000;
export const FIRST_BACKOFF_MS = 1_000;
const LONGEST_BACKOFF_MS = 5 * MINUTE_MS;
/** Of a message kept for people and for the dead-letter queue (contract 9.4). */
const LONGEST_ERROR = 1024;

/** Why the event is over before another attempt is made, if it is. */
export function overBefore(
  event: QueuedEvent,
  settings: EventSettings,
  nowMs: number,
): Condition | undefined {
  if (settings.reservedConcurrency === 0) return 'ZeroReservedConcurrency';
  return nowMs >= deadlineOf(event, settings) ? 'EventAgeExceeded' : undefined;
}

export function afterAttempt(
  event: QueuedEvent,
  outcome: Outcome,
  settings: EventSettings | undefined,
  nowMs: number,
): Verdict {
  switch (outcome.kind) {
    case 'succeeded':
      return { kind: 'over', condition: 'Success', attempts: event.attempts + 1 };
    case 'function-failed':
      return settings === undefined
        ? { kind: 'gone' }
        : afterFailure(event, outcome, settings, nowMs);
    case 'refused':
      if (outcome.error.code === 'shutting-down') return { kind: 'kept' };
      // What is there and was not found is an alias whose version went while the event waited.
      if (settings === undefined) return { kind: 'gone' };
      return HOPELESS.has(outcome.error.code)
        ? afterRefusal(event, outcome)
        : afterSetback(event, outcome, settings, nowMs);
  }
}

/** Would be refused again each time. */
const HOPELESS: ReadonlySet<ErrorCode> = new Set(['recursive-invocation', 'tenant-missing']);

function afterRefusal({ attempts }: QueuedEvent, { error }: Refused): Verdict {
  const last = { status: 400, error: cut(error.message) };
  return { kind: 'over', condition: 'RetriesExhausted', attempts, last };
}

function afterFailure(
  event: QueuedEvent,
  outcome: FunctionFailed,
  settings: EventSettings,
  nowMs: number,
): Verdict {
  const attempts = event.attempts + 1;
  const { executedVersion } = outcome;
  const last = { status: 200, error: errorTextOf(outcome), executedVersion };
  if (attempts > settings.maximumRetryAttempts) {
    return { kind: 'over', condition: 'RetriesExhausted', attempts, last };
  }
  const dueAtMs = nowMs + attempts * MINUTE_MS;
  return dueAtMs >= deadlineOf(event, settings)
    ? { kind: 'over', condition: 'EventAgeExceeded', attempts, last }
    : { kind: 'again', progress: { dueAtMs, attempts, setbacks: 0, last } };
}

/** Tried until the last moment: unlike a function's failure it may be over at any time. */
function afterSetback(
  event: QueuedEvent,
  { error }: Refused,
  settings: EventSettings,
  nowMs: number,
): Verdict {
  const { attempts } = event;
  const setbacks = event.setbacks + 1;
  const last = { status: statusOf(error), error: cut(error.message) };
  const backoffMs = Math.min(
    FIRST_BACKOFF_MS * 2 ** Math.min(setbacks - 1, 20),
    LONGEST_BACKOFF_MS,
  );
  const dueAtMs = Math.min(nowMs + backoffMs, deadlineOf(event, settings));
  return { kind: 'again', progress: { dueAtMs, attempts, setbacks, last } };
}

function deadlineOf(event: QueuedEvent, settings: EventSettings): number {
  return event.acceptedAtMs + settings.maximumEventAgeMs;
}

function statusOf(error: OrchestratorError): number {
  return error.code === 'throttled' || error.code === 'queue-full' ? 429 : 500;
}

/** The error message of the function's own answer; else its type. */
function errorTextOf({ payload, errorType }: FunctionFailed): string {
  try {
    const answer: unknown = JSON.parse(payload.toString('utf8'));
    if (typeof answer === 'object' && answer !== null && 'errorMessage' in answer) {
      const { errorMessage } = answer;
      if (typeof errorMessage === 'string' && errorMessage !== '') return cut(errorMessage);
    }
  } catch {
    // Not JSON: the platform does not enforce the shape (contract 1.4).
  }
  return errorType;
}

function cut(text: string): string {
  const bytes = Buffer.from(text);
  return bytes.length <= LONGEST_ERROR
    ? text
    : // A character that was cut in two goes whole.
      new TextDecoder('utf8').decode(bytes.subarray(0, LONGEST_ERROR), { stream: true });
}
