/**
 * `AWS::S3::Bucket`, its notifications as CloudFormation, CDK and SAM write them (contract 11.6,
 * 12.2).
 */

import { bucketArn, parseArn } from '../../../stack/arns.js';
import type { NotificationDefinition } from '../../../stack/service-resources.js';
import { overlaps } from '../../../stack/s3-rules.js';
import { map } from '../../map.js';
import { nearestOf } from '../../problems.js';
import { UNRESOLVED } from '../intrinsics.js';
import type { DeclaredEvent, DeclaredResource, ResourceType } from '../parts.js';
import { Properties } from '../properties.js';
import { bucketNameOf } from './naming.js';

const NAME = {
  pattern: /^(?!xn--|\d+\.\d+\.\d+\.\d+$)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
  expected: '3 to 63 lower-case letters, digits, - and ., as bucket names are',
};
const EVENTS = [
  's3:IntelligentTiering',
  's3:LifecycleExpiration:*',
  's3:LifecycleExpiration:Delete',
  's3:LifecycleExpiration:DeleteMarkerCreated',
  's3:LifecycleTransition',
  's3:ObjectAcl:Put',
  's3:ObjectCreated:*',
  's3:ObjectCreated:CompleteMultipartUpload',
  's3:ObjectCreated:Copy',
  's3:ObjectCreated:Post',
  's3:ObjectCreated:Put',
  's3:ObjectRemoved:*',
  's3:ObjectRemoved:Delete',
  's3:ObjectRemoved:DeleteMarkerCreated',
  's3:ObjectRestore:*',
  's3:ObjectRestore:Completed',
  's3:ObjectRestore:Delete',
  's3:ObjectRestore:Post',
  's3:ObjectTagging:*',
  's3:ObjectTagging:Delete',
  's3:ObjectTagging:Put',
  's3:ReducedRedundancyLostObject',
  's3:Replication:*',
  's3:Replication:OperationFailedReplication',
  's3:Replication:OperationMissedThreshold',
  's3:Replication:OperationNotTracked',
  's3:Replication:OperationReplicatedAfterThreshold',
] as const;
const EXPECTED_EVENTS = 'events of S3, such as s3:ObjectCreated:* or s3:ObjectRemoved:Delete';
/** How each of the three ways of writing names things. */
interface Words {
  readonly lists: readonly (readonly [list: string, target: string])[];
  readonly events: string;
  readonly filter: string;
  readonly rules: string;
}
const CLOUDFORMATION: Words = {
  lists: [
    ['LambdaConfigurations', 'Function'],
    ['QueueConfigurations', 'Queue'],
    ['TopicConfigurations', 'Topic'],
  ],
  events: 'Event',
  filter: 'S3Key',
  rules: 'Rules',
};
/** Of the S3 API, as CDK's custom resource hands it on. */
const API: Words = {
  lists: [
    ['LambdaFunctionConfigurations', 'LambdaFunctionArn'],
    ['QueueConfigurations', 'QueueArn'],
    ['TopicConfigurations', 'TopicArn'],
  ],
  events: 'Events',
  filter: 'Key',
  rules: 'FilterRules',
};

