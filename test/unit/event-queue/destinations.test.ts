import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { DestinationMessage, DestinationSender } from '../../../src/event-queue/delivery.js';
import {
  ARN_HEAD,
  EventBench,
  FAILS,
  HOUR,
  MINUTE,
  OK,
  SECOND,
} from '../../support/event-bench.js';
import { succeeded } from '../../support/fake-router.js';

let bench: EventBench;
beforeEach(() => {
  bench = new EventBench();
  bench.define('fn');
});
afterEach(() => bench.close());

describe('the end of an event', () => {
  const told = `${ARN_HEAD}told`;

  function records(): { payload: unknown; requestId: string; functionName: string }[] {
    return bench.attempts
      .filter(({ event }) => event.functionName === 'told')
      .map(({ event, payload }) => ({
        payload: JSON.parse(payload),
        requestId: event.requestId,
        functionName: event.functionName,
      }));
  }

  beforeEach(() => {
    bench.define('told');
    bench.define('fn', { onSuccessArn: told, onFailureArn: `${told}:live` });
    bench.answer = ({ event }) => (event.functionName === 'told' ? OK : FAILS);
  });

  it('reaches the on-failure function as an event of its own', async () => {
    const requestId = await bench.accept('fn', { order: 7 });
    await bench.clock.advanceAsync(HOUR);
    expect(records()).toEqual([
      {
        functionName: 'told',
        requestId: expect.not.stringContaining(requestId),
        payload: {
          version: '1.0',
          timestamp: new Date(bench.startedAtMs + 3 * MINUTE).toISOString(),
          requestContext: {
            requestId,
            functionArn: `${ARN_HEAD}fn:$LATEST`,
            condition: 'RetriesExhausted',
            approximateInvokeCount: 3,
          },
          requestPayload: { order: 7 },
          responseContext: {
            statusCode: 200,
            executedVersion: '$LATEST',
            functionError: 'Unhandled',
          },
          responsePayload: { errorMessage: 'no stock', errorType: 'StockError' },
        },
      },
    ]);
    expect(bench.attempts.at(-1)?.event).toMatchObject({
      qualifier: 'live',
      invokedFunctionArn: `${told}:live`,
    });
    expect(bench.queue.size).toBe(0);
  });

  it('reaches the on-success function', async () => {
    bench.answer = () => OK;
    const requestId = await bench.accept('fn');
    expect(records()).toEqual([
      expect.objectContaining({
        payload: expect.objectContaining({
          requestContext: expect.objectContaining({ requestId, condition: 'Success' }),
        }),
      }),
    ]);
  });

  it('of a function that may never run reaches the on-failure function at once', async () => {
    bench.define('fn', { reservedConcurrency: 0, onFailureArn: told });
    await bench.accept('fn');
    expect(records()).toEqual([
      expect.objectContaining({
        payload: expect.objectContaining({
          requestContext: expect.objectContaining({
            condition: 'ZeroReservedConcurrency',
            approximateInvokeCount: 0,
          }),
        }),
      }),
    ]);
  });

  it('that nobody here can be told is said and counted, and the event is over', async () => {
    bench.define('fn', { maximumRetryAttempts: 0, onFailureArn: 'arn:aws:sqs:us-east-1:1:q' });
    await bench.accept('fn');
    bench.define('fn', { maximumRetryAttempts: 0, onFailureArn: `${ARN_HEAD}missing` });
    await bench.accept('fn');
    bench.define('fn', {
      maximumRetryAttempts: 0,
      deadLetterTargetArn: 'arn:aws:sns:us-east-1:1:t',
    });
    await bench.accept('fn');
    expect(bench.queue.counts.undelivered).toBe(3);
    expect(bench.queue.size).toBe(0);
    expect(bench.warnings).toEqual([
      expect.stringMatching(/arn:aws:sqs:us-east-1:1:q: nothing but functions/),
      expect.stringMatching(/missing: there is no such function/),
      expect.stringMatching(/arn:aws:sns:us-east-1:1:t: nothing but functions/),
    ]);
  });

  it('that would make too large an event is not delivered', async () => {
    bench.answer = () => succeeded(JSON.stringify('x'.repeat(1024 * 1024)));
    await bench.accept('fn');
    expect(bench.warnings).toEqual([expect.stringContaining('at most 1048576')]);
    expect(bench.queue.size).toBe(0);
  });
});

