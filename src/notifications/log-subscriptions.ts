/**
 * Subscriptions of log groups (contract 11.15). What functions of ours write comes straight from
 * their logs; what else is put into log groups of the services comes through a stream of our own.
 */

import type { SourceStatus } from '../view.js';
import { messageOf } from '../errors.js';
import { parseFilterPattern } from '../log-filter/pattern.js';
import type { LogHub } from '../log/log-hub.js';
import type { ServiceClients } from '../services/clients.js';
import type { LogSubscriptionDefinition } from '../stack/service-resources.js';
import type { Stack } from '../stack/stack.js';
import { LogLines, type LineBatch } from './log-lines.js';
import { LogStream, type StreamedBatch } from './log-stream.js';
import { compressed, logsEvent, type LogBatch } from './logs-event.js';
import { makeEach, nameOf, type NotificationPart, type NotificationParts } from './part.js';

export type LogParts = NotificationParts & {
  readonly logs: LogHub;
  /** Whether a function of ours writes there. */
  isOwn(logGroup: string): boolean;
};

interface Subscription {
  readonly definition: LogSubscriptionDefinition;
  readonly matches: (message: string) => boolean;
  told: number;
}

export class LogSubscriptions implements NotificationPart {
  readonly #parts: LogParts;
  readonly #lines: LogLines;
  readonly #stream: LogStream;
  readonly #loops = new Set<string>();
  #subscriptions: readonly Subscription[] = [];
  #endFollowing: (() => void) | undefined;

  constructor(parts: LogParts) {
    this.#parts = parts;
    this.#lines = new LogLines({
      clock: parts.clock,
      placeOf: (environmentId) => parts.logs.placeOf(environmentId),
      isWanted: (logGroup) => this.#of(logGroup).length > 0,
      tell: (batch) => void this.#tellLines(batch),
    });
    this.#stream = new LogStream({ ...parts, take: (batch) => this.#tellStreamed(batch) });
  }

  isNeeded(stack: Stack): boolean {
    return this.#elsewhere(stack).length > 0;
  }

  async prepare(stack: Stack, clients: ServiceClients): Promise<void> {
    const groups = this.#elsewhere(stack);
    if (groups.length === 0) return;
    await this.#stream.prepare(clients);
    const named = groups.map((logGroup) => ({ path: `log group ${logGroup}`, logGroup }));
    await makeEach(named, ({ logGroup }) => this.#stream.subscribe(logGroup, clients));
  }

  async listen(stack: Stack): Promise<void> {
    const before = this.#subscriptions;
    this.#subscriptions = stack.logSubscriptions.map((definition) => {
      const pattern = parseFilterPattern(definition.filterPattern);
      const matches = pattern.kind === 'valid' ? pattern.matches : () => false;
      const told = before.find((one) => one.definition.path === definition.path)?.told ?? 0;
      return { definition, matches, told };
    });
    if (this.#subscriptions.length === 0) this.#unfollow();
    else this.#endFollowing ??= this.#parts.logs.follow({}, (line) => this.#lines.line(line));
    if (this.isNeeded(stack)) this.#stream.listen();
    else await this.#stream.stop();
  }

  status(): readonly SourceStatus[] {
    return this.#subscriptions.map(({ definition, told }) => {
      const { name, logGroup, filterPattern, target } = definition;
      const own = this.#parts.isOwn(logGroup);
      return {
        kind: 'CloudWatch Logs',
        id: name,
        from: filterPattern === '' ? logGroup : `${logGroup} ${filterPattern}`,
        to: target.kind === 'function' ? nameOf(target) : target.arn,
        state: this.#stateOf(own),
        figures: { events: told },
      };
    });
  }

  async stop(): Promise<void> {
    this.#lines.flush();
    this.#unfollow();
    await this.#stream.stop();
  }

  #stateOf(own: boolean): string {
    if (own) return 'Enabled';
    const { kind } = this.#parts.services;
    return kind === 'aws'
      ? 'log groups of AWS itself are not read'
      : (this.#stream.trouble ?? 'Enabled');
  }

  #unfollow(): void {
    this.#endFollowing?.();
    this.#endFollowing = undefined;
  }

  #of(logGroup: string): readonly Subscription[] {
    return this.#subscriptions.filter(({ definition }) => definition.logGroup === logGroup);
  }

  #elsewhere({ logSubscriptions }: Stack): string[] {
    const groups = new Set(logSubscriptions.map(({ logGroup }) => logGroup));
    const elsewhere = [...groups].filter((logGroup) => !this.#parts.isOwn(logGroup));
    // It would need a role that lets CloudWatch Logs write into a stream.
    return this.#parts.services.kind === 'aws' ? [] : elsewhere;
  }

  async #tellLines(batch: LineBatch): Promise<void> {
    const { log, settings } = this.#parts;
    const { logGroup, logStream, functionName, events: logEvents } = batch;
    const told = { owner: settings.accountId, logGroup, logStream, logEvents };
    for (const subscription of this.#of(logGroup)) {
      if (this.#isLoop(subscription, functionName)) continue;
      await this.#tell(subscription, told).catch((error: unknown) => {
        const { path } = subscription.definition;
        log.warn(`${path}: ${logEvents.length} log events are lost: ${messageOf(error)}`);
      });
    }
  }

  async #tellStreamed({ logGroup, logStream, owner, logEvents }: StreamedBatch): Promise<void> {
    for (const subscription of this.#of(logGroup)) {
      await this.#tell(subscription, { owner, logGroup, logStream, logEvents });
    }
  }

  async #tell(
    subscription: Subscription,
    told: Omit<LogBatch, 'subscriptionFilters'>,
  ): Promise<void> {
    const { invoker, targets } = this.#parts;
    const { definition, matches } = subscription;
    const logEvents = told.logEvents.filter(({ message }) => matches(message));
    if (logEvents.length === 0) return;
    const batch = { ...told, subscriptionFilters: [definition.name], logEvents };
    const { target } = definition;
    if (target.kind === 'stream') {
      const body = compressed(batch);
      await targets.send(target.arn, { body, partitionKey: told.logStream });
    } else {
      const { functionName, qualifier } = target;
      const to = { functionName, ...(qualifier === undefined ? {} : { qualifier }) };
      await invoker.accept(to, logsEvent(batch));
    }
    subscription.told += 1;
  }

  /** A function that is told of its own lines writes more of them, for ever. */
  #isLoop({ definition }: Subscription, functionName: string): boolean {
    const { target, path } = definition;
    if (target.kind !== 'function' || target.functionName !== functionName) return false;
    if (!this.#loops.has(path)) {
      this.#loops.add(path);
      this.#parts.log.warn(`${path}: ${functionName} is not told of its own lines, over and over`);
    }
    return true;
  }
}
