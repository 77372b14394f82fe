/** S3: notifications and batch operations (contract 11.6). */

import type { S3BatchEvent, S3Event, S3EventRecord } from 'aws-lambda';
import { bucketArn } from '../stack/arns.js';
import { objectKey, plain } from './codecs.js';
import type { Maker } from './maker.js';
import { records, type Field, type SampleKind, type SampleSource } from './sample.js';

const BUCKET = 'inbox';

const FIELDS: readonly Field[] = [
  { name: 'key', at: 'Records.*.s3.object.key', codec: objectKey },
  { name: 'bucket', at: 'Records.*.s3.bucket.name', codec: plain },
  { name: 'size', at: 'Records.*.s3.object.size', codec: plain },
];

/** Event names with the version of their structure and what the object has in them. */
const NOTIFICATIONS: Readonly<
  Record<string, { event: string; version: string; object: readonly string[] }>
> = {
  put: { event: 'ObjectCreated:Put', version: '2.1', object: ['size', 'eTag', 'sequencer'] },
  post: { event: 'ObjectCreated:Post', version: '2.1', object: ['size', 'eTag', 'sequencer'] },
  copy: { event: 'ObjectCreated:Copy', version: '2.1', object: ['size', 'eTag', 'sequencer'] },
  multipart: {
    event: 'ObjectCreated:CompleteMultipartUpload',
    version: '2.1',
    object: ['size', 'eTag', 'sequencer'],
  },
  delete: { event: 'ObjectRemoved:Delete', version: '2.1', object: ['sequencer'] },
  'delete-marker': {
    event: 'ObjectRemoved:DeleteMarkerCreated',
    version: '2.1',
    object: ['eTag', 'versionId', 'sequencer'],
  },
  'restore-start': { event: 'ObjectRestore:Post', version: '2.1', object: ['size', 'eTag'] },
  'restore-done': { event: 'ObjectRestore:Completed', version: '2.1', object: ['size', 'eTag'] },
  'restore-expired': { event: 'ObjectRestore:Delete', version: '2.3', object: ['eTag'] },
  'tags-put': { event: 'ObjectTagging:Put', version: '2.3', object: ['eTag'] },
  'tags-delete': { event: 'ObjectTagging:Delete', version: '2.3', object: ['eTag'] },
  acl: { event: 'ObjectAcl:Put', version: '2.3', object: ['eTag'] },
  expiration: { event: 'LifecycleExpiration:Delete', version: '2.3', object: [] },
  transition: { event: 'LifecycleTransition', version: '2.3', object: ['size', 'eTag'] },
  tiering: { event: 'IntelligentTiering', version: '2.3', object: ['size', 'eTag'] },
};

export const s3: SampleSource = {
  name: 's3',
  about: 'S3: something happened to an object',
  kinds: {
    ...Object.fromEntries(
      Object.entries(NOTIFICATIONS).map(([name, notification]): [string, SampleKind] => [
        name,
        {
          about: notification.event,
          make: (maker) => ({ Records: records(maker, () => recordOf(maker, notification)) }),
          fields: FIELDS,
          finish: nameTwice,
        },
      ]),
    ),
    test: { about: 's3:TestEvent, sent when notifications are set up', make: test },
    batch: { about: 'a task of S3 Batch Operations', make: batch },
  },
};

function recordOf(
  maker: Maker,
  { event, version, object }: { event: string; version: string; object: readonly string[] },
): S3EventRecord {
  const all = {
    size: 1024,
    eTag: maker.hex(32),
    versionId: maker.base64(32).replace(/[+/]/g, '_'),
    sequencer: maker.hex(18).toUpperCase().padStart(18, '0'),
  };
  const present = Object.fromEntries(Object.entries(all).filter(([name]) => object.includes(name)));
  return {
    eventVersion: version,
    eventSource: 'aws:s3',
    awsRegion: maker.region,
    eventTime: maker.iso(),
    eventName: event,
    userIdentity: { principalId: `AWS:AIDA${maker.upper(17)}` },
    requestParameters: { sourceIPAddress: '198.51.100.7' },
    responseElements: {
      'x-amz-request-id': maker.upper(16),
      'x-amz-id-2': `${maker.base64(75)}=`,
    },
    s3: {
      s3SchemaVersion: '1.0',
      configurationId: maker.uuid(),
      bucket: {
        name: BUCKET,
        ownerIdentity: { principalId: `A${maker.upper(13)}` },
        arn: bucketArn(BUCKET),
      },
      // What an object has depends on the event; the types know only the fullest form.
      object: { key: 'orders/o-1.json', ...present } as S3EventRecord['s3']['object'],
    },
    ...(event === 'ObjectRestore:Completed' ? { glacierEventData: restored(maker) } : {}),
  };
}

function restored(maker: Maker) {
  return {
    restoreEventData: {
      lifecycleRestorationExpiryTime: maker.iso(86_400_000),
      lifecycleRestoreStorageClass: 'GLACIER',
    },
  };
}

function nameTwice(event: unknown, isSet: (path: string) => boolean): void {
  for (const [index, { s3: about }] of (event as S3Event).Records.entries()) {
    if (!isSet(`Records.${index}.s3.bucket.arn`)) about.bucket.arn = bucketArn(about.bucket.name);
  }
}

function test(maker: Maker) {
  return {
    Service: 'Amazon S3',
    Event: 's3:TestEvent',
    Time: maker.iso(),
    Bucket: BUCKET,
    RequestId: maker.upper(16),
    HostId: `${maker.base64(75)}=`,
  };
}

function batch(maker: Maker): S3BatchEvent {
  return {
    invocationSchemaVersion: '1.0',
    invocationId: `${maker.base64(54)}==`,
    job: { id: maker.uuid() },
    tasks: records(maker, (index) => ({
      taskId: maker.base64(32),
      s3Key: `orders/o-${index + 1}.json`,
      s3VersionId: null,
      s3BucketArn: bucketArn(BUCKET),
    })),
  };
}
