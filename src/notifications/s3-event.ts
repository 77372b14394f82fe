/** What S3 tells of an object, as functions get it (contract 11.6). Pure. */

import { createHash } from 'node:crypto';
import { map, type Map } from '../config/map.js';

export interface S3Facts {
  readonly bucket: string;
  readonly accountId: string;
  /** The notification's. */
  readonly configurationId: string;
  /** When it happened, Unix ms, for servers that tell no usable time. */
  readonly sentMs: number;
  readonly messageId: string;
}

const VERSION = '2.1';
/** Of events that came to S3 later. */
const LATER_VERSIONS: readonly (readonly [RegExp, string])[] = [
  [/^Replication/, '2.2'],
  [
    /^(ObjectTagging|ObjectAcl|LifecycleTransition|LifecycleExpiration|IntelligentTiering|ObjectRestore:Delete)/,
    '2.3',
  ],
];
const DELETED = 'ObjectRemoved:Delete';
/** Events that tell nothing of how large the object is. */
const SIZELESS = /^(ObjectRemoved|ObjectTagging|ObjectAcl)/;
/** Those that a sequencer puts in order. */
const SEQUENCED = /^Object(Created|Removed)/;
/** What some events tell beside `s3`. */
const DATA = [
  'glacierEventData',
  'replicationEventData',
  'intelligentTieringEventData',
  'lifecycleEventData',
];
const UTC_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const PREFIX = /^s3:/;

export interface S3Record {
  /** Without `s3:`. */
  readonly eventName: string;
  /** As it is in the bucket. */
  readonly key: string;
  readonly event: Map;
}

/** A record in the shape of S3's: what the server tells, and what S3 would add. */
export function s3Record(told: Map, facts: S3Facts): S3Record {
  const { bucket, accountId, configurationId, sentMs, messageId } = facts;
  const eventName = String(told['eventName']).replace(PREFIX, '');
  const object = map(map(told['s3'])['object']);
  const key = decodedKey(String(object['key']));
  const { eventTime } = told;
  const isTime = typeof eventTime === 'string' && UTC_TIME.test(eventTime);
  const id = createHash('sha256').update(messageId).digest('hex').toUpperCase();
  const event = {
    eventVersion: LATER_VERSIONS.find(([pattern]) => pattern.test(eventName))?.[1] ?? VERSION,
    eventSource: 'aws:s3',
    awsRegion: told['awsRegion'],
    eventTime: new Date(isTime ? eventTime : sentMs).toISOString(),
    eventName,
    userIdentity: told['userIdentity'] ?? { principalId: `AWS:${accountId}` },
    requestParameters: told['requestParameters'] ?? { sourceIPAddress: '127.0.0.1' },
    responseElements: told['responseElements'] ?? {
      'x-amz-request-id': id.slice(0, 16),
      'x-amz-id-2': Buffer.from(id, 'hex').toString('base64'),
    },
    s3: {
      s3SchemaVersion: '1.0',
      configurationId,
      bucket: {
        name: bucket,
        ownerIdentity: map(map(told['s3'])['bucket'])['ownerIdentity'] ?? {
          principalId: `A${accountId}`,
        },
        arn: `arn:aws:s3:::${bucket}`,
      },
      object: {
        key: encodedKey(key),
        ...(SIZELESS.test(eventName) ? {} : { size: object['size'] }),
        ...(eventName === DELETED ? {} : { eTag: object['eTag'] }),
        ...(object['versionId'] === undefined ? {} : { versionId: object['versionId'] }),
        ...sequenced(eventName, object['sequencer'] ?? sequencer(sentMs, id)),
      },
    },
    ...Object.fromEntries(
      DATA.filter((name) => told[name] !== undefined).map((name) => [name, told[name]]),
    ),
  };
  return { eventName, key, event };
}

/** As S3 writes keys in events: `red flower.jpg` is `red+flower.jpg`, slashes stay. */
export function encodedKey(key: string): string {
  return encodeURIComponent(key)
    .replace(/%20/g, '+')
    .replace(/%2F/g, '/')
    .replace(/[!'()~]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
}

function decodedKey(key: string): string {
  try {
    return decodeURIComponent(key.replace(/\+/g, ' '));
  } catch {
    return key;
  }
}

function sequenced(eventName: string, order: unknown): object {
  return SEQUENCED.test(eventName) ? { sequencer: order } : {};
}

/** Ascends with time; the same when the message comes again. */
function sequencer(sentMs: number, id: string): string {
  return `${sentMs.toString(16).toUpperCase().padStart(12, '0')}${id.slice(0, 6)}`;
}

const DETAIL_TYPES: readonly (readonly [RegExp, string])[] = [
  [/^ObjectCreated/, 'Object Created'],
  [/^(ObjectRemoved|LifecycleExpiration)/, 'Object Deleted'],
  [/^ObjectRestore:Post/, 'Object Restore Initiated'],
  [/^ObjectRestore:Completed/, 'Object Restore Completed'],
  [/^ObjectRestore:Delete/, 'Object Restore Expired'],
  [/^LifecycleTransition/, 'Object Storage Class Changed'],
  [/^IntelligentTiering/, 'Object Access Tier Changed'],
  [/^ObjectAcl/, 'Object ACL Updated'],
  [/^ObjectTagging:Put/, 'Object Tags Added'],
  [/^ObjectTagging:Delete/, 'Object Tags Deleted'],
];
const REASONS: Readonly<Record<string, string>> = {
  'ObjectCreated:Put': 'PutObject',
  'ObjectCreated:Post': 'POST Object',
  'ObjectCreated:Copy': 'CopyObject',
  'ObjectCreated:CompleteMultipartUpload': 'CompleteMultipartUpload',
  'ObjectRemoved:Delete': 'DeleteObject',
  'ObjectRemoved:DeleteMarkerCreated': 'DeleteObject',
};
const DELETIONS: Readonly<Record<string, string>> = {
  'ObjectRemoved:Delete': 'Permanently Deleted',
  'ObjectRemoved:DeleteMarkerCreated': 'Delete Marker Created',
};

/** The same for EventBridge; undefined for what it is not told of. */
export function busEvent(
  { eventName, key, event }: S3Record,
  { bucket, accountId }: S3Facts,
): { readonly detailType: string; readonly detail: Map } | undefined {
  const detailType = DETAIL_TYPES.find(([pattern]) => pattern.test(eventName))?.[1];
  if (detailType === undefined) return undefined;
  const { eTag, size, versionId, sequencer: order } = map(map(event['s3'])['object']);
  const { [eventName]: reason } = REASONS;
  const { [eventName]: deletion } = DELETIONS;
  const detail = {
    version: '0',
    bucket: { name: bucket },
    object: {
      key,
      ...(size === undefined ? {} : { size }),
      ...(eTag === undefined ? {} : { etag: eTag }),
      ...(versionId === undefined ? {} : { 'version-id': versionId }),
      ...(order === undefined ? {} : { sequencer: order }),
    },
    'request-id': map(event['responseElements'])['x-amz-request-id'],
    requester: accountId,
    'source-ip-address': map(event['requestParameters'])['sourceIPAddress'],
    ...(reason === undefined ? {} : { reason }),
    ...(deletion === undefined ? {} : { 'deletion-type': deletion }),
  };
  return { detailType, detail };
}
