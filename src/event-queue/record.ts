/**
 * What destinations and dead-letter queues are told of an event that is over (contract 9.4, 9.5).
 * Pure. The event and the answer are put in as the bytes they are: nothing re-serialises them.
 */

import type { Outcome } from '../invocation/outcome.js';
import type { Condition, LastAttempt, QueuedEvent } from './queued-event.js';

/** An event and how it ended. */
export interface EndedEvent {
  readonly event: QueuedEvent;
  readonly payload: Buffer;
  readonly condition: Condition;
  readonly attempts: number;
  /** Of the last attempt, when there was one. */
  readonly last?: LastAttempt;
  /** Present when the function ran just now. */
  readonly outcome?: Outcome;
}

/** A message attribute of SQS and SNS. */
export interface MessageAttribute {
  readonly type: 'String' | 'Number';
  readonly value: string;
}

export interface DeadLetter {
  /** The event, unchanged. */
  readonly body: Buffer;
  readonly attributes: Readonly<Record<string, MessageAttribute>>;
}

const LATEST = '$LATEST';
const ZERO_CONCURRENCY =
  'Function not invoked. Function is configured with zero reserved concurrent executions';

/** The record as JSON text; its keys in the order of the contract. */
export function destinationRecord(ended: EndedEvent, nowMs: number): Buffer {
  const { event, payload, condition, attempts } = ended;
  const head = JSON.stringify({
    version: '1.0',
    timestamp: new Date(nowMs).toISOString(),
    requestContext: {
      requestId: event.requestId,
      functionArn: qualifiedArn(event),
      condition,
      approximateInvokeCount: attempts,
    },
  });
  return Buffer.concat([
    Buffer.from(`${head.slice(0, -1)},"requestPayload":`),
    payload,
    ...responseParts(ended),
    Buffer.from('}'),
  ]);
}

export function deadLetter({ event, payload, condition, last }: EndedEvent): DeadLetter {
  const requestId: MessageAttribute = { type: 'String', value: event.requestId };
  if (condition === 'ZeroReservedConcurrency') {
    const message: MessageAttribute = { type: 'String', value: ZERO_CONCURRENCY };
    return { body: payload, attributes: { RequestID: requestId, ErrorMessage: message } };
  }
  return {
    body: payload,
    attributes: {
      RequestID: requestId,
      ErrorCode: { type: 'Number', value: String(last?.status ?? 500) },
      ErrorMessage: { type: 'String', value: last?.error ?? condition },
    },
  };
}

/** Records name a qualifier always, `$LATEST` included. */
export function qualifiedArn({ invokedFunctionArn, qualifier }: QueuedEvent): string {
  return qualifier === undefined ? `${invokedFunctionArn}:${LATEST}` : invokedFunctionArn;
}

/** None of an event that was never run. */
function responseParts({ outcome, last, condition }: EndedEvent): Buffer[] {
  if (condition === 'ZeroReservedConcurrency') return [];
  if (outcome === undefined || outcome.kind === 'refused') {
    return last === undefined
      ? []
      : [contextOf(last.status, last.executedVersion, last.status === 200)];
  }
  const failed = outcome.kind === 'function-failed';
  return [
    contextOf(200, outcome.executedVersion, failed),
    Buffer.from(',"responsePayload":'),
    asJson(outcome.payload),
  ];
}

function contextOf(
  statusCode: number,
  executedVersion: string | undefined,
  failed: boolean,
): Buffer {
  const context = JSON.stringify({
    statusCode,
    ...(executedVersion === undefined ? {} : { executedVersion }),
    ...(failed ? { functionError: 'Unhandled' } : {}),
  });
  return Buffer.from(`,"responseContext":${context}`);
}

/** A runtime may answer anything; what is no JSON is told as text. */
function asJson(payload: Buffer): Buffer {
  const text = payload.toString('utf8');
  try {
    JSON.parse(text);
    return payload;
  } catch {
    return text === '' ? Buffer.from('null') : Buffer.from(JSON.stringify(text));
  }
}
