/** A queue's subscription to a topic, made as it is declared. */

import {
  GetSubscriptionAttributesCommand,
  ListSubscriptionsByTopicCommand,
  SubscribeCommand,
  UnsubscribeCommand,
  type ListSubscriptionsByTopicResponse,
  type SNSClient,
  type Subscription,
} from '@aws-sdk/client-sns';
import type { SubscriptionDefinition } from '../stack/service-resources.js';
import { sameAttribute } from './resource-maker.js';

type Wanted = Pick<
  SubscriptionDefinition,
  'filterPolicy' | 'filterPolicyScope' | 'rawMessageDelivery' | 'deadLetterArn'
> & {
  /** ARN of the queue. */
  readonly endpoint: string;
};

/** Resolves with its ARN. One that is there and differs is made anew. */
export async function subscribe(
  sns: SNSClient,
  topicArn: string,
  wanted: Wanted,
  there: readonly Subscription[],
): Promise<string> {
  const attributes = attributesOf(wanted);
  const found = there.find(
    ({ Protocol, Endpoint }) => Protocol === 'sqs' && Endpoint === wanted.endpoint,
  )?.SubscriptionArn;
  if (found !== undefined) {
    const { Attributes: current = {} } = await sns.send(
      new GetSubscriptionAttributesCommand({ SubscriptionArn: found }),
    );
    if (Object.keys(ABSENT).every((key) => same(key, attributes, current))) return found;
    await sns.send(new UnsubscribeCommand({ SubscriptionArn: found }));
  }
  const { SubscriptionArn: made } = await sns.send(
    new SubscribeCommand({
      TopicArn: topicArn,
      Protocol: 'sqs',
      Endpoint: wanted.endpoint,
      Attributes: attributes,
      ReturnSubscriptionArn: true,
    }),
  );
  return made ?? '';
}

export async function subscriptionsOf(sns: SNSClient, topicArn: string): Promise<Subscription[]> {
  const found: Subscription[] = [];
  let token: string | undefined;
  do {
    const { Subscriptions: subscriptions = [], NextToken: next }: ListSubscriptionsByTopicResponse =
      await sns.send(new ListSubscriptionsByTopicCommand({ TopicArn: topicArn, NextToken: token }));
    found.push(...subscriptions);
    token = next;
  } while (token !== undefined && token !== '');
  return found;
}

/** What an attribute is when nobody has set it. */
const ABSENT: Readonly<Record<string, string>> = {
  FilterPolicyScope: 'MessageAttributes',
  FilterPolicy: '',
  RawMessageDelivery: 'false',
  RedrivePolicy: '',
};

/** The scope before the policy: it says how the policy is read. */
function attributesOf(wanted: Wanted): Record<string, string> {
  const { filterPolicy, filterPolicyScope, rawMessageDelivery, deadLetterArn } = wanted;
  return {
    ...(filterPolicyScope === undefined ? {} : { FilterPolicyScope: filterPolicyScope }),
    ...(filterPolicy === undefined ? {} : { FilterPolicy: JSON.stringify(filterPolicy) }),
    ...(rawMessageDelivery === undefined ? {} : { RawMessageDelivery: String(rawMessageDelivery) }),
    ...(deadLetterArn === undefined
      ? {}
      : { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: deadLetterArn }) }),
  };
}

function same(
  key: string,
  wanted: Readonly<Record<string, string>>,
  current: Readonly<Record<string, string>>,
): boolean {
  return sameAttribute(wanted[key] ?? ABSENT[key], current[key] ?? ABSENT[key]);
}
