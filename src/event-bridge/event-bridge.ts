/**
 * Buses: an event in, a delivery for each target of each rule that matches out. Whoever puts events
 * is answered when their deliveries are on the disk (contract 11.13).
 */

import { randomUUID } from 'node:crypto';
import type { Clock } from '../async/clock.js';
import { parseLiterally } from '../event-pattern/literal-json.js';
import type { Logger } from '../log/logger.js';
import { parseArn, type Place } from '../stack/arns.js';
import type { RetryPolicy, RuleTargetDefinition } from '../stack/event-bridge.js';
import { TargetError, type TargetMessage, type Targets } from '../targets/targets.js';
import { Deliveries } from './deliveries.js';
import { DEFAULT_RETRY, type Delivery, type RetryLimits } from './delivery.js';
import { inputOf } from '../event-input/input.js';
import { parseJsonPath, valueAt } from '../event-input/json-path.js';
import {
  bytesOf,
  envelopeOf,
  eventOf,
  isoSeconds,
  MOST_BYTES,
  type BusEvent,
  type EntryFailure,
  type PutEntry,
} from './put-events.js';
import { DEFAULT_BUS, type Rule, type RuleBook } from './rule-book.js';
import type { EventBridgeStore } from './store.js';

export interface EventBridgeParts {
  readonly place: Place;
  readonly store: EventBridgeStore;
  readonly rules: RuleBook;
  readonly targets: Targets;
  /** Queue time. */
  readonly clock: Clock;
  /** Real time. */
  readonly realClock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

/** Buses that lead to each other end somewhere. */
const MOST_HOPS = 16;

export type PutResult = { readonly EventId: string } | EntryFailure;

export class EventBridge {
  readonly deliveries: Deliveries;
  readonly #parts: EventBridgeParts;
  readonly #warned = new Set<string>();

  constructor(parts: EventBridgeParts) {
    this.#parts = parts;
    const { store, clock, realClock, random, log } = parts;
    this.deliveries = new Deliveries({
      store,
      clock,
      pace: realClock,
      aheadMs: () => clock.now() - realClock.now(),
      random,
      log,
      send: (delivery, message) => this.#send(delivery, message),
    });
  }

  /** PutEvents. Resolves when what matched is on the disk. */
  async put(entries: readonly PutEntry[], { isOutside = true } = {}): Promise<PutResult[]> {
    const { place, clock } = this.#parts;
    const results: PutResult[] = [];
    const deliveries: Delivery[] = [];
    for (const entry of entries) {
      const id = randomUUID();
      const event = eventOf(entry, { ...place, id, nowMs: clock.now(), isOutside });
      if ('ErrorCode' in event) {
        results.push(event);
        continue;
      }
      results.push({ EventId: id });
      const bus = busNameOf(entry.EventBusName);
      if (this.#parts.rules.bus(bus) === undefined) {
        // AWS takes such an event and does nothing with it.
        this.#warnOnce(
          `an event was put onto the bus ${bus}, which does not exist; it leads nowhere`,
        );
      } else deliveries.push(...this.#match({ ...event, bus, hops: 0 }));
    }
    await this.deliveries.add(deliveries);
    return results;
  }

  /** A scheduled rule is due: its own targets get an event, whatever else the bus has. */
  scheduled(rule: Rule, dueAtMs: number): Delivery[] {
    const { definition, arn } = rule;
    const text = envelopeOf({
      ...this.#parts.place,
      id: randomUUID(),
      timeMs: dueAtMs,
      source: 'aws.events',
      detailType: 'Scheduled Event',
      resources: [arn],
      detail: '{}',
    });
    const parsed = JSON.parse(text) as Record<string, unknown>;
    const event = { id: String(parsed['id']), bus: definition.bus, text, parsed, hops: 0 };
    return this.#deliveriesOf(rule, event);
  }