describe('what is told to other services', () => {
  const QUEUE = 'arn:aws:sqs:us-east-1:123456789012:failed';
  const DEAD = 'arn:aws:sns:us-east-1:123456789012:dead';
  let sent: { arn: string; message: DestinationMessage }[];
  let ends: ((error?: Error) => void)[];
  const sender: DestinationSender = {
    send: (arn, message) => {
      sent.push({ arn, message });
      return new Promise((resolve, reject) => {
        ends.push((error) => (error === undefined ? resolve() : reject(error)));
      });
    },
  };

  beforeEach(async () => {
    sent = [];
    ends = [];
    await bench.restart({ sender });
    bench.define('fn', { maximumRetryAttempts: 0, onFailureArn: QUEUE });
    bench.answer = () => FAILS;
  });

  it('is the record, or the event itself for a dead-letter queue', async () => {
    const requestId = await bench.accept('fn', { order: 7 });
    bench.define('fn', { maximumRetryAttempts: 0, deadLetterTargetArn: DEAD });
    await bench.accept('fn', { order: 8 });
    expect(sent).toEqual([
      {
        arn: QUEUE,
        message: {
          kind: 'record',
          record: expect.any(Buffer),
          condition: 'RetriesExhausted',
          functionName: 'fn',
          functionArn: `${ARN_HEAD}fn:$LATEST`,
        },
      },
      {
        arn: DEAD,
        message: {
          kind: 'dead-letter',
          body: Buffer.from('{"order":8}'),
          attributes: expect.objectContaining({ ErrorCode: { type: 'Number', value: '200' } }),
        },
      },
    ]);
    const [first] = sent;
    if (first?.message.kind !== 'record') throw new Error('no record was sent');
    expect(JSON.parse(first.message.record.toString())).toMatchObject({
      requestContext: { requestId },
      requestPayload: { order: 7 },
    });
  });

  it('is sent again after a kill, unless it had arrived', async () => {
    await bench.accept('fn', { order: 1 });
    await bench.accept('fn', { order: 2 });
    ends[0]?.();
    await bench.clock.advanceAsync(SECOND);
    const [, lost] = sent;
    await bench.restart({ sender });
    expect(sent.slice(2)).toEqual([lost]);
    ends[2]?.();
    await bench.clock.advanceAsync(SECOND);
    await bench.restart({ sender });
    expect(sent).toHaveLength(3);
    // The function did not run again for it.
    expect(bench.attempts).toHaveLength(2);
  });

  it('is given up, said and counted when its target refuses it', async () => {
    const requestId = await bench.accept('fn');
    ends[0]?.(new Error('no such queue'));
    await bench.clock.advanceAsync(SECOND);
    expect(bench.queue.counts.undelivered).toBe(1);
    expect(bench.warnings).toEqual([
      `the end of the event ${requestId} of fn cannot be told to ${QUEUE}: no such queue`,
    ]);
    await bench.restart({ sender });
    expect(sent).toHaveLength(1);
  });

  it('is sent once, though the disk could not be read in between', async () => {
    const read = bench.store.deliveries.bind(bench.store);
    bench.store.deliveries = () => {
      bench.store.deliveries = read;
      throw new Error('the disk is away');
    };
    await bench.accept('fn', { order: 1 });
    await bench.clock.advanceAsync(10 * SECOND);
    await bench.accept('fn', { order: 2 });
    await bench.clock.advanceAsync(10 * SECOND);
    expect(sent).toHaveLength(2);
    expect(bench.queue.counts.failed).toBe(2);
    expect(bench.warnings).toEqual([expect.stringContaining('the disk is away')]);
  });

  it('waits on disk while many messages are on their way', async () => {
    for (let count = 0; count < 60; count += 1) await bench.accept('fn', { count });
    expect(sent).toHaveLength(50);
    for (let next = 0; next < 60; next += 1) {
      ends[next]?.();
      await bench.clock.advanceAsync(1);
    }
    expect(sent).toHaveLength(60);
    expect(bench.store.deliveries(1)).toEqual([]);
  });
});
