import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import type { CloudWatchLogsEvent, S3Event, SNSEvent } from 'aws-lambda';
import { eventId, logsEvent } from '../../../src/notifications/logs-event.js';
import { busEvent, encodedKey, s3Record } from '../../../src/notifications/s3-event.js';
import { snsEvent } from '../../../src/notifications/sns-event.js';

const FACTS = {
  bucket: 'inbox',
  accountId: '123456789012',
  configurationId: 'cfg',
  sentMs: Date.UTC(2026, 0, 5, 10),
  messageId: 'm-1',
};

/** As moto writes it: keys encoded throughout, local time, and half of S3's members. */
function told(eventName: string, key = 'in%2Fred+flower.jpg') {
  return {
    eventVersion: '2.1',
    eventSource: 'aws:s3',
    awsRegion: 'eu-west-1',
    eventTime: '2026-01-05T11:00:00.123456',
    eventName,
    s3: {
      s3SchemaVersion: '1.0',
      configurationId: 'orchestrator',
      bucket: { name: 'inbox', arn: 'arn:aws:s3:::inbox' },
      object: { key, size: 1024, eTag: 'd41d' },
    },
  };
}

describe('events of buckets', () => {
  it('have every member that S3 gives them, in its order', () => {
    const { event, key, eventName } = s3Record(told('ObjectCreated:Put'), FACTS);
    const record: S3Event = { Records: [event as unknown as S3Event['Records'][0]] };
    expect(record.Records[0]).toEqual({
      eventVersion: '2.1',
      eventSource: 'aws:s3',
      awsRegion: 'eu-west-1',
      eventTime: '2026-01-05T10:00:00.000Z',
      eventName: 'ObjectCreated:Put',
      userIdentity: { principalId: expect.any(String) },
      requestParameters: { sourceIPAddress: expect.any(String) },
      responseElements: {
        'x-amz-request-id': expect.stringMatching(/^[0-9A-F]{16}$/),
        'x-amz-id-2': expect.any(String),
      },
      s3: {
        s3SchemaVersion: '1.0',
        configurationId: 'cfg',
        bucket: {
          name: 'inbox',
          ownerIdentity: { principalId: expect.any(String) },
          arn: 'arn:aws:s3:::inbox',
        },
        object: {
          key: 'in/red+flower.jpg',
          size: 1024,
          eTag: 'd41d',
          sequencer: expect.stringMatching(/^[0-9A-F]{18}$/),
        },
      },
    });
    expect(Object.keys(event)).toEqual([
      'eventVersion',
      'eventSource',
      'awsRegion',
      'eventTime',
      'eventName',
      'userIdentity',
      'requestParameters',
      'responseElements',
      's3',
    ]);
    expect({ key, eventName }).toEqual({
      key: 'in/red flower.jpg',
      eventName: 'ObjectCreated:Put',
    });
  });

  it('of deletions have no size, those of tags a later version', () => {
    const { event } = s3Record(told('s3:ObjectRemoved:Delete'), FACTS);
    const { object } = (event as unknown as S3Event['Records'][0]).s3;
    expect(Object.keys(object)).toEqual(['key', 'sequencer']);
    expect(s3Record(told('ObjectTagging:Put'), FACTS).event['eventVersion']).toBe('2.3');
  });

  it.each([
    ['ObjectCreated:Copy', '2.1', ['key', 'size', 'eTag', 'sequencer']],
    ['ObjectRemoved:DeleteMarkerCreated', '2.1', ['key', 'eTag', 'sequencer']],
    ['ObjectRestore:Completed', '2.1', ['key', 'size', 'eTag']],
    ['ObjectTagging:Put', '2.3', ['key', 'eTag']],
    ['ObjectAcl:Put', '2.3', ['key', 'eTag']],
    ['Replication:OperationNotTracked', '2.2', ['key', 'size', 'eTag']],
  ])('of the type %s have version %s and of their object %j', (type, version, members) => {
    const { event } = s3Record(told(type), FACTS);
    expect(event['eventVersion']).toBe(version);
    const { object } = (event as unknown as S3Event['Records'][0]).s3;
    expect(Object.keys(object)).toEqual(members);
  });

  it('keep what is told of a restoration', () => {
    const glacierEventData = { restoreEventData: { lifecycleRestoreStorageClass: 'GLACIER' } };
    const restored = { ...told('ObjectRestore:Completed'), glacierEventData };
    expect(s3Record(restored, FACTS).event['glacierEventData']).toEqual(glacierEventData);
    expect(s3Record(told('ObjectCreated:Put'), FACTS).event).not.toHaveProperty('glacierEventData');
  });

  it('keep what a fuller server tells, and their sequencers ascend', () => {
    const full = { ...told('ObjectCreated:Put'), eventTime: '2026-01-05T09:59:59.000Z' };
    expect(s3Record(full, FACTS).event['eventTime']).toBe('2026-01-05T09:59:59.000Z');
    const at = (sentMs: number): string => {
      const { event } = s3Record(told('ObjectCreated:Put'), { ...FACTS, sentMs });
      return (event as unknown as S3Event['Records'][0]).s3.object.sequencer;
    };
    expect([at(2), at(1), at(1_000_000)].sort()).toEqual([at(1), at(2), at(1_000_000)]);
    expect(at(5)).toBe(at(5));
  });

  it.each([
    ['plain.txt', 'plain.txt'],
    ['a b+c', 'a+b%2Bc'],
    ['ä/ß', '%C3%A4/%C3%9F'],
    ["it's (1)~!*", 'it%27s+%281%29%7E%21*'],
  ])('write the key %s as %s', (key, written) => {
    expect(encodedKey(key)).toBe(written);
  });

  it('are told to buses in EventBridge’s own shape', () => {
    const created = busEvent(s3Record(told('ObjectCreated:Put'), FACTS), FACTS);
    expect(created).toEqual({
      detailType: 'Object Created',
      detail: {
        version: '0',
        bucket: { name: 'inbox' },
        object: {
          key: 'in/red flower.jpg',
          size: 1024,
          etag: 'd41d',
          sequencer: expect.any(String),
        },
        'request-id': expect.any(String),
        requester: '123456789012',
        'source-ip-address': '127.0.0.1',
        reason: 'PutObject',
      },
    });
    const removed = busEvent(s3Record(told('ObjectRemoved:Delete'), FACTS), FACTS);
    expect(removed).toMatchObject({
      detailType: 'Object Deleted',
      detail: { 'deletion-type': 'Permanently Deleted' },
    });
    expect(busEvent(s3Record(told('ReducedRedundancyLostObject'), FACTS), FACTS)).toBeUndefined();
  });
});

