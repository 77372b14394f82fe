import { expect, it } from '@jest/globals';
import type { DestinationMessage } from '../../../src/event-queue/delivery.js';
import { destinationSender, targetMessage } from '../../../src/targets/destination-sender.js';
import { Targets, type TargetMessage } from '../../../src/targets/targets.js';

const NOW = Date.UTC(2026, 0, 5, 10, 0, 9, 120);
const PLACE = 'us-east-1:123456789012';
const FUNCTION = `arn:aws:lambda:${PLACE}:function:orders:$LATEST`;
const BUS = `arn:aws:events:${PLACE}:event-bus/default`;

function record(condition: 'Success' | 'RetriesExhausted'): DestinationMessage {
  return {
    kind: 'record',
    record: Buffer.from('{"version":"1.0"}'),
    condition,
    functionName: 'orders',
    functionArn: FUNCTION,
  };
}

it('queues and topics are told the record alone', () => {
  const body = Buffer.from('{"version":"1.0"}');
  expect(targetMessage(`arn:aws:sqs:${PLACE}:q`, record('Success'), NOW)).toEqual({ body });
  expect(targetMessage(`arn:aws:sns:${PLACE}:t`, record('Success'), NOW)).toEqual({ body });
});

it('buses are told an event of lambda, with the bus and the function as its resources', () => {
  const detailType = 'Lambda Function Invocation Result';
  expect(targetMessage(BUS, record('Success'), NOW).event).toEqual({
    source: 'lambda',
    detailType: `${detailType} - Success`,
    resources: [BUS, FUNCTION],
  });
  expect(targetMessage(BUS, record('RetriesExhausted'), NOW).event?.detailType).toBe(
    `${detailType} - Failure`,
  );
});

it('buckets get an object by function and time', () => {
  const { key } = targetMessage('arn:aws:s3:::failed', record('RetriesExhausted'), NOW);
  expect(key).toMatch(
    /^aws\/lambda\/async\/orders\/2026\/01\/05\/2026-01-05T10\.00\.09-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  );
});

it('dead letters are the event, unchanged, with what went wrong as attributes', () => {
  const attributes = { RequestID: { type: 'String', value: 'r-1' } } as const;
  const body = Buffer.from('{"order": 7}');
  const letter = { kind: 'dead-letter', body, attributes } as const;
  expect(targetMessage(`arn:aws:sqs:${PLACE}:q`, letter, NOW)).toEqual({ body, attributes });
});

it('nothing is sent before what the template declares is there', async () => {
  const targets = new Targets();
  const sent: TargetMessage[] = [];
  targets.serve('sqs', async (_, message) => {
    sent.push(message);
    await Promise.resolve();
  });
  let isReady: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => (isReady = resolve));
  const sender = destinationSender({ targets, ready: () => ready, now: () => NOW });
  const sending = sender.send(`arn:aws:sqs:${PLACE}:q`, record('Success'));
  await Promise.resolve();
  expect(sent).toEqual([]);
  isReady();
  await sending;
  expect(sent).toHaveLength(1);
});
