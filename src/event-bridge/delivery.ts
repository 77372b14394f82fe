/** What is on its way to a target, and what comes of an attempt that failed (contract 11.13). Pure. */

import type { TargetError, TargetMessage } from '../targets/targets.js';

export interface Delivery {
  readonly arn: string;
  readonly body: Buffer;
  readonly about: DeliveryAbout;
}

export interface DeliveryAbout {
  /** What sends it. */
  readonly origin: RuleOrigin | ScheduleOrigin;
  readonly message?: Omit<TargetMessage, 'body'>;
  readonly retry: RetryLimits;
  readonly deadLetterArn?: string;
  /** What the dead-letter queue gets, where it is not the body: the event as it matched. */
  readonly event?: string;
  /** Buses it has gone through. */
  readonly hops?: number;
  /** The body holds the attempt's number. */
  readonly numbered?: true;
  /** It is on its way to the dead-letter queue. */
  readonly dead?: true;
}

export interface RuleOrigin {
  readonly kind: 'rule';
  readonly name: string;
  readonly arn: string;
}

export interface ScheduleOrigin {
  readonly kind: 'schedule';
  readonly name: string;
  readonly arn: string;
  readonly executionId: string;
  /** ISO 8601. */
  readonly scheduledTime: string;
}

export interface RetryLimits {
  readonly maximumAgeSeconds: number;
  readonly maximumAttempts: number;
}

export const DEFAULT_RETRY: RetryLimits = { maximumAgeSeconds: 86_400, maximumAttempts: 185 };

/** Back-off: 185 attempts fill some 24 hours. */
const FIRST_BACKOFF_MS = 1_000;
const LONGEST_BACKOFF_MS = 600_000;

export interface Attempted {
  readonly firstAtMs: number;
  /** This one included. */
  readonly attempts: number;
  readonly nowMs: number;
}

export type Exhausted = 'MaximumRetryAttempts' | 'MaximumEventAgeInSeconds';

export type AfterFailure =
  | { readonly kind: 'again'; readonly dueAtMs: number }
  | { readonly kind: 'over'; readonly exhausted?: Exhausted };

/** `random` from 0 to 1. */
export function afterFailure(
  { retryable }: Pick<TargetError, 'retryable'>,
  { maximumAgeSeconds, maximumAttempts }: RetryLimits,
  { firstAtMs, attempts, nowMs }: Attempted,
  random: number,
): AfterFailure {
  if (!retryable) return { kind: 'over' };
  if (attempts > maximumAttempts) return { kind: 'over', exhausted: 'MaximumRetryAttempts' };
  const longest = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (attempts - 1));
  const dueAtMs = nowMs + (longest / 2) * (1 + random);
  return dueAtMs - firstAtMs > maximumAgeSeconds * 1000
    ? { kind: 'over', exhausted: 'MaximumEventAgeInSeconds' }
    : { kind: 'again', dueAtMs };
}

/** What goes to the dead-letter queue; undefined when there is none. */
export function deadLetterOf(
  { arn, body, about }: Delivery,
  error: Pick<TargetError, 'code' | 'message'>,
  { attempts, exhausted }: { readonly attempts: number; readonly exhausted?: Exhausted },
): Delivery | undefined {
  const { origin, deadLetterArn, event, dead } = about;
  if (deadLetterArn === undefined || dead === true) return undefined;
  const texts: Record<string, string> = {
    ...(origin.kind === 'rule'
      ? { RULE_ARN: origin.arn }
      : {
          SCHEDULE_ARN: origin.arn,
          EXECUTION_ID: origin.executionId,
          SCHEDULED_TIME: origin.scheduledTime,
          IS_PAYLOAD_TRUNCATED: 'false',
        }),
    TARGET_ARN: arn,
    ERROR_CODE: origin.kind === 'rule' ? codeOfRules(error.code) : error.code,
    ERROR_MESSAGE: error.message,
    RETRY_ATTEMPTS: String(attempts - 1),
    ...(exhausted === undefined ? {} : { EXHAUSTED_RETRY_CONDITION: exhausted }),
  };
  const attributes = Object.fromEntries(
    Object.entries(texts).map(([name, value]) => [name, { type: 'String' as const, value }]),
  );
  return {
    arn: deadLetterArn,
    body: event === undefined ? body : Buffer.from(event),
    about: {
      origin,
      message: { attributes },
      retry: DEFAULT_RETRY,
      dead: true,
    },
  };
}

/** EventBridge has a few codes of its own for what targets say. */
function codeOfRules(code: string): string {
  return CODES.find(([theirs]) => theirs.test(code))?.[1] ?? 'ERROR_FROM_TARGET';
}

const CODES: readonly (readonly [RegExp, string])[] = [
  [/not-?found|nonexistent|nosuch|doesnotexist/i, 'NO_RESOURCE'],
  [/throttl|toomanyrequests|slowdown/i, 'THROTTLING'],
  [/timeout|timedout/i, 'TIMEOUT'],
  [/^E[A-Z]+$|unavailable|network/i, 'CONNECTION_FAILURE'],
  [/parameter|validation|toolarge|sizeexceeded/i, 'INVALID_PARAMETER'],
];
