/** `AWS::SNS::Topic`, `AWS::SNS::Subscription`, and SAM's event `SNS` (contract 11.7, 12.2). */

import { parseArn, queueArn, topicArn } from '../../../stack/arns.js';
import { brokenRules } from '../../../stack/mapping-rules.js';
import type { SubscriptionDefinition } from '../../../stack/service-resources.js';
import { isMap } from '../../map.js';
import type { TemplateContext } from '../context.js';
import type { DeclaredEvent, ResourceType } from '../parts.js';
import { Properties } from '../properties.js';
import { arnRule } from './queues.js';
import { FIFO_SUFFIX, nameOf } from './naming.js';

const NAME = {
  pattern: /^(?=.{1,256}$)[\w-]+(\.fifo)?$/,
  expected: 'letters, digits, - and _, 256 at most (a FIFO topic’s ends with .fifo)',
};
const TOPIC_ARN = arnRule('sns', 'the ARN of a topic');
const SCOPES = ['MessageAttributes', 'MessageBody'] as const;
const PROTOCOLS = [
  'application',
  'email',
  'email-json',
  'firehose',
  'http',
  'https',
  'lambda',
  'sms',
  'sqs',
] as const;
const BATCH_SIZE = [1, 10_000] as const;

export const topic: ResourceType = {
  identify(logicalId, properties, place) {
    const name = nameOf(logicalId, properties, 'TopicName');
    const arn = topicArn(place, name);
    return { ref: arn, attributes: { TopicArn: arn, TopicName: name } };
  },

  read(resource) {
    const { path, logicalId, properties, context } = resource;
    const own = new Properties(`${path}.Properties`, properties, context);
    own.text('TopicName', NAME);
    const name = nameOf(logicalId, properties, 'TopicName');
    const fifo = own.flag('FifoTopic') === true;
    if (fifo !== name.endsWith(FIFO_SUFFIX)) {
      const expected = fifo ? 'a name that ends with .fifo' : 'no .fifo at the end';
      own.refuse('TopicName', expected, 'Change the name or FifoTopic.', name);
    }
    const display = own.text('DisplayName');
    const deduplication = fifo ? own.flag('ContentBasedDeduplication') : undefined;
    const attributes = {
      ...(display === undefined ? {} : { DisplayName: display }),
      ...(fifo ? { FifoTopic: 'true' } : {}),
      ...(deduplication === undefined ? {} : { ContentBasedDeduplication: String(deduplication) }),
    };
    const subscriptions = own
      .maps('Subscription')
      .flatMap((subscription) => subscriptionOf(subscription, resource) ?? []);
    if (!fifo) own.ignore('it is of FIFO topics only', 'ContentBasedDeduplication');
    own.ignore('messages are not encrypted here', 'KmsMasterKeyId');
    own.ignore('tags have no meaning here', 'Tags');
    own.rest();
    takeTopic({ path, name, attributes, subscriptions }, context);
  },
};

export const subscription: ResourceType = {
  identify: (logicalId, properties) => {
    const { TopicArn: topic } = properties;
    const arn = `${typeof topic === 'string' ? topic : ''}:${logicalId}`;
    return { ref: arn, attributes: { Arn: arn } };
  },

  read(resource) {
    const { path, properties, context } = resource;
    const own = new Properties(`${path}.Properties`, properties, context);
    const arn = own.text('TopicArn', TOPIC_ARN);
    if (!own.has('TopicArn')) own.missing('TopicArn', TOPIC_ARN.expected);
    own.ignore('everything is in one region here', 'Region');
    const definition = subscriptionOf(own, resource);
    own.rest();
    if (arn !== undefined && definition !== undefined) subscribe(arn, definition, context);
  },
};

/** SAM's event. */
export function snsEvent(event: DeclaredEvent): void {
  const { path, properties, context, owned } = event;
  const own = new Properties(`${path}.Properties`, properties, context);
  const arn = own.text('Topic', TOPIC_ARN);
  if (!own.has('Topic')) own.missing('Topic', TOPIC_ARN.expected);
  const shared = filtersOf(own);
  own.ignore('everything is in one region here', 'Region');
  const through = own.any('SqsSubscription');
  const target =
    through === undefined || through === false || through === 'false'
      ? ({ kind: 'function', ...owned } as const)
      : queueBetween(own, through, event);
  own.rest();
  if (arn !== undefined && target !== undefined) {
    subscribe(arn, { path, target, ...shared }, context);
  }
}

/** SAM's `SqsSubscription`: the topic's messages wait in a queue that is mapped to the function. */
function queueBetween(
  own: Properties,
  through: unknown,
  { path, name, owner, owned, context }: DeclaredEvent,
): SubscriptionDefinition['target'] | undefined {
  const settings = isMap(through) ? own.map('SqsSubscription') : undefined;
  const given = settings?.text('QueueArn', arnRule());
  settings?.ignore('the queue is known by its ARN', 'QueueUrl');
  settings?.ignore('permissions are not checked here', 'QueuePolicyLogicalId');
  const batchSize = settings?.whole('BatchSize', BATCH_SIZE) ?? 10;
  const enabled = settings?.flag('Enabled') !== false;
  if (settings !== undefined && !settings.has('QueueArn')) {
    settings.missing('QueueArn', 'the ARN of a queue');
  }
  if (settings !== undefined && given === undefined) return undefined;
  const queue = `${owner}${name}Queue`;
  const arn = given ?? queueArn(context, queue);
  if (given === undefined) context.stack.queues.push({ path, name: queue, attributes: {} });
  const mapping = { path, target: owned, sourceArn: arn, enabled, batchSize };
  const [broken] = brokenRules(mapping);
  if (broken !== undefined && settings !== undefined) {
    settings.refuse('BatchSize', broken.text, 'Change it: AWS Lambda refuses the mapping too.');
    return undefined;
  }
  context.stack.mappings.push(mapping);
  return { kind: 'queue', arn };
}

