/** EventBridge rules and schedules (contract 11.13). */

import type { EventBridgeEvent, ScheduledEvent } from 'aws-lambda';
import { bucketArn } from '../stack/arns.js';
import { asText, parsed, plain, type Codec } from './codecs.js';
import type { Maker } from './maker.js';
import type { SampleSource } from './sample.js';

const FREE = ['detail'];

export const eventBridge: SampleSource = {
  name: 'eventbridge',
  about: 'EventBridge: an event of a bus, or a rule’s schedule',
  kinds: {
    custom: { about: 'an event of your own', make: custom, free: FREE },
    schedule: { about: 'a rule’s schedule', make: scheduled },
    s3: {
      about: 'an object was created in a bucket that tells EventBridge',
      make: objectCreated,
      fields: [
        { name: 'key', at: 'detail.object.key', codec: plain },
        { name: 'bucket', at: 'detail.bucket.name', codec: plain },
      ],
      free: FREE,
      finish: (event, isSet) => {
        const { resources, detail } = event as ReturnType<typeof objectCreated>;
        if (!isSet('resources.0')) resources[0] = bucketArn(detail.bucket.name);
      },
    },
    'step-functions': {
      about: 'an execution has changed its status',
      make: executionChanged,
      free: FREE,
    },
  },
};

/** The default notification; a schedule with an `Input` sends that instead. */
const DETAIL: Codec = { decode: (value) => parsed(asText(value)), encode: asText };

export const scheduler: SampleSource = {
  name: 'scheduler',
  about: 'EventBridge Scheduler: a schedule',
  kinds: {
    default: {
      about: 'a schedule without Input',
      make: (maker) => ({
        ...envelope(maker, { source: 'aws.scheduler', type: 'Scheduled Event', detail: '{}' }),
        resources: [maker.arn('scheduler', 'schedule/default/nightly')],
      }),
      fields: [{ name: 'detail', at: 'detail', codec: DETAIL }],
    },
    input: {
      about: 'a schedule whose Input names its context',
      make: (maker) => ({
        scheduleArn: maker.arn('scheduler', 'schedule/default/nightly'),
        scheduledTime: maker.isoSeconds(),
        executionId: maker.hex(16),
        attemptNumber: '1',
      }),
      free: ['*'],
    },
  },
};

function envelope<T extends string, D>(
  maker: Maker,
  { source, type, detail }: { source: string; type: T; detail: D },
): EventBridgeEvent<T, D> {
  return {
    version: '0',
    id: maker.uuid(),
    'detail-type': type,
    source,
    account: maker.accountId,
    time: maker.isoSeconds(),
    region: maker.region,
    resources: [],
    detail,
  };
}

function custom(maker: Maker) {
  const detail = { orderId: 'o-1', quantity: 2 };
  return envelope(maker, { source: 'shop', type: 'OrderPlaced', detail });
}

function scheduled(maker: Maker): ScheduledEvent {
  return {
    ...envelope(maker, { source: 'aws.events', type: 'Scheduled Event', detail: {} }),
    resources: [maker.arn('events', 'rule/nightly')],
  };
}

function objectCreated(maker: Maker) {
  const detail = {
    version: '0',
    bucket: { name: 'inbox' },
    object: {
      key: 'orders/o-1.json',
      size: 1024,
      etag: maker.hex(32),
      sequencer: maker.hex(18).toUpperCase(),
    },
    'request-id': maker.upper(16),
    requester: maker.accountId,
    'source-ip-address': '198.51.100.7',
    reason: 'PutObject',
  };
  const event = envelope(maker, { source: 'aws.s3', type: 'Object Created', detail });
  return { ...event, resources: [bucketArn('inbox')] };
}

function executionChanged(maker: Maker) {
  const name = maker.uuid();
  const executionArn = maker.arn('states', `execution:refunds:${name}`);
  const detail = {
    executionArn,
    stateMachineArn: maker.arn('states', 'stateMachine:refunds'),
    name,
    status: 'SUCCEEDED',
    startDate: maker.nowMs - 2000,
    stopDate: maker.nowMs,
    input: '{"orderId":"o-1"}',
    output: '{"refunded":true}',
    inputDetails: { included: true },
    outputDetails: { included: true },
    error: null,
    cause: null,
  };
  const type = 'Step Functions Execution Status Change';
  return {
    ...envelope(maker, { source: 'aws.states', type, detail }),
    resources: [executionArn],
  };
}