describe('messages of topics', () => {
  const arn = 'arn:aws:sns:eu-west-1:123456789012:alerts:6f';
  const body = {
    Type: 'Notification',
    MessageId: 'm-1',
    TopicArn: 'arn:aws:sns:eu-west-1:123456789012:alerts',
    Message: 'hi',
    Timestamp: '2026-01-05T10:00:00.000Z',
    SignatureVersion: '1',
    Signature: 's',
    SigningCertURL: 'https://cert',
    UnsubscribeURL: 'https://elsewhere',
    MessageAttributes: { k: { Type: 'String', Value: 'v' }, n: { Type: 'Number', Value: 5 } },
  };

  it('are one record, spelled as functions get it', () => {
    const event = snsEvent(JSON.stringify(body), arn) as unknown as SNSEvent;
    expect(event).toEqual({
      Records: [
        {
          EventSource: 'aws:sns',
          EventVersion: '1.0',
          EventSubscriptionArn: arn,
          Sns: {
            Type: 'Notification',
            MessageId: 'm-1',
            TopicArn: body.TopicArn,
            Subject: null,
            Message: 'hi',
            Timestamp: body.Timestamp,
            SignatureVersion: '1',
            Signature: 's',
            SigningCertUrl: 'https://cert',
            UnsubscribeUrl: expect.stringContaining(`SubscriptionArn=${arn}`),
            MessageAttributes: {
              k: { Type: 'String', Value: 'v' },
              n: { Type: 'Number', Value: '5' },
            },
          },
        },
      ],
    });
  });

  it('without attributes have an empty map; what is no notification is none', () => {
    const { MessageAttributes: _, ...plain } = body;
    const event = snsEvent(JSON.stringify(plain), arn) as unknown as SNSEvent;
    expect(event.Records[0]?.Sns.MessageAttributes).toEqual({});
    expect(snsEvent('{"Type":"SubscriptionConfirmation"}', arn)).toBeUndefined();
    expect(snsEvent('no JSON', arn)).toBeUndefined();
  });
});

it('log events are compressed JSON in Base64, with ids that ascend', () => {
  const batch = {
    owner: '123456789012',
    logGroup: '/aws/lambda/orders',
    logStream: '2026/01/05/[$LATEST]0123',
    subscriptionFilters: ['Errors'],
    logEvents: [{ id: eventId(5, 'a'), timestamp: 5, message: 'ERROR no stock' }],
  };
  const event = JSON.parse(logsEvent(batch).toString()) as CloudWatchLogsEvent;
  const decoded: unknown = JSON.parse(
    gunzipSync(Buffer.from(event.awslogs.data, 'base64')).toString(),
  );
  expect(decoded).toEqual({ messageType: 'DATA_MESSAGE', ...batch });
  expect(eventId(5, 'a')).toMatch(/^\d{56}$/);
  expect(eventId(5, 'a') < eventId(6, 'b')).toBe(true);
});