function subscriptionOf(
  own: Properties,
  { context, target }: Parameters<ResourceType['read']>[0],
): SubscriptionDefinition | undefined {
  const protocol = own.oneOf('Protocol', PROTOCOLS);
  const endpoint = own.text('Endpoint');
  const filters = filtersOf(own);
  const raw = own.flag('RawMessageDelivery');
  const { path } = own;
  if (!own.has('Protocol')) own.missing('Protocol', `one of ${PROTOCOLS.join(', ')}`);
  if (!own.has('Endpoint')) own.missing('Endpoint', 'the ARN of a queue or a function');
  if (protocol === undefined || endpoint === undefined) return undefined;
  if (protocol === 'lambda') {
    const found = target(endpoint);
    if (found !== undefined) return { path, target: { kind: 'function', ...found }, ...filters };
    context.notices.push({
      path,
      treatment: 'ignored',
      reason: 'the template has no such function',
    });
    return undefined;
  }
  if (protocol === 'sqs') {
    if (parseArn(endpoint)?.service !== 'sqs') {
      own.refuse('Endpoint', 'the ARN of a queue', 'Take the Arn of a queue with Fn::GetAtt.');
      return undefined;
    }
    const rest = { ...filters, ...(raw === undefined ? {} : { rawMessageDelivery: raw }) };
    return { path, target: { kind: 'queue', arn: endpoint }, ...rest };
  }
  const reason = `nothing is sent by ${protocol} here; functions and queues can subscribe`;
  context.notices.push({ path, treatment: 'ignored', reason });
  return undefined;
}

function filtersOf(
  own: Properties,
): Pick<SubscriptionDefinition, 'filterPolicy' | 'filterPolicyScope' | 'deadLetterArn'> {
  const written = own.any('FilterPolicy');
  const policy = typeof written === 'string' ? parsed(written) : written;
  if (written !== undefined && !isMap(policy)) {
    own.refuse('FilterPolicy', 'a map of attributes, or its JSON', 'Write it as a map.');
  }
  const scope = own.oneOf('FilterPolicyScope', SCOPES);
  const redrive = redriveOf(own);
  return {
    ...(isMap(policy) ? { filterPolicy: policy } : {}),
    ...(scope === undefined ? {} : { filterPolicyScope: scope }),
    ...(redrive === undefined ? {} : { deadLetterArn: redrive }),
  };
}

function redriveOf(own: Properties): string | undefined {
  const policy = own.map('RedrivePolicy');
  if (policy === undefined) return undefined;
  if (!policy.has('deadLetterTargetArn')) policy.missing('deadLetterTargetArn', 'a queue’s ARN');
  return policy.text('deadLetterTargetArn', arnRule());
}

/** The topic's own resource may be read after what subscribes to it. */
function takeTopic(
  read: {
    path: string;
    name: string;
    attributes: Readonly<Record<string, string>>;
    subscriptions: readonly SubscriptionDefinition[];
  },
  { stack }: TemplateContext,
): void {
  const { topics } = stack;
  const index = topics.findIndex(({ name }) => name === read.name);
  const known = topics[index];
  if (known === undefined) topics.push(read);
  else {
    const subscriptions = [...read.subscriptions, ...known.subscriptions];
    topics[index] = { ...read, subscriptions };
  }
}

/** A topic that nobody declares has an empty path until the end. */
function subscribe(
  arn: string,
  definition: SubscriptionDefinition,
  { stack }: TemplateContext,
): void {
  const { topics } = stack;
  const name = parseArn(arn)?.resource ?? '';
  const index = topics.findIndex((known) => known.name === name);
  const known = topics[index];
  if (known === undefined) {
    const attributes = name.endsWith(FIFO_SUFFIX) ? { FifoTopic: 'true' } : {};
    topics.push({ path: '', name, attributes, subscriptions: [definition] });
  } else topics[index] = { ...known, subscriptions: [...known.subscriptions, definition] };
}

/** Once everything is read. FIFO topics tell queues only, and FIFO queues hear FIFO topics only. */
export function checkFifo({ stack, problems }: TemplateContext): void {
  for (const { name, subscriptions } of stack.topics) {
    const fifo = name.endsWith(FIFO_SUFFIX);
    for (const { path, target } of subscriptions) {
      if (fifo && target.kind === 'function') {
        problems.add({
          path,
          value: `${name} to ${target.functionName}`,
          expected: 'a queue, as a FIFO topic tells no functions',
          remedy: 'Subscribe a queue and have the function read it (SqsSubscription does).',
        });
      }
      if (!fifo && target.kind === 'queue' && target.arn.endsWith(FIFO_SUFFIX)) {
        const expected = 'a standard queue, as the topic is no FIFO topic';
        problems.add({ path, value: target.arn, expected, remedy: 'Change the one or the other.' });
      }
    }
  }
}

/** Once everything is read: topics of elsewhere that are subscribed to are made as well. */
export function adoptTopics({ stack, notices }: TemplateContext): void {
  for (const [index, topic] of stack.topics.entries()) {
    const [first] = topic.subscriptions;
    if (topic.path !== '' || first === undefined) continue;
    const { path } = first;
    const reason = `the template has no topic ${topic.name}; one is made here`;
    notices.push({ path, treatment: 'approximated', reason });
    stack.topics[index] = { ...topic, path };
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
