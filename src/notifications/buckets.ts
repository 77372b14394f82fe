/**
 * What buckets tell of (contract 11.6). One internal queue hears of every event that somebody wants;
 * here each is given the shape of S3's and goes to the functions, queues, topics and the bus that
 * the bucket's notifications name.
 */

import {
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  type Event,
  type S3Client,
} from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import type { SourceStatus } from '../view.js';
import { isMap, map, type Map } from '../config/map.js';
import { isOrchestratorError, messageOf } from '../errors.js';
import type { ServiceClients } from '../services/clients.js';
import { bucketArn, busArn } from '../stack/arns.js';
import type { BucketDefinition, NotificationDefinition } from '../stack/service-resources.js';
import type { Stack } from '../stack/stack.js';
import { TargetError, type TargetMessage } from '../targets/targets.js';
import { internalQueue, makeQueue, queueUrl, type InternalQueue } from './internal-queue.js';
import {
  makeEach,
  nameOf,
  waitSeconds,
  type NotificationPart,
  type NotificationParts,
} from './part.js';
import { Relay, type RelayedMessage } from './relay.js';
import { busEvent, s3Record, type S3Facts, type S3Record } from './s3-event.js';
import { isFor, typesOf } from '../stack/s3-rules.js';

const SUBJECT = 'Amazon S3 Notification';
const TEST_EVENT = 's3:TestEvent';

export class BucketNotifications implements NotificationPart {
  readonly #parts: NotificationParts;
  readonly #queue: InternalQueue;
  readonly #counts = new Map<string, number>();
  #buckets: readonly BucketDefinition[] = [];
  #relay: Relay | undefined;

  constructor(parts: NotificationParts) {
    this.#parts = parts;
    const { region, accountId, stateDirectory } = parts.settings;
    this.#queue = internalQueue({ region, accountId }, stateDirectory, 's3');
  }

  isNeeded({ buckets }: Stack): boolean {
    return buckets.some((bucket) => tells(bucket));
  }

  async prepare({ buckets }: Stack, clients: ServiceClients): Promise<void> {
    const told = new Set(this.#buckets.filter((bucket) => tells(bucket)).map(({ name }) => name));
    const [s3, sqs] = await Promise.all([clients.s3(), clients.sqs()]);
    await makeQueue(sqs, this.#queue);
    const concerned = buckets.filter((bucket) => tells(bucket) || told.has(bucket.name));
    await makeEach(concerned, (bucket) => this.#configure(s3, bucket));
  }

  async listen(stack: Stack): Promise<void> {
    this.#buckets = stack.buckets;
    if (!this.isNeeded(stack)) return this.stop();
    const { services, clock, log } = this.#parts;
    this.#relay ??= new Relay({
      name: 'notifications of buckets',
      sqs: () => services.clients.sqs(),
      url: async () => queueUrl(await services.clients.sqs(), this.#queue),
      take: (message) => this.#take(message),
      waitSeconds: waitSeconds(services),
      clock,
      log,
    });
  }

  status(): readonly SourceStatus[] {
    const state = this.#relay?.trouble ?? 'Enabled';
    return this.#buckets.flatMap(({ name, notifications, eventBridge }) => [
      ...notifications.map((notification) => ({
        kind: 'S3',
        id: idOf(notification),
        from: `${name} ${notification.events.join(', ')}`,
        to: targetName(notification),
        state,
        figures: { events: this.#counts.get(idOf(notification)) ?? 0 },
      })),
      ...(eventBridge === true
        ? [{ kind: 'S3', id: `${name} to EventBridge`, from: name, to: 'default bus', state }]
        : []),
    ]);
  }

  async stop(): Promise<void> {
    const relay = this.#relay;
    this.#relay = undefined;
    await relay?.stop();
  }

  /** Says nothing to S3 that it knows: each time it is told, it sends a test event. */
  async #configure(s3: S3Client, bucket: BucketDefinition): Promise<void> {
    const { name } = bucket;
    const types = typesOf(bucket) as Event[];
    const { QueueConfigurations: there = [] } = await s3.send(
      new GetBucketNotificationConfigurationCommand({ Bucket: name }),
    );
    const known = there.find(({ QueueArn }) => QueueArn === this.#queue.arn)?.Events ?? [];
    if (JSON.stringify([...known].sort()) === JSON.stringify(types)) return;
    const others = there.filter(({ QueueArn }) => QueueArn !== this.#queue.arn);
    const ours = { Id: 'orchestrator', QueueArn: this.#queue.arn, Events: types };
    await s3.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket: name,
        NotificationConfiguration: {
          QueueConfigurations: types.length === 0 ? others : [...others, ours],
        },
      }),
    );
  }

