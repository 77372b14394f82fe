/** One run of a schedule of Scheduler: what is sent where (contract 11.13). Pure but for ids. */

import { randomBytes, randomUUID } from 'node:crypto';
import { universalOperation } from '../event-input/target-kinds.js';
import { arnOf, busArn, queueArn, type Place } from '../stack/arns.js';
import type { ScheduleDefinition } from '../stack/event-bridge.js';
import { ATTEMPT_NUMBER } from './deliveries.js';
import type { Delivery, DeliveryAbout } from './delivery.js';
import { limitsOf } from './event-bridge.js';
import { isoSeconds } from './put-events.js';
import type { KeptSchedule } from './schedule-book.js';

interface Sent {
  readonly arn: string;
  readonly body: string;
  readonly message?: DeliveryAbout['message'];
}

/** Operations of universal targets: their input → what is sent. */
const OPERATIONS: ReadonlyMap<string, (input: Input, place: Place) => Sent> = new Map<
  string,
  (input: Input, place: Place) => Sent
>([
  ['lambda:invoke', invokeFunction],
  ['sqs:sendmessage', sendMessage],
  ['sns:publish', ({ TopicArn, Message }) => ({ arn: text(TopicArn), body: text(Message) })],
  [
    'sfn:startexecution',
    ({ StateMachineArn, Input: input }) => ({
      arn: text(StateMachineArn),
      body: text(input ?? '{}'),
    }),
  ],
  ['eventbridge:putevents', putEvents],
]);

type Input = Readonly<Record<string, unknown>>;

export function runOf({ definition, arn }: KeptSchedule, dueAtMs: number, place: Place): Delivery {
  const { target } = definition;
  const executionId = randomBytes(8).toString('hex');
  const scheduledTime = isoSeconds(dueAtMs);
  const fill = (template: string): string =>
    template
      .replaceAll('<aws.scheduler.schedule-arn>', arn)
      .replaceAll('<aws.scheduler.scheduled-time>', scheduledTime)
      .replaceAll('<aws.scheduler.execution-id>', executionId);
  const input =
    target.input === undefined ? notification(arn, scheduledTime, place) : fill(target.input);
  const sent = sentTo(definition, input, { place, executionId });
  return {
    arn: sent.arn,
    body: Buffer.from(sent.body),
    about: {
      origin: { kind: 'schedule', name: definition.name, arn, executionId, scheduledTime },
      ...(sent.message === undefined ? {} : { message: sent.message }),
      retry: limitsOf(target.retry),
      ...(target.deadLetterArn === undefined ? {} : { deadLetterArn: target.deadLetterArn }),
      ...(sent.body.includes(ATTEMPT_NUMBER) ? { numbered: true } : {}),
    },
  };
}

function sentTo(
  { target }: ScheduleDefinition,
  input: string,
  { place, executionId }: { readonly place: Place; readonly executionId: string },
): Sent {
  const universal = OPERATIONS.get(universalOperation(target.arn) ?? '');
  if (universal !== undefined) return universal(JSON.parse(input) as Input, place);
  const { arn, messageGroupId, partitionKey, event } = target;
  const message = {
    ...(messageGroupId === undefined
      ? {}
      : { groupId: messageGroupId, deduplicationId: executionId }),
    ...(partitionKey === undefined ? {} : { partitionKey }),
    ...(event === undefined ? {} : { event: { ...event, resources: [] } }),
  };
  return { arn, body: input, ...(Object.keys(message).length === 0 ? {} : { message }) };
}

/** Without `Input`; `detail` is text. */
function notification(arn: string, time: string, { accountId, region }: Place): string {
  return JSON.stringify({
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    source: 'aws.scheduler',
    account: accountId,
    time,
    region,
    resources: [arn],
    detail: '{}',
  });
}

function invokeFunction({ FunctionName, Qualifier, Payload }: Input, place: Place): Sent {
  const name = text(FunctionName);
  const whole = name.startsWith('arn:') ? name : arnOf('lambda', place, `function:${name}`);
  const arn = Qualifier === undefined ? whole : `${whole}:${text(Qualifier)}`;
  return { arn, body: Payload === undefined ? '{}' : text(Payload) };
}

function sendMessage({ QueueUrl, MessageBody, MessageGroupId }: Input, place: Place): Sent {
  const name = text(QueueUrl).split('/').at(-1) ?? '';
  const group = MessageGroupId === undefined ? {} : { message: { groupId: text(MessageGroupId) } };
  return { arn: queueArn(place, name), body: text(MessageBody), ...group };
}

function putEvents({ Entries }: Input, place: Place): Sent {
  const [entry] = Array.isArray(Entries) ? (Entries as Input[]) : [];
  const { Source, DetailType, Detail, EventBusName, Resources } = entry ?? {};
  const bus = EventBusName === undefined ? 'default' : text(EventBusName);
  return {
    arn: bus.startsWith('arn:') ? bus : busArn(place, bus),
    body: text(Detail ?? '{}'),
    message: {
      event: {
        source: text(Source ?? ''),
        detailType: text(DetailType ?? ''),
        resources: Array.isArray(Resources) ? Resources.map(text) : [],
      },
    },
  };
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}