export const bucket: ResourceType = {
  identify(logicalId, properties, { region }) {
    const name = bucketNameOf(logicalId, properties);
    return {
      ref: name,
      attributes: {
        Arn: bucketArn(name),
        DomainName: `${name}.s3.amazonaws.com`,
        RegionalDomainName: `${name}.s3.${region}.amazonaws.com`,
        DualStackDomainName: `${name}.s3.dualstack.${region}.amazonaws.com`,
        WebsiteURL: `http://${name}.s3-website.${region}.amazonaws.com`,
      },
    };
  },

  read(resource) {
    const { path, logicalId, properties, context } = resource;
    const own = new Properties(`${path}.Properties`, properties, context);
    own.text('BucketName', NAME);
    const name = bucketNameOf(logicalId, properties);
    const versioning = own
      .map('VersioningConfiguration')
      ?.oneOf('Status', ['Enabled', 'Suspended']);
    const written = own.map('NotificationConfiguration');
    const toBus = written?.map('EventBridgeConfiguration');
    const eventBridge = toBus !== undefined && toBus.flag('EventBridgeEnabled') !== false;
    const notifications = notificationsOf(written, CLOUDFORMATION, resource);
    own.ignore('permissions are not checked here', ...ACCESS);
    own.ignore('objects are not encrypted here', 'BucketEncryption');
    own.ignore('tags have no meaning here', 'Tags');
    own.rest();
    takeBucket(
      {
        path,
        name,
        ...(versioning === 'Enabled' ? { versioning: true } : {}),
        ...(eventBridge ? { eventBridge: true } : {}),
        notifications,
      },
      context,
    );
  },
};

const ACCESS = ['AccessControl', 'OwnershipControls', 'PublicAccessBlockConfiguration'];

/** What CDK makes a bucket's notifications with. */
export const bucketNotifications: ResourceType = {
  read(resource) {
    const { path, properties, context } = resource;
    const own = new Properties(`${path}.Properties`, properties, context);
    const name = own.text('BucketName');
    const written = own.map('NotificationConfiguration');
    const eventBridge = written?.map('EventBridgeConfiguration') !== undefined;
    const notifications = notificationsOf(written, API, resource);
    for (const property of ['ServiceToken', 'Managed', 'SkipDestinationValidation']) {
      own.any(property);
    }
    own.rest();
    if (name === undefined) return;
    const bucket = { path, name, notifications, ...(eventBridge ? { eventBridge } : {}) };
    addToBucket(bucket, resource);
  },
};

/** SAM's event: the bucket is one of the same template. */
export function s3Event(event: DeclaredEvent): void {
  const { path, properties, context, owned } = event;
  const own = new Properties(`${path}.Properties`, properties, context);
  const name = own.text('Bucket');
  if (!own.has('Bucket')) own.missing('Bucket', 'a bucket of this template');
  const written = own.any('Events');
  const events = (Array.isArray(written) ? written : [written]).filter((one) => one !== undefined);
  checkEvents(own, 'Events', events);
  const filter = filterOf(own.map('Filter'), CLOUDFORMATION);
  own.rest();
  if (name === undefined) return;
  const target = { kind: 'function' as const, ...owned };
  const notification = { path, events: textsOf(events), ...filter, target };
  addToBucket({ path, name, notifications: [notification] }, event, own);
}

function notificationsOf(
  written: Properties | undefined,
  words: Words,
  resource: Pick<DeclaredResource, 'target' | 'context'>,
): NotificationDefinition[] {
  if (written === undefined) return [];
  return words.lists.flatMap(([list, targetName]) =>
    written.maps(list).flatMap((one) => {
      const value = one.any(words.events);
      const events = (Array.isArray(value) ? value : [value]).filter((item) => item !== undefined);
      checkEvents(one, words.events, events);
      one.any('Id');
      const filter = filterOf(one.map('Filter'), words);
      const target = targetOf(one, targetName, resource);
      if (target === undefined) return [];
      return [{ path: one.path, events: textsOf(events), ...filter, target }];
    }),
  );
}

function textsOf(events: readonly unknown[]): string[] {
  return events.filter((event) => typeof event === 'string');
}

function checkEvents(own: Properties, name: string, events: readonly unknown[]): void {
  const known: readonly unknown[] = [...EVENTS, UNRESOLVED];
  const wrong = events.find((event) => !known.includes(event));
  if (wrong === undefined && events.length > 0) return;
  if (wrong === undefined) {
    own.missing(name, EXPECTED_EVENTS);
    return;
  }
  const nearest = nearestOf(String(wrong), EVENTS);
  const remedy = nearest === undefined ? 'Change it to one of them.' : `Did you mean '${nearest}'?`;
  own.refuse(name, EXPECTED_EVENTS, remedy, wrong);
}

