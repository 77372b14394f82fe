/** Messages of SQS queues (contract 11.8). */

import { createHash } from 'node:crypto';
import type { SQSEvent, SQSRecord } from 'aws-lambda';
import { plain, text } from './codecs.js';
import type { Maker } from './maker.js';
import { records, type Field, type SampleSource } from './sample.js';

const FIELDS: readonly Field[] = [
  { name: 'body', at: 'Records.*.body', codec: text },
  { name: 'attributes', at: 'Records.*.messageAttributes', codec: plain },
  { name: 'group', at: 'Records.*.attributes.MessageGroupId', codec: plain },
];
const FREE = ['Records.*.messageAttributes'];

export const sqs: SampleSource = {
  name: 'sqs',
  about: 'SQS: messages of a queue',
  kinds: {
    standard: {
      about: 'a standard queue',
      make: (maker) => eventOf(maker, 'orders'),
      fields: FIELDS,
      free: FREE,
      finish: sum,
    },
    fifo: {
      about: 'a FIFO queue',
      make: (maker) => eventOf(maker, 'orders.fifo'),
      fields: FIELDS,
      free: FREE,
      finish: sum,
    },
  },
};

function eventOf(maker: Maker, queue: string): SQSEvent {
  const event = { Records: records(maker, (index) => recordOf(maker, queue, index)) };
  sum(event, () => false);
  return event;
}

function recordOf(maker: Maker, queue: string, index: number): SQSRecord {
  const isFifo = queue.endsWith('.fifo');
  return {
    messageId: maker.uuid(),
    receiptHandle: `AQEB${maker.base64(180)}==`,
    body: JSON.stringify({ orderId: `o-${index + 1}`, quantity: 2 }),
    attributes: {
      ApproximateReceiveCount: '1',
      SentTimestamp: String(maker.nowMs),
      ...(isFifo
        ? {
            SequenceNumber: `188${maker.digits(17)}`,
            MessageGroupId: 'customer-1',
          }
        : {}),
      SenderId: `AIDA${maker.upper(17)}`,
      ...(isFifo ? { MessageDeduplicationId: maker.hex(64) } : {}),
      ApproximateFirstReceiveTimestamp: String(maker.nowMs + 4),
    },
    messageAttributes: {},
    // Null where there are no attributes, as on AWS; the types do not know that.
    md5OfMessageAttributes: null as unknown as string,
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: maker.arn('sqs', queue),
    awsRegion: maker.region,
  };
}

function sum(event: unknown, isSet: (path: string) => boolean): void {
  for (const [index, record] of (event as SQSEvent).Records.entries()) {
    const path = `Records.${index}`;
    if (!isSet(`${path}.md5OfBody`)) record.md5OfBody = md5(record.body);
    const { messageAttributes } = record;
    if (!isSet(`${path}.md5OfMessageAttributes`) && Object.keys(messageAttributes).length > 0) {
      record.md5OfMessageAttributes = md5(attributeBytes(messageAttributes));
    }
  }
}

/** As SQS sums attributes up: names, types and values in the order of names, each with its length. */
function attributeBytes(attributes: SQSRecord['messageAttributes']): Buffer {
  const sized = (value: Buffer): Buffer[] => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(value.length);
    return [length, value];
  };
  return Buffer.concat(
    Object.entries(attributes)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .flatMap(([name, { dataType, stringValue, binaryValue }]) => [
        ...sized(Buffer.from(name)),
        ...sized(Buffer.from(String(dataType))),
        Buffer.from([stringValue === undefined ? 2 : 1]),
        ...sized(
          stringValue === undefined
            ? Buffer.from(String(binaryValue ?? ''), 'base64')
            : Buffer.from(String(stringValue)),
        ),
      ]),
  );
}

function md5(data: string | Buffer): string {
  return createHash('md5').update(data).digest('hex');
}