  async #take(message: RelayedMessage): Promise<void> {
    const told = parsed(message.body);
    if (told['Event'] === TEST_EVENT) return this.#passTest(told, message);
    const { Records: records } = told;
    for (const record of Array.isArray(records) ? records : []) {
      await this.#tell(map(record), message);
    }
  }

  async #tell(told: Map, { id, sentMs }: RelayedMessage): Promise<void> {
    const bucketName = String(map(map(told['s3'])['bucket'])['name']);
    const bucket = this.#buckets.find(({ name }) => name === bucketName);
    if (bucket === undefined) return;
    const { accountId } = this.#parts.settings;
    const facts = { bucket: bucketName, accountId, messageId: id, sentMs };
    const plain = s3Record(told, { ...facts, configurationId: '' });
    for (const notification of bucket.notifications) {
      if (!isFor(notification, plain.eventName, plain.key)) continue;
      const configurationId = idOf(notification);
      const record = s3Record(told, { ...facts, configurationId });
      await this.#send(notification, record);
      this.#counts.set(configurationId, (this.#counts.get(configurationId) ?? 0) + 1);
    }
    if (bucket.eventBridge === true) {
      await this.#toBus(plain, { ...facts, configurationId: '' });
    }
  }

  async #send(notification: NotificationDefinition, { event }: S3Record): Promise<void> {
    const { target } = notification;
    const body = Buffer.from(JSON.stringify({ Records: [event] }));
    if (target.kind === 'function') {
      const { functionName, qualifier } = target;
      await this.#unlessLost(notification, () =>
        this.#parts.invoker.accept(
          { functionName, ...(qualifier === undefined ? {} : { qualifier }) },
          body,
        ),
      );
      return;
    }
    const subject = target.kind === 'topic' ? { subject: SUBJECT } : {};
    await this.#unlessLost(notification, () =>
      this.#parts.targets.send(target.arn, { body, ...subject }),
    );
  }

  async #toBus(record: S3Record, facts: S3Facts): Promise<void> {
    const { targets, settings } = this.#parts;
    const event = busEvent(record, facts);
    if (event === undefined) return;
    const message: TargetMessage = {
      body: Buffer.from(JSON.stringify(event.detail)),
      event: {
        source: 'aws.s3',
        detailType: event.detailType,
        resources: [bucketArn(facts.bucket)],
      },
    };
    await this.#unlessLost({ path: facts.bucket }, () =>
      targets.send(busArn(settings, 'default'), message),
    );
  }

  /** Queues and topics are tried out when the bucket is configured; functions are not told. */
  async #passTest(told: Map, { id, sentMs }: RelayedMessage): Promise<void> {
    const bucket = this.#buckets.find(({ name }) => name === told['Bucket']);
    const hash = createHash('sha256').update(id).digest('hex').toUpperCase();
    const event = {
      Service: 'Amazon S3',
      Event: TEST_EVENT,
      Time: new Date(sentMs).toISOString(),
      Bucket: told['Bucket'],
      RequestId: told['RequestId'] ?? hash.slice(0, 16),
      HostId: told['HostId'] ?? Buffer.from(hash, 'hex').toString('base64'),
    };
    const body = Buffer.from(JSON.stringify(event));
    for (const notification of bucket?.notifications ?? []) {
      const { target } = notification;
      if (target.kind === 'function') continue;
      const subject = target.kind === 'topic' ? { subject: SUBJECT } : {};
      await this.#unlessLost(notification, () =>
        this.#parts.targets.send(target.arn, { body, ...subject }),
      );
    }
  }

  /** What cannot be told, however often it is tried, is told of here and is over. */
  async #unlessLost({ path }: { readonly path: string }, send: () => Promise<unknown>) {
    try {
      await send();
    } catch (error) {
      const lost = error instanceof TargetError && !error.retryable;
      if (!lost && !isOrchestratorError(error, 'function-not-found')) throw error;
      this.#parts.log.warn(`${path}: an event is lost: ${messageOf(error)}`);
    }
  }
}

function tells({ notifications, eventBridge }: BucketDefinition): boolean {
  return notifications.length > 0 || eventBridge === true;
}

function idOf({ path }: NotificationDefinition): string {
  const hash = createHash('sha256').update(path).digest('hex');
  return [8, 4, 4, 4, 12]
    .map((length, index) =>
      hash.slice([0, 8, 12, 16, 20][index], ([0, 8, 12, 16, 20][index] ?? 0) + length),
    )
    .join('-');
}

function targetName({ target }: NotificationDefinition): string {
  return target.kind === 'function' ? nameOf(target) : target.arn;
}

function parsed(body: string): Map {
  try {
    const value: unknown = JSON.parse(body);
    return isMap(value) ? value : {};
  } catch {
    return {};
  }
}
