/** Records of streams as functions get them, keys in the recorded order (contract 11.10, 11.11). Pure. */

import type { _Record as KinesisRecord } from '@aws-sdk/client-kinesis';
import type { _Record as TableRecord } from '@aws-sdk/client-dynamodb-streams';
import { parseArn } from '../../stack/arns.js';
import type { StreamRecord } from './stream-reader.js';

export interface KinesisOrigin {
  readonly arn: string;
  readonly shardId: string;
  readonly roleArn: string;
}

export function kinesisRecord(from: KinesisRecord, origin: KinesisOrigin): StreamRecord {
  const { PartitionKey: partitionKey = '', SequenceNumber: sequenceNumber = '' } = from;
  const bytes = Buffer.from(from.Data ?? []);
  const arrivedAtMs = from.ApproximateArrivalTimestamp?.getTime() ?? 0;
  const kinesis = {
    kinesisSchemaVersion: '1.0',
    partitionKey,
    sequenceNumber,
    data: bytes.toString('base64'),
    approximateArrivalTimestamp: arrivedAtMs / 1000,
  };
  const record = {
    kinesis,
    eventSource: 'aws:kinesis',
    eventVersion: '1.0',
    eventID: `${origin.shardId}:${sequenceNumber}`,
    eventName: 'aws:kinesis:record',
    invokeIdentityArn: origin.roleArn,
    awsRegion: parseArn(origin.arn)?.region ?? '',
    eventSourceARN: origin.arn,
  };
  return {
    sequenceNumber,
    partitionKey,
    arrivedAtMs,
    record,
    // Patterns name what is inside `kinesis` as if it stood outside.
    filtered: { ...record, ...kinesis },
    text: bytes.toString('utf8'),
  };
}

export function tableRecord(from: TableRecord, arn: string): StreamRecord {
  const { dynamodb: change = {} } = from;
  const sequenceNumber = change.SequenceNumber ?? '';
  const arrivedAtMs = change.ApproximateCreationDateTime?.getTime() ?? 0;
  const keys = plain(change.Keys ?? {});
  const record = {
    eventID: from.eventID,
    eventName: from.eventName,
    eventVersion: '1.1',
    eventSource: 'aws:dynamodb',
    awsRegion: parseArn(arn)?.region ?? '',
    dynamodb: {
      ApproximateCreationDateTime: Math.floor(arrivedAtMs / 1000),
      Keys: keys,
      ...(change.NewImage === undefined ? {} : { NewImage: plain(change.NewImage) }),
      ...(change.OldImage === undefined ? {} : { OldImage: plain(change.OldImage) }),
      SequenceNumber: sequenceNumber,
      SizeBytes: change.SizeBytes,
      StreamViewType: change.StreamViewType,
    },
    ...(from.userIdentity === undefined
      ? {}
      : {
          userIdentity: {
            type: from.userIdentity.Type,
            principalId: from.userIdentity.PrincipalId,
          },
        }),
    eventSourceARN: arn,
  };
  return {
    sequenceNumber,
    partitionKey: JSON.stringify(keys),
    arrivedAtMs,
    record,
    filtered: record,
  };
}

/** Bytes become Base64, wherever they stand. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .map(([key, item]) => [key, plain(item)]),
  );
}
