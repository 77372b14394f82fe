/**
 * Who is told how an event ended (contract 9.3 to 9.5): on success its on-success destination, else
 * its on-failure destination, else its dead-letter queue. Functions get the record as an event of
 * their own; everything else goes through the outbox to whoever implements `DestinationSender`.
 */

import { LIMITS } from '../config/defaults.js';
import { parseFunctionReference } from '../function/arn.js';
import type { DestinationMessage } from './delivery.js';
import type { EventSettings } from './queued-event.js';
import { deadLetter, destinationRecord, qualifiedArn, type EndedEvent } from './record.js';

export type Target =
  | {
      readonly kind: 'function';
      readonly arn: string;
      readonly functionName: string;
      readonly qualifier?: string;
      readonly record: Buffer;
    }
  | { readonly kind: 'elsewhere'; readonly arn: string; readonly message: DestinationMessage }
  | { readonly kind: 'unreachable'; readonly arn: string; readonly reason: string };

export interface DestinationsParts {
  /** Nothing but functions can be told without one. */
  readonly hasSender: boolean;
  isFunction(functionName: string, qualifier: string | undefined): boolean;
}

const NO_SENDER = 'nothing but functions can be told here';

export class Destinations {
  readonly #parts: DestinationsParts;

  constructor(parts: DestinationsParts) {
    this.#parts = parts;
  }

  /** Undefined when nobody is to be told. */
  targetOf(ended: EndedEvent, settings: EventSettings, nowMs: number): Target | undefined {
    const arn = ended.condition === 'Success' ? settings.onSuccessArn : settings.onFailureArn;
    if (arn !== undefined) return this.#recordTarget(arn, ended, nowMs);
    const { deadLetterTargetArn } = settings;
    if (ended.condition === 'Success' || deadLetterTargetArn === undefined) return undefined;
    return this.#elsewhere(deadLetterTargetArn, { kind: 'dead-letter', ...deadLetter(ended) });
  }

  #recordTarget(arn: string, ended: EndedEvent, nowMs: number): Target {
    const { event, condition } = ended;
    const record = destinationRecord(ended, nowMs);
    if (!arn.includes(':lambda:')) {
      const functionArn = qualifiedArn(event);
      const { functionName } = event;
      return this.#elsewhere(arn, { kind: 'record', record, condition, functionName, functionArn });
    }
    const reference = parseFunctionReference(arn);
    if (reference === undefined || !this.#parts.isFunction(reference.name, reference.qualifier)) {
      return { kind: 'unreachable', arn, reason: 'there is no such function here' };
    }
    const limit = LIMITS.eventPayloadBytes;
    if (record.length > limit) {
      const reason = `the record has ${record.length} bytes, and an event at most ${limit}`;
      return { kind: 'unreachable', arn, reason };
    }
    const { name, qualifier } = reference;
    const target = { kind: 'function' as const, arn, functionName: name, record };
    return qualifier === undefined ? target : { ...target, qualifier };
  }

  #elsewhere(arn: string, message: DestinationMessage): Target {
    return this.#parts.hasSender
      ? { kind: 'elsewhere', arn, message }
      : { kind: 'unreachable', arn, reason: NO_SENDER };
  }
}