  /** What is sent to a bus by its ARN, from here. Rejects with a `TargetError`. */
  async sendToBus(arn: string, { body, event }: TargetMessage): Promise<void> {
    const bus = busNameOf(arn);
    if (this.#parts.rules.bus(bus) === undefined) throw noBus(bus);
    const { source = 'orchestrator', detailType = 'Event', resources = [] } = event ?? {};
    const entry = {
      Source: source,
      DetailType: detailType,
      Detail: body.toString(),
      Resources: resources,
      EventBusName: bus,
    };
    if (bytesOf(entry) > MOST_BYTES) {
      throw new TargetError('EntrySizeExceeded', 'the event is larger than 256 KB', false);
    }
    const [result] = await this.put([entry], { isOutside: false });
    if (result !== undefined && 'ErrorCode' in result) {
      throw new TargetError(result.ErrorCode, result.ErrorMessage, false);
    }
  }

  #match(event: BusEvent): Delivery[] {
    return this.#parts.rules
      .rulesOf(event.bus)
      .filter(
        ({ definition, pattern }) => definition.enabled && pattern?.matches(event.parsed) === true,
      )
      .flatMap((rule) => this.#deliveriesOf(rule, event));
  }

  #deliveriesOf(rule: Rule, event: BusEvent): Delivery[] {
    return rule.definition.targets.flatMap((target) => {
      const delivery = this.#deliveryOf(rule, target, event);
      return delivery === undefined ? [] : [delivery];
    });
  }

  #deliveryOf(rule: Rule, target: RuleTargetDefinition, event: BusEvent): Delivery | undefined {
    const { name } = rule.definition;
    const isBus = isBusArn(target.arn);
    const body = isBus
      ? event.text
      : inputOf(target, {
          text: event.text,
          parsed: event.parsed,
          ruleArn: rule.arn,
          ruleName: name,
          ingestedAt: isoSeconds(this.#parts.clock.now()),
        });
    if (body === undefined) {
      this.#warnOnce(
        `the input template of the rule ${name} for ${target.arn} gives no JSON for an event; it is not delivered`,
      );
      return undefined;
    }
    const message = messageFor(target, event);
    return {
      arn: target.arn,
      body: Buffer.from(body),
      about: {
        origin: { kind: 'rule', name, arn: rule.arn },
        ...(message === undefined ? {} : { message }),
        retry: limitsOf(target.retry),
        ...(target.deadLetterArn === undefined
          ? {}
          : {
              deadLetterArn: target.deadLetterArn,
              ...(body === event.text ? {} : { event: event.text }),
            }),
        ...(isBus ? { hops: event.hops + 1 } : {}),
      },
    };
  }

  #send({ arn, about }: Delivery, message: TargetMessage): Promise<void> {
    return about.hops === undefined
      ? this.#parts.targets.send(arn, message)
      : this.#forward(arn, message.body.toString(), about.hops);
  }

  /** From one bus to another the event stays the same. */
  async #forward(arn: string, text: string, hops: number): Promise<void> {
    const bus = busNameOf(arn);
    if (this.#parts.rules.bus(bus) === undefined) throw noBus(bus);
    if (hops > MOST_HOPS) {
      throw new TargetError('RecursiveEvent', `it went through ${MOST_HOPS} buses already`, false);
    }

    const parsed = parseLiterally(text) as Record<string, unknown>;
    await this.deliveries.add(this.#match({ id: String(parsed['id']), bus, text, parsed, hops }));
  }

  #warnOnce(message: string): void {
    if (this.#warned.has(message)) return;
    this.#warned.add(message);
    this.#parts.log.warn(message);
  }
}

export function limitsOf(retry: RetryPolicy | undefined): RetryLimits {
  return {
    maximumAgeSeconds: retry?.maximumAgeSeconds ?? DEFAULT_RETRY.maximumAgeSeconds,
    maximumAttempts: retry?.maximumAttempts ?? DEFAULT_RETRY.maximumAttempts,
  };
}

/** Of a bus' name or ARN. */
export function busNameOf(nameOrArn: string | undefined): string {
  if (nameOrArn === undefined || nameOrArn === '') return DEFAULT_BUS;
  const { resource } = parseArn(nameOrArn) ?? { resource: nameOrArn };
  return resource.replace(/^event-bus\//, '');
}

function isBusArn(arn: string): boolean {
  return parseArn(arn)?.service === 'events';
}

function noBus(bus: string): TargetError {
  return new TargetError('ResourceNotFoundException', `Event bus ${bus} does not exist.`, false);
}

function messageFor(
  { messageGroupId, partitionKeyPath, arn }: RuleTargetDefinition,
  event: BusEvent,
): Omit<TargetMessage, 'body'> | undefined {
  if (messageGroupId !== undefined) return { groupId: messageGroupId, deduplicationId: event.id };
  if (parseArn(arn)?.service !== 'kinesis') return undefined;
  const found =
    partitionKeyPath === undefined
      ? undefined
      : valueAt(event.parsed, parseJsonPath(partitionKeyPath) ?? []);
  return { partitionKey: found === undefined ? event.id : textOf(found) };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
