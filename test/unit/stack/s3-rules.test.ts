import { expect, it } from '@jest/globals';
import { isFor, overlaps, typesOf } from '../../../src/stack/s3-rules.js';
import type { NotificationDefinition } from '../../../src/stack/service-resources.js';

function notification(
  events: readonly string[],
  rest: Pick<NotificationDefinition, 'prefix' | 'suffix'> = {},
): NotificationDefinition {
  return { path: 'p', events, target: { kind: 'function', functionName: 'fn' }, ...rest };
}

it('a bucket tells of every type that somebody wants, once', () => {
  const notifications = [
    notification(['s3:ObjectCreated:*']),
    notification(['s3:ObjectCreated:Put', 's3:ObjectRemoved:Delete']),
  ];
  const bucket = { path: 'b', name: 'b', notifications };
  expect(typesOf(bucket)).toEqual(['s3:ObjectCreated:*', 's3:ObjectRemoved:Delete']);
  expect(typesOf({ ...bucket, eventBridge: true })).toEqual([
    's3:IntelligentTiering',
    's3:LifecycleExpiration:*',
    's3:LifecycleTransition',
    's3:ObjectAcl:Put',
    's3:ObjectCreated:*',
    's3:ObjectRemoved:*',
    's3:ObjectRestore:*',
    's3:ObjectTagging:*',
  ]);
});

it.each([
  [['s3:ObjectCreated:*'], {}, 'ObjectCreated:Put', 'a', true],
  [['s3:ObjectCreated:Put'], {}, 'ObjectCreated:Copy', 'a', false],
  [['s3:ObjectCreated:*'], { prefix: 'in/' }, 'ObjectCreated:Put', 'in/a', true],
  [['s3:ObjectCreated:*'], { prefix: 'in/' }, 'ObjectCreated:Put', 'out/a', false],
  [['s3:ObjectCreated:*'], { prefix: 'in/', suffix: '.png' }, 'ObjectCreated:Put', 'in/a', false],
  [
    ['s3:ObjectCreated:*'],
    { prefix: 'in/', suffix: '.png' },
    'ObjectCreated:Put',
    'in/a.png',
    true,
  ],
])('%j with %j is told of %s of %s: %s', (events, rest, eventName, key, expected) => {
  expect(isFor(notification(events, rest), eventName, key)).toBe(expected);
});

it.each([
  [['s3:ObjectCreated:*'], {}, ['s3:ObjectCreated:Put'], {}, true],
  [['s3:ObjectCreated:*'], {}, ['s3:ObjectRemoved:*'], {}, false],
  [['s3:ObjectCreated:*'], { prefix: 'a/' }, ['s3:ObjectCreated:*'], { prefix: 'b/' }, false],
  [['s3:ObjectCreated:*'], { prefix: 'a' }, ['s3:ObjectCreated:*'], { prefix: 'a/b' }, true],
  [['s3:ObjectCreated:*'], { suffix: '.png' }, ['s3:ObjectCreated:*'], { suffix: '.jpg' }, false],
  [['s3:ObjectCreated:*'], { suffix: '.png' }, ['s3:ObjectCreated:*'], { prefix: 'a' }, true],
])('%j %j and %j %j overlap: %s', (events, rest, others, otherRest, expected) => {
  expect(overlaps(notification(events, rest), notification(others, otherRest))).toBe(expected);
});
