/** The composition root's part for what buckets, topics and log groups tell functions. */

import { Notifications } from '../notifications/notifications.js';
import type { SourceParts } from '../sources/source.js';

export function openNotifications(parts: SourceParts): Notifications {
  return new Notifications(parts, async () => {
    const [{ BucketNotifications }, { TopicSubscriptions }, { LogSubscriptions }] =
      await Promise.all([
        import('../notifications/buckets.js'),
        import('../notifications/topics.js'),
        import('../notifications/log-subscriptions.js'),
      ]);
    return [
      new BucketNotifications(parts),
      new TopicSubscriptions(parts),
      new LogSubscriptions({
        ...parts,
        isOwn: (logGroup) => parts.invoker.writesTo(logGroup),
      }),
    ];
  });
}