function targetOf(
  own: Properties,
  name: string,
  { target, context }: Pick<DeclaredResource, 'target' | 'context'>,
): NotificationDefinition['target'] | undefined {
  const arn = own.text(name);
  if (arn === undefined) {
    if (!own.has(name)) own.missing(name, 'the ARN of what is told');
    return undefined;
  }
  const service = parseArn(arn)?.service;
  if (service === 'sqs') return { kind: 'queue', arn };
  if (service === 'sns') return { kind: 'topic', arn };
  const found = target(arn);
  if (found !== undefined) return { kind: 'function', ...found };
  const { path } = own;
  const reason = 'the template has no such function';
  context.notices.push({ path, treatment: 'ignored', reason });
  return undefined;
}

/** One prefix and one suffix at most, as S3 takes them. */
function filterOf(
  written: Properties | undefined,
  words: Words,
): Pick<NotificationDefinition, 'prefix' | 'suffix'> {
  const key = written?.map(words.filter);
  if (key === undefined) return {};
  const found: { prefix?: string; suffix?: string } = {};
  for (const [index, rule] of key.maps(words.rules).entries()) {
    const name = String(rule.text('Name') ?? '').toLowerCase();
    const value = rule.text('Value') ?? '';
    if ((name !== 'prefix' && name !== 'suffix') || found[name] !== undefined) {
      const expected = 'one rule named prefix and one named suffix, at most';
      key.refuse(`${words.rules}.${index}.Name`, expected, 'Change the rules.', name);
    } else found[name] = value;
  }
  return found;
}

type Bucket = DeclaredResource['context']['stack']['buckets'][number];

/** What notifies of a bucket may be read before the bucket itself. */
function takeBucket(read: Bucket, { stack }: DeclaredResource['context']): void {
  const { buckets } = stack;
  const index = buckets.findIndex(({ name }) => name === read.name);
  const known = buckets[index];
  if (known === undefined) buckets.push(read);
  else buckets[index] = { ...known, ...read, notifications: both(read, known) };
}

function addToBucket(
  added: Bucket,
  { resources, scope, context }: Pick<DeclaredResource, 'resources' | 'scope' | 'context'>,
  own?: Properties,
): void {
  const declared = Object.entries(resources).some(
    ([logicalId, resource]) =>
      map(resource)['Type'] === 'AWS::S3::Bucket' && scope.identity(logicalId)?.ref === added.name,
  );
  if (!declared && own !== undefined) {
    own.refuse('Bucket', 'a bucket of this template', 'Refer to a bucket that stands in it.');
    return;
  }
  if (!declared) {
    const reason = `the template has no bucket ${added.name}; one is made here`;
    context.notices.push({ path: added.path, treatment: 'approximated', reason });
  }
  const { buckets } = context.stack;
  const index = buckets.findIndex(({ name }) => name === added.name);
  const known = buckets[index];
  if (known === undefined) buckets.push(added);
  else {
    const { eventBridge } = added;
    const bus = eventBridge === true ? { eventBridge } : {};
    buckets[index] = { ...known, ...bus, notifications: both(known, added) };
  }
}

/** Once everything is read. */
export function checkOverlaps({ stack, problems }: DeclaredResource['context']): void {
  for (const { name, notifications } of stack.buckets) {
    for (const [index, one] of notifications.entries()) {
      const other = notifications.slice(0, index).find((before) => overlaps(before, one));
      if (other === undefined) continue;
      problems.add({
        path: one.path,
        value: one.events,
        expected: `no event of bucket ${name} that ${other.path} is told of as well`,
        remedy: 'Give them other events, prefixes or suffixes; S3 takes no two for one event.',
      });
    }
  }
}

function both(one: Bucket, other: Bucket): NotificationDefinition[] {
  return [...one.notifications, ...other.notifications];
}
