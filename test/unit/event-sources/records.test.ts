import { describe, expect, it } from '@jest/globals';
import { queueRecord } from '../../../src/event-sources/queue/queue-records.js';
import { withSeconds } from '../../../src/event-sources/stream/kinesis-handler.js';
import { failureMessage } from '../../../src/event-sources/stream/failure-record.js';
import type { Entry } from '../../../src/event-sources/stream/shard-buffer.js';
import { kinesisRecord, tableRecord } from '../../../src/event-sources/stream/stream-records.js';

const STREAM = 'arn:aws:kinesis:eu-west-1:000000000000:stream/clicks';
const TABLE = 'arn:aws:dynamodb:eu-west-1:000000000000:table/orders/stream/2026-01-05T10:00:00.000';
const AT = new Date('2026-01-05T10:00:00.123Z');

/** Contract 11.8, 11.10, 11.11: to the letter, order of keys included. */
describe('records', () => {
  it('of a FIFO queue', () => {
    const { json } = queueRecord(
      {
        messageId: 'm-1',
        receiptHandle: 'rh',
        body: '{"foo":1}',
        attributes: {
          SenderId: 'AIDA',
          MessageGroupId: 'g',
          ApproximateFirstReceiveTimestamp: '1767607200004',
          SequenceNumber: '18',
          MessageDeduplicationId: 'd',
          ApproximateReceiveCount: '1',
          SentTimestamp: '1767607200000',
        },
        messageAttributes: {
          k: { dataType: 'String', stringValue: 'v' },
          b: { dataType: 'Binary', binaryValue: 'AQI=' },
        },
        md5OfBody: 'e4e6',
        md5OfMessageAttributes: 'a1',
      },
      'arn:aws:sqs:eu-west-1:000000000000:orders.fifo',
      'eu-west-1',
    );
    expect(json).toBe(
      '{"messageId":"m-1","receiptHandle":"rh","body":"{\\"foo\\":1}",' +
        '"attributes":{"ApproximateReceiveCount":"1","SentTimestamp":"1767607200000","SequenceNumber":"18",' +
        '"MessageGroupId":"g","SenderId":"AIDA","MessageDeduplicationId":"d","ApproximateFirstReceiveTimestamp":"1767607200004"},' +
        '"messageAttributes":{"k":{"stringValue":"v","stringListValues":[],"binaryListValues":[],"dataType":"String"},' +
        '"b":{"binaryValue":"AQI=","stringListValues":[],"binaryListValues":[],"dataType":"Binary"}},' +
        '"md5OfMessageAttributes":"a1","md5OfBody":"e4e6","eventSource":"aws:sqs",' +
        '"eventSourceARN":"arn:aws:sqs:eu-west-1:000000000000:orders.fifo","awsRegion":"eu-west-1"}',
    );
  });

  it('of a Kinesis stream', () => {
    const { record, text, arrivedAtMs } = kinesisRecord(
      {
        PartitionKey: 'p1',
        SequenceNumber: '49',
        Data: Buffer.from('{"a":1}'),
        ApproximateArrivalTimestamp: AT,
      },
      { arn: STREAM, shardId: 'shardId-000000000000', roleArn: 'arn:aws:iam::000000000000:role/r' },
    );
    expect(JSON.stringify(record)).toBe(
      '{"kinesis":{"kinesisSchemaVersion":"1.0","partitionKey":"p1","sequenceNumber":"49","data":"eyJhIjoxfQ==",' +
        '"approximateArrivalTimestamp":1767607200.123},"eventSource":"aws:kinesis","eventVersion":"1.0",' +
        '"eventID":"shardId-000000000000:49","eventName":"aws:kinesis:record",' +
        '"invokeIdentityArn":"arn:aws:iam::000000000000:role/r","awsRegion":"eu-west-1",' +
        `"eventSourceARN":"${STREAM}"}`,
    );
    expect([text, arrivedAtMs]).toEqual(['{"a":1}', AT.getTime()]);
  });

  it('of a table', () => {
    const { record } = tableRecord(
      {
        eventID: 'e-1',
        eventName: 'REMOVE',
        eventVersion: '1.0',
        awsRegion: 'us-east-1',
        dynamodb: {
          ApproximateCreationDateTime: AT,
          Keys: { id: { S: 'a' } },
          OldImage: {
            id: { S: 'a' },
            n: { N: '1' },
            b: { B: Buffer.from([1, 2]) },
            l: { L: [{ BOOL: true }] },
          },
          SequenceNumber: '11',
          SizeBytes: 26,
          StreamViewType: 'NEW_AND_OLD_IMAGES',
        },
        userIdentity: { Type: 'Service', PrincipalId: 'dynamodb.amazonaws.com' },
      },
      TABLE,
    );
    expect(JSON.stringify(record)).toBe(
      '{"eventID":"e-1","eventName":"REMOVE","eventVersion":"1.1","eventSource":"aws:dynamodb","awsRegion":"eu-west-1",' +
        '"dynamodb":{"ApproximateCreationDateTime":1767607200,"Keys":{"id":{"S":"a"}},' +
        '"OldImage":{"id":{"S":"a"},"n":{"N":"1"},"b":{"B":"AQI="},"l":{"L":[{"BOOL":true}]}},' +
        '"SequenceNumber":"11","SizeBytes":26,"StreamViewType":"NEW_AND_OLD_IMAGES"},' +
        '"userIdentity":{"type":"Service","principalId":"dynamodb.amazonaws.com"},' +
        `"eventSourceARN":"${TABLE}"}`,
    );
  });
});

