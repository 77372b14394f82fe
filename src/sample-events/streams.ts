/** Kinesis and DynamoDB streams, and Firehose (contract 11.9–11.11). */

import type {
  DynamoDBRecord,
  DynamoDBStreamEvent,
  FirehoseTransformationEvent,
  KinesisStreamEvent,
  KinesisStreamTumblingWindowEvent,
} from 'aws-lambda';
import { base64, item, plain } from './codecs.js';
import type { Maker } from './maker.js';
import { records, type Field, type SampleKind, type SampleSource } from './sample.js';

const SHARD = 'shardId-000000000000';

const KINESIS_FIELDS: readonly Field[] = [
  { name: 'data', at: 'Records.*.kinesis.data', codec: base64 },
  { name: 'partitionKey', at: 'Records.*.kinesis.partitionKey', codec: plain },
];

export const kinesis: SampleSource = {
  name: 'kinesis',
  about: 'Kinesis: records of a data stream',
  kinds: {
    records: {
      about: 'a batch',
      make: kinesisEvent,
      fields: KINESIS_FIELDS,
      finish: nameRecords,
    },
    window: {
      about: 'a batch of a tumbling window',
      make: (maker): KinesisStreamTumblingWindowEvent & { shardId: string } => ({
        ...kinesisEvent(maker),
        ...windowOf(maker, maker.arn('kinesis', 'stream/clicks')),
      }),
      fields: KINESIS_FIELDS,
      free: ['state'],
      finish: nameRecords,
    },
  },
};

export const firehose: SampleSource = {
  name: 'firehose',
  about: 'Firehose: records to be transformed',
  kinds: {
    transformation: {
      about: 'from direct puts',
      make: transformation,
      fields: [{ name: 'data', at: 'records.*.data', codec: base64 }],
    },
  },
};

const CHANGES: Readonly<Record<string, { name: 'INSERT' | 'MODIFY' | 'REMOVE'; about: string }>> = {
  insert: { name: 'INSERT', about: 'an item was put' },
  modify: { name: 'MODIFY', about: 'an item was changed' },
  remove: { name: 'REMOVE', about: 'an item was deleted' },
  ttl: { name: 'REMOVE', about: 'an item’s time to live was over' },
};

export const dynamodb: SampleSource = {
  name: 'dynamodb',
  about: 'DynamoDB: records of a table’s stream',
  kinds: {
    ...Object.fromEntries(
      Object.entries(CHANGES).map(([kind, { name, about }]): [string, SampleKind] => [
        kind,
        {
          about,
          make: (maker): DynamoDBStreamEvent => ({
            Records: records(maker, (index) =>
              change(maker, { name, index, byTtl: kind === 'ttl' }),
            ),
          }),
          fields: itemFields(name),
        },
      ]),
    ),
    window: {
      about: 'a batch of a tumbling window',
      make: (maker) => ({
        Records: records(maker, (index) => change(maker, { name: 'INSERT', index, byTtl: false })),
        ...windowOf(maker, tableStream(maker)),
      }),
      fields: itemFields('INSERT'),
      free: ['state'],
    },
  },
};

function kinesisEvent(maker: Maker): KinesisStreamEvent {
  return {
    Records: records(maker, (index) => {
      const sequenceNumber = `4959${maker.digits(52)}`;
      return {
        kinesis: {
          kinesisSchemaVersion: '1.0',
          partitionKey: `p-${index + 1}`,
          sequenceNumber,
          data: base64.encode({ page: '/', visit: index + 1 }) as string,
          approximateArrivalTimestamp: maker.nowMs / 1000,
        },
        eventSource: 'aws:kinesis',
        eventVersion: '1.0',
        eventID: `${SHARD}:${sequenceNumber}`,
        eventName: 'aws:kinesis:record',
        invokeIdentityArn: `arn:aws:iam::${maker.accountId}:role/clicks`,
        awsRegion: maker.region,
        eventSourceARN: maker.arn('kinesis', 'stream/clicks'),
      };
    }),
  };
}

function nameRecords(event: unknown, isSet: (path: string) => boolean): void {
  for (const [index, record] of (event as KinesisStreamEvent).Records.entries()) {
    if (isSet(`Records.${index}.eventID`)) continue;
    record.eventID = `${SHARD}:${record.kinesis.sequenceNumber}`;
  }
}

function windowOf(maker: Maker, eventSourceARN: string) {
  const start = Math.floor(maker.nowMs / 60_000) * 60_000 - maker.nowMs;
  return {
    window: { start: maker.isoSeconds(start), end: maker.isoSeconds(start + 60_000) },
    state: {},
    shardId: SHARD,
    eventSourceARN,
    isFinalInvokeForWindow: false,
    isWindowTerminatedEarly: false,
  };
}

function transformation(maker: Maker): FirehoseTransformationEvent {
  return {
    invocationId: maker.uuid(),
    deliveryStreamArn: maker.arn('firehose', 'deliverystream/clicks'),
    region: maker.region,
    records: records(maker, (index) => ({
      recordId: `4959${maker.digits(52)}`,
      approximateArrivalTimestamp: maker.nowMs,
      data: base64.encode({ page: '/', visit: index + 1 }) as string,
    })),
  };
}

function tableStream(maker: Maker): string {
  return maker.arn('dynamodb', `table/orders/stream/${maker.iso(-3_600_000).slice(0, -1)}`);
}

function itemFields(name: string): Field[] {
  const image = (short: string | undefined, at: string): Field => ({
    ...(short === undefined ? {} : { name: short }),
    at: `Records.*.dynamodb.${at}`,
    codec: item,
  });
  return [
    image(name === 'REMOVE' ? undefined : 'item', 'NewImage'),
    image(name === 'REMOVE' ? 'item' : 'old', 'OldImage'),
    image('keys', 'Keys'),
  ];
}

function change(
  maker: Maker,
  { name, index, byTtl }: { name: 'INSERT' | 'MODIFY' | 'REMOVE'; index: number; byTtl: boolean },
): DynamoDBRecord {
  const id = { S: `o-${index + 1}` };
  const before = { orderId: id, quantity: { N: '1' }, status: { S: 'placed' } };
  const after = { orderId: id, quantity: { N: '2' }, status: { S: 'placed' } };
  return {
    eventID: maker.hex(32),
    eventName: name,
    eventVersion: '1.1',
    eventSource: 'aws:dynamodb',
    awsRegion: maker.region,
    dynamodb: {
      ApproximateCreationDateTime: Math.floor(maker.nowMs / 1000),
      Keys: { orderId: id },
      ...(name === 'REMOVE' ? {} : { NewImage: after }),
      ...(name === 'INSERT' ? {} : { OldImage: before }),
      SequenceNumber: `${maker.digits(1)}00000000${maker.digits(12)}`,
      SizeBytes: name === 'MODIFY' ? 69 : 41,
      StreamViewType: 'NEW_AND_OLD_IMAGES',
    },
    ...(byTtl ? { userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' } } : {}),
    eventSourceARN: tableStream(maker),
  };
}
