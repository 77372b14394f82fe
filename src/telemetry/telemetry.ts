/**
 * The subscribers of one environment (contract 2.5, 2.6). While init lasts, extensions may
 * subscribe, and what has been told so far is kept for those that come; afterwards an environment
 * without subscribers has nothing to do with it any more.
 */

import type { LogLine } from '../view.js';
import type { Clock } from '../async/clock.js';
import { Delivery } from './delivery.js';
import type { PlatformEvent, SubscriptionType } from './events.js';
import { subscriberEvent, subscriberLine } from './records.js';
import type { OpenSink } from './sinks.js';
import type { Subscription, SubscriptionApi } from './subscription.js';

export interface TelemetryParts {
  readonly clock: Clock;
  /** The function's lines may be JSON. */
  readonly json: boolean;
  readonly openSink: OpenSink;
  /** Writes an event to the log, from where it comes back here. */
  readonly say: (event: PlatformEvent) => void;
}

export type SubscriptionVerdict =
  | 'subscribed'
  /** Init is over. */
  | 'closed'
  /** The function uses the other API. */
  | 'other-api';

type Told = PlatformEvent | LogLine;

interface Subscriber {
  readonly subscription: Subscription;
  readonly delivery: Delivery;
}

/** Kept of an init for subscribers to come. */
const MOST_KEPT_BYTES = 2 ** 20;
const MOST_KEPT_ITEMS = 10_000;
/** A guess at what an event that is no line takes. */
const EVENT_BYTES = 512;
/** Of most environments: a map of its own is a fifth of a kilobyte. */
const NOBODY: ReadonlyMap<string, Subscriber> = new Map();

export class Telemetry {
  /** The environment's own address; undefined while it has none. */
  address: () => string | undefined = () => undefined;
  readonly #parts: TelemetryParts;
  #subscribers = NOBODY;
  #open = false;
  #api: SubscriptionApi | undefined;
  #kept: Told[] = [];
  #keptBytes = 0;
  #held = false;

  constructor(parts: TelemetryParts) {
    this.#parts = parts;
  }

  /** Somebody listens. */
  get subscribed(): boolean {
    return this.#subscribers.size > 0;
  }

  /** Extensions may subscribe. */
  get open(): boolean {
    return this.#open;
  }

  /** New processes: whoever subscribed belonged to the old ones. */
  begin(): void {
    this.close();
    this.#open = true;
    this.#held = false;
  }

  subscribe(
    extension: string,
    api: SubscriptionApi,
    subscription: Subscription,
  ): SubscriptionVerdict {
    if (!this.#open) return 'closed';
    if ((this.#api ?? api) !== api) return 'other-api';
    this.#api = api;
    this.#subscribers.get(extension)?.delivery.close();
    const { clock, openSink } = this.#parts;
    const { schema, buffering, destination } = subscription;
    const delivery = new Delivery({
      clock,
      buffering,
      sink: openSink(destination, () => this.address()),
      dropped: (record) =>
        subscriberEvent({ type: 'platform.logsDropped', timeMs: clock.now(), record }, schema) ??
        '',
    });
    const subscriber = { subscription, delivery };
    this.#subscribers = new Map([...this.#subscribers, [extension, subscriber]]);
    for (const told of this.#kept) this.#tell(subscriber, told);
    this.#parts.say({
      type: api === 'telemetry' ? 'platform.telemetrySubscription' : 'platform.logsSubscription',
      timeMs: clock.now(),
      record: { name: extension, state: 'Subscribed', types: subscription.types },
    });
    return 'subscribed';
  }

  /** Nobody can subscribe any more; who came gets what follows. */
  initEnded(): void {
    this.#open = false;
    this.#kept = [];
    this.#keptBytes = 0;
  }

  platform(event: PlatformEvent): void {
    this.#told(event, EVENT_BYTES);
  }

  line(line: LogLine): void {
    this.#told(line, line.text.length);
  }

  /** The environment is about to be frozen: nobody is there to take anything. */
  hold(): void {
    this.#held = true;
    for (const { delivery } of this.#subscribers.values()) delivery.hold();
  }

  release(): void {
    if (!this.#held) return;
    this.#held = false;
    for (const { delivery } of this.#subscribers.values()) delivery.release();
  }

  /** The environment's last moments: everything is sent at once. */
  flush(): void {
    for (const { delivery } of this.#subscribers.values()) delivery.flush();
  }

  close(): void {
    for (const { delivery } of this.#subscribers.values()) delivery.close();
    this.#subscribers = NOBODY;
    this.#api = undefined;
    this.initEnded();
  }

  #told(told: Told, bytes: number): void {
    for (const subscriber of this.#subscribers.values()) this.#tell(subscriber, told);
    if (!this.#open || this.#kept.length >= MOST_KEPT_ITEMS) return;
    if (this.#keptBytes + bytes > MOST_KEPT_BYTES) return;
    this.#keptBytes += bytes;
    this.#kept.push(told);
  }

  #tell({ subscription, delivery }: Subscriber, told: Told): void {
    const { schema, types } = subscription;
    if (!types.includes(typeOf(told))) return;
    const text =
      'type' in told
        ? subscriberEvent(told, schema)
        : subscriberLine(
            told.source === 'platform' ? 'function' : told.source,
            { timeMs: told.timestampMs, text: told.text, json: this.#parts.json },
            schema,
          );
    if (text !== undefined) delivery.add(text);
  }
}

function typeOf(told: Told): SubscriptionType {
  return 'type' in told ? 'platform' : told.source;
}
