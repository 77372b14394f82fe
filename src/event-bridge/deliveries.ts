/**
 * Sends what is on its way, the oldest first: again with back-off while its target cannot be
 * reached, then to the dead-letter queue, or it is dropped and said. A target that does not answer
 * holds up no other one. What is sent when the process dies is sent again by the next.
 */

import { Alarm } from '../async/alarm.js';
import type { Clock } from '../async/clock.js';
import { messageOf } from '../errors.js';
import type { Logger } from '../log/logger.js';
import { TargetError, type TargetMessage } from '../targets/targets.js';
import { afterFailure, deadLetterOf, type Delivery } from './delivery.js';
import type { QueueTime } from '../event-queue/event-store.js';
import type { EventBridgeStore, StoredDelivery } from './store.js';

export interface DeliveriesParts {
  readonly store: EventBridgeStore;
  /** Queue time. */
  readonly clock: Clock;
  /** Real time: how soon the disk is tried again. */
  readonly pace: Clock;
  /** How far queue time is ahead of real time. */
  aheadMs(): number;
  /** Resolves when the target has it. */
  send(delivery: Delivery, message: TargetMessage): Promise<void>;
  /** From 0 to 1. */
  random(): number;
  readonly log: Logger;
}

const MOST_AT_ONCE = 50;
const MOST_OF_A_TARGET = 10;
const DISK_AGAIN_MS = 1_000;
export const ATTEMPT_NUMBER = '<aws.scheduler.attempt-number>';

export class Deliveries {
  readonly #parts: DeliveriesParts;
  readonly #alarm: Alarm;
  readonly #diskAlarm: Alarm;
  readonly #sending = new Map<number, Promise<void>>();
  /** ARN → how many are being sent. */
  readonly #targets = new Map<string, number>();
  #closed = false;

  constructor(parts: DeliveriesParts) {
    this.#parts = parts;
    this.#alarm = new Alarm(parts.clock);
    this.#diskAlarm = new Alarm(parts.pace);
  }

  /** Resolves when they are on the disk. Raises `state-unusable`. */
  async add(deliveries: readonly Delivery[]): Promise<void> {
    if (deliveries.length === 0) return;
    const { store } = this.#parts;
    store.add(deliveries, this.#time());
    await store.synced();
    this.pump();
  }

  /** Sends what is due, as far as there is room. Never raises. */
  pump(): void {
    if (this.#closed) return;
    try {
      const { clock } = this.#parts;
      let now = clock.now();
      while (this.#startSome(now)) now = clock.now();
      this.#arm(now);
    } catch (error) {
      this.#parts.log.warn(`EventBridge cannot read what it is to deliver: ${messageOf(error)}`);
      this.#diskAlarm.set(DISK_AGAIN_MS, () => this.pump());
    }
  }

  /** Starts nothing more; resolves when nothing is being sent. What waits stays on disk. */
  async drain(): Promise<void> {
    this.close();
    await Promise.all(this.#sending.values());
  }

  close(): void {
    this.#closed = true;
    this.#alarm.cancel();
    this.#diskAlarm.cancel();
  }

  #time(): QueueTime {
    return { nowMs: this.#parts.clock.now(), aheadMs: this.#parts.aheadMs() };
  }

  #startSome(now: number): boolean {
    const room = MOST_AT_ONCE - this.#sending.size;
    if (room <= 0) return false;
    const busy = [...this.#targets].filter(([, count]) => count >= MOST_OF_A_TARGET);
    const found = this.#parts.store.due(
      now,
      room + this.#sending.size,
      busy.map(([arn]) => arn),
    );
    let started = 0;
    for (const delivery of found) {
      if (started === room) break;
      if (this.#sending.has(delivery.id)) continue;
      if ((this.#targets.get(delivery.arn) ?? 0) >= MOST_OF_A_TARGET) continue;
      this.#start(delivery);
      started += 1;
    }
    return started > 0;
  }

  #start(delivery: StoredDelivery): void {
    const { id, arn, body, about, attempts } = delivery;
    this.#targets.set(arn, (this.#targets.get(arn) ?? 0) + 1);
    const text =
      about.numbered === true
        ? body.toString().replaceAll(ATTEMPT_NUMBER, String(attempts + 1))
        : undefined;
    const message = { ...about.message, body: text === undefined ? body : Buffer.from(text) };
    const sending = this.#parts
      .send(delivery, message)
      .then(
        () => this.#write(() => this.#parts.store.finish(id, undefined, this.#time())),
        (error: unknown) => this.#failed({ ...delivery, body: message.body }, targetError(error)),
      )
      .then(() => {
        this.#sending.delete(id);
        const left = (this.#targets.get(arn) ?? 1) - 1;
        if (left === 0) this.#targets.delete(arn);
        else this.#targets.set(arn, left);
        this.pump();
      });
    this.#sending.set(id, sending);
  }

  async #failed(delivery: StoredDelivery, error: TargetError): Promise<void> {
    const { store, log, random } = this.#parts;
    const { id, arn, about, firstAtMs } = delivery;
    const { origin } = about;
    const attempts = delivery.attempts + 1;
    const nowMs = this.#parts.clock.now();
    const next = afterFailure(error, about.retry, { firstAtMs, attempts, nowMs }, random());
    const who = `the ${origin.kind} ${origin.name}`;
    if (next.kind === 'again') {
      if (attempts === 1) {
        log.warn(`${who} cannot reach ${arn}, and tries again: ${error.message}`);
      }
      await this.#write(() => store.again(id, attempts, next.dueAtMs, this.#parts.aheadMs()));
      return;
    }
    const { exhausted } = next;
    const over = { attempts, ...(exhausted === undefined ? {} : { exhausted }) };
    const dead = deadLetterOf(delivery, error, over);
    const tried = attempts === 1 ? 'once' : `${attempts} times`;
    const then = dead === undefined ? 'it is dropped' : `it goes to ${dead.arn}`;
    const what = about.dead === true ? 'a dead letter' : 'an event';
    log.warn(
      `${who} could not deliver ${what} to ${arn}, tried ${tried}; ${then}: ${error.message}`,
    );
    await this.#write(() => store.finish(id, dead, this.#time()));
  }

  /** Until the disk has it, it counts as being sent: it must not be sent again meanwhile. */
  async #write(write: () => void): Promise<void> {
    for (;;) {
      try {
        write();
        return;
      } catch (error) {
        if (this.#closed) return;
        this.#parts.log.warn(`EventBridge cannot write what was delivered: ${messageOf(error)}`);
        await new Promise<void>((resolve) => {
          this.#parts.pace.setTimer(DISK_AGAIN_MS, resolve);
        });
      }
    }
  }

  /** What has become due since `now`, when it was looked at, is not forgotten. */
  #arm(now: number): void {
    const { clock, store } = this.#parts;
    const next = store.nextDueAt(now);
    if (next === undefined) this.#alarm.cancel();
    else this.#alarm.set(Math.max(0, next - clock.now()), () => this.pump());
  }
}

function targetError(error: unknown): TargetError {
  if (error instanceof TargetError) return error;
  return new TargetError('InternalFailure', messageOf(error), true);
}
