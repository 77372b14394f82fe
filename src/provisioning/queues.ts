/** Queues. Dead-letter queues may be declared in any order: redrive policies come second. */

import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  SetQueueAttributesCommand,
  type QueueAttributeName,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { QueueDefinition } from '../stack/service-resources.js';
import {
  isNamed,
  sameAttribute,
  type MakingContext,
  type ResourceMaker,
} from './resource-maker.js';

const REDRIVE = ['RedrivePolicy', 'RedriveAllowPolicy'];
/** Given at creation and never again. */
const FIXED = ['FifoQueue'];
/** The most that servers take which do not know of 1 MiB yet. */
const OLD_MAXIMUM = '262144';
/** What an attribute that is no longer written goes back to. */
const DEFAULTS: Readonly<Record<string, string>> = {
  VisibilityTimeout: '30',
  DelaySeconds: '0',
  MaximumMessageSize: OLD_MAXIMUM,
  MessageRetentionPeriod: '345600',
  ReceiveMessageWaitTimeSeconds: '0',
  RedrivePolicy: '',
  RedriveAllowPolicy: '',
};

export const queues: ResourceMaker<QueueDefinition> = {
  kind: 'queue',
  async make({ name, attributes }, context, before) {
    const sqs = await context.clients.sqs();
    const own = Object.entries(attributes).filter(([key]) => !REDRIVE.includes(key));
    const existing = await urlOf(sqs, name);
    if (existing === undefined) {
      await create(sqs, name, Object.fromEntries(own), context);
      return;
    }
    const left = Object.keys(before?.attributes ?? {}).filter((key) => !(key in attributes));
    const wanted = Object.fromEntries([
      ...left.filter((key) => !REDRIVE.includes(key)).map((key) => [key, DEFAULTS[key] ?? '']),
      ...own.filter(([key]) => !FIXED.includes(key)),
    ]) as Record<string, string>;
    await set(sqs, existing, wanted, { name, context });
  },
};

/** Once every queue is there. */
export const redrivePolicies: ResourceMaker<QueueDefinition> = {
  kind: 'redrive policy of queue',
  async make({ name, attributes }, context, before) {
    const names = REDRIVE.filter((key) => key in attributes || key in (before?.attributes ?? {}));
    if (names.length === 0) return;
    const sqs = await context.clients.sqs();
    const url = await urlOf(sqs, name);
    const wanted = Object.fromEntries(names.map((key) => [key, attributes[key] ?? '']));
    if (url !== undefined) await set(sqs, url, wanted, { name, context });
  },
};

/** Undefined when there is no such queue. */
export async function urlOf(sqs: SQSClient, name: string): Promise<string | undefined> {
  try {
    return (await sqs.send(new GetQueueUrlCommand({ QueueName: name }))).QueueUrl;
  } catch (error) {
    if (isNamed(error, 'QueueDoesNotExist', 'AWS.SimpleQueueService.NonExistentQueue')) {
      return undefined;
    }
    throw error;
  }
}

interface About {
  readonly name: string;
  readonly context: MakingContext;
}

async function create(
  sqs: SQSClient,
  name: string,
  attributes: Readonly<Record<string, string>>,
  context: MakingContext,
): Promise<void> {
  await withinMaximum(attributes, { name, context }, (taken) =>
    sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: taken })),
  );
}

async function set(
  sqs: SQSClient,
  url: string,
  wanted: Readonly<Record<string, string>>,
  about: About,
): Promise<void> {
  if (Object.keys(wanted).length === 0) return;
  const { Attributes: there = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['All'] }),
  );
  const current: Readonly<Record<string, string>> = there;
  const different = Object.entries(wanted).filter(
    ([key, value]) => !sameAttribute(current[key], value),
  );
  if (different.length === 0) return;
  await withinMaximum(Object.fromEntries(different), about, (taken) =>
    sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: taken })),
  );
}

/** A server may know the older maximum of a message only. */
async function withinMaximum(
  attributes: Readonly<Record<string, string>>,
  { name, context }: About,
  send: (attributes: Partial<Record<QueueAttributeName, string>>) => Promise<unknown>,
): Promise<void> {
  try {
    await send(attributes);
  } catch (error) {
    const { MaximumMessageSize: size } = attributes;
    if (size === undefined || Number(size) <= Number(OLD_MAXIMUM)) throw error;
    await send({ ...attributes, MaximumMessageSize: OLD_MAXIMUM });
    context.warn(`queue ${name} takes messages of ${OLD_MAXIMUM} bytes at most, not ${size}`);
  }
}
