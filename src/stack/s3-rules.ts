/** Which of a bucket's notifications an event is for. Pure. */

import type { BucketDefinition, NotificationDefinition } from './service-resources.js';

/** All that EventBridge is told of. */
const ALL = [
  's3:IntelligentTiering',
  's3:LifecycleExpiration:*',
  's3:LifecycleTransition',
  's3:ObjectAcl:Put',
  's3:ObjectCreated:*',
  's3:ObjectRemoved:*',
  's3:ObjectRestore:*',
  's3:ObjectTagging:*',
];

/** The types that the bucket has to tell of, none of them twice. */
export function typesOf({ notifications, eventBridge }: BucketDefinition): string[] {
  const types = new Set([
    ...(eventBridge === true ? ALL : []),
    ...notifications.flatMap(({ events }) => events),
  ]);
  return [...types].filter((type) => type.endsWith(':*') || !types.has(wholeOf(type))).sort();
}

/** `eventName` is without `s3:`. */
export function isFor(
  { events, prefix = '', suffix = '' }: NotificationDefinition,
  eventName: string,
  key: string,
): boolean {
  const type = `s3:${eventName}`;
  const told = events.includes(type) || events.includes(wholeOf(type));
  return told && key.startsWith(prefix) && key.endsWith(suffix);
}

/** S3 takes no two notifications that one event could be for. */
export function overlaps(one: NotificationDefinition, other: NotificationDefinition): boolean {
  const shared = one.events.some((type) =>
    other.events.some(
      (second) => type === second || type === wholeOf(second) || wholeOf(type) === second,
    ),
  );
  const [prefix = '', second = ''] = [one.prefix, other.prefix];
  const [suffix = '', last = ''] = [one.suffix, other.suffix];
  return (
    shared &&
    (prefix.startsWith(second) || second.startsWith(prefix)) &&
    (suffix.endsWith(last) || last.endsWith(suffix))
  );
}

/** `s3:ObjectCreated:Put` → `s3:ObjectCreated:*`. */
function wholeOf(type: string): string {
  return `${type.split(':').slice(0, 2).join(':')}:*`;
}
