/** Topics, and the queues that subscribe to them; functions' subscriptions are notifications'. */

import {
  CreateTopicCommand,
  GetTopicAttributesCommand,
  SetTopicAttributesCommand,
  UnsubscribeCommand,
} from '@aws-sdk/client-sns';
import { topicArn } from '../stack/arns.js';
import type { SubscriptionDefinition, TopicDefinition } from '../stack/service-resources.js';
import type { ResourceMaker } from './resource-maker.js';
import { subscribe, subscriptionsOf } from './subscribe.js';

const FIXED = ['FifoTopic'];

export const topics: ResourceMaker<TopicDefinition> = {
  kind: 'topic',
  async make({ name, attributes }, { clients, region, accountId }) {
    const sns = await clients.sns();
    const arn = topicArn({ region, accountId }, name);
    const there = await sns.send(new GetTopicAttributesCommand({ TopicArn: arn })).then(
      ({ Attributes }) => Attributes ?? {},
      () => undefined,
    );
    if (there === undefined) {
      await sns.send(new CreateTopicCommand({ Name: name, Attributes: { ...attributes } }));
      return;
    }
    for (const [key, value] of Object.entries(attributes)) {
      if (FIXED.includes(key) || there[key] === value) continue;
      await sns.send(
        new SetTopicAttributesCommand({ TopicArn: arn, AttributeName: key, AttributeValue: value }),
      );
    }
  },
};

/** Once every queue and topic is there. What is no longer declared is ended. */
export const queueSubscriptions: ResourceMaker<TopicDefinition> = {
  kind: 'subscriptions of topic',
  async make({ name, subscriptions }, { clients, region, accountId }, before) {
    const wanted = subscriptions.filter(({ target }) => target.kind === 'queue');
    const gone = (before?.subscriptions ?? []).filter(
      (one) => queueOf(one) !== undefined && !wanted.some((two) => queueOf(two) === queueOf(one)),
    );
    if (wanted.length + gone.length === 0) return;
    const sns = await clients.sns();
    const arn = topicArn({ region, accountId }, name);
    const there = await subscriptionsOf(sns, arn);
    for (const one of wanted) {
      await subscribe(sns, arn, { ...one, endpoint: queueOf(one) ?? '' }, there);
    }
    for (const one of gone) {
      const found = there.find(({ Endpoint: endpoint }) => endpoint === queueOf(one));
      if (found?.SubscriptionArn === undefined) continue;
      await sns.send(new UnsubscribeCommand({ SubscriptionArn: found.SubscriptionArn }));
    }
  },
};

function queueOf({ target }: SubscriptionDefinition): string | undefined {
  return target.kind === 'queue' ? target.arn : undefined;
}