describe('the time a stream was made', () => {
  it.each([
    ['"2026-01-05T10:00:00.500"', '1767607200.5'],
    ['"2026-01-05T10:00:00+00:00"', '1767607200'],
    ['"2026-01-05T10:00:00Z"', '1767607200'],
    ['1767607200.5', '1767607200.5'],
    ['"yesterday"', '0'],
  ])('written as %s is read', (written, seconds) => {
    const answer = (time: string): string => `{"a":{"StreamCreationTimestamp": ${time},"b":1}}`;
    expect(withSeconds(answer(written))).toBe(answer(seconds));
  });
});

describe('what is told of a batch that was given up', () => {
  const entry = (sequenceNumber: string, at: Date): Entry => ({
    record: {
      sequenceNumber,
      partitionKey: 'p',
      arrivedAtMs: at.getTime(),
      record: { n: sequenceNumber },
      filtered: {},
    },
    json: '',
    bytes: 0,
    arrivedAtMs: 0,
    readAtMs: 0,
    isDone: false,
  });
  const batch = {
    uuid: 'u-1',
    shardId: 'shardId-000000000000',
    functionArn: 'arn:aws:lambda:eu-west-1:000000000000:function:worker',
    calls: 2,
    entries: [entry('7', AT), entry('9', new Date(AT.getTime() + 1_000))],
    nowMs: Date.parse('2026-01-05T10:01:02.500Z'),
  };
  const ofStream = { ...batch, kind: 'kinesis', streamArn: STREAM } as const;

  it('is metadata for queues and topics', () => {
    const message = failureMessage(
      {
        ...ofStream,
        condition: 'RetryAttemptsExhausted',
        last: { requestId: 'r-1', executedVersion: '$LATEST' },
      },
      'arn:aws:sqs:eu-west-1:000000000000:failed',
    );
    expect(message.body.toString()).toBe(
      '{"requestContext":{"requestId":"r-1","functionArn":"arn:aws:lambda:eu-west-1:000000000000:function:worker",' +
        '"condition":"RetryAttemptsExhausted","approximateInvokeCount":2},' +
        '"responseContext":{"statusCode":200,"executedVersion":"$LATEST","functionError":"Unhandled"},' +
        '"version":"1.0","timestamp":"2026-01-05T10:01:02.500Z",' +
        '"KinesisBatchInfo":{"shardId":"shardId-000000000000","startSequenceNumber":"7","endSequenceNumber":"9",' +
        '"approximateArrivalOfFirstRecord":"2026-01-05T10:00:00.123Z","approximateArrivalOfLastRecord":"2026-01-05T10:00:01.123Z",' +
        `"batchSize":2,"streamArn":"${STREAM}"}}`,
    );
    expect(message.key).toBeUndefined();
  });

  it('has the records for buckets, under a key of the day', () => {
    const message = failureMessage(
      { ...ofStream, condition: 'RetryAttemptsExhausted' },
      'arn:aws:s3:::failed',
    );
    expect(JSON.parse(message.body.toString())).toMatchObject({
      payload: { Records: [{ n: '7' }, { n: '9' }] },
    });
    expect(message.key).toMatch(
      /^aws\/lambda\/u-1\/shardId-000000000000\/2026\/01\/05\/2026-01-05T10\.01\.02-[0-9a-f-]{36}$/,
    );
  });

  it('has no answer of the function where there was none, and seconds for tables', () => {
    const { body } = failureMessage(
      { ...batch, kind: 'dynamodb', streamArn: TABLE, condition: 'RecordAgeExceeded', calls: 0 },
      'arn:aws:sns:eu-west-1:000000000000:failed',
    );
    const record = JSON.parse(body.toString()) as Record<string, object>;
    expect(Object.keys(record)).toEqual([
      'requestContext',
      'version',
      'timestamp',
      'DDBStreamBatchInfo',
    ]);
    expect(record['DDBStreamBatchInfo']).toMatchObject({
      approximateArrivalOfFirstRecord: '2026-01-05T10:00:00Z',
    });
    expect(record['requestContext']).toMatchObject({ condition: 'RecordAgeExceeded' });
  });
});
