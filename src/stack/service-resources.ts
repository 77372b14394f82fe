/**
 * What is made in the services endpoint (queues, buckets, …) and what its events lead to
 * (contract 11.6, 11.7, 11.15).
 *
 * What `Ref` and `Fn::GetAtt` give is made from physical names, before anything exists: a queue's
 * `Ref` is `https://sqs.<region>.amazonaws.com/<account>/<name>`, a table's `StreamArn`
 * `<table ARN>/stream/LATEST`. The label of a stream is known only once the table is there: whoever
 * reads from a stream of this name asks for the table's latest stream (`LATEST_STREAM`).
 */

import type { FunctionTarget } from './function-target.js';

/** Stands for the label of a table's newest stream. */
export const LATEST_STREAM = 'LATEST';

export interface ServiceResources {
  readonly buckets: readonly BucketDefinition[];
  readonly queues: readonly QueueDefinition[];
  readonly topics: readonly TopicDefinition[];
  readonly tables: readonly TableDefinition[];
  readonly streams: readonly StreamDefinition[];
  readonly logGroups: readonly LogGroupDefinition[];
  readonly logSubscriptions: readonly LogSubscriptionDefinition[];
}

interface Resource {
  /** Where it stands in the file, such as `Resources.Orders`. */
  readonly path: string;
  /** Physical name. */
  readonly name: string;
}

export interface BucketDefinition extends Resource {
  readonly versioning?: boolean;
  readonly notifications: readonly NotificationDefinition[];
  /** All events go to the default bus as well. */
  readonly eventBridge?: boolean;
}

export interface NotificationDefinition {
  readonly path: string;
  /** Such as `s3:ObjectCreated:*`. */
  readonly events: readonly string[];
  readonly prefix?: string;
  readonly suffix?: string;
  readonly target:
    | ({ readonly kind: 'function' } & FunctionTarget)
    | { readonly kind: 'queue' | 'topic'; readonly arn: string };
}

export interface QueueDefinition extends Resource {
  /** As of CreateQueue: `VisibilityTimeout`, `FifoQueue`, `RedrivePolicy` (JSON text), … */
  readonly attributes: Readonly<Record<string, string>>;
}

export interface TopicDefinition extends Resource {
  /** As of CreateTopic. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly subscriptions: readonly SubscriptionDefinition[];
}

export interface SubscriptionDefinition {
  readonly path: string;
  readonly target:
    | ({ readonly kind: 'function' } & FunctionTarget)
    | { readonly kind: 'queue'; readonly arn: string };
  readonly filterPolicy?: unknown;
  readonly filterPolicyScope?: 'MessageAttributes' | 'MessageBody';
  readonly rawMessageDelivery?: boolean;
  /** Dead-letter queue of what could not be handed over. */
  readonly deadLetterArn?: string;
}

export interface TableDefinition extends Resource {
  /** Input of CreateTable without the name, `StreamSpecification` included. */
  readonly input: Readonly<Record<string, unknown>>;
  readonly timeToLiveAttribute?: string;
}

/** A Kinesis stream. */
export interface StreamDefinition extends Resource {
  readonly shardCount: number;
  readonly retentionHours?: number;
}

export interface LogGroupDefinition extends Resource {
  readonly retentionDays?: number;
}

export interface LogSubscriptionDefinition {
  readonly path: string;
  readonly name: string;
  readonly logGroup: string;
  readonly filterPattern: string;
  readonly target:
    | ({ readonly kind: 'function' } & FunctionTarget)
    | { readonly kind: 'stream'; readonly arn: string };
}
