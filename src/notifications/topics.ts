/**
 * Functions that subscribe to topics (contract 11.7). A queue of its own stands for each: the topic
 * sends there what the filter policy lets through.
 */

import { UnsubscribeCommand } from '@aws-sdk/client-sns';
import type { SourceStatus } from '../view.js';
import { isOrchestratorError, messageOf } from '../errors.js';
import { subscribe, subscriptionsOf } from '../provisioning/subscribe.js';
import type { ServiceClients } from '../services/clients.js';
import { topicArn } from '../stack/arns.js';
import type { FunctionTarget } from '../stack/function-target.js';
import type { SubscriptionDefinition } from '../stack/service-resources.js';
import type { Stack } from '../stack/stack.js';
import { TargetError } from '../targets/targets.js';
import {
  internalQueue,
  makeQueue,
  queueUrl,
  removeQueue,
  type InternalQueue,
} from './internal-queue.js';
import {
  makeEach,
  nameOf,
  waitSeconds,
  type NotificationPart,
  type NotificationParts,
} from './part.js';
import { Relay, type RelayedMessage } from './relay.js';
import { snsEvent } from './sns-event.js';

interface Subscribed {
  readonly path: string;
  readonly key: string;
  readonly topic: string;
  readonly target: FunctionTarget;
  readonly definition: SubscriptionDefinition;
  readonly queue: InternalQueue;
}

export class TopicSubscriptions implements NotificationPart {
  readonly #parts: NotificationParts;
  readonly #relays = new Map<string, Relay>();
  /** ARNs of subscriptions, as the services gave them. */
  readonly #arns = new Map<string, string>();
  #subscribed: readonly Subscribed[] = [];

  constructor(parts: NotificationParts) {
    this.#parts = parts;
  }

  isNeeded(stack: Stack): boolean {
    return this.#of(stack).length > 0;
  }

  async prepare(stack: Stack, clients: ServiceClients): Promise<void> {
    const wanted = this.#of(stack);
    const gone = this.#subscribed.filter(({ key }) => !wanted.some((one) => one.key === key));
    if (wanted.length + gone.length === 0) return;
    const [sns, sqs] = await Promise.all([clients.sns(), clients.sqs()]);
    await makeEach(wanted, async ({ key, topic, definition, queue }) => {
      await makeQueue(sqs, queue);
      const { filterPolicy, filterPolicyScope } = definition;
      const arn = this.#topicArn(topic);
      const there = await subscriptionsOf(sns, arn);
      const filter = {
        ...(filterPolicy === undefined ? {} : { filterPolicy }),
        ...(filterPolicyScope === undefined ? {} : { filterPolicyScope }),
      };
      this.#arns.set(key, await subscribe(sns, arn, { ...filter, endpoint: queue.arn }, there));
    });
    for (const { key, topic, queue } of gone) {
      await this.#relays.get(key)?.stop();
      this.#relays.delete(key);
      const there = await subscriptionsOf(sns, this.#topicArn(topic));
      const found = there.find(({ Endpoint: endpoint }) => endpoint === queue.arn);
      const { SubscriptionArn: arn } = found ?? {};
      if (arn !== undefined) await sns.send(new UnsubscribeCommand({ SubscriptionArn: arn }));
      await removeQueue(sqs, queue).catch(() => undefined);
    }
  }

  listen(stack: Stack): Promise<void> {
    const { services, clock, log } = this.#parts;
    this.#subscribed = this.#of(stack);
    for (const { key, topic, target, queue } of this.#subscribed) {
      if (this.#relays.has(key)) continue;
      const relay = new Relay({
        name: `messages of ${topic} for ${nameOf(target)}`,
        sqs: () => services.clients.sqs(),
        url: async () => queueUrl(await services.clients.sqs(), queue),
        take: (message) => this.#take(key, message),
        waitSeconds: waitSeconds(services),
        clock,
        log,
      });
      this.#relays.set(key, relay);
    }
    return Promise.resolve();
  }

  status(): readonly SourceStatus[] {
    return this.#subscribed.map(({ key, topic, target }) => {
      const relay = this.#relays.get(key);
      return {
        kind: 'SNS',
        id: this.#arns.get(key) ?? key,
        from: topic,
        to: nameOf(target),
        state: relay?.trouble ?? 'Enabled',
        figures: { events: relay?.taken ?? 0 },
      };
    });
  }

  async stop(): Promise<void> {
    const relays = [...this.#relays.values()];
    this.#relays.clear();
    await Promise.all(relays.map((relay) => relay.stop()));
  }

  async #take(key: string, { body }: RelayedMessage): Promise<void> {
    const subscribed = this.#subscribed.find((one) => one.key === key);
    const event = snsEvent(body, this.#arns.get(key) ?? '');
    if (subscribed === undefined || event === undefined) return;
    const { target, definition } = subscribed;
    try {
      await this.#parts.invoker.accept(target, Buffer.from(JSON.stringify(event)));
    } catch (error) {
      if (!isOrchestratorError(error, 'function-not-found')) throw error;
      await this.#notDelivered(definition, body, error.message);
    }
  }

  /** A client error: SNS does not try again either. */
  async #notDelivered(
    { path, deadLetterArn }: SubscriptionDefinition,
    body: string,
    reason: string,
  ): Promise<void> {
    const { log, targets } = this.#parts;
    if (deadLetterArn === undefined) {
      log.warn(`${path}: a message is lost: ${reason}`);
      return;
    }
    try {
      await targets.send(deadLetterArn, { body: Buffer.from(body) });
    } catch (error) {
      if (!(error instanceof TargetError) || error.retryable) throw error;
      log.warn(`${path}: a message is lost: ${reason}, and ${messageOf(error)}`);
    }
  }

  #of({ topics }: Stack): Subscribed[] {
    const { stateDirectory, region, accountId } = this.#parts.settings;
    return topics.flatMap(({ name: topic, subscriptions }) =>
      subscriptions.flatMap((definition) => {
        if (definition.target.kind !== 'function') return [];
        const { functionName, qualifier } = definition.target;
        const target = { functionName, ...(qualifier === undefined ? {} : { qualifier }) };
        const key = `${topic} ${nameOf(target)}`;
        const queue = internalQueue({ region, accountId }, stateDirectory, `sns ${key}`);
        return [{ path: definition.path, key, topic, target, definition, queue }];
      }),
    );
  }

  #topicArn(topic: string): string {
    const { region, accountId } = this.#parts.settings;
    return topicArn({ region, accountId }, topic);
  }
}
