/** What the on-failure destination of a stream's mapping gets (contract 11.9). Pure. */

import { randomUUID } from 'node:crypto';
import type { TargetMessage } from '../../targets/targets.js';
import { parseArn } from '../../stack/arns.js';
import type { Entry } from './shard-buffer.js';

export type FailureCondition = 'RetryAttemptsExhausted' | 'RecordAgeExceeded';

/** The last invocation with a batch. */
export interface LastCall {
  readonly requestId: string;
  readonly executedVersion: string;
}

export interface FailedBatch {
  readonly uuid: string;
  readonly kind: 'kinesis' | 'dynamodb';
  readonly shardId: string;
  readonly streamArn: string;
  /** Unqualified. */
  readonly functionArn: string;
  readonly condition: FailureCondition;
  readonly calls: number;
  readonly entries: readonly Entry[];
  /** Absent when the function was not called with them. */
  readonly last?: LastCall;
  readonly nowMs: number;
}

const INFO_KEY = { kinesis: 'KinesisBatchInfo', dynamodb: 'DDBStreamBatchInfo' } as const;

export function failureMessage(batch: FailedBatch, destinationArn: string): TargetMessage {
  const record = failureRecord(batch);
  if (parseArn(destinationArn)?.service !== 's3') return { body: jsonOf(record) };
  const payload = { Records: batch.entries.map(({ record: { record: each } }) => each) };
  return { body: jsonOf({ ...record, payload }), key: keyOf(batch) };
}

function failureRecord(batch: FailedBatch): object {
  const { entries, last: call, nowMs } = batch;
  const first = entries[0];
  const last = entries.at(-1);
  return {
    requestContext: {
      requestId: call?.requestId ?? randomUUID(),
      functionArn: batch.functionArn,
      condition: batch.condition,
      approximateInvokeCount: batch.calls,
    },
    ...(call === undefined
      ? {}
      : {
          responseContext: {
            statusCode: 200,
            executedVersion: call.executedVersion,
            functionError: 'Unhandled',
          },
        }),
    version: '1.0',
    timestamp: new Date(nowMs).toISOString(),
    [INFO_KEY[batch.kind]]: {
      shardId: batch.shardId,
      startSequenceNumber: first?.record.sequenceNumber ?? '',
      endSequenceNumber: last?.record.sequenceNumber ?? '',
      approximateArrivalOfFirstRecord: arrivalOf(batch.kind, first),
      approximateArrivalOfLastRecord: arrivalOf(batch.kind, last),
      batchSize: entries.length,
      streamArn: batch.streamArn,
    },
  };
}

/** Tables know seconds only. */
function arrivalOf(kind: FailedBatch['kind'], entry: Entry | undefined): string {
  const text = new Date(entry?.record.arrivedAtMs ?? 0).toISOString();
  return kind === 'dynamodb' ? text.replace(/\.\d{3}Z$/, 'Z') : text;
}

function keyOf({ uuid, shardId, nowMs }: FailedBatch): string {
  const text = new Date(nowMs).toISOString();
  const day = text.slice(0, 10).replaceAll('-', '/');
  const second = text.slice(0, 19).replaceAll(':', '.');
  return `aws/lambda/${uuid}/${shardId}/${day}/${second}-${randomUUID()}`;
}

function jsonOf(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}
