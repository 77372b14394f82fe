import { describe, expect, it } from '@jest/globals';
import { deadLetter, destinationRecord, type EndedEvent } from '../../../src/event-queue/record.js';
import { ARN_HEAD, FAILS, OK, THROTTLED } from '../../support/event-bench.js';
import { succeeded } from '../../support/fake-router.js';

const NOW = Date.UTC(2026, 0, 5, 10, 0, 9, 120);

function ended(parts: Partial<EndedEvent> = {}): EndedEvent {
  return {
    event: {
      id: 1,
      requestId: '0b5c',
      functionName: 'orders',
      invokedFunctionArn: `${ARN_HEAD}orders`,
      traceId: 't',
      acceptedAtMs: 0,
      dueAtMs: 0,
      attempts: 2,
      setbacks: 0,
      payloadBytes: 13,
    },
    payload: Buffer.from('{"orderId": 9007199254740993}'),
    condition: 'RetriesExhausted',
    attempts: 3,
    last: { status: 200, error: 'no stock', executedVersion: '$LATEST' },
    outcome: FAILS,
    ...parts,
  };
}

function recordOf(parts: Partial<EndedEvent>): unknown {
  return JSON.parse(destinationRecord(ended(parts), NOW).toString());
}

describe('the record of a destination', () => {
  it('is the contract’s, with the event and the answer as the bytes they were', () => {
    expect(destinationRecord(ended(), NOW).toString()).toBe(
      '{"version":"1.0","timestamp":"2026-01-05T10:00:09.120Z",' +
        '"requestContext":{"requestId":"0b5c","functionArn":"arn:aws:lambda:us-east-1:123456789012:function:orders:$LATEST","condition":"RetriesExhausted","approximateInvokeCount":3},' +
        '"requestPayload":{"orderId": 9007199254740993},' +
        '"responseContext":{"statusCode":200,"executedVersion":"$LATEST","functionError":"Unhandled"},' +
        '"responsePayload":{"errorMessage":"no stock","errorType":"StockError"}}',
    );
  });

  it('of a success has no function error', () => {
    expect(recordOf({ condition: 'Success', attempts: 1, outcome: OK })).toMatchObject({
      requestContext: { condition: 'Success', approximateInvokeCount: 1 },
      responseContext: { statusCode: 200, executedVersion: '$LATEST' },
      responsePayload: 'done',
    });
    const record = recordOf({ condition: 'Success', outcome: OK }) as {
      responseContext: object;
    };
    expect(record.responseContext).not.toHaveProperty('functionError');
  });

  it('names the qualifier that was called', () => {
    const { event } = ended();
    const live = {
      ...event,
      qualifier: 'live',
      invokedFunctionArn: `${event.invokedFunctionArn}:live`,
    };
    expect(recordOf({ event: live })).toMatchObject({
      requestContext: { functionArn: `${ARN_HEAD}orders:live` },
    });
  });

  it('of an event that grew too old says how the last attempt ended', () => {
    const last = { status: 429, error: 'Rate Exceeded.' };
    const record = recordOf({
      condition: 'EventAgeExceeded',
      attempts: 0,
      last,
      outcome: THROTTLED,
    });
    expect(record).toMatchObject({ responseContext: { statusCode: 429 } });
    expect(record).not.toHaveProperty('responsePayload');
  });

  it('of an event that never ran has no response', () => {
    const { outcome: _, last: __, ...never } = ended({ condition: 'ZeroReservedConcurrency' });
    const record = JSON.parse(
      destinationRecord({ ...never, attempts: 0 }, NOW).toString(),
    ) as object;
    expect(Object.keys(record)).toEqual([
      'version',
      'timestamp',
      'requestContext',
      'requestPayload',
    ]);
  });

  it('tells an answer that is no JSON as text', () => {
    const outcome = (payload: string) => ({
      condition: 'Success' as const,
      outcome: succeeded(payload),
    });
    expect(recordOf(outcome('a "b"'))).toMatchObject({ responsePayload: 'a "b"' });
    expect(recordOf(outcome(''))).toMatchObject({ responsePayload: null });
  });
});

describe('the message for a dead-letter queue', () => {
  it('is the event, unchanged, with three attributes', () => {
    expect(deadLetter(ended())).toEqual({
      body: Buffer.from('{"orderId": 9007199254740993}'),
      attributes: {
        RequestID: { type: 'String', value: '0b5c' },
        ErrorCode: { type: 'Number', value: '200' },
        ErrorMessage: { type: 'String', value: 'no stock' },
      },
    });
  });

  it('of an event that was throttled to the end has the status of that', () => {
    const last = { status: 429, error: 'Rate Exceeded.' };
    const { attributes } = deadLetter(ended({ condition: 'EventAgeExceeded', last }));
    expect(attributes['ErrorCode']).toEqual({ type: 'Number', value: '429' });
  });
});
