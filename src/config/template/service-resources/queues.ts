/** `AWS::SQS::Queue`, and the policies that nobody checks here. */

import { parseArn, queueArn, type ArnParts } from '../../../stack/arns.js';
import type { QueueDefinition } from '../../../stack/service-resources.js';
import type { DeclaredResource, ResourceType } from '../parts.js';
import { Properties } from '../properties.js';
import { FIFO_SUFFIX, nameOf } from './naming.js';

/** Property → what AWS takes. */
const NUMBERS: Readonly<Record<string, readonly [number, number]>> = {
  VisibilityTimeout: [0, 43_200],
  DelaySeconds: [0, 900],
  MaximumMessageSize: [1_024, 1_048_576],
  MessageRetentionPeriod: [60, 1_209_600],
  ReceiveMessageWaitTimeSeconds: [0, 20],
};
const NAME = {
  pattern: /^(?=.{1,80}$)[\w-]+(\.fifo)?$/,
  expected: 'letters, digits, - and _, 80 at most (a FIFO queue’s ends with .fifo)',
};
const RECEIVES = [1, 1_000] as const;
const ARN = 'the ARN of a queue';

export const queue: ResourceType = {
  identify(logicalId, properties, place) {
    const name = nameOf(logicalId, properties, 'QueueName');
    const url = `https://sqs.${place.region}.amazonaws.com/${place.accountId}/${name}`;
    return {
      ref: url,
      attributes: { Arn: queueArn(place, name), QueueName: name, QueueUrl: url },
    };
  },

  read({ path, logicalId, properties, context }) {
    const own = new Properties(`${path}.Properties`, properties, context);
    own.text('QueueName', NAME);
    const name = nameOf(logicalId, properties, 'QueueName');
    const fifo = own.flag('FifoQueue') === true;
    if (fifo !== name.endsWith(FIFO_SUFFIX)) {
      const expected = fifo ? 'a name that ends with .fifo' : 'no .fifo at the end';
      own.refuse('QueueName', expected, 'Change the name or FifoQueue.', name);
    }
    const attributes: Record<string, string> = {};
    for (const [property, range] of Object.entries(NUMBERS)) {
      const value = own.whole(property, range);
      if (value !== undefined) attributes[property] = String(value);
    }
    if (fifo) Object.assign(attributes, fifoAttributes(own));
    else {
      const reason = 'it is of FIFO queues only';
      own.ignore(reason, 'ContentBasedDeduplication', 'DeduplicationScope', 'FifoThroughputLimit');
    }
    const redrive = redriveOf(own);
    if (redrive !== undefined) attributes['RedrivePolicy'] = JSON.stringify(redrive);
    const allow = own.any('RedriveAllowPolicy');
    if (allow !== undefined) attributes['RedriveAllowPolicy'] = JSON.stringify(allow);
    own.ignore('messages are not encrypted here', ...ENCRYPTION);
    own.ignore('tags have no meaning here', 'Tags');
    own.rest();
    context.stack.queues.push({ path, name, attributes });
  },
};

const ENCRYPTION = ['KmsMasterKeyId', 'KmsDataKeyReusePeriodSeconds', 'SqsManagedSseEnabled'];

function fifoAttributes(own: Properties): Record<string, string> {
  const deduplication = own.flag('ContentBasedDeduplication');
  const scope = own.oneOf('DeduplicationScope', ['messageGroup', 'queue']);
  const limit = own.oneOf('FifoThroughputLimit', ['perQueue', 'perMessageGroupId']);
  return {
    FifoQueue: 'true',
    ...(deduplication === undefined ? {} : { ContentBasedDeduplication: String(deduplication) }),
    ...(scope === undefined ? {} : { DeduplicationScope: scope }),
    ...(limit === undefined ? {} : { FifoThroughputLimit: limit }),
  };
}

function redriveOf(own: Properties): object | undefined {
  const policy = own.map('RedrivePolicy');
  if (policy === undefined) return undefined;
  const deadLetterTargetArn = policy.text('deadLetterTargetArn', arnRule());
  const maxReceiveCount = policy.whole('maxReceiveCount', RECEIVES);
  if (!policy.has('deadLetterTargetArn')) policy.missing('deadLetterTargetArn', ARN);
  if (!policy.has('maxReceiveCount')) policy.missing('maxReceiveCount', 'a whole number');
  return deadLetterTargetArn === undefined || maxReceiveCount === undefined
    ? undefined
    : { deadLetterTargetArn, maxReceiveCount };
}

export function arnRule(service = 'sqs', expected = ARN) {
  return { pattern: new RegExp(`^arn:aws[a-zA-Z-]*:${service}:.`), expected };
}

/** Once all queues are known: a dead-letter queue is of the kind of the queue it serves. */
export function checkRedrive(
  queues: readonly QueueDefinition[],
  { problems }: DeclaredResource['context'],
): void {
  for (const { path, name, attributes } of queues) {
    const { RedrivePolicy: policy } = attributes;
    if (policy === undefined) continue;
    const { deadLetterTargetArn: arn } = JSON.parse(policy) as { deadLetterTargetArn: string };
    const target: Partial<ArnParts> = parseArn(arn) ?? {};
    if (name.endsWith(FIFO_SUFFIX) === (target.resource ?? '').endsWith(FIFO_SUFFIX)) continue;
    problems.add({
      path: `${path}.Properties.RedrivePolicy.deadLetterTargetArn`,
      value: arn,
      expected: 'a FIFO queue for a FIFO queue, and a standard queue for a standard one',
      remedy: 'Name a queue of the same kind.',
    });
  }
}

/** Policies of resources: read, and listed. */
export const policy: ResourceType = {
  read({ path, context }) {
    context.notices.push({
      path,
      treatment: 'ignored',
      reason: 'permissions are not checked here',
    });
  },
};
