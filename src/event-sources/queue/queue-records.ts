/** Messages as functions get them, keys in the recorded order (contract 11.8). Pure. */

import type { QueueMessage, QueueMessageAttribute } from './queue-reader.js';

export interface QueueRecord {
  readonly message: QueueMessage;
  readonly record: Readonly<Record<string, unknown>>;
  /** As it stands in the event. */
  readonly json: string;
  readonly bytes: number;
}

/** Those that every message has come first. */
const ATTRIBUTE_ORDER = [
  'ApproximateReceiveCount',
  'AWSTraceHeader',
  'SentTimestamp',
  'SequenceNumber',
  'MessageGroupId',
  'SenderId',
  'MessageDeduplicationId',
  'ApproximateFirstReceiveTimestamp',
  'DeadLetterQueueSourceArn',
];

export function queueRecord(message: QueueMessage, sourceArn: string, region: string): QueueRecord {
  const record = {
    messageId: message.messageId,
    receiptHandle: message.receiptHandle,
    body: message.body,
    attributes: ordered(message.attributes),
    messageAttributes: Object.fromEntries(
      Object.entries(message.messageAttributes).map(([name, value]) => [name, attribute(value)]),
    ),
    md5OfMessageAttributes: message.md5OfMessageAttributes ?? null,
    md5OfBody: message.md5OfBody,
    eventSource: 'aws:sqs',
    eventSourceARN: sourceArn,
    awsRegion: region,
  };
  const json = JSON.stringify(record);
  return { message, record, json, bytes: Buffer.byteLength(json) };
}

export function groupOf({ attributes }: QueueMessage): string | undefined {
  return attributes['MessageGroupId'];
}

function attribute({ dataType, stringValue, binaryValue }: QueueMessageAttribute): object {
  return {
    ...(stringValue === undefined ? {} : { stringValue }),
    ...(binaryValue === undefined ? {} : { binaryValue }),
    stringListValues: [],
    binaryListValues: [],
    dataType,
  };
}

function ordered(attributes: Readonly<Record<string, string>>): Record<string, string> {
  const known = ATTRIBUTE_ORDER.filter((name) => attributes[name] !== undefined);
  const others = Object.keys(attributes).filter((name) => !ATTRIBUTE_ORDER.includes(name));
  return Object.fromEntries([...known, ...others].map((name) => [name, String(attributes[name])]));
}
